"""Counts the rows, and those of them that are measured."""

from typing import ClassVar, NamedTuple, Self

import numpy as np

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.results.row_counts import RowCounts


class _CountsOfRows(NamedTuple):
    rows: int = 0
    used: int = 0
    measured: int = 0


@register("rows")
class RowsState(_CountsOfRows):
    """Three counts: all rows, those that are not ignored, and those of them that are finite."""

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ("used", "measured")

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        masks = (facts["used"], facts["measured"])
        counts = (facts.rows if mask is None else int(np.count_nonzero(mask)) for mask in masks)
        return cls(facts.rows, *counts)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(
            self.rows + other.rows, self.used + other.used, self.measured + other.measured
        )

    def compute(self) -> RowCounts:
        """Return the counts."""
        return RowCounts(self.rows, self.used, self.measured)
