"""Sums over clusters of rows, from which a mean and its error follow.

With S a cluster's sum and n its rows, the error of a mean m over N rows of G clusters is
``sqrt(G / (G-1) * sum((S - m*n)**2)) / N``, the sandwich estimate.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles
from xentcli.core.exact_sum import ExactSum
from xentcli.core.row_losses import mean_of
from xentcli.metrics.intervals import ratio_error
from xentcli.metrics.mean_state import mean_measure
from xentcli.metrics.weighted import in_mean
from xentcli.results.measure import Measure

_ZERO = ExactSum()


@dataclass(frozen=True)
class Moments:
    """Over clusters, the sums of S, S*S, n, S*n and n*n, and how many clusters there are."""

    total: ExactSum = _ZERO
    squares: ExactSum = _ZERO
    weight: ExactSum = _ZERO
    product: ExactSum = _ZERO
    weight_squares: ExactSum = _ZERO
    clusters: int = 0

    @classmethod
    def of(cls, totals: Doubles, weights: Doubles, there: NDArray[np.bool_] | None = None) -> Self:
        """Return the moments of some clusters' sums.

        Clusters without rows do not count: those that are not in the mean, unless `there` says
        which to keep.
        """
        there = in_mean(totals, weights) if there is None else there
        totals, weights = totals[there], weights[there]
        with np.errstate(all="ignore"):
            return cls(
                ExactSum.of(totals),
                ExactSum.of_products(totals, totals),
                ExactSum.of(weights),
                ExactSum.of_products(totals, weights),
                ExactSum.of_products(weights, weights),
                len(totals),
            )

    def merge(self, other: Self) -> Self:
        """Return the moments of the clusters of both."""
        return type(self)(
            self.total + other.total,
            self.squares + other.squares,
            self.weight + other.weight,
            self.product + other.product,
            self.weight_squares + other.weight_squares,
            self.clusters + other.clusters,
        )

    def compute(self) -> Measure | None:
        """Return the mean and its error; None if there are no clusters."""
        if not float(self.weight):
            return None
        return self.quotient()

    def compute_used(self, used: int) -> Measure:
        """Return the same of a mean that `used` rows are in, which NaN is where none weighs."""
        return self.quotient() if used else Measure(n=self.clusters)

    def quotient(self) -> Measure:
        """Return total / weight and its error, as PyTorch divides."""
        error = ratio_error(
            self.total,
            self.squares,
            self.weight,
            self.product,
            self.weight_squares,
            self.clusters,
        )
        return mean_measure(mean_of(float(self.total), float(self.weight)), error, self.clusters)
