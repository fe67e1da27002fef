"""Computes the range, mean and kind of an array's values."""

import math
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import row_kind
from xentcli.core.dtypes import widen
from xentcli.core.exact_sum import ExactSum
from xentcli.results.array_values import IGNORED, ValueSummary

_ZERO = ExactSum()
_MOST_NAMES = 10_000


@dataclass(frozen=True)
class SummaryState:
    """Extremes, exact sum, counts and kind of the values of an array.

    It is made from blocks of any array, not from facts of rows, so that no labels are needed.
    """

    minimum: float = math.inf
    maximum: float = -math.inf
    total: ExactSum = _ZERO
    count: int = 0
    whole: bool = True
    kinds: frozenset[str] = frozenset()
    least: float = math.inf
    """The smallest number besides -100, which is the label of rows to ignore."""
    ends: tuple[int, ...] = ()
    """The smallest and the largest of integers, which float64 might round."""

    @classmethod
    def from_block(cls, block: NDArray[Any]) -> Self:
        """Return the state of a block of shape (N, ...), whose last axis holds the classes."""
        values = widen(np.ascontiguousarray(block))
        numbers = values[~np.isnan(values)]
        kinds = frozenset([_kind(values)]) if values.ndim > 1 else frozenset[str]()
        finite = values[np.isfinite(values)]
        return cls(
            float(numbers.min(initial=math.inf)),
            float(numbers.max(initial=-math.inf)),
            ExactSum.of(values.astype(np.float64)),
            values.size,
            bool((finite == np.floor(finite)).all()) and finite.size == values.size,
            kinds,
            float(numbers[numbers != IGNORED].min(initial=math.inf)),
            _ends(block) if block.dtype.kind in "iub" else (),
        )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' values."""
        some = [each for each in (self, other) if each.count]
        ends = self.ends + other.ends
        return type(self)(
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.total + other.total,
            self.count + other.count,
            self.whole and other.whole,
            self.kinds | other.kinds,
            min(self.least, other.least),
            (min(ends), max(ends)) if all(each.ends for each in some) and ends else (),
        )

    def compute(self) -> ValueSummary:
        """Return the range, the mean and what the values may be."""
        some = self.minimum <= self.maximum
        least, most = self.ends or (self.minimum, self.maximum)
        return ValueSummary(
            minimum=least if some else math.nan,
            maximum=most if some else math.nan,
            mean=float(self.total) / self.count if self.count else math.nan,
            count=self.count,
            nan=self.total.nan,
            positive_infinities=self.total.positive_infinities,
            negative_infinities=self.total.negative_infinities,
            whole=self.whole and self.count > 0,
            kinds=self.kinds,
            least=self.least,
        )


def _ends(integers: NDArray[Any]) -> tuple[int, ...]:
    return (int(integers.min()), int(integers.max())) if integers.size else ()


def _kind(values: NDArray[Any]) -> str:
    """Return what the rows of an array look like; its classes lie on the last axis or on axis 1."""
    kind = row_kind(values.reshape(-1, values.shape[-1])) if values.shape[-1] else "unknown"
    if kind != "logits" or values.ndim == 2:
        return kind
    return row_kind(np.moveaxis(values, 1, -1).reshape(-1, values.shape[1]))


@dataclass(frozen=True)
class TextState:
    """How many texts there are, and the first names among them."""

    count: int = 0
    names: frozenset[str] = frozenset()

    @classmethod
    def from_block(cls, block: NDArray[Any]) -> Self:
        """Return the state of a block of texts."""
        return cls(block.size, _few({*map(_text, block.reshape(-1).tolist())}))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' texts."""
        return type(self)(self.count + other.count, _few(self.names | other.names))


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _few(names: AbstractSet[str]) -> frozenset[str]:
    """Return the first names; an array with more names than that does not hold classes."""
    return frozenset(sorted(names)[:_MOST_NAMES])
