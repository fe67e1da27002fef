"""Ranks the label in its row: top-k accuracy, and the mean reciprocal rank."""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from xentcli.core.by_value import ByValue
from xentcli.core.row_facts import RowFacts
from xentcli.core.tally import Tally
from xentcli.metrics.interface import register
from xentcli.metrics.intervals import t_interval
from xentcli.metrics.mean_state import share
from xentcli.results.measure import Measure
from xentcli.results.rows import Ranks


@register("ranks")
@dataclass(frozen=True, eq=False)
class RanksState(ByValue):
    """How many rows have each rank of the label, and in how many another class ties with it."""

    needs: ClassVar[tuple[str, ...]] = ("rank", "tied", "measured")

    ks: tuple[int, ...] = (5,)
    ranks: Tally = field(default_factory=Tally)
    tied: int = 0

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        rank, tied, measured = facts["rank"], facts["tied"], facts["measured"]
        if rank is None:
            return type(self)(self.ks)
        if measured is not None:
            rank, tied = rank[measured], tied[measured]
        return type(self)(self.ks, Tally.of(rank, facts.num_classes), int(np.count_nonzero(tied)))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows, for the shares that both are asked for."""
        ks = tuple(k for k in self.ks if k in other.ks)
        return type(self)(ks, self.ranks + other.ranks, self.tied + other.tied)

    def compute(self) -> Ranks:
        """Return the shares of rows whose label is among the first ones."""
        ranks, counts = self.ranks.numbers, self.ranks.counts
        n = int(counts.sum())
        if n == 0:
            return Ranks()
        top = {k: share(int(counts[ranks < k].sum()), n) for k in self.ks}
        total = math.fsum((counts / (ranks + 1)).tolist())
        squares = math.fsum((counts / (ranks + 1) ** 2).tolist())
        mean, error = total / n, None
        if n > 1:
            spread = math.fsum((counts * (1.0 / (ranks + 1) - mean) ** 2).tolist())
            error = math.sqrt(spread / (n - 1) / n) if squares else 0.0
        return Ranks(top, Measure(mean, error, *t_interval(mean, error, n - 1), n), self.tied)
