"""Which columns of a CSV file are read, and as what: numbers, labels, ids."""

from collections.abc import Callable, Iterable

from xentcli.errors import InputError
from xentcli.formats import doubts, label_columns
from xentcli.formats.base import ReadOptions
from xentcli.formats.beside_columns import BesideColumns
from xentcli.formats.column_looks import Column, Look
from xentcli.formats.column_names import ColumnNames
from xentcli.formats.column_words import is_beside, says_no_class
from xentcli.formats.csv.first_rows import FirstRows, look_at_cells
from xentcli.formats.keys import check_no_lists
from xentcli.records import Record
from xentcli.text import name_option

_OF_LISTS = "write them as Parquet or JSON lines, which xent nll and xent eval read"


class Columns(Record):
    """The fields to read.

    Attributes
    ----------
    values : tuple of int
        The fields of the array, in order.
    label, ids : int or None
        The fields beside the array.
    notes : tuple of str
        What was decided without being asked.
    lists : frozenset of int
        The fields of values and labels whose cells are lists; each then holds a whole row.
    """

    values: tuple[int, ...]
    label: int | None
    ids: int | None
    notes: tuple[str, ...] = ()
    lists: frozenset[int] = frozenset()


class Fields(Record):
    """The fields of a file, as far as its first rows tell.

    Attributes
    ----------
    file : str
        What messages call it.
    names : tuple of str or None
        The names in the header.
    width : int
        How many fields there are.
    first : int
        The first field that may be read: an index is left out.
    rows : FirstRows
        The first rows below the header.
    numbers : callable
        Returns quickly what the columns hold; None if that is in doubt.
    may_hold_lists : bool
        Whether there is anything in the first rows that begins a list.
    """

    file: str
    names: tuple[str, ...] | None
    width: int
    first: int
    rows: FirstRows
    numbers: Callable[[], list[Look] | None] = lambda: None
    may_hold_lists: bool = False

    def looks(self) -> list[Look]:
        """Return what the first rows of all fields hold."""
        return self.numbers() or self.rows.looks(self.width)

    def holds_lists(self, field: int) -> bool:
        """Whether the first cells of a field are lists."""
        return self.may_hold_lists and self.rows.holds_lists(field)

    def name(self, field: int) -> str:
        """Return the name of a field, if it has one."""
        return self.names[field] if self.names else ""

    def column(self, field: int) -> str:
        """Name a field as a user would find it."""
        return f"column {self.name(field)!r}" if self.name(field) else f"column {field + 1}"

    def option(self, field: int) -> str | None:
        """Return how an option names a field, if it can."""
        number = str(field + 1)
        name = self.name(field)
        return name_option(name) if name else None if number in (self.names or ()) else number


def choose(fields: Fields, options: ReadOptions) -> Columns:
    """Return the fields to read, by default all that may be classes.

    Raises
    ------
    InputError
        If a column is not there, none is left, or it is in doubt what one holds.
    """
    there = ColumnNames(fields.file, fields.names, fields.width)
    label = None if options.label_column is None else there.find(options.label_column)
    beside = BesideColumns.of(
        fields.names or (), options, lambda i: look_at_cells(fields.rows.column(i)).is_text
    )
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
        chosen, found = there.choose(options.columns)
        of_file = fields.file, fields.names or (), options, found
        notes += label_columns.notes_of_named(*of_file, have_ids=ids is not None)
    else:
        chosen = list(range(fields.first, fields.width))
        left_out |= beside.left_out
    values = [field for field in chosen if field not in left_out]
    if options.labels and options.columns is not None and len(values) > 1:
        named = [(i, fields.name(i)) for i in values]
        values = label_columns.in_order_of_classes(named, options.classes)
    lists = [i for i in values if fields.holds_lists(i)]
    if options.any_columns and len(values) > 1:
        lists = []
    if values and options.columns is None and not options.any_columns:
        values, more = _choose_values(fields, values, lists, options)
        notes += more
    if not values:
        raise InputError(f"{fields.file}: no column is left to read")
    lists = [i for i in lists if i in values]
    if lists and len(values) > 1:
        raise _several_with_lists(fields, values, lists)
    if label is not None and fields.holds_lists(label):
        lists.append(label)
    return Columns(tuple(values), label, ids, tuple(notes), frozenset(lists))


def _choose_values(
    fields: Fields, values: list[int], lists: list[int], options: ReadOptions
) -> tuple[list[int], list[str]]:
    """Return which of the fields are the array, and notes about the others."""
    named = [(i, fields.name(i)) for i in values]
    if options.labels:
        return label_columns.choose(fields.file, named, options, fields.rows.sum_to_one)
    if lists:
        return _choose_lists(fields, values, lists)
    return values, _check_classes(fields, named, options)


def _check_classes(fields: Fields, named: list[tuple[int, str]], options: ReadOptions) -> list[str]:
    """Return notes about the fields that are read as classes; raise if one may be no class."""
    if doubts.is_numbered([name for _, name in named]):
        return []
    looks = fields.looks()
    columns = [Column(name, i + 1, looks[i]) for i, name in named]
    beside = options.partner, options.of_labels, fields.rows.sum_to_one
    notes = doubts.check(fields.file, columns, fields.names or (), *beside)
    if fields.names is None and len(named) > 1 and _counts_rows(fields.rows.column(named[0][0])):
        number = columns[0].number
        what = f"column {number} counts the rows, and is read as a class (else --drop {number})"
        notes = [*notes, f"{fields.file}: {what}"]
    return notes


def _counts_rows(cells: Iterable[str]) -> bool:
    """Whether cells are 0, 1, 2, ... or 1, 2, 3, ..., three or more, as an index without a name."""
    numbers = [cell.strip() for cell in cells]
    return len(numbers) > 2 and any(
        numbers == [str(i) for i in range(first, first + len(numbers))] for first in (0, 1)
    )


def _choose_lists(
    fields: Fields, values: list[int], lists: list[int]
) -> tuple[list[int], list[str]]:
    """Return the one field of lists, and a note about those beside it, of which none is a class.

    Raises
    ------
    InputError
        If there are several, or others beside it may be classes.
    """
    beside = [i for i in values if i not in lists]
    looks = fields.looks()
    classes = [i for i in beside if looks[i].has_fractions and not is_beside(fields.name(i))]
    name = fields.name(lists[0])
    if len(lists) > 1 or classes or (beside and says_no_class(name)):
        raise _several_with_lists(fields, values, lists)
    shown = [fields.column(i) for i in beside]
    are = "is" if len(beside) == 1 else "are"
    left_out = [f"{fields.file}: {', '.join(shown)} beside the lists {are} left out"]
    return lists, left_out if beside else []


def _several_with_lists(fields: Fields, values: list[int], lists: list[int]) -> InputError:
    options = [option for i in lists if (option := fields.option(i)) is not None]
    if len(lists) > 1:
        names = [fields.name(i) for i in lists]
        check_no_lists(fields.file, names, hint=_OF_LISTS)
        shown = ", ".join(fields.column(i) for i in lists[:3])
        return InputError(
            f"{fields.file}: {len(lists)} columns hold lists: {shown}",
            hint="say which to read: " + " or ".join(f"--columns {o}" for o in options[:3]),
        )
    others = [i for i in values if i not in lists]
    shown = ", ".join(fields.column(i) for i in others[:3])
    what = f"{fields.column(lists[0])} holds lists, and others stand beside it: {shown}"
    return InputError(
        f"{fields.file}: {what}",
        hint=f"read the lists with --columns {options[0]}, or the others with --drop {options[0]}"
        if options
        else None,
    )
