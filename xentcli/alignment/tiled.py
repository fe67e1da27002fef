"""Rows of logits that are read where they are computed, a tile at a time."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.axes import Axes
from xentcli.formats.base import IndexedSource, Source

Array = NDArray[Any]
LARGEST_TIMES = 4
"""How many times as large as others a block may be that is never in memory as a whole."""
_FEWEST_BLOCKS = 32  # must be left, so that all processes end at about the same time


class TiledRows:
    """Some rows of a source laid out as (N, C), in the place of an array of them.

    A block is then no more than a range of rows, and what is read of it stays in the cache of the
    core that computes it: a tenth less time than with whole blocks in memory.

    Parameters
    ----------
    source : IndexedSource
        Logits.
    start, rows : int
        The first row, and how many there are.
    prepared : callable
        What the formulas see of what is stored.
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
        """Return the same rows as the formulas see them."""
        return TiledRows(self._source, self._start, self.rows, prepared)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of classes."""
        return self.rows, self._source.shape[-1] or 0

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the rows."""
        return self._prepared(np.empty(0, self._source.dtype)).dtype

    def __getitem__(self, rows: slice) -> Array:
        """Read consecutive rows into memory that the next reading uses again."""
        start, stop, _ = rows.indices(self.rows)
        return self._prepared(self._source.tile(self._start + start, stop - start))


def can_be_tiled(logits: Source, axes: Axes) -> bool:
    """Whether any few rows are read as cheaply as many: the classes of each lie side by side."""
    last = len(axes.logits) - 1
    return (
        0 < last == axes.class_axis
        and not axes.probabilities
        and (last < 3 or not axes.shift.by)
        and logits.tileable
    )


def elements_of_a_block(logits: Source, elements: int) -> int:
    """Return the size of a block that is read by the tile, where others have so many elements."""
    ordinary = math.prod(n or 0 for n in logits.shape) // elements
    return elements * min(LARGEST_TIMES, max(1, ordinary // _FEWEST_BLOCKS))
