"""Compares the losses of two models on the same rows, row by row."""

from typing import ClassVar, NamedTuple, Self

import numpy as np

from xentcli.core.dtypes import Doubles
from xentcli.core.exact_sum import ExactSum
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.metrics.intervals import correlation
from xentcli.metrics.loss import LossState
from xentcli.metrics.mean_state import loss_measure, share
from xentcli.metrics.weighted import in_mean
from xentcli.results.comparison import PairedLoss
from xentcli.results.measure import NOTHING, Measure

_ZERO = ExactSum()


class _PairedLossSums(NamedTuple):
    base: LossState = LossState()
    new: LossState = LossState()
    difference: LossState = LossState()
    product: ExactSum = _ZERO
    worse: int = 0
    compared: int = 0


@register("pair_loss")
class PairLossState(_PairedLossSums):
    """The sums of both losses and of their difference, and of the product of the losses."""

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = (
        "loss_base",
        "loss_new",
        "difference",
        "weight",
        "used",
        "uneven",
    )

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        base, new, difference = (facts[name] for name in cls.needs[:3])
        if difference is None:
            return cls()
        there = ~np.isnan(difference)
        if facts["used"] is not None:
            there &= facts["used"]
        if facts["weight"] is not None:
            there &= in_mean(difference, facts["weight"])
        with np.errstate(all="ignore"):
            return cls(
                _loss_state(facts, base),
                _loss_state(facts, new),
                _loss_state(facts, difference),
                ExactSum.of_products(base, new),
                int(np.count_nonzero(difference[there] > 0.0)),
                int(np.count_nonzero(there)),
            )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(
            self.base.merge(other.base),
            self.new.merge(other.new),
            self.difference.merge(other.difference),
            self.product + other.product,
            self.worse + other.worse,
            self.compared + other.compared,
        )

    def compute(self) -> PairedLoss:
        """Return the means, their correlation, and the share of rows that became worse."""
        return PairedLoss(
            loss_measure(self.base.compute()),
            loss_measure(self.new.compute()),
            loss_measure(self.difference.compute()),
            self._correlation(),
            share(self.worse, self.compared),
            self.base.uneven,
        )

    def _correlation(self) -> Measure:
        """Return the correlation of counted rows' losses; nothing if a model's are all equal."""
        n = self.base.counted
        found = correlation(self.base.sums, self.new.sums, self.product, n)
        return NOTHING if found is None else Measure(found, n=n)


def _loss_state(facts: RowFacts, losses: Doubles) -> LossState:
    values = {"loss": losses, **{name: facts[name] for name in ("weight", "used", "uneven")}}
    return LossState.from_rows(RowFacts(facts.rows, facts.num_classes, values))
