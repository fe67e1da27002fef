"""Compares two models on the same rows by lists of their most probable classes."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bounds import Bounds
from xentcli.metrics.bounds import BoundsState
from xentcli.metrics.clusters import clusters_of_both
from xentcli.metrics.mean_state import share
from xentcli.metrics.pair_clusters import PairClustersState
from xentcli.results.groups import ClusterErrors
from xentcli.results.measure import NOTHING, Measure
from xentcli.results.row_counts import RowCounts

_NONE = BoundsState()


@dataclass(frozen=True)
class ListedPairsState:
    """Sums of the bounds of losses, their differences and divergences; and counts of agreements."""

    base: BoundsState = _NONE
    new: BoundsState = _NONE
    difference: BoundsState = _NONE
    kl: BoundsState = _NONE
    same: int = 0
    rows: int = 0
    unused: int = 0
    untold: int = 0
    """How many rows list classes of a model without its most probable one."""
    clusters: PairClustersState | None = None

    @classmethod
    def from_rows(
        cls,
        base: Bounds,
        new: Bounds,
        kl: NDArray[np.float64] | None,
        same: NDArray[np.bool_],
        unused: int = 0,
        untold: int = 0,
    ) -> Self:
        """Return the state of some rows, where `kl` holds lower bounds of divergences or is None.

        Besides these rows, `unused` rows are ignored. Of `untold`, agreement is not known.
        """
        none = np.zeros(len(same), np.bool_)
        bounds = None if kl is None else Bounds(kl, np.full(len(kl), np.inf), none)
        return cls(
            BoundsState.from_rows(base),
            BoundsState.from_rows(new),
            BoundsState.from_rows(difference_of(base, new)),
            _NONE if bounds is None else BoundsState.from_rows(bounds),
            int(np.count_nonzero(same)),
            len(same),
            unused,
            untold,
        )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(
            self.base.merge(other.base),
            self.new.merge(other.new),
            self.difference.merge(other.difference),
            self.kl.merge(other.kl),
            self.same + other.same,
            self.rows + other.rows,
            self.unused + other.unused,
            self.untold + other.untold,
            clusters_of_both(self.clusters, other.clusters),
        )

    def by_cluster(self) -> ClusterErrors | None:
        """Return the errors of means that clusters give, if rows depend on one another."""
        return None if self.clusters is None else self.clusters.compute()

    def compute(self) -> RowCounts:
        """Return how many rows there are, and how many are used."""
        return RowCounts(self.rows + self.unused, self.rows, self.rows)

    def percentiles(self) -> tuple[()]:
        """Return no percentiles, since the numbers are only bounds."""
        return ()

    def measures(self) -> dict[str, Measure]:
        """Return the measures by name."""
        return {
            "loss_base": self.base.compute(),
            "loss_new": self.new.compute(),
            "loss_difference": self.difference.compute(),
            "kl": self.kl.compute(),
            "agreement": NOTHING if self.untold else share(self.same, self.rows),
        }


def difference_of(base: Bounds, new: Bounds) -> Bounds:
    """Return the bounds of the differences of losses."""
    exact = base.exact & new.exact
    return Bounds(new.lower - base.upper, new.upper - base.lower, exact)
