"""Computes errors of the differences of two models if rows depend on one another."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from xentcli.core.dtypes import Doubles
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.clusters import ClustersState
from xentcli.metrics.group_clusters import GroupClustersState
from xentcli.metrics.interface import register
from xentcli.metrics.pair_divergences import root_of
from xentcli.results.groups import ClusterErrors

_FACTS = {
    "loss_base": "loss_base",
    "loss_new": "loss_new",
    "loss_difference": "difference",
    "accuracy_base": "hit_base",
    "accuracy_new": "hit_new",
    "kl": "kl",
    "kl_reverse": "kl_reverse",
    "js": "js",
    "agreement": "agrees",
    "delta_p": "probability_difference",
    "share_worse": "difference",
    "rms_delta_p": "probability_difference",
}
_OF_USED = ("loss_base", "loss_new", "loss_difference")
PAIR_MEANS = (*_FACTS, "accuracy_difference")
"""The measures that have such an error."""


@register("pair_clusters")
@dataclass(frozen=True, eq=False)
class PairClustersState(ClustersState):
    """The sums over clusters of rows for means over the rows of two models."""

    needs: ClassVar[tuple[str, ...]] = (
        "measured",
        "used",
        "weight",
        *dict.fromkeys(_FACTS.values()),
    )

    means: tuple[str, ...] = PAIR_MEANS

    @property
    def wanted(self) -> tuple[str, ...]:
        """The facts from which these means are computed."""
        return self.needs

    def values(self, facts: RowFacts) -> Iterator[tuple[str, Doubles, Doubles]]:
        """Yield the name, the values and the weights of each mean that applies."""
        every = np.ones(facts.rows)
        measured, used, weight = (facts[name] for name in ("measured", "used", "weight"))
        one = every if measured is None else measured.astype(np.float64)
        in_losses = every if used is None else used.astype(np.float64)
        weight = in_losses if weight is None else weight
        # what is worse has no weights of classes, but rows that weigh 0 have no loss to compare
        compared = in_losses * (weight != 0.0)
        for name in self.means:
            values = _of_row(name, facts)
            if values is None:
                continue
            if name in _OF_USED:
                yield name, values, weight
                continue
            finite = np.isfinite(values)  # a divergence may be infinite
            there = compared if name == "share_worse" else one
            there = there if finite.all() else there * finite
            yield name, np.where(there > 0.0, values, 0.0), there

    def compute(self) -> ClusterErrors:
        """Return the means with their errors: of squares, those of the root."""
        found = super().compute()
        squares = found.metrics.get("rms_delta_p")
        roots = {} if squares is None else {"rms_delta_p": root_of(squares)}
        return replace(found, metrics={**found.metrics, **roots})


@register("pair_group_clusters")
@dataclass(frozen=True, eq=False)
class PairGroupClustersState(GroupClustersState):
    """The sums over clusters of the rows of each group, for means over the rows of two models."""

    of_rows: ClassVar[type[ClustersState]] = PairClustersState
    needs: ClassVar[tuple[str, ...]] = PairClustersState.needs

    means: tuple[str, ...] = (
        *("loss_base", "loss_new", "loss_difference", "kl"),
        *("accuracy_base", "accuracy_new", "accuracy_difference", "agreement"),
    )


def _of_row(name: str, facts: RowFacts) -> Doubles | None:
    if name == "accuracy_difference":
        base, new = facts["hit_base"], facts["hit_new"]
        if base is None or new is None:
            return None
        difference: Doubles = new.astype(np.float64) - base
        return difference
    values = facts[_FACTS[name]]
    if values is None:
        return None
    found: Doubles = np.asarray(values, np.float64)
    if name == "share_worse":
        found = np.where(np.isnan(found), np.nan, found > 0.0)
    return found * found if name == "rms_delta_p" else found
