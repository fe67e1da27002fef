"""What the first lines of a file decide: delimiter, header, index column, columns to read."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.csv.cells import RowLayout, check_quotes, decode, squeeze
from xentcli.formats.csv.columns import Columns, Fields, are_names, choose, find_index
from xentcli.formats.csv.header import decide_header, names_of
from xentcli.formats.csv.numbers import is_number

_SAMPLE_LINES = 20  # that decide on the delimiter
_JUDGED_ROWS = 1000  # that decide what columns hold
_JUDGED_CELLS = 50_000
_FEWEST_ROWS = 20  # whatever they hold
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "a space"}


@dataclass(frozen=True)
class Beginning:
    """What the first lines of a file decide.

    Attributes
    ----------
    layout : RowLayout
        Of the rows.
    header_lines : int
        How many lines the header takes.
    columns : Columns
        The fields that are read.
    label_names : bool
        Whether the labels are names, the first text that is read.
    padded : bool
        Whether any number of blanks stands between cells.
    notes : list of str
        What was decided beyond the plain cases.
    """

    layout: RowLayout
    header_lines: int
    columns: Columns
    label_names: bool
    padded: bool
    notes: list[str]


def read_beginning(head: bytes, name: str, options: ReadOptions, usual_delimiter: str) -> Beginning:
    """Decide how to read a file that starts with `head`, which ends at a line end."""
    text = decode(head, name, 1).removeprefix("# ")  # as np.savetxt begins a header
    notes: list[str] = []
    delimiter = options.delimiter or _find_delimiter(text, usual_delimiter)
    if options.delimiter is None and delimiter != usual_delimiter:
        notes.append(f"{name}: cells are separated by {_DELIMITERS[delimiter]}")
    squeezed = squeeze(text.encode()).decode() if delimiter == " " else text
    padded, text = squeezed != text, squeezed
    rows = _rows(text, delimiter, name)
    first, header_lines = next(rows, ([], 0))
    second, _ = next(rows, (None, 0))
    if second is None:
        check_quotes(head, delimiter, name, 1)
    labelled = options.labels or options.label_column is not None
    others = [] if second is None else [second, *_judged(rows, len(first))]
    is_header, note = decide_header(first, second, others, name, options)
    notes += [note] if note else []
    names = names_of(first, others, name) if is_header else None
    index = find_index(names, second, options)
    if index is not None:
        notes.append(f"{name}: the first column, without a name, counts the rows and is left out")
    fields = len(names or first)
    below = others if is_header else [first, *others]
    table = Fields(name, names, fields, 0 if index is None else 1, below)
    columns = choose(table, options)
    notes += columns.notes
    label_names = labelled and _labels_are_names(below, names, columns, options)
    values, texts = _roles(columns, label_names=label_names)
    labels = columns.values if columns.label is None else (columns.label,)
    layout = RowLayout(delimiter, fields, names, values, texts, index, labels if labelled else ())
    header_lines = header_lines if is_header else 0
    return Beginning(layout, header_lines, columns, label_names, padded, notes)


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[list[str], int]]:
    """Yield the cells of each row, and how many lines are read then."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield cells, reader.line_num
    except csv.Error as error:
        raise InputError(f"{name}:{reader.line_num}: {error}") from error


def _judged(rows: Iterator[tuple[list[str], int]], fields: int) -> list[list[str]]:
    """Return the rows, besides the first two, that decide what columns hold."""
    count = max(_FEWEST_ROWS, min(_JUDGED_ROWS, _JUDGED_CELLS // max(1, fields)))
    return [cells for cells, _ in islice(rows, count)]


def _find_delimiter(text: str, usual: str) -> str:
    """Return the delimiter that cuts every sampled line into as many cells, best into numbers."""
    lines = re.split(r"\r\n|\n|\r", text, maxsplit=_SAMPLE_LINES)
    lines = lines[:-1] if len(lines) > 1 else lines
    candidates = []
    for delimiter in (usual, *(d for d in _DELIMITERS if d != usual and d in text)):
        if delimiter == " ":
            lines = squeeze("\n".join(lines).encode()).decode().split("\n")
        try:
            rows = [cells for cells in csv.reader(lines, delimiter=delimiter) if cells]
        except csv.Error:
            continue
        numbers = _share_of_numbers(rows, delimiter)
        certain = numbers == 1.0 if delimiter == " " else numbers or len(rows) > 1
        if numbers is not None and certain:
            candidates.append((numbers, delimiter))
    if not candidates:
        return usual
    best = max(numbers for numbers, _ in candidates)
    return next(delimiter for numbers, delimiter in candidates if numbers == best)


def _share_of_numbers(rows: list[list[str]], delimiter: str) -> float | None:
    """Return how many cells of a row are numbers, if all rows have as many cells, at least two.

    The header that R writes lacks a name for the first column, which names the rows.
    """
    widths = {len(cells) for cells in rows[1:] or rows}
    width = widths.pop() if len(widths) == 1 else 0
    lacking = width - len(rows[0]) if rows else 0
    if width < 2 or lacking not in (0, 1) or (lacking and width < 3):
        return None
    last = next((cells for cells in reversed(rows) if "..." not in cells), rows[-1])
    last = last[lacking:]
    last = last if delimiter == "," else [cell.replace(",", ".") for cell in last]
    return sum(map(is_number, last)) / len(last)


def _labels_are_names(
    rows: list[list[str]], names: tuple[str, ...] | None, columns: Columns, options: ReadOptions
) -> bool:
    field = columns.label
    if field is None:  # a file of labels, unless it holds class probabilities
        if len(columns.values) > 1:
            return False
        field = columns.values[0]
    classes = options.classes
    if columns.label is not None and not classes and names:
        classes = tuple(names[i] for i in columns.values)
    return are_names((cells[field] for cells in rows if len(cells) > field), classes)


def _roles(columns: Columns, *, label_names: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the fields that are read as numbers, and those that are read as text."""
    values, label, ids, _ = columns
    id_field = () if ids is None else (ids,)
    if label is None:
        return ((), (*values, *id_field)) if label_names else (values, id_field)
    return (values, (label, *id_field)) if label_names else ((*values, label), id_field)
