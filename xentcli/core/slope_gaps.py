"""Computes the gaps between the logits of rows and their peaks, and the moments of these gaps."""

from functools import cached_property
from typing import Any

import numpy as np

from xentcli.core.dtypes import Doubles, Floats
from xentcli.core.near_classes import NearClasses, Tops
from xentcli.core.normalizer import FEW_CLASSES
from xentcli.core.observer import sum_classes, sum_classes_of
from xentcli.core.powers import put_powers
from xentcli.core.products import sums_of_products
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import pieces, row_by_row

_VANISHES = -1000.0  # exp(-1000) is 0
_ARRAYS = ("scaled", "terms")  # besides the gaps


class SlopeGaps:
    """The gaps ``z - peak`` of a tile of rows, as (n, C), or as (C, n) for few classes.

    `tops` are those of the values; `beta` is the least inverse temperature of moments.
    """

    def __init__(self, values: Floats, tops: Tops, *, fine: bool = True, beta: float = 0.0) -> None:
        dtype = np.dtype(np.float64 if fine else np.float32)
        if not fine and values.dtype == np.float64:
            narrow = scratch("narrow", values.shape, dtype)
            np.copyto(narrow, values, casting="same_kind")
            narrow_tops = Tops(narrow)
            if np.isfinite(narrow_tops.peak).all():
                values, tops = narrow, narrow_tops
        self._values, self._tops, self._dtype, self._beta = values, tops, dtype, beta
        self.num_classes = values.shape[1]
        self.by_class = self.num_classes <= FEW_CLASSES

    @cached_property
    def gaps(self) -> Floats:
        """The gaps, which are computed when they are first asked for."""
        values, peak = self._values, self._tops.peak
        if not self.by_class:
            return self._gaps_of(slice(None), "gaps")
        gaps: Floats = scratch("gaps", values.shape[::-1], self._dtype)
        wide = self._dtype if self._dtype == np.float64 else values.dtype
        np.subtract(values.T, peak, out=gaps, dtype=wide, casting="same_kind")
        return gaps

    def _gaps_of(self, part: slice, name: str) -> Floats:
        """Return the gaps (n, C) of some rows, in scratch memory of this name."""
        values = self._values[part]
        gaps: Floats = scratch(name, values.shape, self._dtype)
        _subtract(values, self._tops.peak[part], gaps)
        return gaps

    @cached_property
    def _near(self) -> NearClasses:
        return NearClasses(self._values, self._tops, self._beta)

    @cached_property
    def _others(self) -> "SlopeGaps":
        """The gaps of the rows in which many classes are near the peak."""
        rows = self._near.others
        tops = self._tops.of(rows)
        return SlopeGaps(self._values[rows], tops, fine=self._dtype == np.float64)

    def mean(self) -> Doubles:
        """Return the mean of the finite gaps of each row, which is exactly 0 if all are 0."""
        total = self._sum(self.gaps.copy() if self.by_class else self.gaps)
        mean: Doubles = np.asarray(total, np.float64) / self.num_classes
        odd = np.flatnonzero(~np.isfinite(mean))
        if odd.size:
            gaps = (self.gaps[:, odd].T if self.by_class else self.gaps[odd]).astype(np.float64)
            there = np.isfinite(gaps)
            gaps[~there] = 0.0
            mean[odd] = np.add.reduce(gaps, axis=1) / np.count_nonzero(there, axis=1)
        return mean

    def widest(self) -> Doubles:
        """Return the size of the largest finite gap of each row."""
        least: Doubles = np.asarray(self.gaps.min(axis=0 if self.by_class else 1), np.float64)
        odd = np.flatnonzero(~np.isfinite(least))
        if odd.size:
            gaps = self.gaps[:, odd].T if self.by_class else self.gaps[odd]
            least[odd] = np.where(np.isfinite(gaps), gaps, 0.0).min(axis=1)
        return 0.0 - least

    def moments(self, factor: float, orders: int) -> list[Doubles]:
        """Return the means of the first powers of ``x = factor * g``.

        The means are weighted by ``exp(x)`` for rough gaps, and by ``2**(x / K)`` for fine ones. If
        a weight is 0, x is made finite, so that their product is 0. Where few classes of a row are
        near its peak, the others are left out.
        """
        near = self._near
        if not near.rows.size:
            return self._moments_of_all(factor, orders)
        few = self._moments_of_near(near, factor, orders)
        if not near.others.size:
            return few
        found = []
        for its, theirs in zip(few, self._others._moments_of_all(factor, orders), strict=True):
            moment = np.empty(len(self._values))
            moment[near.rows], moment[near.others] = its, theirs
            found.append(moment)
        return found

    def _moments_of_near(self, near: NearClasses, factor: float, orders: int) -> list[Doubles]:
        scaled: Any = near.gaps(self._dtype)
        scaled *= self._dtype.type(factor)
        terms: Any = np.empty_like(scaled)
        if terms.dtype == np.float64:
            put_powers(scaled, terms)
        else:
            np.exp(scaled, out=terms)
        total = near.sums(terms).astype(np.float64)
        found = []
        for _ in range(orders):
            terms *= scaled
            found.append(near.sums(terms).astype(np.float64) / total)
        return found

    def _moments_of_all(self, factor: float, orders: int) -> list[Doubles]:
        if self.by_class:
            return self._moments_of(self.gaps, factor, orders)
        found = np.empty((orders, len(self._values)))
        at_hand = "gaps" in self.__dict__  # `mean` or `widest` asked for them
        for part in pieces(self._values.shape, self._dtype):
            gaps = self.gaps[part] if at_hand else self._gaps_of(part, "gaps of a piece")
            found[:, part] = self._moments_of(gaps, factor, orders)
        return list(found)

    def _moments_of(self, gaps: Floats, factor: float, orders: int) -> list[Doubles]:
        scaled, terms = (scratch(name, gaps.shape, gaps.dtype) for name in _ARRAYS)
        np.multiply(gaps, gaps.dtype.type(factor), out=scaled)
        if terms.dtype == np.float64:
            put_powers(scaled, terms)
        else:
            if scaled.size and not np.minimum.reduce(scaled, axis=None) >= _VANISHES:
                np.maximum(scaled, gaps.dtype.type(_VANISHES), out=scaled)
            np.exp(scaled, out=terms)
        total = self._sum_of(terms)
        found = []
        for order in range(orders):
            if self.by_class or order < orders - 1:
                np.multiply(terms, scaled, out=terms)
                found.append(self._sum_of(terms) / total)
            else:
                found.append(sums_of_products(terms, scaled) / total)
        return found

    def _sum(self, terms: Floats) -> Any:
        return sum_classes(terms) if self.by_class else np.add.reduce(terms, axis=1)

    def _sum_of(self, terms: Floats) -> Doubles:
        total = sum_classes_of(terms) if self.by_class else np.add.reduce(terms, axis=1)
        return np.asarray(total).astype(np.float64)


def _subtract(values: Floats, peak: Floats, out: Floats) -> None:
    """Put ``values - peak`` of rows (n, C) into `out`, in its dtype or in that of the values."""
    if out.dtype == np.float64 != values.dtype:
        np.copyto(out, values)
        values, peak = out, peak.astype(np.float64)
    with row_by_row(values.shape[1]):
        np.subtract(values, peak[:, None], out=out, casting="same_kind")
