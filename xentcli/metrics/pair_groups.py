"""Measures how two models differ in each group of rows."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue
from xentcli.core.cell_sums import CellSums
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.deferred import Deferred
from xentcli.metrics.group_names import names_of, shown_order, united
from xentcli.metrics.interface import register
from xentcli.metrics.mean_state import mean_of_sums, share
from xentcli.metrics.moments import Moments
from xentcli.metrics.pair_hits import PairHitsState
from xentcli.metrics.weighted import in_mean
from xentcli.results.groups import Group, Groups
from xentcli.results.measure import NOTHING, Measure

_SUMMED = {  # measure: the fact that is summed, with its squares, and the rows that count
    "loss_base": ("loss_base", "used"),
    "loss_new": ("loss_new", "used"),
    "loss_difference": ("difference", "used"),
    "kl": ("kl", "finite"),
}
_HITS = ("both", "only_base", "only_new", "neither")


@register("pair_groups")
@dataclass(frozen=True, eq=False)
class PairGroupsState(ByValue):
    """For each group: the sums of both losses, their difference and KL, and the 2 x 2 table.

    The losses are means over rows; with class weights, sums of weighted losses over weights.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "loss_base",
        "loss_new",
        "difference",
        "kl",
        "hit_base",
        "hit_new",
        "agrees",
        "weight",
        "used",
        "measured",
    )

    names: tuple[str, ...] = ()
    counts: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    sums: dict[str, CellSums] = field(default_factory=dict)
    weighted: bool = False

    @property
    def size(self) -> int:
        """How many groups there are."""
        return len(self.names)

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        keys = facts.origin.groups
        if keys is None or not facts.rows:
            return type(self)()
        names, at = names_of(keys)
        size = len(names)
        counts: dict[str, NDArray[np.int64]] = {}
        sums: dict[str, CellSums] = {}
        masks, weight = _masks(facts), facts["weight"]
        for name, mask in masks.items():
            counts[name] = np.bincount(at[mask], minlength=size)
        with np.errstate(all="ignore"):
            for name, (fact, rows) in _SUMMED.items():
                values = facts[fact]
                if values is None:
                    continue
                values = np.where(masks[rows], values, 0.0)
                if weight is not None and name != "kl":
                    sums[f"{name}_weight"] = CellSums.of_products(values, weight, at, size)
                sums[name] = CellSums.of(values, at, size)
                sums[f"{name}_squared"] = CellSums.of_squares(values, at, size)
            if weight is not None:
                sums["weight"] = CellSums.of(weight, at, size)
                sums["weight_squared"] = CellSums.of_products(weight, weight, at, size)
        return type(self)(names, counts, sums, weight is not None)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.names or not other.names:
            return self if self.names else other
        names, *at = united(self.names, other.names)
        size = len(names)
        counts: dict[str, NDArray[np.int64]] = {
            name: np.zeros(size, np.int64) for name in self.counts
        }
        sums: dict[str, CellSums] = {name: CellSums.zeros(size) for name in self.sums}
        for state, where in zip((self, other), at, strict=True):
            for name, count in state.counts.items():
                counts[name][where] += count
            for name, each in state.sums.items():
                sums[name] = sums[name] + each.placed(where, size)
        return type(self)(names, counts, sums, self.weighted or other.weighted)

    def compute(self) -> Groups:
        """Return the measures of each group."""
        return Groups(Deferred(shown_order(self.names), self._at))

    def _at(self, places: NDArray[np.int64]) -> list[Group]:
        """Return the groups at some places."""
        exact = {name: each.chosen(places).exact() for name, each in self.sums.items()}
        return [self._group(place, i, exact) for i, place in enumerate(places.tolist())]

    def _group(self, place: int, i: int, exact: dict[str, Any]) -> Group:
        counts = {name: int(each[place]) for name, each in self.counts.items()}
        measures: dict[str, Measure] = {}
        for name, (_, rows) in _SUMMED.items():
            if name in exact:
                n = counts["counted" if rows == "used" else rows]
                measures[name] = self._mean(i, n, exact, name, counts["used"])
        hits = PairHitsState(*(counts[name] for name in _HITS)).compute()
        measures["accuracy_base"], measures["accuracy_new"] = hits.base, hits.new
        measures["accuracy_difference"] = hits.difference
        measures["agreement"] = share(counts["agrees"], counts["measured"])
        there = {name: each for name, each in measures.items() if each is not NOTHING}
        return Group(self.names[place], counts["rows"], there)

    def _mean(self, i: int, n: int, exact: dict[str, Any], name: str, used: int) -> Measure:
        total, squares = exact[name][i], exact[f"{name}_squared"][i]
        if self.weighted and name != "kl":
            names = ("weight", f"{name}_weight", "weight_squared")
            w, xw, w_squares = (exact[each][i] for each in names)
            return Moments(total, squares, w, xw, w_squares, n).compute_used(used)
        return mean_of_sums(total, squares, n)


def _masks(facts: RowFacts) -> dict[str, NDArray[np.bool_]]:
    """Return the masks of the rows that count in each sum."""
    every = np.ones(facts.rows, np.bool_)
    used = every if facts["used"] is None else facts["used"]
    measured = every if facts["measured"] is None else facts["measured"]
    weight, difference = facts["weight"], facts["difference"]
    weighted = weight is not None and difference is not None
    if weighted:  # a row that weighs 0 is in no mean that is a number, even if one loss is infinite
        difference = np.where(np.isnan(difference), 0.0, difference)
    masks = {
        "rows": every,
        "counted": in_mean(difference, weight) if weighted else used,
        "used": used,
        "measured": measured,
        "finite": measured & np.isfinite(facts["kl"]),
        "agrees": measured & facts["agrees"],
    }
    base, new = facts["hit_base"], facts["hit_new"]
    nothing = np.zeros(facts.rows, np.bool_)
    tables = (
        [nothing] * len(_HITS)
        if base is None or new is None
        else [each & measured for each in (base & new, base & ~new, new & ~base, ~(base | new))]
    )
    return masks | dict(zip(_HITS, tables, strict=True))
