"""Measures a model by lists of its most probable classes, besides its loss."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.bounds import BoundsState
from xentcli.metrics.calibration import CalibrationState
from xentcli.metrics.clusters import ClustersState, clusters_of_both
from xentcli.metrics.mean_state import share
from xentcli.results.bounds import Bounded
from xentcli.results.calibration import Calibration
from xentcli.results.measure import Measure
from xentcli.results.row_counts import RowCounts

_NONE = BoundsState()


class LabelPlaces:
    """The places of labels in the lists of their rows.

    Parameters
    ----------
    values, indices : ndarray of shape (N, K)
        Log-probabilities or logits, padded with -inf, and their classes.
    labels : ndarray of shape (N,)
        The label of each row.
    """

    def __init__(
        self,
        values: NDArray[np.float64],
        indices: NDArray[np.int64],
        labels: NDArray[np.int64],
    ) -> None:
        listed = values > -np.inf
        own = listed & (indices == labels[:, None])
        self.found = own.any(axis=1)
        at = np.max(np.where(own, values, -np.inf), axis=1, initial=-np.inf)[:, None]
        ahead = (values > at) | ((values == at) & (indices < labels[:, None]) & listed)
        self.rank = np.where(self.found, ahead.sum(axis=1), np.iinfo(np.int64).max)
        self.fewest = int(listed.sum(axis=1).min(initial=values.shape[1]))
        self.peak = np.max(values, axis=1, initial=-np.inf)


@dataclass(frozen=True)
class TopListsState:
    """Counts of hits, the bins of the first class, and sums of bounds.

    Attributes
    ----------
    ks : tuple of int
        The numbers k of first classes among which a label is looked for.
    fewest : int
        How many classes the shortest list has.
    clusters : ClustersState or None
        What gives the errors of means, if rows depend on one another.
    """

    ks: tuple[int, ...]
    hits: tuple[int, ...] = ()
    rows: int = 0
    fewest: int = 2**62
    calibration: CalibrationState = field(default_factory=CalibrationState)
    loss: BoundsState = _NONE
    entropy: BoundsState = _NONE
    brier: BoundsState = _NONE
    clusters: ClustersState | None = None

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        pairs = zip(
            self.hits or (0,) * len(self.ks), other.hits or (0,) * len(self.ks), strict=True
        )
        return type(self)(
            self.ks,
            tuple(mine + its for mine, its in pairs),
            self.rows + other.rows,
            min(self.fewest, other.fewest),
            self.calibration.merge(other.calibration),
            self.loss.merge(other.loss),
            self.entropy.merge(other.entropy),
            self.brier.merge(other.brier),
            clusters_of_both(self.clusters, other.clusters),
        )

    def compute(self) -> RowCounts:
        """Return how many rows there are."""
        return RowCounts(self.loss.rows, self.rows, self.loss.known.used)

    def hit_shares(self) -> dict[int, Measure]:
        """Return the share of rows whose label is among the first k, where the lists tell it.

        All of them are that long, or each label is among the first k.
        """
        pairs = zip(self.ks, self.hits, strict=True) if self.rows else ()
        known = ((k, hits) for k, hits in pairs if k <= self.fewest or hits == self.rows)
        return {k: share(hits, self.rows) for k, hits in known}

    def errors(self) -> Calibration:
        """Return the calibration of the first classes' probabilities, if each row tells its own."""
        told = int(self.calibration.rows.sum()) == self.rows
        return (self.calibration if told else CalibrationState(self.calibration.bins)).compute()

    def bounds(self) -> tuple[Bounded, Bounded, Bounded]:
        """Return the means of losses, entropies and Brier scores."""
        return self.loss.compute(), self.entropy.compute(), self.brier.compute()


def first_class_facts(places: LabelPlaces, told: NDArray[np.bool_]) -> RowFacts:
    """Return the probability of the first class of each row, and whether it is the label.

    `told` says in which rows it is known.
    """
    confidence = np.minimum(1.0, elementary.exp(places.peak))  # half precision may exceed 1
    facts = {"forecast": confidence, "outcome": places.rank == 0, "measured": told}
    return RowFacts(len(confidence), 0, facts)
