"""Counts the rows that two models predict right: accuracies, difference and McNemar's test."""

import math
from typing import ClassVar, NamedTuple, Self

import numpy as np

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.metrics.intervals import t_interval
from xentcli.metrics.mean_state import share
from xentcli.metrics.sign_test import mcnemar_p
from xentcli.results.comparison import PairedHits
from xentcli.results.measure import NOTHING, Measure


class _PairedHitCounts(NamedTuple):
    both: int = 0
    only_base: int = 0
    only_new: int = 0
    neither: int = 0


@register("pair_hits")
class PairHitsState(_PairedHitCounts):
    """The 2 x 2 table of rows that both models, only one of them, or neither predicts right."""

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ("hit_base", "hit_new", "measured")

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        base, new, measured = (facts[name] for name in cls.needs)
        if base is None or new is None:
            return cls()
        if measured is not None:
            base, new = base[measured], new[measured]
        rows = len(base)
        right, right_new, both = (int(np.count_nonzero(each)) for each in (base, new, base & new))
        return cls(both, right - both, right_new - both, rows - right - right_new + both)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(
            self.both + other.both,
            self.only_base + other.only_base,
            self.only_new + other.only_new,
            self.neither + other.neither,
        )

    def compute(self) -> PairedHits:
        """Return the accuracies and their difference; without rows, these are None."""
        both, b, c, neither = self.both, self.only_base, self.only_new, self.neither
        n = both + b + c + neither
        if not n:
            return PairedHits()
        return PairedHits(
            both,
            b,
            c,
            neither,
            share(both + b, n),
            share(both + c, n),
            share_difference(b, c, n),
            mcnemar_p(b, c),
        )


def share_difference(only_base: int, only_new: int, n: int) -> Measure:
    """Return the growth of the share of rows that are predicted right, with its paired error."""
    if not n:
        return NOTHING
    gain = only_new - only_base
    error = None
    if n > 1:
        changed = only_base + only_new
        error = math.sqrt((changed * n - gain * gain) / (n - 1)) / n
    value = gain / n
    return Measure(value, error, *t_interval(value, error, n - 1), n)
