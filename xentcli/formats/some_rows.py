"""Some rows of an array by themselves: as data that go to another process."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.memory import MemorySource
from xentcli.formats.sources import IndexedSource
from xentcli.formats.table_blocks import Table


class SomeRows(IndexedSource):
    """Consecutive rows of an array laid out as (N, K).

    They pickle as their place, where a reference leads to the array, or else as numbers.

    Parameters
    ----------
    source : IndexedSource of shape (..., K)
        The array.
    first, rows : int
        The first of the rows, and how many they are.
    """

    def __init__(self, source: IndexedSource, first: int, rows: int) -> None:
        self.name, self.format, self.notes = source.name, source.format, source.notes
        self.dtype, self.stored_dtype = source.dtype, source.stored_dtype
        self.shape = (rows, source.shape[-1])
        self._source, self._first = source, first

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Return slices of rows, or of places of all of them."""
        if axis:
            return Table(self.tile(0, self.shape[0] or 0)[:, start : start + rows])
        return Table(self.tile(start, rows))

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Return rows, counted from the first of these."""
        return self._source.tile(self._first + start, rows)

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the array does."""
        if not index:
            return self.name
        lead = tuple(n or 0 for n in self._source.shape[:-1])
        row = tuple(int(i) for i in np.unravel_index(self._first + index[0], lead))
        return self._source.place((*row, *index[1:]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the array and the place, or as the rows where no process can open the array."""
        if self._source.reference is not None:
            return SomeRows, (self._source, self._first, self.shape[0])
        values = np.array(self.tile(0, self.shape[0] or 0))
        return _in_memory, (self.name, values, self.stored_dtype)


def _in_memory(name: str, values: NDArray[Any], stored_dtype: str) -> MemorySource:
    source = MemorySource(name, values)
    source.stored_dtype = stored_dtype
    return source
