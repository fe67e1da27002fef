"""How far the probabilities of two models are apart."""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from xentcli.core.labels import Doubles
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.metrics.means import MeanState
from xentcli.metrics.ranks import share
from xentcli.results.comparison import PairedDivergences
from xentcli.results.measure import NOTHING, Measure


@register("pair_divergences")
@dataclass(frozen=True)
class PairDivergencesState:
    """The divergences' sums over the rows where they are finite, and how the label's p changed."""

    needs: ClassVar[tuple[str, ...]] = (
        "kl",
        "kl_reverse",
        "js",
        "agrees",
        "probability_difference",
        "measured",
    )

    kl: MeanState = field(default_factory=MeanState)
    kl_reverse: MeanState = field(default_factory=MeanState)
    js: MeanState = field(default_factory=MeanState)
    delta_p: MeanState = field(default_factory=MeanState)
    delta_p_squared: MeanState = field(default_factory=MeanState)
    infinite: int = 0
    agreeing: int = 0
    n: int = 0

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        measured = facts["measured"]
        keep = slice(None) if measured is None else measured
        kl, kl_reverse, js, agrees = (facts[name][keep] for name in cls.needs[:4])
        delta = facts["probability_difference"]
        delta = np.zeros(0) if delta is None else delta[keep]
        return cls(
            _finite(kl),
            _finite(kl_reverse),
            _finite(js),
            MeanState.of(delta),
            MeanState.of(delta**2),
            int(np.count_nonzero(np.isinf(kl) | np.isinf(kl_reverse))),
            int(np.count_nonzero(agrees)),
            len(kl),
        )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(
            self.kl.merge(other.kl),
            self.kl_reverse.merge(other.kl_reverse),
            self.js.merge(other.js),
            self.delta_p.merge(other.delta_p),
            self.delta_p_squared.merge(other.delta_p_squared),
            self.infinite + other.infinite,
            self.agreeing + other.agreeing,
            self.n + other.n,
        )

    def compute(self) -> PairedDivergences:
        """Return the means."""
        return PairedDivergences(
            self.kl.compute(),
            self.kl_reverse.compute(),
            self.js.compute(),
            self.infinite,
            share(self.agreeing, self.n) if self.n else NOTHING,
            self.delta_p.compute(),
            root_of(self.delta_p_squared.compute()),
            self.n,
        )


def _finite(values: Doubles) -> MeanState:
    return MeanState.of(values[np.isfinite(values)])


def root_of(mean: Measure) -> Measure:
    """Return the root of a mean of squares, with the error that the mean's gives it."""
    if not mean.value:
        return Measure(mean.value, None if mean.value is None else mean.standard_error, n=mean.n)
    root = math.sqrt(mean.value)
    error = None if mean.standard_error is None else mean.standard_error / (2.0 * root)
    return Measure(root, error, n=mean.n)
