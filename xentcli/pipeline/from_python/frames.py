"""Frames go by place, as arrays do, unless the names of their rows or classes speak against it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from xentcli.alignment.by_number import in_two_orders, note_of_test_order
from xentcli.errors import InputError
from xentcli.pipeline.from_python.frame_classes import (
    check_classes,
    columns_of,
    index_of,
    notes_of_classes,
    two_orders,
)
from xentcli.text import is_missing, shortened

_OF_ROWS = ("logits", "log_probs", "base", "new", "labels", "by", "cluster", "sample_weight")
"""The arguments that have something for each row, in the order of which leads the others."""
_BY_PLACE = "rows go by place"


class _Rows(NamedTuple):
    """The names that a frame or a series has for its rows, if any, and how many there are.

    `counts` says whether an index only counts the rows.
    """

    names: Sequence[Any] | None
    length: int
    counts: bool = False


def check_frames(given: Mapping[str, Any]) -> None:
    """Raise InputError if names of frames, or series, speak against taking these by place.

    They do if two name the same rows, or classes, in two orders, if a column may be no class, or
    if columns, or class weights, are numbered otherwise than labels count. An index that only
    counts names no rows: predictions mostly have one, whatever that of the labels is.
    """
    pairs = ((name, _rows_of(value)) for name, value in given.items())
    named = [(name, each) for name, each in pairs if each is not None]
    for name, other in named[1:]:
        argument, first = named[0]
        if _in_two_orders(first.names, other.names):
            raise two_orders(argument, name, "rows")
    check_classes(given)
    if (of_test := _of_test(given)) is not None:
        try:
            check_frames(of_test)
        except InputError as error:
            raise InputError(f"test: {error.message}", hint=error.hint) from None


def _of_test(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the rows to test on as arguments of their own; None if there are none."""
    if not isinstance(pair := given.get("test"), tuple):
        return None
    of_both = {name: given[name] for name in ("classes", "label_base") if name in given}
    return {"logits": pair[0], "labels": pair[1], **of_both}


def notes_of_frames(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note on each frame or series whose index names other rows than the first one's.

    There are others on names of classes that differ. Rows go by place all the same: an index that
    only counts, as that of predictions, names none.
    """
    yield from notes_of_classes(given)
    if (of_test := _of_test(given)) is not None:
        yield from (f"test: {note}" for note in notes_of_frames(of_test))
        fitted, tested = columns_of(given.get("logits")), columns_of(of_test["logits"])
        if fitted and tested and in_two_orders(fitted, tested):
            of_weights = "" if given.get("weight") is None else ", and so do weights"
            yield note_of_test_order("test") + of_weights
    pairs = ((name, _rows_of(given.get(name))) for name in _OF_ROWS)
    named = [(name, each) for name, each in pairs if each is not None]
    for name, other in named[1:]:
        argument, first = named[0]
        if first.length != other.length:
            continue
        if first.names is not None and other.names is not None:
            if (row := _first_other(first.names, other.names)) is not None:
                here, there = repr(other.names[row]), repr(first.names[row])
                yield (
                    f"{name}: the index names other rows than that of {argument}, first in row "
                    f"{row}, {shortened(here)} and not {shortened(there)}: {_BY_PLACE}"
                )
        elif first.counts != other.counts and (first.names or other.names):
            one, counting = (argument, name) if other.counts else (name, argument)
            names = first.names if other.counts else other.names
            order = " in another order" if _in_two_orders(names, range(other.length)) else ""
            yield f"{one}: the index names rows{order}, and that of {counting} counts: {_BY_PLACE}"


def _first_other(one: Sequence[Any], other: Sequence[Any]) -> int | None:
    """Return the first row that has another name; None if there is none."""
    both = enumerate(zip(one, other, strict=True))
    return next((i for i, (a, b) in both if a != b), None)


def _rows_of(value: Any) -> _Rows | None:
    """Return the names of the rows of a frame or a series; None for anything else."""
    index = index_of(value)
    if index is not None:
        names = _names(index)
        return _Rows(names, len(value), names is None)
    return None if columns_of(value) is None else _Rows(None, len(value))


def _names(index: Any) -> Sequence[Any] | None:
    """Return what an index of pandas names; one that only counts, from 0 on, names nothing.

    The range that a slice of a frame has, as ``frame[::-1]`` or ``frame[800:]``, names its rows.
    Whatever is missing has the name None, since NaN is not equal to itself.
    """
    ranges = isinstance(index, sys.modules["pandas"].RangeIndex)
    if ranges and index.equals(type(index)(len(index))):
        return None
    return [None if is_missing(name) else name for name in index.tolist()]


def _in_two_orders(one: Sequence[Any] | None, other: Sequence[Any] | None) -> bool:
    if one is None or other is None or len(one) != len(other) or [*one] == [*other]:
        return False
    return set(one) == set(other)
