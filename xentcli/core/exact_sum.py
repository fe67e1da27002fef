"""Computes correctly rounded sums, which do not depend on order, blocks, threads or shards."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core import chunk_sums
from xentcli.core.product_errors import product_errors, square_errors
from xentcli.core.scratch import scratch
from xentcli.records import Record

_UNIT_EXPONENT = 1074  # every finite float64 is a whole multiple of 2**-1074
ONE = 1 << _UNIT_EXPONENT
"""The units in 1.0."""

_PIECE_VALUES = chunk_sums.MOST_VALUES  # 256 KiB stay in the second-level cache
_HUGE = 2.0**900
_USUAL_PASSES = 2  # whose rests are not worth a look whether anything is left
_ONE = np.uint64(1)
_MANTISSA_BITS = 53
_BIAS = 1023  # of the exponent in the bits of a float64
_SUMMED_BITS = 62  # of whole numbers, so that their sum is less than 2**63


class ExactSum(Record):
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
        total = _PieceTotal()
        for piece in _pieces(values.reshape(-1)):
            total.add(piece, *_bounds(piece))
        return cls(*total.sums)

    @classmethod
    def of_products(cls, one: NDArray[np.float64], other: NDArray[np.float64]) -> Self:
        """Return the exact sum of the products of two arrays (N,), none of them rounded."""
        total = _PieceTotal()
        for first, second in zip(_pieces(one), _pieces(other), strict=True):
            products = np.multiply(first, second, out=_scratch("products", first.size))
            total.add(products, *_bounds(products))  # while it is in the cache
            errors = product_errors(first, second, products)
            total.add(errors, *_bounds(errors))
        return cls(*total.sums)

    @classmethod
    def with_squares(cls, values: NDArray[np.float64]) -> tuple[Self, Self]:
        """Return the exact sums of values of shape (N,), and of their squares."""
        total, squared = _PieceTotal(), _PieceTotal()
        for piece in _pieces(values):
            least, most = _bounds(piece)
            bits = _bits_of(piece, least, most) if 0.0 <= least <= most < _HUGE else None
            if bits is not None and chunk_sums.are_few(*bits):
                sums, of_squares = chunk_sums.with_squares(piece, *bits)
                total.sums[0] += sum(map(_to_units, sums))
                squared.sums[0] += sum(map(_to_units, of_squares))
                continue
            total.add(piece, least, most)
            squares = np.multiply(piece, piece, out=_scratch("products", piece.size))
            bounds = (least * least, most * most) if least >= 0.0 else _bounds(squares)
            squared.add(squares, *bounds)
            errors = square_errors(piece, squares)
            squared.add(errors, *_bounds(errors))
        return cls(*total.sums), cls(*squared.sums)

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


class _PieceTotal:
    """The exact sum of some pieces: bare numbers, as a record for each piece would take longer."""

    __slots__ = ("sums",)

    def __init__(self) -> None:
        self.sums = [0, 0, 0, 0]
        """The numbers of an `ExactSum`."""

    def add(self, values: NDArray[np.float64], least: float, most: float) -> None:
        """Add values from `least` to `most`."""
        if max(most, -least) < _HUGE:  # false for NaN too
            self.sums[0] += _units(values, least, most)
            return
        finite = values[np.isfinite(values)]
        huge = np.abs(finite) >= _HUGE
        self.sums[0] += _units_of(finite[~huge]) + (_units_of(finite[huge] * 2.0**-200) << 200)
        self.sums[1] += int(np.isnan(values).sum())
        self.sums[2] += int((values == np.inf).sum())
        self.sums[3] += int((values == -np.inf).sum())


def _pieces(values: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, values.size, _PIECE_VALUES):
        yield values[start : start + _PIECE_VALUES]


def _bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(np.minimum.reduce(values)), float(np.maximum.reduce(values))


def _scratch(name: str, size: int) -> NDArray[np.float64]:
    memory: NDArray[np.float64] = scratch(name, (size,), np.float64)
    return memory


def _units_of(values: NDArray[np.float64]) -> int:
    return _units(values, *_bounds(values)) if values.size else 0


def _units(values: NDArray[np.float64], least: float, most: float) -> int:
    """Sum finite values from `least` to `most`, in units of 2**-1074.

    Each pass rounds the rest of every value to multiples of a power of two: it adds a number so
    large that these multiples stand in its last bits, which are then summed as whole numbers (Rump,
    Ogita and Oishi, "Accurate floating-point summation part I", SIAM J. Sci. Comput. 2008,
    algorithm 3.2, except for the whole numbers). What rounding leaves over is exact, and so is its
    sum once it has few enough bits, after a pass or two.
    """
    units = 0
    exponent, finest = _bits_of(values, least, most)
    headroom = (values.size + 2).bit_length()
    bits = min(_SUMMED_BITS - headroom, _MANTISSA_BITS - 3)
    memory: NDArray[np.float64] = scratch("coarse", (2, values.size), np.float64)
    coarse, spare = memory  # the second is touched in a second pass only
    passes = 0
    while exponent + headroom - finest > _MANTISSA_BITS:
        passes += 1
        if passes > _USUAL_PASSES and not values.any():
            return units
        step = max(exponent - bits, -_UNIT_EXPONENT)
        power = step + _MANTISSA_BITS - 1
        anchor, its_bits = math.ldexp(1.5, power), 2 * (power + _BIAS) + 1 << _MANTISSA_BITS - 2
        np.add(values, anchor, out=coarse)
        whole = int(np.add.reduce(coarse.view(np.int64))) - values.size * its_bits
        units += _signed(whole) << (step + _UNIT_EXPONENT)
        np.subtract(coarse, anchor, out=coarse)
        exponent = step  # what rounding leaves over is at most half of 2**step,
        if finest >= exponent:  # and nothing if all are multiples of it
            return units
        values = np.subtract(values, coarse, out=coarse)
        coarse, spare = spare, coarse
    return units + _to_units(float(np.einsum("i->", values)))  # exact, and faster than np.add's


def _bits_of(values: NDArray[np.float64], least: float, most: float) -> tuple[int, float]:
    """Return powers of 2: values from `least` to `most` are less than one, multiples of the other.

    The latter is 2 to the power of -inf if some values are negative, or all are 0.
    """
    exponent, finest = math.frexp(max(most, -least))[1], -math.inf
    if least == 0.0:
        least = _least_above_0(values)
    if least > 0.0:
        finest = math.frexp(least)[1] - _MANTISSA_BITS
    return exponent, finest


def _least_above_0(values: NDArray[np.float64]) -> float:
    """Return the smallest of numbers from 0 on that is not 0, or 0 if all are 0.

    If 1 is subtracted from their bits, those of 0 become the largest, and the others keep their
    order.
    """
    less = _scratch("coarse", values.size).view(np.uint64)
    np.subtract(values.view(np.uint64), _ONE, out=less)
    bits = (int(np.minimum.reduce(less)) + 1) % 2**64
    return float(np.uint64(bits).view(np.float64))


def _signed(whole: int) -> int:
    """Return the signed number of 64 bits that is the same modulo 2**64."""
    return (whole + 2**63) % 2**64 - 2**63


def _to_units(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_UNIT_EXPONENT + 1 - denominator.bit_length())
