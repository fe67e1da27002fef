"""Measures loss and calibration of rows at temperatures that were fitted without them."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.calibration import BINS, CalibrationState
from xentcli.metrics.interface import register
from xentcli.metrics.loss import LossState
from xentcli.results.calibration import Calibration
from xentcli.results.loss import Loss


@dataclass(frozen=True)
class HeldOutResult:
    """The loss and the calibration of rows that took no part in a fit."""

    loss: Loss
    calibration: Calibration


@register("held_out")
@dataclass(frozen=True)
class HeldOutState:
    """The states of loss and calibration; each row is multiplied by the scale of its fold.

    No gap of a row is wider than `widest`, before that multiplication.
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

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the fact."""
        return {"scales": self.scales, "widest": self.widest}

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        if facts["held_out"] is None:
            return self
        held = facts.having(facts["held_out"]._asdict())
        return self._with(LossState.from_rows(held), self.calibration.from_rows(held))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return self._with(self.loss.merge(other.loss), self.calibration.merge(other.calibration))

    def _with(self, loss: LossState, calibration: CalibrationState) -> Self:
        return type(self)(self.scales, self.widest, loss, calibration)

    def compute(self) -> HeldOutResult:
        """Return both results."""
        return HeldOutResult(self.loss.compute(), self.calibration.compute())
