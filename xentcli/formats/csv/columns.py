"""Which columns of a CSV file are read, and as what: numbers, labels, ids."""

from collections.abc import Iterable
from typing import NamedTuple

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.csv.numbers import is_number

_BOOL = {"true", "false"}


class Columns(NamedTuple):
    """The fields to read.

    Attributes
    ----------
    values : tuple of int
        Those of the array, in order.
    label, ids : int or None
        Those beside the array.
    """

    values: tuple[int, ...]
    label: int | None
    ids: int | None


def choose(
    names: tuple[str, ...] | None, fields: int, first: int, file: str, options: ReadOptions
) -> Columns:
    """Return the fields to read, by default all from `first` on."""

    def find(column: str) -> int:
        return _field(column, names, fields, file)

    label = None if options.label_column is None else find(options.label_column)
    ids = None if options.id_column is None else find(options.id_column)
    if label is not None and label == ids:
        raise InputError(f"{file}: column {options.id_column!r} cannot hold both labels and ids")
    chosen = range(first, fields) if options.columns is None else map(find, options.columns)
    left_out = {*map(find, options.drop), label, ids}
    values = tuple(field for field in chosen if field not in left_out)
    if not values:
        raise InputError(f"{file}: no column is left to read")
    return Columns(values, label, ids)


def _field(column: str, names: tuple[str, ...] | None, fields: int, file: str) -> int:
    """Find a column by its name, or by its number from 1."""
    if names and column in names:
        return names.index(column)
    if column.isdecimal() and 1 <= int(column) <= fields:
        return int(column) - 1
    there = (
        f"it has {', '.join(map(repr, names[:12]))}" if names else f"it has columns 1 to {fields}"
    )
    more = ", ..." if names and len(names) > 12 else ""
    raise InputError(f"{file}: there is no column {column!r}; {there}{more}")


def find_index(
    names: tuple[str, ...] | None, second: list[str] | None, options: ReadOptions
) -> int | None:
    """Return what the first column counts from, if it is an index: without a name, and counting.

    pandas counts from 0, R from 1. One that does not count is an error that its first row raises,
    unless the user says that there is a header, or which columns to read.
    """
    if not names or names[0] or len(names) < 2 or options.columns is not None or second is None:
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
    if not set(texts).isdisjoint(classes):
        return True
    return 2 * len(texts) > sum(map(bool, labels))


def is_label(first: str, others: Iterable[str], classes: tuple[str, ...]) -> bool:
    """Whether the text at the top of a column of labels is a label, and not the column's name."""
    top = first.strip()
    return top in classes or top.lower() in _BOOL or any(top == other.strip() for other in others)
