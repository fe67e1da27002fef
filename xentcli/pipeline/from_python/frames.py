"""Frames of pandas go by place, as arrays do: what names their rows or classes must not differ."""

import sys
from collections.abc import Sequence
from typing import Any

from xentcli.errors import InputError


def check_frames(values: Sequence[Any]) -> None:
    """Raise InputError if two frames or series name the same rows, or classes, in two orders.

    An index that only counts names no rows: predictions mostly have one, whatever that of the
    labels is.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return
    given = [each for each in values if isinstance(each, (pandas.DataFrame, pandas.Series))]
    for other in given[1:]:
        first = given[0]
        counts = any(isinstance(each.index, pandas.RangeIndex) for each in (first, other))
        if not counts and _in_two_orders(first.index, other.index):
            raise _error("rows")
        # A series may weigh the classes, if it has no number for each row.
        if first.ndim == 2 and (other.ndim == 2 or len(other) != len(first)):
            classes = other.columns if other.ndim == 2 else other.index
            if _in_two_orders(first.columns, classes):
                raise _error("classes")


def _in_two_orders(one: Any, other: Any) -> bool:
    return len(one) == len(other) and not one.equals(other) and set(one) == set(other)


def _error(what: str) -> InputError:
    return InputError(
        f"two frames or series of pandas name the same {what} in two orders",
        hint="frames go by place, as arrays: put both in one order, or give to_numpy() of each",
    )
