"""Counts the docs of samples that are right by each measure of their choices, task by task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.metrics.clusters import ClustersState, closed, clusters_of_both, open_sums
from xentcli.metrics.group_names import names_of
from xentcli.metrics.mean_state import share
from xentcli.results.measure import Measure


@dataclass(frozen=True)
class TaskHits:
    """How many docs are right by each measure, and the sums of their clusters if they have any."""

    docs: int = 0
    hits: dict[str, int] = field(default_factory=dict)
    clusters: ClustersState | None = None

    @classmethod
    def of(
        cls,
        hits: Mapping[str, NDArray[np.bool_]],
        docs: int,
        keys: NDArray[Any] | None,
        *,
        complete: bool = False,
    ) -> Self:
        """Return the counts of docs, given which are right, and the name of each one's cluster.

        Clusters that are `complete` are those of these docs alone, whatever others are called.
        """
        counts = {name: int(each.sum()) for name, each in hits.items()}
        if keys is None or not docs:
            return cls(docs, counts)
        one = np.ones(docs)
        means = ((name, each.astype(np.float64), one) for name, each in hits.items())
        names, at = names_of(keys, of_clusters=True)
        sums = open_sums(means, at, len(names))
        if complete:
            return cls(docs, counts, ClustersState(tuple(hits), closed(sums)))
        return cls(docs, counts, ClustersState(tuple(hits), {}, names, sums))

    def merge(self, other: Self) -> Self:
        """Return the counts of both states' docs, by the measures that both have."""
        if not (self.docs and other.docs):
            return self if self.docs else other
        both = {name: n + other.hits[name] for name, n in self.hits.items() if name in other.hits}
        clusters = clusters_of_both(self.clusters, other.clusters)
        return type(self)(self.docs + other.docs, both, clusters)

    def shares(self) -> dict[str, Measure]:
        """Return the share of docs that are right by each measure."""
        return {name: share(n, self.docs) for name, n in self.hits.items()}

    def errors(self) -> dict[str, Measure]:
        """Return the means with the errors that clusters give, if docs depend on one another."""
        found = {} if self.clusters is None else self.clusters.compute().metrics
        return {name: each for name, each in found.items() if name in self.hits}


@dataclass(frozen=True)
class ChoicesState:
    """The counts of docs of each task."""

    tasks: dict[str, TaskHits] = field(default_factory=dict)

    def merge(self, other: Self) -> Self:
        """Return the counts of both states' docs."""
        tasks = dict(self.tasks)
        for name, each in other.tasks.items():
            tasks[name] = tasks[name].merge(each) if name in tasks else each
        return type(self)({name: tasks[name] for name in sorted(tasks)})

    def compute(self) -> TaskHits:
        """Return the counts of the docs of all tasks."""
        return reduce(TaskHits.merge, self.tasks.values(), TaskHits())
