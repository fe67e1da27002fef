"""Which columns of a CSV file are read, and as what: numbers, labels, ids."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xentcli.errors import InputError
from xentcli.formats import doubts, label_columns
from xentcli.formats.base import ReadOptions
from xentcli.formats.column_names import ColumnNames, without_shared
from xentcli.formats.csv.numbers import is_almost_number, is_cut, is_number

_BOOL = {"true", "false"}
_MISSING = {"", "na", "n/a", "null", "none"}
_LISTS = ("[", "(", "{", "tensor", "array")  # as they are printed


class Columns(NamedTuple):
    """The fields to read.

    Attributes
    ----------
    values : tuple of int
        Those of the array, in order.
    label, ids : int or None
        Those beside the array.
    notes : tuple of str
        What was decided without being asked.
    """

    values: tuple[int, ...]
    label: int | None
    ids: int | None
    notes: tuple[str, ...] = ()


class Fields(NamedTuple):
    """The fields of a file, as far as its first rows tell.

    Attributes
    ----------
    file : str
        What messages call it.
    names : tuple of str or None
        In the header.
    width : int
        How many there are.
    first : int
        The first that may be read: an index is left out.
    rows : list of list of str
        The first rows below the header.
    """

    file: str
    names: tuple[str, ...] | None
    width: int
    first: int
    rows: Sequence[Sequence[str]]

    def look(self, field: int) -> doubts.Look:
        """Return what the first rows of a field hold."""
        return look_at(cells[field] for cells in self.rows if len(cells) > field)

    def name(self, field: int) -> str:
        """Return the name of a field, if it has one."""
        return self.names[field] if self.names else ""


def choose(fields: Fields, options: ReadOptions) -> Columns:
    """Return the fields to read, by default all that may be classes.

    Raises
    ------
    InputError
        If a column is not there, none is left, or it is in doubt what one holds.
    """
    there = ColumnNames(fields.file, fields.names, fields.width)
    label = None if options.label_column is None else there.find(options.label_column)
    beside = label_columns.Beside.of(fields.names or (), options, lambda i: fields.look(i).is_text)
    ids = beside.ids
    if options.id_column is not None and ids is None and not beside.notes:
        ids = there.find(options.id_column)
    if label is not None and label == ids:
        raise InputError(
            f"{fields.file}: column {options.id_column!r} cannot hold both labels and ids"
        )
    left_out = {*there.find_all(options.drop), label, ids}
    notes = [f"{fields.file}: {note}" for note in beside.notes]
    if options.columns is not None:
        chosen = there.find_all(options.columns)
    else:
        chosen = list(range(fields.first, fields.width))
        left_out |= beside.left_out
    values = [field for field in chosen if field not in left_out]
    if values and options.columns is None and not options.any_columns:
        if options.labels:
            values, more = label_columns.choose(
                fields.file, [(i, fields.name(i)) for i in values], options
            )
            notes += more
        else:
            columns = [doubts.Column(fields.name(i), i + 1, fields.look(i)) for i in values]
            notes += doubts.check(fields.file, columns, fields.names or ())
    if not values:
        raise InputError(f"{fields.file}: no column is left to read")
    return Columns(tuple(values), label, ids, tuple(notes))


def look_at(cells: Iterable[str]) -> doubts.Look:
    """Return what the cells of a column hold; what is missing says nothing."""
    cells = [cell.strip() for cell in cells]
    try:
        numbers = list(map(float, cells))
    except ValueError:
        cells = [cell for cell in cells if cell.lower() not in _MISSING]
        texts = [cell for cell in cells if _is_text(cell)]
        if 2 * len(texts) > len(cells):
            return doubts.Look(len(cells), is_text=True)
        cells = [cell for cell in cells if is_number(cell)]
        numbers = list(map(float, cells))
    integers = all(cell.lstrip("+-").isdecimal() for cell in cells)
    return doubts.look_at(numbers, integers=integers)


def _is_text(cell: str) -> bool:
    almost = is_number(cell) or is_almost_number(cell) or is_cut(cell)
    return not almost and "\0" not in cell and not cell.startswith(_LISTS)


def find_index(
    names: tuple[str, ...] | None, second: list[str] | None, options: ReadOptions
) -> int | None:
    """Return what the first column counts from, if it is an index: without a name, and counting.

    pandas counts from 0, R from 1. One that does not count is an error that its first row raises,
    unless the user says that there is a header, or which columns to read.
    """
    if not names or names[0] or len(names) < 2 or options.columns is not None or not second:
        return None
    said = (*options.drop, options.id_column, options.label_column)
    if "1" in said and "1" not in names:
        return None
    if second[:1] in (["0"], ["1"]):
        return int(second[0])
    return 0 if options.header is None and is_number(second[0]) else None


def are_names(labels: Iterable[str], classes: tuple[str, ...]) -> bool:
    """Whether labels are names of classes, and not numbers.

    They are if one that is no number is a class, or if most are no numbers. So a slip in a column
    of numbers stays a slip, and a class may be named by a number.
    """
    labels = [label.strip() for label in labels]
    texts = [label for label in labels if label and not is_number(label)]
    if not set(texts).isdisjoint((*classes, *without_shared(classes))):
        return True
    return 2 * len(texts) > sum(map(bool, labels))


def is_label(first: str, others: Iterable[str], classes: tuple[str, ...]) -> bool:
    """Whether the text at the top of a column of labels is a label, and not the column's name."""
    top = first.strip()
    if top in classes or top in without_shared(classes) or top.lower() in _BOOL:
        return True
    return any(top == other.strip() for other in others)
