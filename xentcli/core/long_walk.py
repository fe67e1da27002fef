"""Reads long rows of logits of one model tile by tile, and computes their exponentials by pieces.

All that is computed once for a tile costs little for each row, and a piece stays in the cache.
"""

from typing import NamedTuple

import numpy as np

from xentcli.core.dtypes import Doubles, Floats
from xentcli.core.fact_walk import FactWalk
from xentcli.core.normalizer import Normalizer, mend
from xentcli.core.observer import Exponentials, Peaks
from xentcli.core.row_passes import put_exponentials, put_peaks, put_rest
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import row_starts


class LongPiece(NamedTuple):
    """Some long rows of logits of one model in float32, while they are in the cache.

    Attributes
    ----------
    rows, gaps, terms : ndarray of float32 of shape (n, C)
        The logits z, ``z - peak``, and ``exp(z - peak)``.
    rest : ndarray of float64 of shape (n,)
        That of these rows' normalizer.
    """

    rows: Floats
    gaps: Floats
    terms: Floats
    rest: Doubles


class LongWalk:
    """Reads the rows of a walk by tiles of at most `most` rows, and tiles in order.

    The caller ignores NumPy's errors, and has ufuncs go `row_by_row`. The scratch memory of the
    walk's pieces is called `name`.

    Attributes
    ----------
    rows : ndarray of float32 of shape (n, C)
        The logits of the tile.
    """

    def __init__(self, walk: FactWalk, most: int, name: str) -> None:
        rows, num_classes = walk.given.logits.shape
        self._walk = walk
        self._peak, self._rest = np.empty(rows, np.float32), np.empty(rows)
        self.norm = walk.given.norm = Normalizer(self._peak, self._rest)
        self._observer = walk.observer()
        self._wants_exponentials = self._observer.wants_exponentials
        self._places = np.empty(rows, np.intp)
        self._row_starts = row_starts(most, num_classes)
        self._gaps, self._terms = (
            scratch(f"{what} of {name}", (most, num_classes), np.float32)
            for what in ("gaps", "terms")
        )

    def begin(self, tile: slice) -> None:
        """Begin a tile, which is read with its first piece, so that this is in the cache then."""
        self._tile, self._start = tile, tile.start

    def _read(self) -> None:
        self.rows = self._walk.given.logits[self._tile]
        self._observer.before(self._tile, self.rows)

    def piece(self, part: slice) -> LongPiece:
        """Compute some rows of the tile, in memory that the next piece uses."""
        if part.start == self._start:
            self._read()
        rows = self.rows[part.start - self._start : part.stop - self._start]
        count = len(rows)
        gaps, terms = self._gaps[:count], self._terms[:count]
        peak, rest = self._peak[part], self._rest[part]
        self._places[part], at = put_peaks(rows, peak, self._row_starts[:count])
        put_exponentials(rows, peak, terms, gaps)
        put_rest(terms, at, rest)
        if self._wants_exponentials:  # facts of peaks come before those
            self._observer.peaks(part, Peaks(peak, rows, self._places[part]))
            self._observer.after(part, Exponentials(terms, 1, peak, gaps))
        terms.reshape(-1)[at] = 1.0
        mend(rows, peak, rest)
        return LongPiece(rows, gaps, terms, rest)

    def end(self) -> None:
        """End a tile, all of whose pieces are computed."""
        if self._observer.wants_peaks and not self._wants_exponentials:
            tile = self._tile
            self._observer.peaks(tile, Peaks(self._peak[tile], self.rows, self._places[tile]))
