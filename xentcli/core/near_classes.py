"""Finds the few classes of a row that count at a low temperature, and sums over these alone.

With x the gaps below the row's peak over the temperature, a class adds ``x * exp(-x)`` to the mean
of x, which the second largest logit alone bounds from below. Classes that add less than a tiny
share of that are far. Whether a class is far, and whether few classes of a row are near, depends on
the row alone.
"""

import math
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles, Floats
from xentcli.core.normalizer import FEW_CLASSES
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import copy_by_class, row_by_row, sampled_classes

_MOST_REACH = 128 * math.log(2.0)
"""Beyond this x, all classes are far: only ties of the largest logits bring a row up to it."""
_NEGLIGIBLE = 60 * math.log(2.0) + math.log(_MOST_REACH)
"""All far classes add a share of ``2**-60`` at most."""
_FEWEST_CLASSES = 256  # of shorter rows, all are computed in less time
_PARTS = 8  # whose maxima nearly always have the second largest logit
_FEW = 3  # one of so many sampled classes is near, at most, where few are


class Tops:
    """The largest number of each row, and of long rows another one that is nearly as large.

    Attributes
    ----------
    peak : ndarray of shape (N,)
        The largest number.
    second : ndarray of shape (N,) or None
        The second largest one of the maxima of the parts of a row; None for short rows.
    """

    def __init__(self, values: Floats) -> None:
        num_classes = values.shape[1]
        self.second: Floats | None = None
        self.peak: Floats
        if num_classes <= FEW_CLASSES:
            by_class = scratch("classes", values.shape[::-1], values.dtype)
            copy_by_class(values, by_class)
            self.peak = np.maximum.reduce(by_class, axis=0)
            return
        if num_classes < _FEWEST_CLASSES:
            self.peak = values.max(axis=1)
            return
        starts = np.arange(_PARTS) * num_classes // _PARTS
        *_, self.second, self.peak = np.sort(np.maximum.reduceat(values, starts, axis=1), axis=1).T

    def of(self, rows: NDArray[np.intp]) -> "Tops":
        """Return those of some of the rows."""
        found = copy(self)
        found.peak = self.peak[rows]
        found.second = None if self.second is None else self.second[rows]
        return found


class NearClasses:
    """The classes near the peak, in rows of which they are few.

    Parameters
    ----------
    values : ndarray of float32 or float64 of shape (N, C)
        Logits, or their gaps.
    tops : Tops
        Their largest ones.
    beta : float
        The least inverse temperature by which they are multiplied; 0 if no row has few.

    Attributes
    ----------
    rows, others : ndarray of int of shape (n,)
        The rows of which few classes are near, and all others.
    """

    def __init__(self, values: Floats, tops: Tops, beta: float) -> None:
        self.rows, self.others = np.zeros(0, np.intp), np.arange(len(values))
        num_classes, peak, second = values.shape[1], tops.peak, tops.second
        if second is None or not beta > 0.0:
            return
        least = _at_least(peak - _reach(peak, second, num_classes, beta), values.dtype)
        some = sampled_classes(values) >= least[:, np.newaxis]
        few = np.count_nonzero(some, axis=1) * _FEW <= some.shape[1]
        few &= np.isfinite(peak) & np.isfinite(second)
        if not few.any():
            return
        self.rows, self.others = np.flatnonzero(few), np.flatnonzero(~few)
        least[~few] = np.nan
        with row_by_row(num_classes):
            near = values >= least[:, np.newaxis]
        self._at = np.flatnonzero(near)
        self._starts = np.searchsorted(self._at, self.rows * num_classes)
        self._counts = np.diff(self._starts, append=self._at.size)
        self._values, self._peak = self.of(values), peak[self.rows]

    def gaps(self, dtype: np.dtype[Any]) -> Floats:
        """Return ``z - peak`` of the near classes, one row after the other."""
        gaps: Floats = self._values.astype(dtype)
        gaps -= self.repeated(self._peak.astype(dtype))
        return gaps

    def of(self, values: Floats) -> Floats:
        """Return other numbers of the near classes, given (N, C) of them."""
        found: Floats = values.reshape(-1)[self._at]
        return found

    def repeated(self, values: Floats) -> Floats:
        """Return numbers of `rows` for each of their near classes."""
        return np.repeat(values, self._counts)

    def sums(self, terms: Floats) -> Floats:
        """Return the sum of each of `rows` over its near classes."""
        found: Floats = np.add.reduceat(terms, self._starts)
        return found


def _reach(peak: Floats, second: Floats, num_classes: int, beta: float) -> Doubles:
    """Return how far below the peak of each row the near classes begin."""
    with np.errstate(all="ignore"):
        x = (peak.astype(np.float64) - second) * beta
        at_least_log = (np.frexp(x)[1] - 1.0) * math.log(2.0)
        most = x - at_least_log + (math.log(num_classes) + _NEGLIGIBLE)
        reach: Doubles = np.where(x > 0.0, np.minimum(most, _MOST_REACH), _MOST_REACH) / beta
    return reach


def _at_least(bound: Doubles, dtype: np.dtype[Any]) -> Floats:
    """Return the least numbers of a dtype that are not below float64 ones."""
    found: Floats = bound.astype(dtype)
    return np.where(found < bound, np.nextafter(found, dtype.type(np.inf)), found)
