"""Sums slopes by cluster, for the error of a temperature if rows depend on one another."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from xentcli.core.row_facts import RowFacts
from xentcli.core.slopes import SlopeOptions
from xentcli.metrics.clusters import ClustersState
from xentcli.metrics.interface import register
from xentcli.metrics.slopes import weights_of
from xentcli.results.groups import ClusterErrors


def _of_slopes() -> ClustersState:
    return ClustersState(("loss",))


@register("slope_clusters")
@dataclass(frozen=True)
class SlopeClustersState:
    """The sums of each cluster's derivatives of the loss along the inverse temperature.

    The mean derivative takes the place of the loss among the means of clusters.
    """

    needs: ClassVar[tuple[str, ...]] = ("slopes", "weight", "used")

    beta: float = 1.0
    fine: bool = False
    clusters: ClustersState = field(default_factory=_of_slopes)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the fact."""
        return {"slopes": SlopeOptions((self.beta,), self.fine)}

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        weight = weights_of(facts)
        with np.errstate(all="ignore"):
            slope = np.where(weight > 0.0, facts["slopes"].values[0, 0] * weight, 0.0)
        found = {"loss": slope, "weight": weight}
        of_slopes = RowFacts(facts.rows, facts.num_classes, found, (), facts.origin)
        return type(self)(self.beta, self.fine, self.clusters.from_rows(of_slopes))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(self.beta, self.fine, self.clusters.merge(other.clusters))

    def compute(self) -> ClusterErrors:
        """Return the mean derivative with its error."""
        return self.clusters.compute()
