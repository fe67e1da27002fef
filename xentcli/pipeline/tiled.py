"""Rows of logits that are read where they are computed, a tile at a time."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats import memory
from xentcli.formats.base import IndexedSource, Source
from xentcli.pipeline.layout import Layout

Array = NDArray[Any]
_LARGEST = 4  # times an ordinary block: what is never in memory as a whole may be large
_FEWEST = 32  # blocks that are left, so that all processes end at about the same time


class TiledRows:
    """Some rows of a source laid out as (N, C), in the place of an array of them.

    A block is then no more than a range of rows, and what is read of it stays in the cache of the
    core that computes it: a tenth less time than with whole blocks in memory.

    Parameters
    ----------
    source : Source
        Logits.
    start : int
        The first row.
    lead : tuple of int
        The shape that the rows stand for.
    prepared : callable
        What the formulas see of what is stored.
    """

    def __init__(
        self,
        source: Source,
        start: int,
        lead: tuple[int, ...],
        prepared: Callable[[Array], Array] = np.asarray,
    ) -> None:
        self.lead = lead
        self.rows = math.prod(lead)
        self._source = source
        self._start = start
        self._prepared = prepared

    def as_prepared(self, prepared: Callable[[Array], Array]) -> "TiledRows":
        """Return the same rows as the formulas see them."""
        return TiledRows(self._source, self._start, self.lead, prepared)

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
        assert isinstance(self._source, IndexedSource)  # noqa: S101 - `can_be_tiled` says so
        return self._prepared(self._source.tile(self._start + start, stop - start))


def can_be_tiled(logits: Source, layout: Layout) -> bool:
    """Whether any few rows are read as cheaply as many: the classes of each lie side by side."""
    last = len(layout.logits) - 1
    return (
        0 < last == layout.class_axis
        and not layout.probabilities
        and (last < 3 or not layout.shift)
        and logits.tileable
    )


def size_of_blocks(logits: Source) -> int:
    """Return how many times larger than others a block is whose rows are read by the tile."""
    ordinary = math.prod(n or 0 for n in logits.shape) // memory.BLOCK
    return min(_LARGEST, max(1, ordinary // _FEWEST))
