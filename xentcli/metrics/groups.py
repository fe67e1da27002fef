"""Measures loss, accuracy, Brier score and calibration of groups of rows."""

from dataclasses import dataclass, field
from operator import add
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bins import bins_of
from xentcli.core.by_value import ByValue
from xentcli.core.cell_sums import CellSums
from xentcli.core.dtypes import Doubles, Places
from xentcli.core.exact_sum import ONE, ExactSum
from xentcli.core.row_facts import RowFacts
from xentcli.core.tally import no_counts
from xentcli.metrics.calibration import BINS
from xentcli.metrics.deferred import Deferred
from xentcli.metrics.group_names import names_of, shown_order, united
from xentcli.metrics.interface import register
from xentcli.metrics.mean_state import mean_of_sums, share
from xentcli.metrics.moments import Moments
from xentcli.metrics.weighted import in_mean
from xentcli.results.groups import Group, Groups
from xentcli.results.measure import NOTHING, Measure

MOST_BINNED_GROUPS = 10_000
"""The ECE of more groups is not computed, since their bins would not fit into memory."""
_COUNTS = ("rows", "counted", "measured", "judged", "hits")
_OF_LOSSES = ("loss", "loss_squared", "weight", "loss_weight", "weight_squared")
_SUMS = (*_OF_LOSSES, "brier", "brier_squared")


@dataclass(frozen=True, eq=False)
class GroupCounts(ByValue):
    """Five counts for each group (G,): all rows, in its loss, measured, with one label, hits."""

    rows: NDArray[np.int64] = field(default_factory=no_counts)
    counted: NDArray[np.int64] = field(default_factory=no_counts)
    measured: NDArray[np.int64] = field(default_factory=no_counts)
    judged: NDArray[np.int64] = field(default_factory=no_counts)
    hits: NDArray[np.int64] = field(default_factory=no_counts)


@dataclass(frozen=True, eq=False)
class GroupSums(ByValue):
    """Exact sums for each group (G,): of losses, weights and Brier scores, and of products."""

    loss: CellSums = field(default_factory=CellSums)
    loss_squared: CellSums = field(default_factory=CellSums)
    weight: CellSums = field(default_factory=CellSums)
    loss_weight: CellSums = field(default_factory=CellSums)
    weight_squared: CellSums = field(default_factory=CellSums)
    brier: CellSums = field(default_factory=CellSums)
    brier_squared: CellSums = field(default_factory=CellSums)

    @classmethod
    def of(
        cls, loss: Doubles, weight: Doubles | None, brier: Doubles, at: Places, size: int
    ) -> Self:
        """Return the sums of some rows, given the place of each row's group."""
        with np.errstate(all="ignore"):
            sums = {
                "loss": CellSums.of(loss, at, size),
                "loss_squared": CellSums.of_squares(loss, at, size),
                "brier": CellSums.of(brier, at, size),
                "brier_squared": CellSums.of_squares(brier, at, size),
            }
            if weight is not None:
                sums["weight"] = CellSums.of(weight, at, size)
                sums["loss_weight"] = CellSums.of_products(loss, weight, at, size)
                sums["weight_squared"] = CellSums.of_products(weight, weight, at, size)
        return cls(**sums)


@register("groups")
@dataclass(frozen=True, eq=False)
class GroupsState(ByValue):
    """The counts and sums of each group, and the sum of hit - confidence in each bin of it.

    If there are very many groups, they have no bins.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "loss",
        "weight",
        "used",
        "measured",
        "hit",
        "brier",
        "forecast",
        "outcome",
    )

    bins: int = BINS
    names: tuple[str, ...] = ()
    counts: GroupCounts = field(default_factory=GroupCounts)
    sums: GroupSums = field(default_factory=GroupSums)
    gaps: CellSums = field(default_factory=CellSums)
    weighted: bool = False

    @property
    def size(self) -> int:
        """How many groups there are."""
        return len(self.names)

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        keys = self._keys(facts)
        if keys is None or not facts.rows:
            return type(self)(self.bins)
        names, at = names_of(keys)
        size = len(names)
        used, measured = (_all(facts[name], facts.rows) for name in ("used", "measured"))
        judged = measured if facts["hit"] is not None else np.zeros_like(measured)
        hit = judged & facts["hit"] if facts["hit"] is not None else judged
        loss, brier, weight = facts["loss"], facts["brier"], facts["weight"]
        counted = used if weight is None else in_mean(loss, weight)
        masks = (np.ones_like(used), counted, measured, judged, hit)
        counts = GroupCounts(*(np.bincount(at[mask], minlength=size) for mask in masks))
        brier = np.zeros(facts.rows) if brier is None else np.where(measured, brier, 0.0)
        sums = GroupSums.of(loss, weight, brier, at, size)
        gaps = self._gaps(facts, at, size, measured)
        return type(self)(self.bins, names, counts, sums, gaps, weight is not None)

    def _keys(self, facts: RowFacts) -> NDArray[Any] | None:
        """Return the keys by which rows are grouped."""
        return facts.origin.groups

    def _gaps(
        self, facts: RowFacts, at: NDArray[np.int64], size: int, measured: NDArray[np.bool_]
    ) -> CellSums:
        if facts["outcome"] is None or size > MOST_BINNED_GROUPS:
            return CellSums()
        confidence, outcome = facts["forecast"][measured], facts["outcome"][measured]
        cells = at[measured] * self.bins + bins_of(confidence, self.bins)
        hits = np.bincount(cells[outcome], minlength=size * self.bins)
        return CellSums.of(-confidence, cells, size * self.bins) + CellSums.whole(hits)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.names or not other.names:
            return self if self.names else other
        names, *at = united(self.names, other.names)
        size, states = len(names), (self, other)
        counts = {name: np.zeros(size, np.int64) for name in _COUNTS}
        for state, where in zip(states, at, strict=True):
            for name in _COUNTS:
                counts[name][where] += getattr(state.counts, name)
        sums = {
            name: add(
                *(
                    getattr(state.sums, name).placed(where, size)
                    for state, where in zip(states, at, strict=True)
                )
            )
            for name in _SUMS
        }
        gaps = CellSums()
        if size <= MOST_BINNED_GROUPS:
            steps = np.arange(self.bins)
            cells = [(where[:, None] * self.bins + steps).reshape(-1) for where in at]
            one, two = (
                state.gaps.placed(where, size * self.bins)
                for state, where in zip(states, cells, strict=True)
            )
            gaps = one + two
        weighted = self.weighted or other.weighted
        return type(self)(
            self.bins, names, GroupCounts(**counts), GroupSums(**sums), gaps, weighted
        )

    def compute(self) -> Groups:
        """Return the measures of each group."""
        return Groups(Deferred(shown_order(self.names), self._at))

    def _at(self, places: NDArray[np.int64]) -> list[Group]:
        """Return the groups at some places."""
        exact = {name: getattr(self.sums, name).chosen(places).exact() for name in _SUMS}
        counts = {name: getattr(self.counts, name)[places].tolist() for name in _COUNTS}
        errors = self._calibration_errors(places, counts["judged"])
        return [
            Group(
                self.names[place],
                counts["rows"][i],
                {
                    "loss": self._loss(i, counts, exact),
                    "accuracy": share(counts["hits"][i], counts["judged"][i]),
                    "brier": _mean(i, counts["measured"], exact, "brier"),
                    "ece": errors[i],
                },
            )
            for i, place in enumerate(places.tolist())
        ]

    def _loss(
        self, i: int, counts: dict[str, list[int]], exact: dict[str, list[ExactSum]]
    ) -> Measure:
        if not self.weighted:
            return _mean(i, counts["counted"], exact, "loss")
        n = counts["counted"][i]
        used = n or counts["measured"][i]  # rows that weigh 0 and have a loss are measured
        x, x_squares, w, xw, w_squares = (exact[name][i] for name in _OF_LOSSES)
        return Moments(x, x_squares, w, xw, w_squares, n).compute_used(used)

    def _calibration_errors(self, places: NDArray[np.int64], judged: list[int]) -> list[Measure]:
        if not self.gaps.cells:
            return [NOTHING] * len(places)
        cells = (places[:, None] * self.bins + np.arange(self.bins)).reshape(-1)
        units = [abs(each.units) for each in self.gaps.chosen(cells).exact()]
        totals = [sum(units[i : i + self.bins]) for i in range(0, len(units), self.bins)]
        return [
            Measure(total / (ONE * n), n=n) if n else NOTHING
            for total, n in zip(totals, judged, strict=True)
        ]


@register("labels")
@dataclass(frozen=True, eq=False)
class LabelsState(GroupsState):
    """The same for each label if rows have several: a group is one place along the last axis."""

    needs: ClassVar[tuple[str, ...]] = (*GroupsState.needs, "column")

    def _keys(self, facts: RowFacts) -> NDArray[Any] | None:
        keys: NDArray[Any] | None = facts["column"]
        return keys


def _all(mask: Any, rows: int) -> NDArray[np.bool_]:
    return np.ones(rows, np.bool_) if mask is None else mask


def _mean(i: int, n: list[int], exact: dict[str, list[ExactSum]], name: str) -> Measure:
    sums = exact[name], exact[f"{name}_squared"]
    total, squares = (each[i] if each else ExactSum() for each in sums)
    return mean_of_sums(total, squares, n[i])
