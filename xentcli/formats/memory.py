"""Arrays in memory as sources."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.sources import IndexedSource, Source
from xentcli.formats.table_blocks import Table


class MemorySource(IndexedSource):
    """An array in memory.

    Parameters
    ----------
    name : str
        What messages call it.
    values : ndarray
        The array.
    columns : tuple of str, optional
        The names of the places along its last axis.
    labels, ids : ndarray, optional
        One for each row.
    origin : Source, optional
        Where the array comes from; it names places, and knows whether the file has changed.
    """

    format = "memory"
    of_this_process = ("origin", "unchanged")
    origin: Source | None = None
    only_cells: tuple[str, ...] | None = None
    """The only row, of text that may be a header: () for a list of no rows."""

    def __init__(
        self,
        name: str,
        values: NDArray[Any],
        columns: tuple[str, ...] | None = None,
        *,
        labels: NDArray[Any] | None = None,
        ids: NDArray[Any] | None = None,
        origin: Source | None = None,
    ) -> None:
        self.name = name
        self.shape = values.shape
        self.dtype = values.dtype
        self.stored_dtype = values.dtype.name
        self.columns = columns
        self.notes = []
        self.labelled = labels is not None
        self.label_row = () if labels is None else labels.shape[1:]
        self.label_dtype = None if labels is None else labels.dtype
        self.tileable = values.ndim > 0 and labels is None and ids is None
        self._table = Table(values, labels, ids)
        if origin is not None:
            self.origin = origin
            self.format, self.size = origin.format, origin.size
            self.stored_dtype, self.notes = origin.stored_dtype, origin.notes
            self.header, self.id_column = origin.header, origin.id_column
            self.unchanged = origin.unchanged

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Return a view of the array; labels and ids go with slices of the first axis."""
        values, labels, ids = self._table
        if values.ndim == 0:
            return self._table
        these = slice(start, start + rows)
        if axis:
            return Table(values[(slice(None),) * axis + (these,)], labels, ids)
        return Table(*(None if part is None else part[these] for part in (values, labels, ids)))  # type: ignore[arg-type]

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Return a copy of rows of the array laid out as (N, C): a tile may be overwritten."""
        values = self._table.values
        lead = values.shape[:-1]
        if len(lead) < 2 or values.flags.c_contiguous:
            laid_out = values.reshape(math.prod(lead), values.shape[-1])  # copies nothing
            return laid_out[start : start + rows].copy()
        stop = min(start + rows, math.prod(lead))
        return np.asarray(values[np.unravel_index(np.arange(start, stop), lead)])

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the array's origin does."""
        return super().place(index) if self.origin is None else self.origin.place(index)
