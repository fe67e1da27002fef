"""Means over rows of one number each: Brier score, entropy, divergence."""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from xentcli.core.exact_sum import ExactSum
from xentcli.core.labels import Doubles
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.metrics.intervals import mean_error, t_interval
from xentcli.results.measure import NOTHING, Measure

_ZERO = ExactSum()


@dataclass(frozen=True)
class MeanState:
    """The exact sums of a fact and of its squares over the rows that are measured."""

    needs: ClassVar[tuple[str, ...]] = ()

    total: ExactSum = _ZERO
    squares: ExactSum = _ZERO
    n: int = 0

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        values, measured = facts[cls.needs[0]], facts["measured"]
        if values is None:
            return cls()
        return cls.of(values if measured is None else values[measured])

    @classmethod
    def of(cls, values: Doubles) -> Self:
        """Return the state of rows with these numbers."""
        with np.errstate(all="ignore"):
            return cls(ExactSum.of(values), ExactSum.of_products(values, values), len(values))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        total, squares = self.total + other.total, self.squares + other.squares
        return type(self)(total, squares, self.n + other.n)

    def compute(self) -> Measure:
        """Return the mean, with its error; nothing of no rows."""
        return mean_of_sums(self.total, self.squares, self.n)


def mean_of_sums(total: ExactSum, squares: ExactSum, n: int) -> Measure:
    """Return the mean of n independent rows, given the sums of a number and of its squares."""
    if n == 0:
        return NOTHING
    error: float | None = mean_error(total, squares, n)
    if error is not None and not math.isfinite(error):
        error = None
    mean = float(total) / n
    return Measure(mean, error, *t_interval(mean, error, n - 1), n)


@register("brier")
@dataclass(frozen=True)
class BrierState(MeanState):
    """The squared distance between probabilities and labels."""

    needs: ClassVar[tuple[str, ...]] = ("brier", "measured")


@register("entropy")
@dataclass(frozen=True)
class EntropyState(MeanState):
    """The entropy of the probabilities, in nats."""

    needs: ClassVar[tuple[str, ...]] = ("entropy", "measured")


@register("kl")
@dataclass(frozen=True)
class DivergenceState(MeanState):
    """The divergence from class probabilities, in nats."""

    needs: ClassVar[tuple[str, ...]] = ("divergence", "measured")
