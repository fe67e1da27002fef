"""Lets observers see the rows of a tile, their peaks and exponentials, while it is in the cache."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Floats
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import copy_by_class


class Peaks:
    """The maxima of a tile of rows, while the rows are in the cache.

    Attributes
    ----------
    peak : ndarray of shape (n,)
        The maximum of each row.
    rows : ndarray of shape (n, C)
        The rows, of the computing dtype or float16.
    places : ndarray of int64 of shape (n,) or None
        The first place of each maximum, if the kernel knows it.
    gaps : ndarray of shape (C - 1, n) or None
        If it does not, the values of each row less its maximum, which are at most 0, in no order;
        one place of the maximum is left out.
    by_class : ndarray of shape (C, n)
        The same rows class by class, which is how short rows come.
    """

    __slots__ = ("_by_class", "gaps", "peak", "places", "rows")

    def __init__(
        self,
        peak: Floats,
        rows: NDArray[Any],
        places: NDArray[np.int64] | None = None,
        gaps: Floats | None = None,
        by_class: Floats | None = None,
    ) -> None:
        self.peak = peak
        self.rows = rows
        self.places = places
        self.gaps = gaps
        self._by_class: NDArray[Any] | None = by_class

    @property
    def by_class(self) -> NDArray[Any]:
        """The rows as (C, n), in memory that all observers of the tile share."""
        if self._by_class is None:
            self._by_class = scratch("classes", self.rows.shape[::-1], self.rows.dtype)
            copy_by_class(self.rows, self._by_class)
        return self._by_class

    def are_at(self, index: NDArray[np.int64], picked: Floats) -> NDArray[np.bool_]:
        """Whether each row's first maximum is at `index`, where the row has the value `picked`.

        It is False for rows that hold NaN or +inf, or only -inf.
        """
        found: NDArray[np.bool_] = np.isfinite(self.peak)
        if self.places is not None:
            found &= self.places == index
            return found
        found &= picked == self.peak
        if self.gaps is not None and self.gaps.size and not self.gaps.max() < 0.0:  # true for NaN
            tied = np.flatnonzero(found & (self.gaps.max(axis=0) == 0.0))
            found[tied] = self.rows[tied].argmax(axis=1) == index[tied]
        return found

    def first_places(self) -> NDArray[np.int64]:
        """Return the first place of each maximum; C if a row holds NaN."""
        if self.places is not None:
            return self.places
        by_class = self.by_class
        waiting = np.ones(len(self.peak), np.bool_)
        passed = np.zeros(len(self.peak), np.uint8)  # only short rows come without their places
        differs = np.empty_like(waiting)
        for values in by_class:
            np.not_equal(values, self.peak, out=differs)
            waiting &= differs
            passed += waiting.view(np.uint8)
        return passed.astype(np.int64)


class Exponentials:
    """The exponentials ``exp(z - peak)`` of a tile of rows, while they are in the cache.

    The maximum of each row, whose exponential is 1, is left out, so that no digits of a confident
    row are lost in sums. If it occurs several times, only one of its places is left out.

    Attributes
    ----------
    terms : ndarray of shape (n, C) or (C - 1, n)
        In (n, C) the classes are in order, with 0 at the maximum's place. In (C - 1, n) the
        maximum's term is missing, and the classes of a row are in no particular order.
    class_axis : int
        1 for (n, C), 0 for (C - 1, n).
    peak : ndarray of shape (n,)
        The maximum of each row.
    gaps : ndarray of the shape of the terms or None
        ``z - peak`` for each of the terms, if the observer wants them; probabilities and their
        logarithms have no gaps.
    """

    __slots__ = ("class_axis", "gaps", "peak", "terms")

    def __init__(
        self, terms: Floats, class_axis: int, peak: Floats, gaps: Floats | None = None
    ) -> None:
        self.terms = terms
        self.class_axis = class_axis
        self.peak = peak
        self.gaps = gaps

    def sum_over_classes(self, values: Floats) -> Floats | float:
        """Return sums by row of values of the terms' shape, in an order that depends on C alone.

        The values are overwritten.
        """
        if self.class_axis == 0:
            return sum_classes(values)
        total: Floats = np.add.reduce(values, axis=1)
        return total


class Observer:
    """Sees the tiles of rows while they are in the cache, besides the normalizer.

    The kernel calls `before` with each tile before it overwrites it, `peaks` when the maxima of its
    rows are known, and `after` when its exponentials are computed. This base class does nothing.
    """

    wants_peaks = False
    """Whether the kernel calls `peaks`."""
    wants_classes = False
    """Whether it looks at rows class by class; otherwise these are copied when asked for."""
    wants_exponentials = False
    """Whether the kernel calls `after`."""
    wants_gaps = False
    """Whether `after` gets the gaps whose exponentials are taken."""
    exp: Callable[..., Any] = np.exp
    """The function that computes exponentials: ``exp(values, out=values)``."""

    def before(self, tile: slice, rows: NDArray[Any]) -> None:
        """Look at the rows (n, C) of a tile: C-contiguous, of the computing dtype or float16."""

    def room(self, tile: slice) -> Floats | None:
        """Return an array (n, C) into which ``exp(z - peak)`` of a tile is put, or None.

        It gets the classes in order, and 1 at the maximum.
        """
        del tile
        return None

    def peaks(self, tile: slice, found: Peaks) -> None:
        """Look at the maxima of some rows, which are a tile or a part of one."""

    def after(self, tile: slice, found: Exponentials) -> None:
        """Look at the exponentials of some rows, which are a tile or a part of one."""


def sum_classes(terms: Floats) -> Floats:
    """Sum over the first axis, pairwise and in place, in an order that depends on C alone."""
    left = len(terms)
    if left == 0:
        return np.zeros(terms.shape[1:], terms.dtype)
    while left > 1:
        left = _add_halves(terms[:left], out=terms)
    total: Floats = terms[0]
    return total


def sum_classes_of(terms: Floats) -> Floats:
    """Return the same bits as `sum_classes`, without overwriting the terms."""
    if len(terms) < 2:
        return sum_classes(terms)
    halves = scratch("halves", ((len(terms) + 1) // 2, *terms.shape[1:]), terms.dtype)
    if len(terms) % 2:
        halves[-1] = terms[len(terms) // 2]
    _add_halves(terms, out=halves)
    return sum_classes(halves)


def _add_halves(terms: Floats, out: Floats) -> int:
    """Add the last half of some arrays to the first; return how many are left to add up."""
    half = len(terms) // 2
    np.add(terms[:half], terms[len(terms) - half :], out=out[:half])
    return len(terms) - half
