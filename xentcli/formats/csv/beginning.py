"""What the first lines of a file decide: delimiter, header, index column, columns to read."""

from functools import partial
from itertools import chain

from xentcli.formats.base import ReadOptions, Shape
from xentcli.formats.column_looks import Look
from xentcli.formats.csv.cells import RowLayout, check_quotes
from xentcli.formats.csv.columns import Columns, Fields, choose
from xentcli.formats.csv.delimiter import DELIMITERS
from xentcli.formats.csv.first_rows import FirstRows, looks_of
from xentcli.formats.csv.header import check_one_row, decide_header, names_of
from xentcli.formats.csv.judged_text import JudgedText, judged_text, most_judged
from xentcli.formats.csv.label_cells import are_names
from xentcli.formats.csv.list_cells import row_shape
from xentcli.formats.csv.unnamed_index import find_index, index_hint
from xentcli.records import Record


class ListShapes(Record):
    """The shape of the lists in cells of values and of labels; None where there are none."""

    values: Shape | None = None
    labels: Shape | None = None
    note: str | None = None


class Beginning(Record):
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
    only_cells : tuple of str or None
        The first row, if none stands below it.
    """

    layout: RowLayout
    header_lines: int
    columns: Columns
    label_names: bool
    padded: bool
    notes: list[str]
    lists: ListShapes
    flags: bool = False
    only_cells: tuple[str, ...] | None = None


def read_beginning(head: bytes, name: str, options: ReadOptions, usual_delimiter: str) -> Beginning:
    """Decide how to read a file that starts with `head`, which ends at a line end."""
    judged = judged_text(head, name, options, usual_delimiter)
    delimiter = judged.delimiter
    notes: list[str] = []
    if judged.declared is None and delimiter not in (options.delimiter, usual_delimiter):
        notes.append(f"{name}: cells are separated by {DELIMITERS[delimiter]}")
    first, header_lines, others = _first_row(head, judged, name, options)
    second = next(iter(others), None)
    is_header, note = decide_header(
        first, second, others, name, options, in_quotes=judged.quotes_names
    )
    notes += [note] if note else []
    names = names_of(first, others, name) if is_header else None
    index = find_index(names, second, options)
    if index is not None:
        notes.append(f"{name}: the first column, without a name, counts the rows and is left out")
    most, header_lines = most_judged(len(first)), header_lines if is_header else 0
    below = others if is_header else FirstRows(chain([first], others), most)
    fields = len(names or first)
    table = Fields(
        name,
        names,
        fields,
        0 if index is None else 1,
        below,
        partial(_quick_looks, judged, header_lines, most, fields, options.decimal),
        "[" in judged.text or "(" in judged.text,
    )
    columns = choose(table, options)
    notes += columns.notes
    label_names = _labels_are_names(below, names, columns, options)
    layout = _layout(delimiter, table, columns, index, options, label_names=label_names)
    header_lines += judged.declared is not None
    lists = _read_lists(layout, columns, below, name, 1 + header_lines)
    notes += [lists.note] if lists.note else []
    flags = options.takes_names and len(columns.values) > 1 and below.are_flags(columns.values)
    only_cells = tuple(map(str.strip, first)) if second is None else None
    decided = (layout, header_lines, columns, label_names, judged.padded, notes, lists, flags)
    return Beginning(*decided, only_cells)


def _first_row(
    head: bytes, judged: JudgedText, name: str, options: ReadOptions
) -> tuple[list[str], int, FirstRows]:
    """Return the cells of the first row, how many lines it takes, and the rows below it."""
    rows = judged.rows(name, options.decimal)
    first, lines = next(rows, ([], 0))
    others = FirstRows((cells for cells, _ in rows), most_judged(len(first)))
    if next(iter(others), None) is None:
        check_quotes(head, judged.delimiter, name, 1)
        if options.labels and options.header is None:
            check_one_row(first, name, options)
    return first, lines, others


def _quick_looks(
    judged: JudgedText, header_lines: int, most: int, fields: int, decimal: str
) -> list[Look] | None:
    """Return what columns of nothing but numbers hold; None if that is in doubt."""
    if decimal != "." or '"' in judged.text or judged.declared is not None:
        return None
    return looks_of(judged.below(header_lines, most), judged.delimiter, fields)


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
