"""Which columns of a file are one array, as its first rows and their names tell."""

from collections.abc import Sequence
from typing import NamedTuple

from xentcli.formats.column_words import names_no_class
from xentcli.formats.contents import ColumnGroup
from xentcli.formats.side_by_side import sides
from xentcli.formats.strays import strays

ENOUGH_ROWS = 1000
"""How many rows of a column tell what it holds."""


class ColumnKind(NamedTuple):
    """A column of numbers: its name, if it has one, and what its first rows say."""

    name: str | None
    choice: str
    whole: bool
    """Whether all are whole numbers, neither constant nor all 0 and 1."""
    fractions: bool
    dtype: str


def groups_of(columns: Sequence[ColumnKind]) -> tuple[ColumnGroup, ...]:
    """Return columns of numbers as arrays: those of the classes, and each other one by itself."""
    some_fractions = any(column.fractions for column in columns)
    beside = {
        i
        for i, column in enumerate(columns)
        if (column.name is not None and names_no_class(column.name))
        or (some_fractions and column.whole)
    }
    classes = [i for i in range(len(columns)) if i not in beside]
    if not classes:  # every name is that of something beside the classes
        classes = [i for i in sorted(beside) if columns[i].fractions]
        beside -= set(classes)
    groups = [[i] for i in sorted(beside)]
    arrays = _side_by_side(columns, classes)
    return tuple(_group(columns, places) for places in sorted([*arrays, *groups]) if places)


def _side_by_side(columns: Sequence[ColumnKind], classes: Sequence[int]) -> list[list[int]]:
    """Return the arrays that classes are, as their names tell, and what else stands beside one."""
    names = [columns[i].name or "" for i in classes]
    found = sides(names)
    arrays = found.arrays if found and found.sure else []
    placed = {i for places in arrays for i in places}
    others = [i for i in range(len(names)) if i not in placed]
    alone = {*others} if arrays else {*strays(names)}
    rest = [i for i in others if i not in alone]
    return [[classes[i] for i in places] for places in (*arrays, rest, *([i] for i in alone))]


def _group(columns: Sequence[ColumnKind], places: Sequence[int]) -> ColumnGroup:
    choice = tuple(columns[i].choice for i in places)
    names = tuple(columns[i].name or "" for i in places) if columns[0].name is not None else None
    dtype = ", ".join(dict.fromkeys(columns[i].dtype for i in places))
    return ColumnGroup(choice[0] if len(places) == 1 else None, tuple(places), names, choice, dtype)
