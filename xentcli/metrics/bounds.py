"""The loss of rows if some are known only within bounds: its least and greatest values."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bounds import Bounds
from xentcli.core.exact_sum import ExactSum
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.intervals import t_interval
from xentcli.metrics.loss import LossState
from xentcli.results.bounds import Bounded

_NO_LOSS, _ZERO = LossState(), ExactSum()


@dataclass(frozen=True)
class BoundsState:
    """Sums over the used rows, and over those of them that are exact.

    Attributes
    ----------
    known : LossState
        The loss of the rows that are exact.
    lower, upper : ExactSum
        The sums of the bounds of all used rows.
    rows, used : int
        How many rows there are, and how many are not ignored.
    """

    known: LossState = _NO_LOSS
    lower: ExactSum = _ZERO
    upper: ExactSum = _ZERO
    rows: int = 0
    used: int = 0

    @classmethod
    def from_rows(cls, bounds: Bounds, used: NDArray[np.bool_] | None = None) -> Self:
        """Return the state of some rows; those that are not `used` are only counted.

        An exact value that was stored rounded is taken as the middle of its bounds.
        """
        rows = len(bounds.lower)
        if used is not None:
            bounds = Bounds(*(part[used] for part in bounds))  # type: ignore[arg-type]
        lower, upper, exact = bounds
        values = (lower[exact] + upper[exact]) / 2.0
        facts = {"loss": values, "used": None, "weight": None, "uneven": None}
        known = LossState.from_rows(RowFacts(len(values), 0, facts))
        return cls(known, _sum(lower), _sum(upper), rows, len(lower))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(
            self.known.merge(other.known),
            self.lower + other.lower,
            self.upper + other.upper,
            self.rows + other.rows,
            self.used + other.used,
        )

    def compute(self, *, total: bool = False) -> Bounded:
        """Return the mean, or its bounds; without rows, it is None.

        With `total`, it is the sum, which has no error.
        """
        n = self.used
        if not n:
            return Bounded(0.0 if total else None, n=0)
        divisor = 1 if total else n
        lower, upper = float(self.lower) / divisor, float(self.upper) / divisor
        bounds = (_finite(lower), _finite(upper))
        known = self.known.compute()
        if known.used < n:
            return Bounded(None, None, None, None, n, *bounds, known.used / n)
        if total:
            return Bounded(known.loss_sum, None, None, None, n, *bounds, 1.0)
        error = known.standard_error if math.isfinite(known.standard_error) else None
        return Bounded(known.mean, error, *t_interval(known.mean, error, n - 1), n, *bounds, 1.0)


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def _sum(values: NDArray[np.float64]) -> ExactSum:
    return ExactSum.of(values) if values.size else _ZERO
