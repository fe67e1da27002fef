"""Frames go by place, as arrays do, unless the names of their rows or classes speak against it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from xentcli.errors import DoubtfulColumns, InputError
from xentcli.formats import doubts
from xentcli.formats.column_looks import Column, looks_at
from xentcli.text import shortened

_KINDS = (("pandas", ("DataFrame", "Series")), ("polars", ("DataFrame",)), ("pyarrow", ("Table",)))
_OF_CLASSES = ("x", "logits", "log_probs", "base", "new")
"""The arguments whose columns are classes."""
_OF_ROWS = ("logits", "log_probs", "base", "new", "labels", "by", "cluster", "sample_weight")
"""The arguments that have something for each row, in the order of which leads the others."""
_FIRST_ROWS = 1000
_BY_PLACE = "rows go by place"
_WHOLE = ("int", "uint", "bool")
"""How the names of dtypes of whole numbers begin, in small letters."""


class _Named(NamedTuple):
    """The names that a frame or a series has for its rows and columns, if any, and its length.

    `counts` says whether an index only counts the rows.
    """

    rows: Sequence[Any] | None
    columns: Sequence[Any] | None
    length: int
    counts: bool = False


def check_frames(given: Mapping[str, Any]) -> None:
    """Raise InputError if names of frames, or series, speak against taking these by place.

    They do if two name the same rows, or classes, in two orders, if a column may be no class, or
    if columns, or class weights, are numbered otherwise than labels count. An index that only
    counts names no rows: predictions mostly have one, whatever that of the labels is.
    """
    pairs = ((name, _named(value)) for name, value in given.items())
    named = [(name, each) for name, each in pairs if each is not None]
    for name, other in named[1:]:
        argument, first = named[0]
        both = f"{argument} and {name}"
        if _in_two_orders(first.rows, other.rows):
            raise _error(both, "rows")
        # A series may weigh the classes, if it has no number for each row.
        classes = other.rows if other.columns is None else other.columns
        fits = other.columns is not None or other.length != first.length
        if fits and _in_two_orders(first.columns, classes):
            raise _error(both, "classes")
    _check_weight(given)
    for name in _OF_CLASSES:
        found = _named(given.get(name))
        if found is not None and found.columns is not None:
            _check_words(name, given[name], [*map(_text, found.columns)])
            if "labels" in given and getattr(given["labels"], "ndim", 1) == 1:
                _check_numbers(name, [*map(_text, found.columns)], given.get("label_base") or 0)


def notes_of_frames(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note on each frame or series whose index names other rows than the first one's.

    There is one on class weights whose index names classes that nothing else names.

    Rows go by place all the same: an index that only counts, as that of predictions, names none.
    """
    weight, orders = _weight_and_orders(given)
    if weight is not None and weight not in orders:
        yield f"weight: the index names {shortened(repr(weight[0]))}, ...: weights go by place"
    pairs = ((name, _named(given.get(name))) for name in _OF_ROWS)
    named = [(name, each) for name, each in pairs if each is not None]
    for name, other in named[1:]:
        argument, first = named[0]
        if first.length != other.length:
            continue
        if first.rows is not None and other.rows is not None:
            if (row := _first_other(first.rows, other.rows)) is not None:
                here, there = repr(other.rows[row]), repr(first.rows[row])
                yield (
                    f"{name}: the index names other rows than that of {argument}, first in row "
                    f"{row}, {shortened(here)} and not {shortened(there)}: {_BY_PLACE}"
                )
        elif first.counts != other.counts and (first.rows or other.rows):
            one, counting = (argument, name) if other.counts else (name, argument)
            names = first.rows if other.counts else other.rows
            order = " in another order" if _in_two_orders(names, range(other.length)) else ""
            yield f"{one}: the index names rows{order}, and that of {counting} counts: {_BY_PLACE}"


def _first_other(one: Sequence[Any], other: Sequence[Any]) -> int | None:
    """Return the first row that has another name; None if there is none."""
    both = enumerate(zip(one, other, strict=True))
    return next((i for i, (a, b) in both if a != b and a is not b), None)


def _named(value: Any) -> _Named | None:
    for module, names in _KINDS:
        kinds = [getattr(sys.modules.get(module), name, None) for name in names]
        if not any(kind is not None and isinstance(value, kind) for kind in kinds):
            continue
        if module != "pandas":
            table = value.columns if module == "polars" else value.column_names
            return _Named(None, table, len(value))
        rows, columns = (_names(getattr(value, axis, None)) for axis in ("index", "columns"))
        return _Named(rows, columns, len(value), rows is None)
    return None


def _names(index: Any) -> Sequence[Any] | None:
    """Return what an index of pandas names; one that only counts, from 0 on, names nothing.

    The range that a slice of a frame has, as ``frame[::-1]`` or ``frame[800:]``, names its rows.
    """
    if index is None:
        return None
    ranges = isinstance(index, sys.modules["pandas"].RangeIndex)
    return None if ranges and index.equals(type(index)(len(index))) else index.tolist()


def _in_two_orders(one: Sequence[Any] | None, other: Sequence[Any] | None) -> bool:
    if one is None or other is None or len(one) != len(other) or [*one] == [*other]:
        return False
    return set(one) == set(other)


def _error(both: str, what: str) -> InputError:
    return InputError(
        f"{both} name the same {what} in two orders",
        hint="frames go by place, as arrays: put both in one order, or give to_numpy() of each",
    )


def _check_words(argument: str, frame: Any, names: list[str]) -> None:
    """Raise InputError if a column of a frame may be no class, as of a file's table."""
    if doubts.is_numbered(names):
        return
    first = frame[:_FIRST_ROWS]
    types = getattr(first, "dtypes", None)
    types = first.schema.types if types is None else types
    integers = np.array([str(each).lower().startswith(_WHOLE) for each in types], np.bool_)
    try:
        looks = looks_at(np.asarray(first, np.float64), integers=integers, some_integers=integers)
    except (TypeError, ValueError):
        return  # no numbers, as whoever computes with them says
    columns = [Column(*each) for each in zip(names, range(1, len(names) + 1), looks, strict=True)]
    try:
        doubts.check(argument, columns, names)
    except DoubtfulColumns as error:
        hint = "leave it out of the frame; if it is a class, give to_numpy()"
        raise InputError(error.message, hint=hint) from None


def _check_numbers(argument: str, names: list[str], base: int) -> None:
    """Raise InputError if columns are numbered otherwise than labels, which go by place, count."""
    wanted = [str(base + i) for i in range(len(names))]
    if names != wanted and all(name.removeprefix("-").isdecimal() for name in names):
        raise InputError(
            f"{argument}: the columns are numbers, but not {wanted[0]} to {wanted[-1]} in order",
            hint="labels count columns: number these so, or give to_numpy()",
        )


def _check_weight(given: Mapping[str, Any]) -> None:
    """Raise InputError if a series has the classes in another order, as value counts do."""
    weight, orders = _weight_and_orders(given)
    if weight is not None and any(_in_two_orders(weight, order) for order in orders):
        raise InputError(
            "weight: its index has the classes in another order",
            hint="weights go by place, as the classes do: weight=WEIGHT.reindex(CLASSES)",
        )


def _weight_and_orders(
    given: Mapping[str, Any],
) -> tuple[Sequence[Any] | None, list[Sequence[Any]]]:
    """Return the classes that a series of weights names, if any does, and what orders them.

    Nothing is returned if a frame has its columns in the very order.
    """
    weight = _named(given.get("weight"))
    if weight is None or not weight.rows or weight.columns is not None or given.get("binary"):
        return None, []
    frames = (_named(given.get(name)) for name in _OF_CLASSES)
    if any(each is not None and each.columns == weight.rows for each in frames):
        return None, []
    base, classes = given.get("label_base") or 0, given.get("classes")
    named = [[*classes]] if isinstance(classes, list | tuple) else []
    return weight.rows, [[*range(base, base + len(weight.rows))], *named]


def _text(name: Any) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)
