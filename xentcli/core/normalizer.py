"""Computes the normalizer of rows, on which every softmax and every loss here rests.

For a row z with maximum a = z[k], the normalizer is the pair of a and

    s = sum over i != k of exp(z[i] - a)

from which follow, without a subtraction of near-equal numbers,

    logsumexp = a + log1p(s)    log_softmax = (z - a) - log1p(s)    softmax = exp(z - a) / (1 + s)

Leaving the maximum out of the sum keeps the digits of a confident row, whose s may be 1e-30.
Source: Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions",
IMA J. Numer. Anal. 41 (2021).
"""

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary, half_table
from xentcli.core.dtypes import Doubles, Floats, computing_dtype, widen
from xentcli.core.observer import Exponentials, Observer, Peaks, sum_classes, sum_classes_of
from xentcli.core.row_passes import exponentials_of, put_peaks, put_rest
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import LogitRows, copy_by_class, row_starts, tiles
from xentcli.records import Record

# NumPy's row-wise argmax and sum have a cost per row. At 10 classes they take 8 ns an element, but
# 1.8 with classes as rows of a transposed copy; at 32 it is 2.9 and 1.8, and at 64 1.7 and 2.1.
FEW_CLASSES = 40

# If s is below this times the number of classes, it is computed again, in float64 and with the
# error of the subtraction carried along. In float32, exp(-64) has lost digits and exp(-104) is 0;
# in float64, a difference of 64 is off by up to half a unit in its last place, 32 units of 1's.
_CONFIDENT = 2.0**-92


class Normalizer(Record):
    """The numbers that turn rows of logits into probabilities.

    Attributes
    ----------
    peak : ndarray of shape (N,)
        The maximum of each row, in the computing dtype.
    rest : ndarray of float64 of shape (N,)
        The sum of ``exp(z - peak)`` over all places of the row except the maximum's; NaN for a row
        that holds NaN or +inf, or only -inf.
    """

    peak: Floats
    rest: Doubles

    @property
    def log_rest(self) -> Doubles:
        """``logsumexp(z) - peak``, never negative: ``log1p(rest)``."""
        return elementary.log1p(self.rest)

    def of(self, rows: slice) -> "Normalizer":
        """Return the normalizer of some of the rows."""
        return Normalizer(self.peak[rows], self.rest[rows])

    def merge(self, other: "Normalizer") -> "Normalizer":
        """Return the normalizer of rows that hold the classes of both, one after the other."""
        with np.errstate(all="ignore"):
            peak = np.maximum(self.peak, other.peak)
            ahead = self.peak >= other.peak
            high, low = (
                np.where(ahead, self.rest, other.rest),
                np.where(ahead, other.rest, self.rest),
            )
            gap = np.minimum(self.peak, other.peak).astype(np.float64) - peak
            rest = np.where(gap == -np.inf, high, high + (1.0 + low) * elementary.exp(gap))
            return Normalizer(peak, rest + (peak - peak))


class _TileResults:
    """The rows of a tile, and the arrays into which their results are put."""

    __slots__ = ("observer", "peak", "rest", "rows")

    def __init__(self, rows: slice, peak: Floats, rest: Doubles, observer: Observer) -> None:
        self.rows = rows
        self.peak = peak
        self.rest = rest
        self.observer = observer

    def row(self, i: int) -> "_TileResults":
        """Return row i alone."""
        part, at = slice(i, i + 1), self.rows.start + i
        return _TileResults(slice(at, at + 1), self.peak[part], self.rest[part], self.observer)


def normalizer(logits: LogitRows, observer: Observer | None = None) -> Normalizer:
    """Return the normalizer of each row of (N, C), and let an observer see the tiles of rows.

    A row's result depends on that row alone, bit for bit. The relative error of `rest` is at most
    2.2e-6 for float32 and narrower, and 8e-15 for float64.
    """
    rows, num_classes = logits.shape
    dtype = computing_dtype(logits.dtype)
    if num_classes == 0:
        return Normalizer(np.zeros(rows, dtype), np.zeros(rows))
    norm = Normalizer(np.empty(rows, dtype), np.empty(rows))
    observer = observer or Observer()
    with np.errstate(all="ignore"):
        for part in tiles(rows, num_classes * (dtype.itemsize // 4)):  # as many bytes
            tile = _TileResults(part, norm.peak[part], norm.rest[part], observer)
            _compute(logits, tile, observer.room(part))
        mend(logits, norm.peak, norm.rest)
    return norm


def mend(logits: LogitRows, peak: Floats, rest: Doubles) -> None:
    """Mark rows that have no normalizer, and compute again those whose digits are lost.

    The caller ignores NumPy's errors.
    """
    num_classes = logits.shape[1]
    least = _CONFIDENT * num_classes
    if not np.minimum.reduce(rest, initial=np.inf) >= least:  # true for NaN too
        rest[...] += peak - peak  # NaN unless the maximum is finite
        if num_classes > 1:
            from xentcli.core.confident_rows import mend_confident

            mend_confident(logits, rest, least)


def _compute(logits: LogitRows, tile: _TileResults, room: Floats | None) -> None:
    """Compute a tile in the way that is fastest for its rows."""
    stored = logits[tile.rows]
    looked_up = room is None and half_table.is_faster_for(stored)
    values = stored if looked_up else widen(stored)
    tile.observer.before(tile.rows, values)
    if looked_up:
        _half_rows(values, tile)
    elif values.shape[1] <= FEW_CLASSES:
        _class_major(values, tile, room)
    else:
        overwritable = values is not stored or not isinstance(logits, np.ndarray)
        _row_major(values, tile, room, overwritable=overwritable)


def _row_major(
    logits: Floats, tile: _TileResults, room: Floats | None, *, overwritable: bool
) -> None:
    """Compute row by row; exponentials take the place of logits if these may be overwritten.

    The cache then holds one array instead of two.
    """
    places, at = put_peaks(logits, tile.peak, row_starts(*logits.shape))
    if tile.observer.wants_peaks:
        tile.observer.peaks(tile.rows, Peaks(tile.peak, logits, places))
    terms, gaps = room, None
    if tile.observer.wants_gaps:
        gaps = logits if overwritable else scratch("differences", logits.shape, logits.dtype)
        overwritable = False
    if terms is None:
        terms = logits if overwritable else scratch("terms", logits.shape, logits.dtype)
    exponentials_of(logits, tile.peak, out=terms, gaps=gaps, exp=tile.observer.exp)
    put_rest(terms, at, tile.rest)
    if tile.observer.wants_exponentials:
        tile.observer.after(tile.rows, Exponentials(terms, 1, tile.peak, gaps))
    if room is not None:
        room.reshape(-1)[at] = 1.0


def _half_rows(logits: NDArray[np.float16], tile: _TileResults) -> None:
    """Compute long float16 rows, whose exponentials are looked up."""
    terms = scratch("terms", (1, logits.shape[1]), tile.peak.dtype)
    observer = tile.observer
    for i in range(len(logits)):
        place = half_table.exponentials_of_row(logits[i], terms[0])
        if place is None:
            _row_major(widen(logits[i : i + 1]), tile.row(i), None, overwritable=True)
            continue
        tile.peak[i] = logits[i, place]
        if observer.wants_peaks:
            row = tile.row(i)
            observer.peaks(row.rows, Peaks(row.peak, logits[i : i + 1], np.array([place])))
        terms[0, place] = 0.0
        tile.rest[i : i + 1] = np.add.reduce(terms, axis=1)
        if observer.wants_exponentials:
            row = tile.row(i)
            gaps = None
            if observer.wants_gaps:
                gaps = widen(logits[i : i + 1])
                gaps -= row.peak
            observer.after(row.rows, Exponentials(terms, 1, row.peak, gaps))


def _class_major(logits: Floats, tile: _TileResults, room: Floats | None) -> None:
    """Compute class by class, and compare each class with the maximum of those before it.

    The larger of the two is the maximum so far. The smaller one becomes a term, so that in the end
    the terms are all classes except one that is the maximum.
    """
    num_classes = logits.shape[1]
    terms, peak = scratch("terms", logits.shape[::-1], logits.dtype), tile.peak
    values, by_class = terms, None
    if tile.observer.wants_classes:
        values = by_class = scratch("classes", terms.shape, terms.dtype)
    copy_by_class(logits, values)
    peak[...] = values[0]
    for i in range(1, num_classes):
        np.minimum(values[i], peak, out=terms[i - 1])
        np.maximum(values[i], peak, out=peak)
    terms = terms[: num_classes - 1]
    gaps = terms
    if tile.observer.wants_gaps:
        gaps = scratch("differences", terms.shape, terms.dtype)
    np.subtract(terms, peak, out=gaps)
    if tile.observer.wants_peaks:
        tile.observer.peaks(tile.rows, Peaks(peak, logits, gaps=gaps, by_class=by_class))
    tile.observer.exp(gaps, out=terms)
    if tile.observer.wants_exponentials:
        tile.rest[...] = sum_classes_of(terms)
        kept = None if gaps is terms else gaps
        tile.observer.after(tile.rows, Exponentials(terms, 0, peak, kept))
    else:
        tile.rest[...] = sum_classes(terms)
    if room is not None:
        exponentials_of(logits, peak, out=room, exp=tile.observer.exp)
