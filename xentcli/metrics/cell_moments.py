"""Sums over clusters of rows in each of several cells, which are groups of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import reduce
from operator import add
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue
from xentcli.core.cell_sums import CellSums
from xentcli.core.dtypes import Doubles, Places
from xentcli.core.tally import no_counts
from xentcli.metrics.moments import Moments
from xentcli.metrics.weighted import in_mean


@dataclass(frozen=True, eq=False)
class CellMoments(ByValue):
    """The `Moments` of the clusters in each cell: their sums, and how many clusters there are."""

    total: CellSums = field(default_factory=CellSums)
    squares: CellSums = field(default_factory=CellSums)
    weight: CellSums = field(default_factory=CellSums)
    product: CellSums = field(default_factory=CellSums)
    weight_squares: CellSums = field(default_factory=CellSums)
    clusters: NDArray[np.int64] = field(default_factory=no_counts)

    @classmethod
    def of(cls, totals: Doubles, weights: Doubles, cells: Places, size: int) -> Self:
        """Return the moments of some clusters' sums, given the cell of each cluster.

        As in `Moments.of`, clusters that are not in the mean do not count.
        """
        there = in_mean(totals, weights)
        x, w, at = totals[there], weights[there], cells[there]
        with np.errstate(all="ignore"):
            return cls(
                CellSums.of(x, at, size),
                CellSums.of_products(x, x, at, size),
                CellSums.of(w, at, size),
                CellSums.of_products(x, w, at, size),
                CellSums.of_products(w, w, at, size),
                np.bincount(at, minlength=size),
            )

    @classmethod
    def joined(cls, parts: Sequence[tuple[Self, Places]], size: int) -> Self:
        """Return the moments of several parts in `size` cells, given where the cells of each go."""
        clusters = np.zeros(size, np.int64)
        for part, at in parts:
            clusters[at] += part.clusters
        sums = {
            name: reduce(add, (getattr(part, name).placed(at, size) for part, at in parts))
            for name in _SUMS
        }
        return cls(**sums, clusters=clusters)

    def moments(self) -> list[Moments]:
        """Return the moments of each cell."""
        sums = (getattr(self, name).exact() for name in _SUMS)
        return [*map(Moments, *sums, self.clusters.tolist())]

    def chosen(self, at: Places) -> Self:
        """Return the moments of the cells `at`, in this order."""
        sums = {name: getattr(self, name).chosen(at) for name in _SUMS}
        return type(self)(**sums, clusters=self.clusters[at])


_SUMS = tuple(each.name for each in fields(CellMoments))[:-1]
