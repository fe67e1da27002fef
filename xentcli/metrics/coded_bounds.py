"""Computes bounds of the mean losses of coded log-probabilities."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Self

from xentcli.core.coded_pairs import LossBounds
from xentcli.core.exact_sum import ExactSum
from xentcli.metrics.loss import perplexity_of

_ZERO = ExactSum()


class Between(NamedTuple):
    """The least and the greatest value of a number; infinite where there is no such bound."""

    least: float
    most: float

    def minus(self, other: Self) -> "Between":
        """Return the bounds of the difference from another number."""
        return Between(self.least - other.most, self.most - other.least)

    def exp(self) -> "Between":
        """Return the bounds of the exponential; there is none where the number has none."""
        return Between(*(perplexity_of(each) if math.isfinite(each) else each for each in self))


@dataclass(frozen=True)
class CodedBounds:
    """Sums over rows of the bounds of their losses."""

    lower: ExactSum = _ZERO
    upper: ExactSum = _ZERO

    @classmethod
    def of(cls, rows: LossBounds) -> Self:
        """Return the sums of some rows."""
        return cls(*map(ExactSum.of, rows))

    def merge(self, other: Self) -> Self:
        """Return the sums of both states' rows."""
        return type(self)(self.lower + other.lower, self.upper + other.upper)

    def mean(self, rows: int) -> Between:
        """Return the bounds of the mean of so many rows."""
        return Between(float(self.lower) / rows, float(self.upper) / rows)
