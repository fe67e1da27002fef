"""Reads rows of logits a tile at a time, where they are computed."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.axes import Axes
from xentcli.formats.base import IndexedSource, Source

Array = NDArray[Any]
LARGEST_TIMES = 4
"""How many times the usual size a block may have if it is read by the tile."""
_FEWEST_BLOCKS = 32  # at least, so that all processes end at about the same time


class TiledRows:
    """Some rows of a source, (N, C), that are read when they are sliced.

    A block is then only a range of rows, and a tile stays in the cache of the core that computes
    it. This takes a tenth less time than whole blocks in memory.

    Parameters
    ----------
    source : IndexedSource
        Logits.
    start, rows : int
        The first row, and how many there are.
    prepared : callable
        Turns stored values into those that the formulas take.
    """

    def __init__(
        self,
        source: Source,
        start: int,
        rows: int,
        prepared: Callable[[Array], Array] = np.asarray,
    ) -> None:
        if not isinstance(source, IndexedSource):
            raise TypeError("only an indexed source is read by the tile")
        self.rows = rows
        self._source = source
        self._start = start
        self._prepared = prepared

    def as_prepared(self, prepared: Callable[[Array], Array]) -> "TiledRows":
        """Return the same rows, prepared for the formulas by another function."""
        return TiledRows(self._source, self._start, self.rows, prepared)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of classes."""
        return self.rows, self._source.shape[-1] or 0

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the rows, once they are prepared."""
        return self._prepared(np.empty(0, self._source.dtype)).dtype

    def __getitem__(self, rows: slice) -> Array:
        """Read consecutive rows into memory that the next reading uses again."""
        start, stop, _ = rows.indices(self.rows)
        return self._prepared(self._source.tile(self._start + start, stop - start))


def can_be_tiled(logits: Source, axes: Axes) -> bool:
    """Whether few rows are read as cheaply as many, as the classes of a row lie side by side."""
    last = len(axes.logits) - 1
    return (
        0 < last == axes.class_axis
        and not axes.probabilities
        and (last < 3 or not axes.shift.by)
        and logits.tileable
    )


def elements_of_a_block(logits: Source, elements: int) -> int:
    """Return the size of a block that is read by the tile; others have `elements` elements."""
    ordinary = math.prod(n or 0 for n in logits.shape) // elements
    return elements * min(LARGEST_TIMES, max(1, ordinary // _FEWEST_BLOCKS))
