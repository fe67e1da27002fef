"""Reads an array whose numbers stand in a file at the steps of any strides."""

import math
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import IndexedSource, Table
from xentcli.formats.stored import Stored, widen_words
from xentcli.storage.inputs import Input

_RUN_BYTES = 2**16  # read at once, however little of it is wanted
_MOST_RUN_BYTES = 2**25
_MOST_WASTE = 4  # a longer run is read at once if it is at most so many times what is wanted


class StridedSource(IndexedSource):
    """A view of numbers in a seekable input, of which any slice is read.

    Parameters
    ----------
    data : Input
        What holds the numbers.
    stored : Stored
        The shape of the view, the dtype, and where its first number is.
    strides : tuple of int
        By how many numbers the places along each axis lie apart: none of them is negative.
    """

    of_this_process: ClassVar[tuple[str, ...]] = ("unchanged", "_data")

    def __init__(
        self, data: Input, stored: Stored, strides: tuple[int, ...], format_: str, name: str
    ) -> None:
        self.name, self.format, self.notes = name, format_, []
        self.size, self.unchanged, self.shareable = data.size, data.check_unchanged, data.shareable
        self.shape, self.dtype, self.stored_dtype = (
            stored.shape,
            stored.decoded_dtype,
            stored.dtype_name,
        )
        self._data, self._stored, self._strides = data, stored, strides
        self._row_step = _step_of_rows(stored.shape, strides)
        width = stored.shape[-1] if stored.shape else 0
        self.tileable = 0 < width <= self._row_step <= _MOST_WASTE * width

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Read rows of the array laid out as (N, C), in one run if they lie near each other."""
        if not self.tileable:
            return super().tile(start, rows)
        shape, step = (rows, self._stored.shape[-1]), self._row_step
        run = self._run(start * step, (rows - 1) * step + shape[1] if rows else 0)
        tile = as_strided(run, shape, (step * run.itemsize, run.itemsize))
        if meaning := self._stored.meaning:
            return widen_words(tile, meaning, np.empty(shape, np.float32))
        return tile

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read any slices of an axis."""
        shape = (*self._stored.shape[:axis], rows, *self._stored.shape[axis + 1 :])
        values = np.empty(shape, self._stored.dtype)
        self._fill(values, start * self._strides[axis])
        if meaning := self._stored.meaning:
            values = widen_words(values, meaning, np.empty(shape, np.float32))
        return Table(values)

    def _fill(self, values: NDArray[Any], first: int) -> None:
        """Read the numbers of a part of the view, in one run or in halves of it."""
        if not values.size:
            return
        lengths = list(zip(values.shape, self._strides, strict=True))
        span = 1 + sum((n - 1) * stride for n, stride in lengths)
        wanted = math.prod(n for n, stride in lengths if stride)
        most = max(_RUN_BYTES, _MOST_WASTE * wanted * values.itemsize)
        if span * values.itemsize <= min(most, _MOST_RUN_BYTES):
            run = self._run(first, span)
            values[...] = as_strided(
                run, values.shape, [stride * run.itemsize for stride in self._strides]
            )
            return
        axis = max(
            range(values.ndim), key=lambda i: self._strides[i] if values.shape[i] > 1 else -1
        )
        half = values.shape[axis] // 2
        lead = (slice(None),) * axis
        self._fill(values[(*lead, slice(half))], first)
        self._fill(values[(*lead, slice(half, None))], first + half * self._strides[axis])

    def _run(self, first: int, count: int) -> NDArray[Any]:
        """Read numbers side by side, counted from the first one of the view."""
        run = np.empty(count, self._stored.dtype)
        offset = self._stored.offset + first * run.itemsize
        if self._data.read_at(offset, run.view(np.uint8).data) < run.nbytes:
            raise InputError(f"{self.name}: it became shorter while it was read")
        return run


def _step_of_rows(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """Return how far rows of numbers side by side lie apart; 0 if they are not all as far."""
    if len(shape) < 2 or strides[-1] != 1 or 0 in shape:
        return 0
    step = strides[-2]
    for i in range(len(shape) - 2):
        if strides[i] != strides[i + 1] * shape[i + 1]:
            return 0
    return step
