"""What the first lines of a file decide: delimiter, header, index column, columns to read."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.csv.cells import RowLayout, check_quotes, decode, squeeze
from xentcli.formats.csv.columns import Columns, Fields, are_names, choose, find_index
from xentcli.formats.csv.delimiter import DELIMITERS, delimiter_of, without_sep_line
from xentcli.formats.csv.header import decide_header, names_of
from xentcli.formats.csv.numbers import with_point

_JUDGED_ROWS = 1000  # that decide what columns hold
_JUDGED_CELLS = 50_000
_FEWEST_ROWS = 20  # whatever they hold


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
    text, said = without_sep_line(text)
    delimiter = delimiter_of(text, said, options, usual_delimiter)
    if said is None and delimiter not in (options.delimiter, usual_delimiter):
        notes.append(f"{name}: cells are separated by {DELIMITERS[delimiter]}")
    squeezed = squeeze(text.encode()).decode() if delimiter == " " else text
    padded, text = squeezed != text, squeezed
    rows = _rows(text, delimiter, name, options.decimal)
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
    layout = RowLayout(
        delimiter, fields, names, values, texts, index, labels if labelled else (), options.decimal
    )
    header_lines = (header_lines if is_header else 0) + (said is not None)
    return Beginning(layout, header_lines, columns, label_names, padded, notes)


def _rows(
    text: str, delimiter: str, name: str, decimal: str = "."
) -> Iterator[tuple[list[str], int]]:
    """Yield the cells of each row, and how many lines are read then."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            points = cells if decimal == "." else [with_point(cell) for cell in cells]
            yield points, reader.line_num
    except csv.Error as error:
        raise InputError(f"{name}:{reader.line_num}: {error}") from error


def _judged(rows: Iterator[tuple[list[str], int]], fields: int) -> list[list[str]]:
    """Return the rows, besides the first two, that decide what columns hold."""
    count = max(_FEWEST_ROWS, min(_JUDGED_ROWS, _JUDGED_CELLS // max(1, fields)))
    return [cells for cells, _ in islice(rows, count)]


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
