"""Counts how often each of many whole numbers occurs."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue

Numbers = NDArray[np.int64]
_COUNTED_CELLS = 2**16  # up to which each possible number has a counter


def no_counts() -> Numbers:
    """Return the counts of nothing, with which a record of counts begins."""
    return np.zeros(0, np.int64)


def longer_sum(one: Numbers, other: Numbers) -> Numbers:
    """Return the sums of counts of cells, of which one may have more at the end.

    Examples
    --------
    >>> longer_sum(np.array([1, 2]), np.array([3, 4, 5]))
    array([4, 6, 5])
    """
    few, many = sorted((one, other), key=len)
    total = many.copy()
    total[: len(few)] += few
    return total


@dataclass(frozen=True, eq=False)
class Tally(ByValue):
    """Numbers that occur, in order, and how often each does."""

    numbers: Numbers = field(default_factory=no_counts)
    counts: Numbers = field(default_factory=no_counts)

    def check(self) -> None:
        """Raise ValueError if these cannot be the counts of numbers."""
        numbers, counts = self.numbers, self.counts
        if numbers.shape != counts.shape or numbers.ndim != 1:
            raise ValueError(f"{counts.shape} counts of {numbers.shape} numbers")
        if (numbers[:1] < 0).any() or (np.diff(numbers) <= 0).any() or (counts <= 0).any():
            raise ValueError("numbers must rise, and each must occur")

    @classmethod
    def of(cls, numbers: Numbers, span: int) -> Self:
        """Count numbers from 0 to `span` - 1."""
        if span <= max(_COUNTED_CELLS, numbers.size):
            counts = np.bincount(numbers, minlength=1)
            there = np.flatnonzero(counts)
            return cls(there, counts[there])
        return cls(*np.unique(numbers, return_counts=True))

    def __add__(self, other: Self) -> Self:
        if not (self.numbers.size and other.numbers.size):
            return self if self.numbers.size else other
        one, few = sorted((self, other), key=lambda each: -each.numbers.size)
        places = np.searchsorted(one.numbers, few.numbers)
        known = places < one.numbers.size
        known[known] = one.numbers[places[known]] == few.numbers[known]
        counts = one.counts.copy()
        counts[places[known]] += few.counts[known]
        if known.all():
            return type(self)(one.numbers, counts)
        places, new = places[~known], ~known
        numbers = np.insert(one.numbers, places, few.numbers[new])
        return type(self)(numbers, np.insert(counts, places, few.counts[new]))
