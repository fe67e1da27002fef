"""Measures loss and calibration of rows at temperatures that were fitted without them."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.calibration import BINS, CalibrationState
from xentcli.metrics.clusters import ClustersState
from xentcli.metrics.interface import register
from xentcli.metrics.loss import LossState
from xentcli.results.calibration import Calibration
from xentcli.results.groups import ClusterErrors
from xentcli.results.loss import Loss


@dataclass(frozen=True)
class HeldOutResult:
    """The loss and the calibration of rows that took no part in a fit.

    The errors are those that clusters give, if rows depend on one another.
    """

    loss: Loss
    calibration: Calibration
    errors: ClusterErrors | None = None


def _of_loss() -> ClustersState:
    return ClustersState(("loss",))


@register("held_out")
@dataclass(frozen=True)
class HeldOutState:
    """The states of loss and calibration; each row is multiplied by the scale of its fold.

    No gap of a row is wider than `widest`, before that multiplication. The losses of clusters are
    summed only if rows are `clustered`.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "held_out",
        "weight",
        "used",
        "uneven",
        "outcome",
        "measured",
    )

    scales: tuple[float, ...] = (1.0,)
    widest: float = math.inf
    loss: LossState = field(default_factory=LossState)
    calibration: CalibrationState = field(default_factory=lambda: CalibrationState(BINS))
    clustered: bool = False
    clusters: ClustersState = field(default_factory=_of_loss)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the fact."""
        return {"scales": self.scales, "widest": self.widest}

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        if facts["held_out"] is None:
            return self
        held = facts.having(facts["held_out"]._asdict())
        return self._with(
            LossState.from_rows(held),
            self.calibration.from_rows(held),
            self.clusters.from_rows(held) if self.clustered else self.clusters,
        )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return self._with(
            self.loss.merge(other.loss),
            self.calibration.merge(other.calibration),
            self.clusters.merge(other.clusters),
        )

    def _with(
        self, loss: LossState, calibration: CalibrationState, clusters: ClustersState
    ) -> Self:
        return type(self)(self.scales, self.widest, loss, calibration, self.clustered, clusters)

    def compute(self) -> HeldOutResult:
        """Return both results, and the errors of clusters if there are any."""
        errors = self.clusters.compute() if self.clustered else None
        return HeldOutResult(self.loss.compute(), self.calibration.compute(), errors)
