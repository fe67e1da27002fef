"""Computes errors of means if rows depend on one another, as those of a sequence do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from xentcli.core.by_value import ByValue
from xentcli.core.cell_sums import CellSums
from xentcli.core.dtypes import Doubles, Places
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.group_names import names_of, united
from xentcli.metrics.interface import from_outside, metric_of, register
from xentcli.metrics.mean_state import MeanState
from xentcli.metrics.moments import Moments
from xentcli.metrics.names import top_of
from xentcli.results.groups import ClusterErrors

_FACTS = {
    "loss": ("loss", "used", "weight"),
    "accuracy": ("hit",),
    "brier": ("brier",),
    "entropy": ("entropy",),
    "kl": ("divergence",),
    "mean_confidence": ("forecast", "outcome"),
    "mrr": ("rank",),
}
_VERBS_OF_A_MEAN = ("from_rows", "of", "merge", "compute")
_OPTIONAL = ("used", "weight")  # facts that may be None although the mean applies
MEANS = tuple(_FACTS)
"""The measures of this package that have such an error, besides ``top5_accuracy`` and the like."""


@dataclass(frozen=True, eq=False)
class OpenSums(ByValue):
    """The sums of a number and of its weights over the rows of each cluster."""

    total: CellSums = field(default_factory=CellSums)
    weight: CellSums = field(default_factory=CellSums)


@register("clusters")
@dataclass(frozen=True, eq=False)
class ClustersState(ByValue):
    """The moments of clusters that are complete, and the sums by name of those that are not.

    The rows of one slice of the first axis are a complete cluster, since no block ends within one.
    Clusters that a column names may go on in any other block.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "measured",
        *dict.fromkeys(need for needs in _FACTS.values() for need in needs),
    )

    means: tuple[str, ...] = MEANS
    moments: dict[str, Moments] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    sums: dict[str, OpenSums] = field(default_factory=dict)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The facts from which these means are computed."""
        return ("measured", *dict.fromkeys(n for name in self.means for n in _facts_of(name)))

    @property
    def size(self) -> int:
        """How many clusters are not complete."""
        return len(self.names)

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        keys = facts.origin.clusters
        if keys is None:
            return self.of_slices(facts, facts.origin.slices(facts.rows))
        if not facts.rows:
            return type(self)(self.means)
        names, at = names_of(keys, of_clusters=True)
        return type(self)(self.means, {}, names, open_sums(self.values(facts), at, len(names)))

    def of_slices(self, facts: RowFacts, slices: Places) -> Self:
        """Return the state of the rows of whole slices, given the place of each row's slice."""
        if not facts.rows:
            return type(self)(self.means)
        at = slices - slices[0]
        sums = open_sums(self.values(facts), at, int(at[-1]) + 1)
        return type(self)(self.means, closed(sums))

    def values(self, facts: RowFacts) -> Iterator[tuple[str, Doubles, Doubles]]:
        """Yield the name, the values and the weights of each mean that applies."""
        every = np.ones(facts.rows)
        measured = facts["measured"]
        one = every if measured is None else measured.astype(np.float64)
        for name in self.means:
            if any(facts[need] is None for need in _facts_of(name) if need not in _OPTIONAL):
                continue
            if name == "loss":
                weight = facts["weight"]
                if weight is None:
                    weight = every if facts["used"] is None else facts["used"].astype(np.float64)
                yield name, facts["loss"], weight
                continue
            values = _of_row(name, facts)
            yield name, values if measured is None else np.where(measured, values, 0.0), one

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows, for the means that both have."""
        means = tuple(name for name in self.means if name in other.means)
        moments = dict(self.moments)
        for name, each in other.moments.items():
            moments[name] = moments[name].merge(each) if name in moments else each
        names, sums = self._united(other)
        ordered = [name for name in means if name in moments]
        summed = [name for name in means if name in sums]
        return type(self)(
            means,
            {name: moments[name] for name in ordered},
            names,
            {name: sums[name] for name in summed},
        )

    def _united(self, other: Self) -> tuple[tuple[str, ...], dict[str, OpenSums]]:
        """Return the names and the sums of the clusters of both states that are not complete."""
        names, *at = united(self.names, other.names)
        return names, joined_sums((self.sums, other.sums), at, len(names))

    def compute(self) -> ClusterErrors:
        """Return the means with their errors."""
        found = closed(self.sums)
        for name, each in self.moments.items():
            found[name] = each.merge(found[name]) if name in found else each
        return replace(errors_of(found), nameless=self.names[:1] == ("",))


_State = TypeVar("_State", bound=ClustersState)


def clusters_of_both(one: _State | None, other: _State | None) -> _State | None:
    """Return the state of both states' rows; None stands for that of no rows."""
    if one is None or other is None:
        return one if other is None else other
    return one.merge(other)


def errors_of(moments: Mapping[str, Moments]) -> ClusterErrors:
    """Return the means with their errors, given the moments of the clusters by name."""
    computed = {name: each.compute() for name, each in moments.items()}
    clusters = max((each.clusters for each in moments.values()), default=0)
    return ClusterErrors(clusters, {n: each for n, each in computed.items() if each})


def open_sums(
    means: Iterable[tuple[str, Doubles, Doubles]], at: Places, size: int
) -> dict[str, OpenSums]:
    """Return the sums in `size` cells of each mean's values and weights, which come by name.

    Rows are in the cells `at`. Most means share weights, which are kept once.
    """
    found: list[tuple[Doubles, CellSums]] = []
    sums = {}
    for name, values, weights in means:
        known = next((summed for each, summed in found if each is weights), None)
        if known is None:
            known = CellSums.of(weights, at, size)
            found.append((weights, known))
        sums[name] = OpenSums(CellSums.of(values, at, size), known)
    return sums


def joined_sums(
    parts: Sequence[Mapping[str, OpenSums]], places: Sequence[Places], size: int
) -> dict[str, OpenSums]:
    """Return the sums of several parts in `size` cells, given the places of the cells of each."""
    weights_of: dict[Any, CellSums] = {}
    sums: dict[str, OpenSums] = {}
    for name in dict.fromkeys(name for part in parts for name in part):
        there = [(part[name], at) for part, at in zip(parts, places, strict=True) if name in part]
        total = reduce(add, (each.total.placed(at, size) for each, at in there))
        same = tuple(id(each.weight) for each, _ in there)
        if same not in weights_of:
            weights_of[same] = reduce(add, (each.weight.placed(at, size) for each, at in there))
        sums[name] = OpenSums(total, weights_of[same])
    return sums


def has_error(name: str) -> bool:
    """Whether a measure is the mean of a fact, whose error clusters can give."""
    if name in MEANS or top_of(name):
        return True
    metric: type[Any] | None = metric_of(name) if name in from_outside() else None
    if metric is None or not issubclass(metric, MeanState):
        return False
    own = (vars(each) for each in metric.__mro__[: metric.__mro__.index(MeanState)])
    return not any(verb in defined for defined in own for verb in _VERBS_OF_A_MEAN)


def _facts_of(name: str) -> tuple[str, ...]:
    if name in MEANS or top_of(name):
        return _FACTS["mrr" if top_of(name) else name]
    return metric_of(name).needs[:1]


def _of_row(name: str, facts: RowFacts) -> Doubles:
    k = top_of(name)
    if k is not None:
        return np.asarray(facts["rank"] < k, np.float64)
    if name == "mrr":
        reciprocal: Doubles = 1.0 / (facts["rank"] + 1.0)
        return reciprocal
    return np.asarray(facts[_facts_of(name)[0]], np.float64)


def closed(sums: dict[str, OpenSums]) -> dict[str, Moments]:
    """Return the moments of clusters that are complete."""
    return {
        name: Moments.of(each.total.rounded(), each.weight.rounded()) for name, each in sums.items()
    }
