"""Measures how far each class's probability is from how often it is the label, in bins."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue
from xentcli.core.cell_sums import CellSums
from xentcli.core.exact_sum import ONE
from xentcli.core.row_facts import RowFacts
from xentcli.core.tally import longer_sum, no_counts
from xentcli.metrics.calibration import BINS
from xentcli.metrics.interface import register
from xentcli.results.measure import NOTHING, Measure


@register("classwise")
@dataclass(frozen=True, eq=False)
class ClasswiseState(ByValue):
    """For each class and bin of its probability: labels, and the exact sum of the probabilities."""

    needs: ClassVar[tuple[str, ...]] = ("class_bins", "measured")

    bins: int = BINS
    hits: NDArray[np.int64] = field(default_factory=no_counts)
    probabilities: CellSums = field(default_factory=CellSums)
    n: int = 0

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters of the facts."""
        return {"class_bins": self.bins}

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        found, measured = facts["class_bins"], facts["measured"]
        if found is None or not facts.rows:
            return type(self)(self.bins)
        n = facts.rows if measured is None else int(np.count_nonzero(measured))
        return type(self)(self.bins, found.hits, found.probabilities, n)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.hits.size or not other.hits.size:
            return self if self.hits.size else other
        return type(self)(
            self.bins,
            longer_sum(self.hits, other.hits),
            self.probabilities + other.probabilities,
            self.n + other.n,
        )

    def compute(self) -> Measure:
        """Return the mean over classes of their calibration errors."""
        if not self.n:
            return NOTHING
        sums = self.probabilities.exact()
        gaps = [
            abs(hit * ONE - each.units) / (ONE * self.n)
            for hit, each in zip(self.hits.tolist(), sums, strict=True)
        ]
        return Measure(math.fsum(gaps) * self.bins / len(gaps), n=self.n)
