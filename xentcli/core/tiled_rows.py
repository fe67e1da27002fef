"""Rows of logits or labels, gone through a tile at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

TILE_ELEMENTS = 2**19
"""Computed at a time: few enough for the caches, enough to make calls cheap."""


class LogitRows(Protocol):
    """Logits of shape (N, C): an array, or what reads rows from a file when they are asked for.

    Rows that were read may be memory that the next reading uses again. Whoever got them may
    overwrite them; those of an array are left as they are.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers."""

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Return some consecutive rows."""


def tiles(rows: int, num_classes: int, elements: int = TILE_ELEMENTS) -> Iterator[slice]:
    """Cut `rows` rows into slices of about so many elements."""
    step = max(1, elements // max(1, num_classes))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


_WIDE_CLASSES = 500  # shorter rows are faster through the buffer


@contextmanager
def row_by_row(num_classes: int) -> Iterator[None]:
    """Let ufuncs of (N, C) and (N, 1), all of one dtype, take a row at a time.

    From NumPy 2.3 on they repeat the column in a buffer of 8,192 numbers, to walk several rows at
    once: 0.24 ns an element at 1,000 classes, against 0.15.
    """
    if num_classes < _WIDE_CLASSES:
        yield
        return
    before = np.setbufsize(16)
    try:
        yield
    finally:
        np.setbufsize(before)
