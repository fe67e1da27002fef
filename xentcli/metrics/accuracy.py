"""The share of rows whose label is the prediction, with its interval."""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.results.accuracy import Accuracy

_Z = 1.959963984540054  # the normal quantile at 0.975, for an interval of 95 %


@register("accuracy")
@dataclass(frozen=True)
class AccuracyState:
    """How many used rows there are, and in how many the label is the first maximum.

    Rows with class probabilities have no label, and are not counted.
    """

    needs: ClassVar[tuple[str, ...]] = ("hit", "used")

    hits: int = 0
    used: int = 0

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        hit, used = facts["hit"], facts["used"]
        if hit is None:
            return cls()
        count = facts.rows if used is None else int(np.count_nonzero(used))
        return cls(int(np.count_nonzero(hit)), count)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(self.hits + other.hits, self.used + other.used)

    def compute(self) -> Accuracy:
        """Return the share of hits; nothing of no rows."""
        if self.used == 0:
            return Accuracy()
        low, high = wilson_interval(self.hits, self.used)
        return Accuracy(self.hits / self.used, low, high, self.hits, self.used)


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the interval of 95 % of a share of n independent rows.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    J. Am. Stat. Assoc. 22 (1927).
    """
    share, spread = hits / n, _Z**2 / n
    center = share + spread / 2.0
    reach = _Z * math.sqrt((share * (1.0 - share) + spread / 4.0) / n)
    low, high = (center - reach) / (1.0 + spread), (center + reach) / (1.0 + spread)
    return (low if hits else 0.0), (high if hits < n else 1.0)
