"""Rows of different lengths, kept on the disk as they come and read as an array."""

import weakref
from array import array
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import IndexedSource, Table
from xentcli.storage.inputs import Input
from xentcli.storage.temporary import TemporaryCopy

Numbers = NDArray[np.float64]


class RaggedRows(IndexedSource):
    """Rows of different lengths in a file without a name; short rows are filled up.

    Parameters
    ----------
    name : str
        What messages call them.
    fill : float
        What stands beyond the end of a row.
    """

    of_this_process: ClassVar[tuple[str, ...]] = ("unchanged", "_copy", "_data")
    format = "json"

    def __init__(self, name: str, fill: float) -> None:
        self.name, self.notes, self._fill = name, [], fill
        self.dtype, self.stored_dtype = np.dtype(np.float64), "float64"
        self._copy = TemporaryCopy(name)
        weakref.finalize(self, self._copy.file.close)
        self._ends = array("q", [0])
        self._longest = 0

    def add(self, numbers: Numbers, lengths: "list[int]") -> None:
        """Add rows of these lengths after those that are there."""
        self._copy.write(np.ascontiguousarray(numbers, np.float64).data)
        end = self._ends[-1]
        for length in lengths:
            end += length
            self._ends.append(end)
        self._longest = max(self._longest, *lengths, 0)

    def close(self) -> "RaggedRows":
        """Return the rows, which now have a shape."""
        self.fill_to(self._longest)
        self.size = self._copy.size()
        self._data = Input(self.name, self._copy.file, self.size, shareable=True)
        return self

    def fill_to(self, length: int) -> None:
        """Fill short rows up to this length, as those of other files are, or to the longest row."""
        self._longest = max(length, self._longest)
        self.shape = (len(self._ends) - 1, self._longest)

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read rows of the first axis, or all of them and places of the second."""
        if axis:
            return Table(self._rows(0, self.shape[0] or 0)[:, start : start + rows])
        return Table(self._rows(start, rows))

    def _rows(self, start: int, rows: int) -> Numbers:
        ends = np.frombuffer(self._ends, np.int64)[start : start + rows + 1]
        flat = np.empty(int(ends[-1] - ends[0]))
        self._data.read_at(8 * int(ends[0]), flat.view(np.uint8).data)
        found = np.full((rows, self._longest), self._fill)
        found[np.arange(self._longest) < np.diff(ends)[:, None]] = flat
        return found
