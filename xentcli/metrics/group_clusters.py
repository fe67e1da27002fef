"""Computes errors of means within groups, if rows depend on one another."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue
from xentcli.core.dtypes import Places
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.cell_moments import CellMoments
from xentcli.metrics.clusters import ClustersState, OpenSums, errors_of, joined_sums, open_sums
from xentcli.metrics.deferred import Deferred
from xentcli.metrics.group_names import names_of, shown_order, united
from xentcli.metrics.interface import register
from xentcli.results.groups import ClusterErrors, GroupErrors


def _no_places() -> Places:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class ClusterParts(ByValue):
    """The parts of clusters in groups: the places of the group and of the cluster of each part.

    A cluster has a part in each group that some of its rows are in. Parts are in the order of their
    groups, and then of their clusters.
    """

    groups: Places = field(default_factory=_no_places)
    clusters: Places = field(default_factory=_no_places)

    @classmethod
    def of(cls, groups: Places, clusters: Places, count: int) -> tuple[Self, Places]:
        """Return the parts that rows are in, and the place of each row's part among them.

        `groups` and `clusters` have the places of the rows, and there are `count` clusters.
        """
        found, at = np.unique(groups * count + clusters, return_inverse=True)
        return cls(*np.divmod(found, max(1, count))), at.reshape(-1)

    def moved(self, groups: Places, clusters: Places) -> Self:
        """Return the same parts where groups and clusters have other places."""
        return type(self)(groups[self.groups], clusters[self.clusters])

    def united(self, other: Self, count: int) -> tuple[Self, Places, Places]:
        """Return the parts of both, and the places of the parts of each among them."""
        groups = np.concatenate([self.groups, other.groups])
        clusters = np.concatenate([self.clusters, other.clusters])
        found, at = self.of(groups, clusters, count)
        return found, at[: len(self.groups)], at[len(self.groups) :]

    def of_groups(self, places: Places) -> tuple[Places, Places]:
        """Return the places of the parts in some groups, and the number of each one's group."""
        first, end = (np.searchsorted(self.groups, places, side) for side in ("left", "right"))
        counts = end - first
        before = np.cumsum(counts) - counts
        found = np.repeat(first - before, counts) + np.arange(counts.sum())
        return found, np.repeat(np.arange(len(places)), counts)


@register("group_clusters")
@dataclass(frozen=True, eq=False)
class GroupClustersState(ByValue):
    """What `ClustersState` keeps of all rows, kept of the rows of each group.

    The parts of clusters that are complete go into the moments of their groups. Of clusters that
    are not, each part keeps its sums.
    """

    of_rows: ClassVar[type[ClustersState]] = ClustersState
    needs: ClassVar[tuple[str, ...]] = ("measured", "loss", "used", "weight", "hit", "brier")

    means: tuple[str, ...] = ("loss", "accuracy", "brier")
    groups: tuple[str, ...] = ()
    moments: dict[str, CellMoments] = field(default_factory=dict)
    clusters: tuple[str, ...] = ()
    parts: ClusterParts = field(default_factory=ClusterParts)
    sums: dict[str, OpenSums] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many groups there are, and parts of clusters that are not complete."""
        return len(self.groups) + len(self.parts.groups)

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        groups, clusters = self._keys(facts), facts.origin.clusters
        if groups is None or not facts.rows:
            return type(self)(self.means)
        names, of_group = names_of(groups)
        slices = facts.origin.slices(facts.rows)
        known, of_cluster = (
            ((), slices - slices[0]) if clusters is None else names_of(clusters, of_clusters=True)
        )
        count = len(known) or int(of_cluster[-1]) + 1
        parts, at = ClusterParts.of(of_group, of_cluster, count)
        sums = open_sums(self.of_rows(self.means).values(facts), at, len(parts.groups))
        if clusters is None:
            return type(self)(self.means, names, _closed(sums, parts.groups, len(names)))
        return type(self)(self.means, names, {}, known, parts, sums)

    def _keys(self, facts: RowFacts) -> NDArray[Any] | None:
        """Return the keys by which rows are grouped."""
        return facts.origin.groups

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.groups or not other.groups:
            return self if self.groups else other
        groups, *of_group = united(self.groups, other.groups)
        clusters, *of_cluster = united(self.clusters, other.clusters)
        one, two = (
            state.parts.moved(*places)
            for state, *places in zip((self, other), of_group, of_cluster, strict=True)
        )
        parts, *at = one.united(two, len(clusters))
        sums = joined_sums((self.sums, other.sums), at, len(parts.groups))
        return type(self)(
            self.means,
            groups,
            self._joined(self.moments, other.moments, of_group, len(groups)),
            clusters,
            parts,
            {name: sums[name] for name in self.means if name in sums},
        )

    def _joined(
        self,
        one: dict[str, CellMoments],
        other: dict[str, CellMoments],
        places: list[Places],
        size: int,
    ) -> dict[str, CellMoments]:
        """Return the moments of both in `size` groups, given the places of the groups of each."""
        found = {}
        for name in self.means:
            pairs = zip((one, other), places, strict=True)
            there = [(part[name], at) for part, at in pairs if name in part]
            if there:
                found[name] = CellMoments.joined(there, size)
        return found

    def compute(self) -> GroupErrors:
        """Return the means of each group with their errors."""
        return GroupErrors(Deferred(shown_order(self.groups), self._errors_at))

    def _errors_at(self, places: Places) -> list[ClusterErrors]:
        """Return the errors within the groups at some places."""
        size = len(places)
        parts, groups = self.parts.of_groups(places)
        chosen = {
            name: OpenSums(each.total.chosen(parts), each.weight.chosen(parts))
            for name, each in self.sums.items()
        }
        closed = {name: each.chosen(places) for name, each in self.moments.items()}
        every = [np.arange(size)] * 2
        found = self._joined(closed, _closed(chosen, groups, size), every, size)
        moments = {name: each.moments() for name, each in found.items()}
        return [errors_of({name: each[i] for name, each in moments.items()}) for i in range(size)]


@register("label_clusters")
@dataclass(frozen=True, eq=False)
class LabelClustersState(GroupClustersState):
    """The same for each label if rows have several."""

    needs: ClassVar[tuple[str, ...]] = (*GroupClustersState.needs, "column")

    def _keys(self, facts: RowFacts) -> NDArray[Any] | None:
        keys: NDArray[Any] | None = facts["column"]
        return keys


def _closed(sums: dict[str, OpenSums], groups: Places, size: int) -> dict[str, CellMoments]:
    """Return the moments of `size` groups, given the group of each part of a cluster."""
    return {
        name: CellMoments.of(each.total.rounded(), each.weight.rounded(), groups, size)
        for name, each in sums.items()
    }
