"""Measures how far confidence is from how often it is right, in bins of equal width."""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bins import bins_of
from xentcli.core.by_value import ByValue
from xentcli.core.cell_sums import CellSums
from xentcli.core.exact_sum import ONE, ExactSum
from xentcli.core.row_facts import RowFacts
from xentcli.core.tally import no_counts
from xentcli.metrics.interface import register
from xentcli.metrics.intervals import wilson_interval
from xentcli.metrics.mean_state import mean_of_sums
from xentcli.results.calibration import Bin, Calibration
from xentcli.results.measure import Measure

BINS = 15
_SPREAD_BITS = 60  # of the variance of a row, so that sums have few digits
_ROUNDED_BITS = 54  # of the variance of a row, which float64 rounds to these at the worst
_SPREAD_UNITS = 2.0**_SPREAD_BITS  # in 1


@register("calibration")
@dataclass(frozen=True, eq=False)
class CalibrationState(ByValue):
    """For each bin of confidence: rows, hits, and the exact sums of confidence and its variance.

    The variance of a row is ``conf * (1 - conf)``.
    """

    needs: ClassVar[tuple[str, ...]] = ("forecast", "outcome", "measured")

    bins: int = BINS
    rows: NDArray[np.int64] = field(default_factory=no_counts)
    hits: NDArray[np.int64] = field(default_factory=no_counts)
    confidence: CellSums = field(default_factory=CellSums)
    spread: CellSums = field(default_factory=CellSums)

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        confidence, hit, measured = facts["forecast"], facts["outcome"], facts["measured"]
        if hit is None or not facts.rows:
            return type(self)(self.bins)
        if measured is not None:
            confidence, hit = confidence[measured], hit[measured]
        cells = bins_of(confidence, self.bins)
        counts = np.bincount(2 * cells + hit, minlength=2 * self.bins).reshape(self.bins, 2)
        spread = 1.0 - confidence
        spread *= confidence
        spread *= _SPREAD_UNITS
        np.rint(spread, out=spread)
        spread *= 1.0 / _SPREAD_UNITS
        return type(self)(
            self.bins,
            counts.sum(axis=1),
            counts[:, 1].copy(),
            CellSums.of(confidence, cells, self.bins),
            CellSums.of(spread, cells, self.bins, -_SPREAD_BITS),
        )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.rows.size or not other.rows.size:
            return self if self.rows.size else other
        return type(self)(
            self.bins,
            self.rows + other.rows,
            self.hits + other.hits,
            self.confidence + other.confidence,
            self.spread + other.spread,
        )

    def compute(self) -> Calibration:
        """Return the errors and the bins; without rows, they are empty."""
        n = int(self.rows.sum())
        if n == 0:
            return Calibration()
        rows, hits = self.rows.tolist(), self.hits.tolist()
        sums, spreads = self.confidence.exact(), self.spread.exact()
        gaps = [hit * ONE - each.units for hit, each in zip(hits, sums, strict=True)]
        filled = [i for i in range(self.bins) if rows[i]]
        parts = {i: abs(gaps[i]) / (ONE * rows[i]) for i in filled}
        worst = max(filled, key=lambda i: parts[i])
        squares = {i: parts[i] ** 2 * rows[i] / n for i in filled}
        chance = {
            i: hits[i] * (rows[i] - hits[i]) / rows[i] / (rows[i] - 1) / n
            for i in filled
            if rows[i] > 1
        }
        debiased = math.fsum([squares[i] - by_chance for i, by_chance in chance.items()])
        by_chance = math.sqrt(2.0 / math.pi) * math.fsum(
            [math.sqrt(max(0.0, float(each))) for each in spreads]
        )
        return Calibration(
            ece=Measure(sum(map(abs, gaps)) / (ONE * n), n=n),
            ece_by_chance=Measure(by_chance / n, n=n),
            mce=Measure(parts[worst], n=rows[worst]),
            rmsce=Measure(math.sqrt(math.fsum(squares.values())), n=n),
            rmsce_debiased=Measure(math.sqrt(max(0.0, debiased)), n=n),
            mean_confidence=_mean(sums, spreads, n),
            bins=tuple(self._bin(i, rows[i], hits[i], sums[i]) for i in range(self.bins)),
        )

    def _bin(self, i: int, rows: int, hits: int, confidence: ExactSum) -> Bin:
        low, high = i / self.bins, (i + 1) / self.bins
        if not rows:
            return Bin(low, high, 0)
        interval = wilson_interval(hits, rows)
        return Bin(low, high, rows, confidence.units / (ONE * rows), hits / rows, *interval)


def _mean(sums: list[ExactSum], spreads: list[ExactSum], n: int) -> Measure:
    """Return the mean confidence; conf ** 2 is conf less the variance, conf * (1 - conf).

    Confidences that spread no more than these variances are rounded are equal.
    """
    total = sum(sums, ExactSum())
    spread = sum(spreads, ExactSum())
    squares, of_equal = total.units - spread.units, total.units**2 // (n * ONE)
    if squares - of_equal <= n * ONE >> _ROUNDED_BITS:
        squares = of_equal
    return mean_of_sums(total, ExactSum(squares), n)
