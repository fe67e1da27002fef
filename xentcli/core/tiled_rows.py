"""Cuts rows of logits or labels into tiles."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

TILE_ELEMENTS = 2**19
"""How many elements are computed at a time: few enough for the caches, many for cheap calls."""
_MOST_ELEMENTS = 2**20  # of any tile
_PIECE_BYTES = 2**19  # of each of several arrays, which the processor's own cache holds


class LogitRows(Protocol):
    """Logits of shape (N, C): an array, or an object that reads rows from a file when asked for.

    The next reading may use the memory of rows again, and the caller may overwrite rows that were
    read. The rows of an array are left as they are.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape (N, C)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the numbers."""

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Return some consecutive rows."""


def tiles(rows: int, num_classes: int, elements: int = TILE_ELEMENTS) -> Iterator[slice]:
    """Cut `rows` rows into slices of about `elements` elements."""
    step = max(1, elements // max(1, num_classes))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def pieces(shape: tuple[int, ...], dtype: DTypeLike) -> Iterator[slice]:
    """Cut rows (N, C) into slices that stay in the processor's own cache from pass to pass."""
    rows, num_classes = shape
    return tiles(rows, num_classes * np.dtype(dtype).itemsize, _PIECE_BYTES)


_SAMPLED_CLASSES = 32


def sampled_classes(rows: NDArray[Any]) -> NDArray[Any]:
    """Return evenly spaced classes of rows (n, C), about 32: a view."""
    return rows[:, :: max(1, rows.shape[1] // _SAMPLED_CLASSES)]


_COPIED_ELEMENTS = 2**17  # few enough that each class finds them in the cache


def copy_by_class(rows: NDArray[Any], out: NDArray[Any]) -> None:
    """Copy rows (n, C) into an array (C, n)."""
    for part in tiles(rows.shape[0], rows.shape[1], _COPIED_ELEMENTS):
        np.copyto(out[:, part], rows[part].T)


def row_starts(rows: int, num_classes: int) -> NDArray[np.int64]:
    """Return the place of each row's first class among all numbers of C-contiguous rows."""
    starts = _starts_in_a_tile(num_classes)
    return starts[:rows] if rows <= len(starts) else np.arange(rows) * num_classes


@lru_cache(maxsize=2)
def _starts_in_a_tile(num_classes: int) -> NDArray[np.int64]:
    starts = np.arange(0, max(num_classes, _MOST_ELEMENTS), num_classes)
    starts.flags.writeable = False
    return starts


_WIDE_CLASSES = 500  # shorter rows are faster through the buffer
_SMALLEST_BUFFER = 16  # numbers
_AS_IT_IS = nullcontext()
_IS_BUFFERED = np.lib.NumpyVersion(np.__version__) >= "2.3.0"


def row_by_row(num_classes: int) -> AbstractContextManager[None]:
    """Let ufuncs of (N, C) and (N, 1), all of one dtype, take a row at a time.

    From NumPy 2.3 on, ufuncs repeat the column in a buffer of 8,192 numbers to walk several rows at
    once, which takes 0.24 ns an element at 1,000 classes; row by row it is 0.15. Older ones go by
    rows anyway, and would cut the sums of rows to the buffer, which gives them other digits.
    """
    if not _IS_BUFFERED or num_classes < _WIDE_CLASSES or np.getbufsize() == _SMALLEST_BUFFER:
        return _AS_IT_IS
    return _RowByRow()


class _RowByRow(AbstractContextManager[None]):
    def __enter__(self) -> None:
        self._before = np.setbufsize(_SMALLEST_BUFFER)

    def __exit__(self, *error: object) -> None:
        np.setbufsize(self._before)
