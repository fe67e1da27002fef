"""Whole numbers in text that float64 does not hold: handed out as integers, as binary files do.

Whoever computes with them rounds them to float64, and counts those that it rounds.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EXACT = 2.0**53
_MANY_DIGITS = re.compile(rb"(?<![\d.])\d{16}")
_WHOLE = re.compile(r"[+-]?\d+", re.A)
_DTYPES = (np.dtype(np.int64), np.dtype(np.uint64))


def may_be_rounded(numbers: NDArray[Any], text: bytes) -> bool:
    """Whether numbers that were read of a text may be integers that float64 rounded.

    Large numbers alone, as those that mask a class, are most often written as 1e30.
    """
    if numbers.dtype.kind != "f" or not numbers.size:
        return False
    largest = max(float(numbers.max()), -float(numbers.min()))  # NaN is no larger than any
    return largest >= _EXACT and _MANY_DIGITS.search(text) is not None


def as_integers(numbers: NDArray[Any], written: Iterable[Any]) -> NDArray[Any]:
    """Return numbers as integers of 64 bits if all are whole, fit, and float64 rounded some.

    Parameters
    ----------
    numbers : ndarray of float64
        The numbers as float64 has them, which else are returned.
    written : iterable of int or float
        The same numbers in C order, as the text has them.

    Examples
    --------
    >>> as_integers(np.array([2.0**53, 1.0]), [2**53 + 1, 1.0])
    array([9007199254740993,                1])
    >>> as_integers(np.array([2.0**53, 0.5]), [2**53 + 1, 0.5])
    array([9.00719925e+15, 5.00000000e-01])
    """
    whole = [*_whole(written)]
    if len(whole) < numbers.size:
        return numbers
    for dtype in _DTYPES:
        limits = np.iinfo(dtype)
        if limits.min <= min(whole) and max(whole) <= limits.max:
            rounded = any(int(float(number)) != number for number in whole)
            return np.array(whole, dtype).reshape(numbers.shape) if rounded else numbers
    return numbers


def flat(value: Any) -> Iterator[Any]:
    """Yield the numbers of lists in lists."""
    if isinstance(value, list):
        for part in value:
            yield from flat(part)
    else:
        yield value


def number_of_cell(cell: str, number: float) -> int | float:
    """Return the integer that a cell has; else its `number`."""
    whole = cell.strip()
    return int(whole) if _WHOLE.fullmatch(whole) else number


def _whole(written: Iterable[Any]) -> Iterator[int]:
    """Yield numbers as integers as long as they are whole."""
    for number in written:
        if not isinstance(number, int) and not float(number).is_integer():
            return
        yield int(number)
