"""The numbers of lists in JSON lines or tables: null is none, and a text may be one."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.text import read_float

Numbers = NDArray[np.float64]


class NoNumberError(ValueError):
    """What stands where a number belongs."""


def numbers_of(values: list[Any], missing: float) -> Numbers:
    """Return numbers as an array, with `missing` for null.

    Raises
    ------
    NoNumberError
        If a text is no number.
    """
    return np.array([missing if each is None else _number(each) for each in values], np.float64)


def _number(value: Any) -> float:
    if not isinstance(value, str):
        return float(value)
    try:
        return read_float(value)
    except ValueError as error:
        raise NoNumberError(f"{value!r:.40} is not a number") from error


def count_of_classes(value: Any) -> int:
    """Return how many classes there are, as a file says it.

    Raises
    ------
    NoNumberError
        If it is no whole number above 0.

    Examples
    --------
    >>> count_of_classes(50257.0), count_of_classes("8")
    (50257, 8)
    """
    number = math.nan if isinstance(value, bool) else _number(value)
    if not (number > 0 and number.is_integer()):
        raise NoNumberError(f"{value!r:.40} is no number of classes")
    return int(number)
