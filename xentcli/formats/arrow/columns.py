"""Which columns of a table are read: the values, and the labels and ids beside them."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.arrow.types import is_list, is_text, nested, number_dtype, plain_type, shown
from xentcli.formats.base import ReadOptions
from xentcli.text import name_option

_SHOWN = 12  # names in a message


@dataclass(frozen=True)
class Selection:
    """The columns to read, by name.

    Attributes
    ----------
    values : tuple of str
        Columns of one number a row or, if it is only one, of a list or of text.
    labels, ids : str or None
        The columns of each row's label and id.
    notes : list of str
        What was left out without being asked.
    """

    values: tuple[str, ...]
    labels: str | None
    ids: str | None
    notes: list[str]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns to read, each once."""
        beside = [name for name in (self.labels, self.ids) if name is not None]
        return tuple(dict.fromkeys([*self.values, *beside]))


def select(schema: Any, file: str, options: ReadOptions) -> Selection:
    """Choose columns as the user says.

    Raises
    ------
    InputError
        If a column is not there, is there twice, or does not hold what it is read as.
    """
    if options.key is not None and options.columns is not None:
        raise InputError(f"{file}: --key and --columns both say what to read", hint="give one")
    there = _Names(file, schema.names)
    labels = None if options.label_column is None else there.find(options.label_column)
    ids = None if options.id_column is None else there.find(options.id_column)
    named = options.columns if options.key is None else (options.key,)
    index = saved_index(schema) if named is None else []
    chosen = [name for name in there.names if name not in index]
    if named is not None:
        chosen = [there.find(column) for column in named]
    others = {there.find(column) for column in options.drop} | {labels, ids}
    values = tuple(name for name in chosen if name not in others)
    if not values:
        raise InputError(f"{file}: no column is left to read")
    there.check_once(values)
    left_out = [name for name in index if name not in others]
    notes = [f"{file}: the index that pandas saved, {_list(left_out)}, is left out"]
    selection = Selection(values, labels, ids, notes if left_out else [])
    _check_values(schema, file, selection.values, said=named is not None)
    _check_beside(schema, file, selection)
    return selection


class _Names:
    """The names of a table's columns, some of which may be there twice."""

    def __init__(self, file: str, names: list[str]) -> None:
        self._file = file
        self.names = names
        self._counts = Counter(names)

    def find(self, column: str) -> str:
        """Find a column by its name, or by its number from 1."""
        if column in self._counts:
            name = column
        elif column.isdecimal() and 1 <= int(column) <= len(self.names):
            name = self.names[int(column) - 1]
        else:
            there = _list(self.names)
            raise InputError(f"{self._file}: there is no column {column!r}; it has {there}")
        self.check_once([name])
        return name

    def check_once(self, names: Iterable[str]) -> None:
        """Raise InputError if one of these names stands for several columns."""
        for name in names:
            if self._counts[name] > 1:
                several = self._counts[name]
                raise InputError(f"{self._file}: {several} columns are named {name!r}")


def _list(names: list[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")


def saved_index(schema: Any) -> list[str]:
    """Return the columns that are a pandas index; one that only counts is not stored."""
    saved = (schema.pandas_metadata or {}).get("index_columns", ())
    return [n for n in schema.names if n in saved or re.fullmatch(r"__index_level_\d+__", n)]


def _check_beside(schema: Any, file: str, selection: Selection) -> None:
    """Raise InputError unless labels and ids hold one value a row."""
    for name, what in ((selection.labels, "labels"), (selection.ids, "ids")):
        if name is None:
            continue
        type_ = schema.field(name).type
        plain = plain_type(type_)
        if is_text(type_) or number_dtype(plain) is not None:
            continue
        if what == "labels" or plain.num_fields:
            raise InputError(
                f"{file}: column {name!r} holds {shown(type_)}, and {what} are numbers or text"
            )


def _check_values(schema: Any, file: str, values: tuple[str, ...], *, said: bool) -> None:
    types = {name: schema.field(name).type for name in values}
    lists = [name for name, type_ in types.items() if nested(type_)]
    if len(values) > 1 and lists:
        raise _several(file, lists, [name for name in values if name not in lists])
    if len(values) == 1 and (lists or (said and is_text(types[values[0]]))):
        return
    odd = [name for name, type_ in types.items() if number_dtype(type_) is None]
    if odd:
        what = "list" if is_list(types[odd[0]]) else shown(types[odd[0]])
        what = "lists of other than numbers" if what == "list" else what
        some = len(odd) < len(values)
        raise InputError(
            f"{file}: column {odd[0]!r} holds {what}, not numbers",
            hint=f"leave it out with --drop {_option(odd)}, or name what to read: --columns A,B"
            if some
            else None,
        )


def _several(file: str, lists: list[str], others: list[str]) -> InputError:
    if len(lists) > 1:
        return InputError(
            f"{file}: there are {len(lists)} columns of lists: {_list(lists)}",
            hint=f"say which to read: --key {name_option(lists[0])}",
        )
    return InputError(
        f"{file}: column {lists[0]!r} holds lists, and there are others beside it: {_list(others)}",
        hint=f"read it alone with --key {name_option(lists[0])}; "
        "--label-column names the labels beside it",
    )


def _option(names: list[str]) -> str:
    """Write names as one argument for a shell."""
    return ",".join(map(name_option, names[:_SHOWN])) + (",..." if len(names) > _SHOWN else "")
