"""What the first lines of a file decide: delimiter, header, index column, columns to read."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import NamedTuple

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions, Shape
from xentcli.formats.csv.cells import RowLayout, check_quotes, decode, squeeze
from xentcli.formats.csv.columns import Columns, Fields, are_names, choose
from xentcli.formats.csv.delimiter import DELIMITERS, delimiter_of, without_sep_line
from xentcli.formats.csv.first_rows import FirstRows, looks_of
from xentcli.formats.csv.header import check_one_row, decide_header, names_of
from xentcli.formats.csv.list_cells import row_shape
from xentcli.formats.csv.numbers import with_point
from xentcli.formats.csv.unnamed_index import find_index, index_hint

_JUDGED_ROWS = 1000  # the most that decide what columns hold
_JUDGED_CELLS = 50_000
_FEWEST_JUDGED_ROWS = 20  # however many cells they have


class ListShapes(NamedTuple):
    """The shape of the lists in cells of values and of labels; None where there are none."""

    values: Shape | None = None
    labels: Shape | None = None
    note: str | None = None


@dataclass(frozen=True)
class Beginning:
    """What the first lines of a file decide.

    Attributes
    ----------
    layout : RowLayout
        How the rows are cut into cells.
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
    lists : ListShapes
        The shapes of lists in cells.
    flags : bool
        Whether columns of labels, one a class, hold true and false.
    """

    layout: RowLayout
    header_lines: int
    columns: Columns
    label_names: bool
    padded: bool
    notes: list[str]
    lists: ListShapes
    flags: bool = False


def read_beginning(head: bytes, name: str, options: ReadOptions, usual_delimiter: str) -> Beginning:
    """Decide how to read a file that starts with `head`, which ends at a line end."""
    text, said, delimiter, padded = _cut(head, name, options, usual_delimiter)
    notes: list[str] = []
    if said is None and delimiter not in (options.delimiter, usual_delimiter):
        notes.append(f"{name}: cells are separated by {DELIMITERS[delimiter]}")
    rows = _rows(text, delimiter, name, options.decimal)
    first, header_lines = next(rows, ([], 0))
    most = _most_judged(len(first))
    others = FirstRows((cells for cells, _ in rows), most)
    second = next(iter(others), None)
    if second is None:
        check_quotes(head, delimiter, name, 1)
    if options.labels and second is None and options.header is None:
        check_one_row(first, name, options)
    is_header, note = decide_header(first, second, others, name, options)
    notes += [note] if note else []
    names = names_of(first, others, name) if is_header else None
    index = find_index(names, second, options)
    if index is not None:
        notes.append(f"{name}: the first column, without a name, counts the rows and is left out")
    below = others if is_header else FirstRows(chain([first], others), most)
    body = partial(_body, text, header_lines if is_header else 0, most)
    plain = options.decimal == "." and '"' not in text and said is None
    fields = len(names or first)
    table = Fields(
        name,
        names,
        fields,
        0 if index is None else 1,
        below,
        lambda: looks_of(body(), delimiter, fields) if plain else None,
        "[" in text or "(" in text,
    )
    columns = choose(table, options)
    notes += columns.notes
    label_names = _labels_are_names(below, names, columns, options)
    layout = _layout(delimiter, table, columns, index, options, label_names=label_names)
    header_lines = (header_lines if is_header else 0) + (said is not None)
    lists = _read_lists(layout, columns, below, name, 1 + header_lines)
    notes += [lists.note] if lists.note else []
    flags = options.takes_names and len(columns.values) > 1 and below.are_flags(columns.values)
    return Beginning(layout, header_lines, columns, label_names, padded, notes, lists, flags)


def _cut(
    head: bytes, name: str, options: ReadOptions, usual_delimiter: str
) -> tuple[str, str | None, str, bool]:
    """Return the first lines without padding, their delimiter as said and found, and if padded."""
    text = decode(_first_lines(head), name, 1).removeprefix("# ")  # as np.savetxt begins a header
    text, said = without_sep_line(text)
    delimiter = delimiter_of(text, said, options, usual_delimiter)
    squeezed = squeeze(text.encode()).decode() if delimiter == " " else text
    return squeezed, said, delimiter, squeezed != text


def _first_lines(head: bytes) -> bytes:
    """Return as many lines as are judged, or all where a line may end within a cell."""
    if b'"' in head or b"\r" in head.replace(b"\r\n", b""):
        return head
    end = 0
    for _ in range(3 + _JUDGED_ROWS):
        end = head.find(b"\n", end) + 1
        if not end:
            return head
    return head[:end]


def _body(text: str, header_lines: int, most: int) -> str:
    """Return the judged lines below the header; the text must have no quotes."""
    start = 0
    for _ in range(header_lines):
        start = text.find("\n", start) + 1
    end = start
    for _ in range(most):
        end = text.find("\n", end) + 1
        if not end:
            return text[start:]
    return text[start:end]


def _rows(
    text: str, delimiter: str, name: str, decimal: str = "."
) -> Iterator[tuple[list[str], int]]:
    """Yield the cells of each row, and how many lines have been read by then."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            points = cells if decimal == "." else [with_point(cell) for cell in cells]
            yield points, reader.line_num
    except csv.Error as error:
        raise InputError(f"{name}:{reader.line_num}: {error}") from error


def _most_judged(fields: int) -> int:
    """Return how many rows decide what columns hold."""
    return max(_FEWEST_JUDGED_ROWS, min(_JUDGED_ROWS, _JUDGED_CELLS // max(1, fields)))


def _layout(
    delimiter: str,
    table: Fields,
    columns: Columns,
    index: int | None,
    options: ReadOptions,
    *,
    label_names: bool,
) -> RowLayout:
    """Return which field of a row is read as what."""
    values, texts = _roles(columns, label_names=label_names)
    labels = columns.values if columns.label is None else (columns.label,)
    return RowLayout(
        delimiter,
        table.width,
        table.names,
        values,
        texts,
        index,
        labels if _may_have_names(options) else (),
        options.decimal,
        None if index is None else index_hint(table.names or (), columns, options),
    )


def _may_have_names(options: ReadOptions) -> bool:
    """Whether there are labels, which may be names of classes."""
    return (options.labels or options.label_column is not None) and not options.weights


def _labels_are_names(
    rows: FirstRows, names: tuple[str, ...] | None, columns: Columns, options: ReadOptions
) -> bool:
    """Whether the labels of a file are names of classes."""
    if not _may_have_names(options):
        return False
    field = columns.label
    if field is None:  # a file of labels, unless it holds class probabilities
        if len(columns.values) > 1:
            return False
        field = columns.values[0]
    if field in columns.lists:
        return False
    if options.names:
        return True
    classes = options.classes
    if columns.label is not None and not classes and names:
        classes = tuple(names[i] for i in columns.values)
    return are_names(rows.column(field), classes)


def _roles(columns: Columns, *, label_names: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the fields that are read as numbers, and those that are read as text.

    Of the latter, lists come first, then names of classes, then ids.
    """
    values, label, ids, _, lists = columns
    fields = values if label is None else (*values, label)
    names = fields[-1:] if label_names else ()
    numbers = tuple(field for field in fields if field not in lists and field not in names)
    others = (*(field for field in fields if field in lists), *names)
    return numbers, others if ids is None else (*others, ids)


def _read_lists(
    layout: RowLayout, columns: Columns, rows: FirstRows, name: str, line: int
) -> ListShapes:
    """Return the shapes of the lists in the first row, of values and of labels."""
    found: list[Shape | None] = []
    notes = []
    for field in (columns.values[0], columns.label):
        if field is None or field not in columns.lists:
            found.append(None)
            continue
        cell = next(rows.column(field))
        shape, without_ones = row_shape(cell, f"{name}:{line}: {layout.column(field)}")
        if without_ones:
            notes.append(
                f"{name}: {layout.column(field)}: lists within lists of one are read as one"
            )
        found.append(shape)
    values, labels = found
    return ListShapes(values, labels, notes[0] if notes else None)
