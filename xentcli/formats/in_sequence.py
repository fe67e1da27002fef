"""Arrays one after the other along the first axis, of which any slice is read."""

import math
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import IndexedSource, Table

_LARGEST_BYTES = 2**25  # the most of a block that runs through all parts


class ArraysInSequence(IndexedSource):
    """Reads arrays that lie one after the other."""

    _ends: list[int]

    def _set_lengths(self, lengths: Sequence[int]) -> None:
        self._ends = list(accumulate(lengths))

    @abstractmethod
    def _part(self, i: int) -> IndexedSource:
        """Return one of the arrays."""

    def _length(self, i: int) -> int:
        return self._ends[i] - (self._ends[i - 1] if i else 0)

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices of `axis` to read at a time, when `rows` are wanted."""
        largest = max(range(len(self._ends)), key=self._length)
        cheap = self._part(largest).step(rows, axis)
        if axis == 0:
            return max(rows, cheap)  # the parts lie along it: no block runs through all of them
        others = [n or 0 for i, n in enumerate(self.shape) if i != axis]
        most = _LARGEST_BYTES // max(1, math.prod(others) * self.dtype.itemsize)
        return max(rows, min(cheap, most), 1)

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Read rows of the array laid out as (N, C), which may run through several parts."""
        lead = self.shape[1:-1]
        inner = max(1, math.prod(n or 0 for n in lead))  # without rows, none is asked for
        slices = self._slices(start, rows, inner)
        parts = [self._part(i).tile(first, n) for i, first, n in slices]
        if not parts:
            return self._part(0).tile(0, 0)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read any slice of an axis, which may run through several parts."""
        if axis:
            slices = [(i, start, rows) for i in range(len(self._ends))]
        else:
            slices = list(self._slices(start, rows)) or [(0, 0, 0)]
        # The parts lie along axis 0, whichever axis was read.
        return Table.joined([self._part(i).read(first, n, axis) for i, first, n in slices])

    def _slices(self, start: int, rows: int, inner: int = 1) -> Iterator[tuple[int, int, int]]:
        """Yield each part that holds some of the rows, with the first row there and their number.

        A slice of axis 0 counts as `inner` rows.
        """
        i = bisect_right(self._ends, start // inner)
        while rows > 0:
            end = self._ends[i] * inner
            first = start - end + self._length(i) * inner
            count = min(rows, end - start)
            if count:
                yield i, first, count
            i, start, rows = i + 1, start + count, rows - count
