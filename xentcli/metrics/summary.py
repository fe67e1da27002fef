"""The range, mean and kind of an array's values."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import row_kind
from xentcli.core.dtypes import widen
from xentcli.core.exact_sum import ExactSum

_ZERO = ExactSum()


@dataclass(frozen=True)
class SummaryState:
    """Extremes, exact sum, counts and kind of the values of an array."""

    minimum: float = math.inf
    maximum: float = -math.inf
    total: ExactSum = _ZERO
    count: int = 0
    whole: bool = True
    kinds: frozenset[str] = frozenset()

    @classmethod
    def from_block(cls, block: NDArray[Any]) -> Self:
        """Return the state of a block of shape (N, ...), whose last axis holds the classes."""
        values = widen(np.ascontiguousarray(block))
        numbers = values[~np.isnan(values)]
        kinds = frozenset([row_kind(values)]) if values.ndim == 2 else frozenset[str]()
        finite = values[np.isfinite(values)]
        return cls(
            float(numbers.min(initial=math.inf)),
            float(numbers.max(initial=-math.inf)),
            ExactSum.of(values.astype(np.float64)),
            values.size,
            bool((finite == np.floor(finite)).all()) and finite.size == values.size,
            kinds,
        )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' values."""
        return type(self)(
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.total + other.total,
            self.count + other.count,
            self.whole and other.whole,
            self.kinds | other.kinds,
        )

    @property
    def mean(self) -> float:
        """The mean of all values; NaN if there is none, or one is."""
        return float(self.total) / self.count if self.count else math.nan

    def looks_like(self, ndim: int) -> str:
        """Say what the values may be."""
        if self.whole and self.count and ndim != 2:
            return "labels"
        if len(self.kinds) == 1:
            return next(iter(self.kinds))
        return "logits" if self.kinds else "numbers"
