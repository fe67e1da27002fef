"""Finds the few classes of a row that count at a low temperature, and sums over these alone."""

from typing import Any

import numpy as np

from xentcli.core.dtypes import Floats
from xentcli.core.tiled_rows import row_by_row

NEGLIGIBLE_BITS = 128
"""Exponentials below 2 to minus so many are left out where most of a row's classes have such."""
_FEWEST_CLASSES = 256  # of shorter rows, all are computed in less time
_SAMPLE = 32  # evenly spaced classes tell whether those near the peak are few
_FEW = 4  # one of so many of them is near, at most


class NearClasses:
    """The classes near the peak, in rows of which they are few.

    Whether a row is one of these depends on that row alone.

    Parameters
    ----------
    values : ndarray of float32 or float64 of shape (N, C)
        Logits.
    peak : ndarray of shape (N,)
        The largest logit of each row.
    reach : float
        How far below the peak the near ones begin.

    Attributes
    ----------
    rows : ndarray of int of shape (n,)
        The rows of which few classes are near.
    """

    def __init__(self, values: Floats, peak: Floats, reach: float) -> None:
        self.rows = np.zeros(0, np.intp)
        if values.shape[1] < _FEWEST_CLASSES:
            return
        least = _at_least(peak.astype(np.float64) - reach, values.dtype)[:, np.newaxis]
        some = values[:, :: values.shape[1] // _SAMPLE] >= least
        few = np.count_nonzero(some, axis=1) * _FEW <= some.shape[1]
        self.rows = np.flatnonzero(few & np.isfinite(peak))
        if self.rows.size < few.size:
            values, peak, least = (each[self.rows] for each in (values, peak, least))
        with row_by_row(values.shape[1]):
            near = values >= least
        self._values, self._peak = values[near], peak
        self._counts = np.fromiter(map(np.count_nonzero, near), np.intp, self.rows.size)
        self._starts = np.cumsum(self._counts) - self._counts

    def gaps(self, dtype: np.dtype[Any]) -> Floats:
        """Return ``z - peak`` of the near classes, one row after the other."""
        gaps: Floats = self._values.astype(dtype)
        gaps -= self.repeated(self._peak.astype(dtype))
        return gaps

    def repeated(self, values: Floats) -> Floats:
        """Return numbers of `rows` for each of their near classes."""
        return np.repeat(values, self._counts)

    def sums(self, terms: Floats) -> Floats:
        """Return the sum of each of `rows` over its near classes."""
        found: Floats = np.add.reduceat(terms, self._starts)
        return found


def _at_least(bound: Floats, dtype: np.dtype[Any]) -> Floats:
    """Return the least numbers of a dtype that are not below float64 ones."""
    found: Floats = bound.astype(dtype)
    return np.where(found < bound, np.nextafter(found, dtype.type(np.inf)), found)
