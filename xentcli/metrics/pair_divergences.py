"""Measures how far the probabilities of two models are apart."""

import math
from typing import ClassVar, NamedTuple, Self

import numpy as np

from xentcli.core.dtypes import Doubles
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.metrics.mean_state import MeanState, share
from xentcli.results.comparison import PairedDivergences
from xentcli.results.measure import Measure


class _DivergenceSums(NamedTuple):
    kl: MeanState = MeanState()
    kl_reverse: MeanState = MeanState()
    js: MeanState = MeanState()
    delta_p: MeanState = MeanState()
    delta_p_squared: MeanState = MeanState()
    infinite: int = 0
    agreeing: int = 0
    n: int = 0
    largest: float = -math.inf


@register("pair_divergences")
class PairDivergencesState(_DivergenceSums):
    """Sums of divergences over the rows where they are finite, and of changes of the label's p."""

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = (
        "kl",
        "kl_reverse",
        "js",
        "agrees",
        "probability_difference",
        "measured",
    )

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
            float(kl.max(initial=-math.inf, where=np.isfinite(kl))),
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
            max(self.largest, other.largest),
        )

    def compute(self) -> PairedDivergences:
        """Return the means."""
        return PairedDivergences(
            self._mean(self.kl),
            self._mean(self.kl_reverse),
            self._mean(self.js),
            self.infinite,
            share(self.agreeing, self.n),
            self.delta_p.compute(),
            root_of(self.delta_p_squared.compute()),
            self.n,
            self.largest + 0.0 if self.kl.n else None,  # which makes 0 of -0, as of equal rows
        )

    def _mean(self, finite: MeanState) -> Measure:
        """Return a mean over the rows where it is finite, of which there may be none."""
        return Measure(n=0) if self.n and not finite.n else finite.compute()


def _finite(values: Doubles) -> MeanState:
    return MeanState.of(values[np.isfinite(values)])


def root_of(mean: Measure) -> Measure:
    """Return the root of a mean of squares, with an error that follows from the mean's."""
    if not mean.value:
        return Measure(mean.value, None if mean.value is None else mean.standard_error, n=mean.n)
    root = math.sqrt(mean.value)
    error = None if mean.standard_error is None else mean.standard_error / (2.0 * root)
    return Measure(root, error, n=mean.n)
