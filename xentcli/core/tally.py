"""How often each of many whole numbers occurs."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue

Numbers = NDArray[np.int64]
_COUNTED_CELLS = 2**16  # are counted one by one, however few numbers there are


def _none() -> Numbers:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Tally(ByValue):
    """Numbers that occur, in order, and how often each does."""

    numbers: Numbers = field(default_factory=_none)
    counts: Numbers = field(default_factory=_none)

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
        numbers = np.concatenate([self.numbers, other.numbers])
        counts = np.concatenate([self.counts, other.counts])
        order = np.argsort(numbers, kind="stable")  # merges two sorted runs
        numbers, counts = numbers[order], counts[order]
        first = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
        return type(self)(numbers[first], np.add.reduceat(counts, first))
