"""A sum that is correctly rounded, and so does not depend on order, blocks, threads or shards."""

import math
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

_UNIT_EXPONENT = 1074  # every finite float64 is a whole multiple of 2**-1074
ONE = 1 << _UNIT_EXPONENT
"""The units in 1.0."""

_PIECE_VALUES = 2**15  # 256 KiB stay in the second-level cache
_HUGE = 2.0**900
_MANTISSA_BITS = 53


class ExactSum(NamedTuple):
    """The exact sum of float64 values, as one integer; NaN and infinities are counted apart.

    Two sums merge by ``+``; ``float()`` rounds once, to nearest, as `math.fsum` does.
    """

    units: int = 0
    nan: int = 0
    positive_infinities: int = 0
    negative_infinities: int = 0

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """Return the exact sum of `values`, of any shape."""
        values = values.reshape(-1)
        total = cls()
        for start in range(0, values.size, _PIECE_VALUES):
            total += cls._of_piece(values[start : start + _PIECE_VALUES])
        return total

    @classmethod
    def of_products(cls, one: NDArray[np.float64], other: NDArray[np.float64]) -> Self:
        """Return the exact sum of the rounded products of two arrays of shape (N,)."""
        total = cls()
        for start in range(0, one.size, _PIECE_VALUES):
            piece = slice(start, start + _PIECE_VALUES)
            total += cls._of_piece(one[piece] * other[piece])  # while it is in the cache
        return total

    @classmethod
    def _of_piece(cls, values: NDArray[np.float64]) -> Self:
        least, most = float(values.min()), float(values.max())
        if max(most, -least) < _HUGE:  # false for NaN too
            return cls(_units(values, least, most))
        finite = values[np.isfinite(values)]
        huge = np.abs(finite) >= _HUGE
        return cls(
            _units_of(finite[~huge]) + (_units_of(finite[huge] * 2.0**-200) << 200),
            int(np.isnan(values).sum()),
            int((values == np.inf).sum()),
            int((values == -np.inf).sum()),
        )

    def __add__(self, other: Self) -> Self:  # type: ignore[override]  # no longer tuple
        return type(self)(
            self.units + other.units,
            self.nan + other.nan,
            self.positive_infinities + other.positive_infinities,
            self.negative_infinities + other.negative_infinities,
        )

    def __float__(self) -> float:
        if self.nan or (self.positive_infinities and self.negative_infinities):
            return math.nan
        if self.positive_infinities or self.negative_infinities:
            return math.inf if self.positive_infinities else -math.inf
        try:
            return self.units / ONE  # true division rounds correctly
        except OverflowError:
            return math.inf if self.units > 0 else -math.inf


def _units_of(values: NDArray[np.float64]) -> int:
    if not values.size:
        return 0
    return _units(values, float(values.min()), float(values.max()))


def _units(values: NDArray[np.float64], least: float, most: float) -> int:
    """Sum finite values from `least` to `most`, in units of 2**-1074.

    Each pass rounds what is left of every value to multiples of a power of two that is coarse
    enough for their sum to be exact in any order, and sums those (Rump, Ogita and Oishi, "Accurate
    floating-point summation part I", SIAM J. Sci. Comput. 2008, algorithm 3.2). What rounding
    leaves over is exact too; two or three passes leave nothing.
    """
    units = 0
    exponent = math.frexp(max(most, -least))[1]  # values are less than 2**exponent
    finest = -math.inf  # they are multiples of two to that
    if least > 0.0:
        finest = math.frexp(least)[1] - _MANTISSA_BITS
    headroom = (values.size + 2).bit_length()
    whole = values
    while exponent + headroom - finest > _MANTISSA_BITS and (values is whole or values.any()):
        anchor = math.ldexp(1.0, exponent + headroom)
        coarse = values + anchor
        coarse -= anchor
        units += _to_units(float(np.add.reduce(coarse)))
        exponent += headroom - 52  # what rounding leaves over is at most half of 2**exponent,
        if finest >= exponent:  # and nothing if all are multiples of that
            return units
        values = np.subtract(values, coarse, out=coarse)
    return units + _to_units(float(np.add.reduce(values)))  # as a whole, it is exact


def _to_units(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_UNIT_EXPONENT + 1 - denominator.bit_length())
