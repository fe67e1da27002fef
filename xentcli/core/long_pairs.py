"""Walks over long rows of several models together, tile by tile, and these by pieces."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from xentcli.core.dtypes import Floats, widen
from xentcli.core.long_rows import LongRows
from xentcli.core.long_walk import LongPiece
from xentcli.core.near_rows import Sums
from xentcli.core.normalizer import Normalizer
from xentcli.core.row_passes import exponentials_of
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import LogitRows, row_by_row

_TILE_ELEMENTS = 2**20  # of each model, read at a time, and judged: many for cheap calls
_PIECE_ELEMENTS = 2**16  # of each model, computed at a time: few for the caches
MOST_PIECE_ELEMENTS = 2**18
"""The same of pieces whose rows are near for the most part: a tile then has one piece."""


class Walk(Protocol):
    """Reads rows of one model; as `LongWalk`."""

    rows: Floats

    def begin(self, tile: slice) -> None:
        """Begin a tile."""

    def piece(self, part: slice) -> LongPiece:
        """Compute some rows of the tile."""

    def end(self) -> None:
        """End a tile."""


def walk_together(
    base: Walk, others: Sequence[Walk], pairs: Sequence[LongRows], shape: tuple[int, ...]
) -> None:
    """Read the rows (N, C) of all models, and add each other model's to its pair with the base."""
    rows, num_classes = shape
    few, many, most = (
        rows_of(elements, num_classes)
        for elements in (_PIECE_ELEMENTS, MOST_PIECE_ELEMENTS, _TILE_ELEMENTS)
    )
    stop = 0
    with np.errstate(all="ignore"), row_by_row(num_classes):  # once for all tiles
        while stop < rows:
            near = any(pair.near for pair in pairs)
            start, stop = stop, min(stop + (many if near or stop == 0 else most), rows)
            tile = slice(start, stop)
            for each in (base, *others):
                each.begin(tile)
            step = many if near else few
            for first in range(start, stop, step):
                part = slice(first, min(first + step, stop))
                one = base.piece(part)
                for other, pair in zip(others, pairs, strict=True):
                    pair.add(part, one, other.piece(part))
            for other, pair in zip(others, pairs, strict=True):
                pair.end(tile, base.rows, other.rows)
            for each in (base, *others):
                each.end()


def rows_of(elements: int, num_classes: int) -> int:
    """Return how many rows have about so many elements."""
    return max(1, elements // num_classes)


def divergences_of_rows(
    base: LogitRows, norm: Normalizer, new: LogitRows, new_norm: Normalizer
) -> Sums:
    """Return KL(base || new), KL(new || base) and JS of each row (N, C) of logits.

    They are NaN for the same rows as in `LongRows.sums`.
    """
    found = LongRows((norm, new_norm), base.shape[1])
    walk_together(
        _NormalizedWalk(base, norm, "base"),
        [_NormalizedWalk(new, new_norm, "new")],
        [found],
        base.shape,
    )
    return found.sums(norm.log_rest, new_norm.log_rest)


class _NormalizedWalk:
    """Rows of one model whose normalizer is known."""

    def __init__(self, stored: LogitRows, norm: Normalizer, name: str) -> None:
        self._stored = stored
        self._norm = norm
        self._name = name

    def begin(self, tile: slice) -> None:
        stored = self._stored[tile]
        self._start = tile.start
        self.rows = self._memory("rows", stored.shape)
        np.copyto(self.rows, widen(stored))

    def piece(self, part: slice) -> LongPiece:
        rows = self.rows[part.start - self._start : part.stop - self._start]
        gaps, terms = (self._memory(what, rows.shape) for what in ("gaps", "terms"))
        norm = self._norm.of(part)
        exponentials_of(rows, norm.peak, out=terms, gaps=gaps)
        return LongPiece(rows, gaps, terms, norm.rest)

    def end(self) -> None:
        """Do nothing."""

    def _memory(self, what: str, shape: tuple[int, ...]) -> Floats:
        return scratch(f"{what} of {self._name}", shape, np.float32)
