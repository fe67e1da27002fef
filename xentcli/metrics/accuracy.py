"""The share of rows whose label is the prediction, with its interval."""

from typing import ClassVar, Self

import numpy as np

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.metrics.intervals import wilson_interval
from xentcli.records import Record
from xentcli.results.accuracy import Accuracy


class _HitCounts(Record):
    hits: int = 0
    n: int = 0


@register("accuracy")
class AccuracyState(_HitCounts):
    """Two counts: the rows that are measured, and those whose label is the predicted class.

    Rows with class probabilities have no label, and are not counted; nor are rows without a finite
    maximum.
    """

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ("hit", "measured")

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        hit, measured = facts["hit"], facts["measured"]
        if hit is None:
            return cls()
        count = facts.rows if measured is None else int(np.count_nonzero(measured))
        return cls(int(np.count_nonzero(hit)), count)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(self.hits + other.hits, self.n + other.n)

    def compute(self) -> Accuracy:
        """Return the share of hits; without rows, it is None."""
        if self.n == 0:
            return Accuracy()
        low, high = wilson_interval(self.hits, self.n)
        return Accuracy(self.hits / self.n, low, high, self.hits, self.n)
