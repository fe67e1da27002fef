"""Splits float64 numbers into parts or digits, whose sums by cell are not rounded."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles
from xentcli.core.scratch import scratch

Digits = NDArray[np.int64]
Cells = NDArray[np.int64]
DIGIT_BITS = 32
_PIECE_ROWS = 2**15  # few enough for their parts to stay in the cache
_MANTISSA_BITS = 53
_LARGEST_POWER = 1000  # of two; float64 holds it and its inverse


def partial_sums(
    values: Doubles, cells: Cells, size: int, ends: tuple[float, float], finest: float
) -> list[Doubles]:
    """Return sums by cell of the parts of numbers, which are not rounded; their total is the sum.

    Each number is cut into whole multiples of powers of two. These are so coarse that the sum of
    all parts of one power stays below 2**53 multiples, as in `ExactSum`.
    """
    totals: list[Doubles] = []
    exponent = math.frexp(max(ends))[1]  # the numbers are less than 2**exponent
    if ends[0] < 0.0:
        finest = max(finest, math.frexp(ends[0])[1] - _MANTISSA_BITS)
    headroom = (values.size + 2).bit_length()
    piece = max(_PIECE_ROWS, 2 * size)
    for start in range(0, values.size, piece):
        part, at = values[start : start + piece], cells[start : start + piece]
        for i, sums in enumerate(_parts(part, at, size, exponent, headroom, finest)):
            if i < len(totals):
                totals[i] += sums
            else:
                totals.append(sums)
    return totals


def _parts(
    values: Doubles, cells: Cells, size: int, exponent: int, headroom: int, finest: float
) -> Iterable[Doubles]:
    """Yield the sums of the coarsest parts of numbers, then of the next, until nothing is left."""
    coarse, left = (scratch(name, values.shape, np.float64) for name in ("coarse", "left"))
    while exponent + headroom - finest > _MANTISSA_BITS:
        anchor = math.ldexp(1.0, exponent + headroom)
        np.add(values, anchor, out=coarse)
        coarse -= anchor
        yield _summed(cells, coarse, size)
        values = np.subtract(values, coarse, out=left)
        exponent += headroom + 1 - _MANTISSA_BITS
        if finest >= exponent or not values.any():
            return
    yield _summed(cells, values, size)


def _summed(cells: Cells, values: Doubles, size: int) -> Doubles:
    # NumPy before 2.5 declares these sums as integers.
    return np.bincount(cells, values, size).astype(np.float64, copy=False)


def digits_of(values: Doubles) -> Iterable[tuple[int, Digits]]:
    """Yield each digit of finite numbers, by its place."""
    most = max(ends_of(values))
    if not most:
        return
    place = -(-(math.frexp(most)[1] - DIGIT_BITS) // DIGIT_BITS)  # all are below 2**32 of these
    whole, left = (scratch(name, values.shape, np.float64) for name in ("whole", "left"))
    while True:
        power = DIGIT_BITS * place
        _scale(values, -power, whole)
        np.trunc(whole, out=whole)
        yield place, whole.astype(np.int64)
        _scale(whole, power, whole)
        values = np.subtract(values, whole, out=left)
        if not values.any():
            return
        place -= 1


def _scale(values: Doubles, power: int, out: Doubles) -> None:
    if abs(power) < _LARGEST_POWER:
        np.multiply(values, 2.0**power, out=out)
    else:
        np.ldexp(values, power, out=out)


def ends_of(values: Doubles) -> tuple[float, float]:
    """Return the negative of the least number, and the largest; either both are NaN or neither."""
    return (-float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
