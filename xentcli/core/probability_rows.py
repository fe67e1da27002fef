"""Reads rows of probabilities, or of their logarithms, which are used as they are."""

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Floats, computing_dtype, widen
from xentcli.core.normalizer import FEW_CLASSES, Normalizer
from xentcli.core.observer import Exponentials, Observer, Peaks
from xentcli.core.row_passes import exponentials_of
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import LogitRows, copy_by_class, tiles


def walk_probabilities(
    rows: LogitRows, observer: Observer, *, logarithms: bool, peaks: bool, terms: bool
) -> Normalizer:
    """Let an observer see rows (N, C), and compute only what is asked for.

    Parameters
    ----------
    rows : ndarray of shape (N, C), or LogitRows
        Probabilities, or log-probabilities.
    observer : Observer
        The observer that sees the rows, and the `peaks` and `terms` that are wanted.
    logarithms : bool
        Whether the rows are log-probabilities.
    peaks : bool
        Whether the maximum of each row is wanted.
    terms : bool
        Whether ``p / p[peak]`` is wanted, which is ``exp(z - peak)`` for log-probabilities.

    Returns
    -------
    Normalizer
        The peaks and the sums of terms; those that were not asked for are 0.
    """
    count, num_classes = rows.shape
    norm = Normalizer(np.zeros(count, computing_dtype(rows.dtype)), np.zeros(count))
    peaks = peaks or terms
    if not peaks and isinstance(rows, np.ndarray):
        # The observer looks up one number a row, so that no tile need be in the cache.
        observer.before(slice(0, count), rows)
        return norm
    with np.errstate(all="ignore"):
        for tile in tiles(count, num_classes):
            values = widen(rows[tile])
            observer.before(tile, values)
            if not (peaks and num_classes):
                continue
            peak, rest = norm.peak[tile], norm.rest[tile]
            places = _first_peaks(values, peak)
            if observer.wants_peaks:
                observer.peaks(tile, Peaks(peak, values, places))
            if terms:
                shares = _terms(values, peak, places, logarithms=logarithms)
                rest[...] = np.add.reduce(shares, axis=1)
                observer.after(tile, Exponentials(shares, 1, peak))
    return norm


def _terms(values: Floats, peak: Floats, places: NDArray[np.int64], *, logarithms: bool) -> Floats:
    """Return each row's probabilities over its largest one, and 0 at the place of that."""
    terms: Floats = scratch("terms", values.shape, values.dtype)
    if logarithms:
        exponentials_of(values, peak, out=terms)
    else:
        np.divide(values, peak[:, None], out=terms)
    terms[np.arange(len(places)), places] = 0.0
    return terms


def _first_peaks(values: Floats, peak: Floats) -> NDArray[np.int64]:
    """Put the maximum of each row into `peak` (n,) and return its first place."""
    num_classes = values.shape[1]
    if num_classes > FEW_CLASSES:
        places: NDArray[np.int64] = values.argmax(axis=1)
        peak[...] = values[np.arange(len(values)), places]
        return places
    by_class = scratch("classes", values.shape[::-1], values.dtype)
    copy_by_class(values, by_class)
    peak[...] = by_class[0]
    places = np.zeros(len(values), np.int64)
    for i in range(1, num_classes):
        np.copyto(places, i, where=by_class[i] > peak)
        np.maximum(by_class[i], peak, out=peak)
    return places
