"""Computes exact sums by cell: of each bin, class or group, whatever the order of the rows.

`ExactSum` is the same for one sum. Here a sum is written in digits of 32 bits, so that NumPy adds
up the digits of all cells at once.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from xentcli.core.by_value import ByValue
from xentcli.core.cell_parts import DIGIT_BITS, Cells, Digits, digits_of, ends_of, partial_sums
from xentcli.core.dtypes import Doubles
from xentcli.core.exact_sum import ONE, ExactSum
from xentcli.core.product_errors import product_errors, square_errors

_BASE = 2**DIGIT_BITS
_PIECE_ROWS = 2**20  # few enough to leave 31 bits for each part of a number
_HUGE, _HUGE_DIGITS = 2.0**900, 6  # larger numbers are summed after a shift by so many digits
_UNIT_EXPONENT = ONE.bit_length() - 1
_MOST_DIGITS = 128  # of 32 bits; float64 numbers and their sums have 66 and a few
_KINDS = 3  # of values that are not finite: NaN, inf, -inf


def _no_digits() -> Digits:
    return np.zeros((0, 0), np.int64)


@dataclass(frozen=True, eq=False)
class CellSums(ByValue):
    """The exact sum of float64 numbers in each of several cells.

    Attributes
    ----------
    lowest : int
        The first row of digits counts multiples of ``2**(32 * lowest)``.
    digits : ndarray of shape (D, cells)
        The digits from the lowest to the highest, which has the sign; there are no needless rows.
    odd : ndarray of shape (3, cells), or (0, 0) if all numbers are finite
        How many NaN, inf and -inf there are.
    """

    lowest: int = 0
    digits: Digits = field(default_factory=_no_digits)
    odd: Digits = field(default_factory=_no_digits)

    @classmethod
    def zeros(cls, cells: int) -> Self:
        """Return the sums of no numbers, which are 0."""
        return cls(0, np.zeros((0, cells), np.int64))

    def check(self) -> None:
        """Raise ValueError if these cannot be sums of float64 numbers."""
        digits, odd = self.digits, self.odd
        if digits.ndim != 2 or abs(self.lowest) + len(digits) > _MOST_DIGITS:
            raise ValueError(f"digits of shape {digits.shape} from {self.lowest} on")
        if odd.shape not in ((0, 0), (_KINDS, digits.shape[1])):
            raise ValueError(f"odd has shape {odd.shape}, and digits has {digits.shape}")

    @property
    def cells(self) -> int:
        """How many sums these are."""
        return int(max(self.digits.shape[1], self.odd.shape[1]))

    @classmethod
    def of(cls, values: Doubles, cells: Cells, size: int, finest: float = -math.inf) -> Self:
        """Return the sums of `values` (N,) in `size` cells; `cells` has the cell of each value.

        If `finest` is given, values are whole multiples of ``2**finest``, which takes less time.
        """
        total = cls.zeros(size)
        sums: dict[int, Digits] = {}
        for start in range(0, len(values), _PIECE_ROWS):
            part, at = values[start : start + _PIECE_ROWS], cells[start : start + _PIECE_ROWS]
            ends = ends_of(part)
            if not max(ends) < _HUGE:  # true for NaN too
                ordinary = np.abs(part) < _HUGE
                total += cls._of_odd(part[~ordinary], at[~ordinary], size)
                part, at = part[ordinary], at[ordinary]
                ends = ends_of(part)
            for each in partial_sums(part, at, size, ends, finest):
                for place, digit in digits_of(each):
                    sums[place] = sums[place] + digit if place in sums else digit
        return total + cls._of_digits(sums, size)

    @classmethod
    def of_squares(cls, values: Doubles, cells: Cells, size: int) -> Self:
        """Return the sums of the squares of `values` (N,), none of them rounded."""
        squares = values * values
        return cls.of(squares, cells, size) + cls.of(square_errors(values, squares), cells, size)

    @classmethod
    def of_products(cls, one: Doubles, other: Doubles, cells: Cells, size: int) -> Self:
        """Return the sums of the products of two arrays (N,), none of them rounded."""
        products = one * other
        errors = product_errors(one, other, products)
        return cls.of(products, cells, size) + cls.of(errors, cells, size)

    @classmethod
    def whole(cls, numbers: Digits) -> Self:
        """Return sums that are whole numbers."""
        return cls(*_carried(0, [numbers], numbers.size))

    @classmethod
    def _of_odd(cls, values: Doubles, cells: Cells, size: int) -> Self:
        """Return the sums of huge numbers, and counts of values that are not finite."""
        finite = np.isfinite(values)
        scale = 2.0 ** (-_HUGE_DIGITS * DIGIT_BITS)
        huge = cls.of(values[finite] * scale, cells[finite], size)
        lowest = huge.lowest + _HUGE_DIGITS if huge.digits.size else 0
        if finite.all():
            return cls(lowest, huge.digits)
        kinds = (np.isnan(values), values == np.inf, values == -np.inf)
        odd = np.array([np.bincount(cells[kind], minlength=size) for kind in kinds])
        return cls(lowest, huge.digits, odd)

    @classmethod
    def _of_digits(cls, sums: dict[int, Digits], size: int) -> Self:
        if not sums:
            return cls.zeros(size)
        lowest = min(sums)
        rows = [sums.get(place, np.zeros(size, np.int64)) for place in range(lowest, max(sums) + 1)]
        return cls(*_carried(lowest, rows, size))

    def __add__(self, other: Self) -> Self:
        size = max(self.cells, other.cells)
        sums: dict[int, Digits] = {}
        for each in (self, other):
            for place, digit in enumerate(_padded(each.digits, size), each.lowest):
                sums[place] = sums[place] + digit if place in sums else digit
        total = self._of_digits(sums, size)
        if not (self.odd.size or other.odd.size):
            return total
        odd = np.zeros((_KINDS, size), np.int64)
        for each in (self, other):
            if each.odd.size:
                odd += _padded(each.odd, size)
        return type(self)(total.lowest, total.digits, odd)

    def placed(self, at: Cells, size: int) -> Self:
        """Return the same sums in `size` other cells; each goes into a cell of its own, `at`."""
        if len(at) == size and np.array_equal(at, np.arange(size)):
            return self
        digits, odd = (_placed(rows, at, size) for rows in (self.digits, self.odd))
        return type(self)(self.lowest, digits, odd)

    def chosen(self, at: Cells) -> Self:
        """Return the sums of the cells `at`, in this order; if there are no cells, none."""
        if not self.cells:
            return self
        digits, odd = (rows[:, at] if rows.shape[1] else rows for rows in (self.digits, self.odd))
        return type(self)(self.lowest, digits, odd)

    def exact(self) -> list[ExactSum]:
        """Return the sum of each cell."""
        shift = _UNIT_EXPONENT + DIGIT_BITS * self.lowest
        odd = self.odd.T.tolist() if self.odd.size else [[0] * _KINDS] * self.cells
        sums = []
        for whole, counts in zip(self._whole_numbers(), odd, strict=True):
            units = whole << shift if shift >= 0 else whole >> -shift
            sums.append(ExactSum(units, *counts))
        return sums

    def _whole_numbers(self) -> list[int]:
        """Return each sum in multiples of its lowest digit."""
        if not self.digits.size:
            return [0] * self.cells
        words = np.empty((self.digits.shape[1], len(self.digits) + 1), "<u4")
        words[:, :-2] = self.digits[:-1].T
        words[:, -2:] = self.digits[-1].astype("<i8")[:, None].view("<u4")
        length, stored = words.strides[0], words.tobytes()
        starts = range(0, len(stored), length)
        return [int.from_bytes(stored[i : i + length], "little", signed=True) for i in starts]

    def rounded(self) -> Doubles:
        """Return each sum as the float64 sum of its digits: fast, and for sums below 2**1000."""
        total = np.zeros(self.cells)
        with np.errstate(all="ignore"):  # a sum may be larger than any float64
            for place in range(len(self.digits) - 1, -1, -1):  # float64 rounds at each step
                digit = self.digits[place].astype(np.float64)
                total += np.ldexp(digit, DIGIT_BITS * (self.lowest + place))
        if self.odd.size:
            nan, inf, minus = (row > 0 for row in self.odd)
            total[inf], total[minus] = np.inf, -np.inf
            total[nan | (inf & minus)] = np.nan
        return total

    def floats(self) -> Doubles:
        """Return the sum of each cell, rounded once."""
        return np.array([float(each) for each in self.exact()], np.float64)


def _carried(lowest: int, rows: list[Digits], size: int) -> tuple[int, Digits]:
    """Return digits from 0 to 2**32 - 1, except for the highest, which has the sign."""
    found = []
    carry = np.zeros(size, np.int64)
    for row in rows:
        carry = carry + row
        found.append(carry & (_BASE - 1))
        carry = carry >> DIGIT_BITS
    while not _is_sign(carry):
        found.append(carry & (_BASE - 1))
        carry = carry >> DIGIT_BITS
    found[-1] = found[-1] + (carry << DIGIT_BITS)
    while len(found) > 1 and _is_sign(found[-1]):
        sign = found.pop()
        found[-1] = found[-1] + (sign << DIGIT_BITS)
    first = next((i for i, row in enumerate(found) if row.any()), len(found))
    if first == len(found):
        return 0, np.zeros((0, size), np.int64)
    digits = np.empty((len(found) - first, size), np.int64)
    for row in digits[::-1]:  # each row is in memory once, as there may be many cells
        row[:] = found.pop()
    return lowest + first, digits


def _is_sign(digit: Digits) -> bool:
    return bool(((digit == 0) | (digit == -1)).all())


def _padded(values: Digits, size: int) -> Digits:
    missing = size - values.shape[-1]
    if not missing:
        return values
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])


def _placed(rows: Digits, at: Cells, size: int) -> Any:
    if not rows.size:
        return np.zeros((len(rows), size if rows.shape[1] else 0), np.int64)
    placed = np.zeros((len(rows), size), np.int64)
    placed[:, at] = rows
    return placed
