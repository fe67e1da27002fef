"""Computes the loss over all rows and its standard error, and counts the rows."""

import math
from typing import ClassVar, Self

import numpy as np

from xentcli.core.exact_sum import ExactSum
from xentcli.core.row_facts import RowFacts
from xentcli.core.row_losses import mean_of
from xentcli.metrics.interface import register
from xentcli.metrics.intervals import RatioSums, ratio_error, sums_of_rows
from xentcli.metrics.weighted import in_mean
from xentcli.records import Record
from xentcli.results.loss import Loss

_ZERO = ExactSum()


class _LossSums(Record):
    loss: ExactSum = _ZERO
    loss_squared: ExactSum = _ZERO
    weight: ExactSum = _ZERO
    loss_weight: ExactSum = _ZERO
    weight_squared: ExactSum = _ZERO
    weighted: bool = False
    rows: int = 0
    used: int = 0
    counted: int = 0
    uneven: int = 0


@register("loss")
class LossState(_LossSums):
    """Sums over rows of l, w, l*l, l*w and w*w, where l is a row's loss and w its weight.

    The sums are exact and the counters unbounded, so states merge in any order to the same bits.
    """

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ("loss", "weight", "used", "uneven")

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        loss, weight = facts["loss"], facts["weight"]
        rows = facts.rows
        used = rows if facts["used"] is None else int(np.count_nonzero(facts["used"]))
        uneven = 0 if facts["uneven"] is None else int(np.count_nonzero(facts["uneven"]))
        with np.errstate(all="ignore"):
            total, squares = ExactSum.with_squares(loss)
            if weight is None:
                return cls(total, squares, rows=rows, used=used, counted=used, uneven=uneven)
            return cls(
                total,
                squares,
                ExactSum.of(weight),
                ExactSum.of_products(loss, weight),
                ExactSum.of_products(weight, weight),
                weighted=True,
                rows=rows,
                used=used,
                counted=int(np.count_nonzero(in_mean(loss, weight))),
                uneven=uneven,
            )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(
            self.loss + other.loss,
            self.loss_squared + other.loss_squared,
            self.weight + other.weight,
            self.loss_weight + other.loss_weight,
            self.weight_squared + other.weight_squared,
            weighted=self.weighted or other.weighted,
            rows=self.rows + other.rows,
            used=self.used + other.used,
            counted=self.counted + other.counted,
            uneven=self.uneven + other.uneven,
        )

    def compute(self) -> Loss:
        """Return the loss; the mean divides by the used rows' weights."""
        loss_sum = float(self.loss)
        weight_sum = float(self.weight) if self.weighted else float(self.used)
        mean = mean_of(loss_sum, weight_sum)
        return Loss(
            mean=mean,
            loss_sum=loss_sum,
            weight_sum=weight_sum,
            rows=self.rows,
            used=self.used,
            counted=self.counted,
            ignored=self.rows - self.used,
            uneven=self.uneven,
            perplexity=perplexity_of(mean),
            bits=mean / math.log(2.0),
            standard_error=ratio_error(*self.sums, n=self.counted),
        )

    @property
    def sums(self) -> RatioSums:
        """The sums from which the error of the mean comes."""
        if not self.weighted:
            return sums_of_rows(self.loss, self.loss_squared, self.used)
        weights = (self.weight, self.loss_weight, self.weight_squared)
        return (self.loss, self.loss_squared, *weights)


def perplexity_of(loss: float) -> float:
    """Return the perplexity of a mean loss in nats; inf if float64 does not hold it."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf
