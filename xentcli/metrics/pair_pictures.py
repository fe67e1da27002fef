"""Counts rows for the pictures of two models: changes, losses, reliability and predictions."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue
from xentcli.core.row_facts import RowFacts
from xentcli.core.tally import Tally
from xentcli.metrics.calibration import CalibrationState
from xentcli.metrics.classes import ClassesState
from xentcli.metrics.interface import register
from xentcli.metrics.loss_bins import OCTAVES, LossesState, octaves_of
from xentcli.results.pair_pictures import LossCell, PairPictures


@register("pair_pictures")
@dataclass(frozen=True, eq=False)
class PairPicturesState(ByValue):
    """Counts of rows in bins that are the same for all data.

    Changes are those of the loss, and a hit is a loss that became smaller. Without labels, they are
    KL(base || new), whose sign is left out: it is below 0 where rows do not sum to 1.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "difference",
        "kl",
        "loss_base",
        "loss_new",
        "confidence_base",
        "confidence_new",
        "hit_base",
        "hit_new",
        "prediction_base",
        "prediction_new",
        "measured",
    )

    changes: LossesState = field(default_factory=LossesState)
    losses: Tally = field(default_factory=Tally)
    base: CalibrationState = field(default_factory=CalibrationState)
    new: CalibrationState = field(default_factory=CalibrationState)
    predictions: ClassesState = field(default_factory=ClassesState)

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        predicted = {"label": facts["prediction_base"], "prediction": facts["prediction_new"]}
        predictions = ClassesState.from_rows(_with(facts, predicted))
        change = facts["difference"]
        if change is None:
            changes = LossesState.from_rows(_with(facts, {"loss": np.abs(facts["kl"])}))
            return type(self)(changes, predictions=predictions)
        changed = {"loss": np.abs(change), "hit": change < 0.0}
        base, new = (
            side.from_rows(
                _with(
                    facts,
                    {"forecast": facts[f"confidence_{name}"], "outcome": facts[f"hit_{name}"]},
                )
            )
            for side, name in ((self.base, "base"), (self.new, "new"))
        )
        return type(self)(
            LossesState.from_rows(_with(facts, changed)), _losses(facts), base, new, predictions
        )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(
            self.changes.merge(other.changes),
            self.losses + other.losses,
            self.base.merge(other.base),
            self.new.merge(other.new),
            self.predictions.merge(other.predictions),
        )

    def compute(self) -> PairPictures:
        """Return the data of the pictures."""
        base, new = np.divmod(self.losses.numbers, OCTAVES)
        cells = zip(base.tolist(), new.tolist(), self.losses.counts.tolist(), strict=True)
        return PairPictures(
            self.changes.compute(),
            tuple(LossCell(*cell) for cell in cells),
            self.base.compute(),
            self.new.compute(),
            self.predictions.compute().confusions,
        )


def _with(facts: RowFacts, more: dict[str, NDArray[np.generic] | None]) -> RowFacts:
    """Return the facts of the same rows under the names of a single model's facts."""
    found = {"measured": facts["measured"], **more}
    return RowFacts(facts.rows, facts.num_classes, found, (), facts.origin)


def _losses(facts: RowFacts) -> Tally:
    """Count the pairs of losses, each of them by its power of 2."""
    losses = [facts[f"loss_{name}"] for name in ("base", "new")]
    keep = ~np.isnan(losses[0] + losses[1]) | np.isinf(losses[0]) | np.isinf(losses[1])
    if facts["measured"] is not None:
        keep &= facts["measured"]
    base, new = (octaves_of(each[keep]) for each in losses)
    return Tally.of(base * OCTAVES + new, OCTAVES * OCTAVES)
