"""Sums derivatives of the loss along the inverse temperature, over all rows or all but a fold."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from xentcli.core.cell_sums import CellSums
from xentcli.core.dtypes import Doubles
from xentcli.core.exact_sum import ExactSum
from xentcli.core.row_facts import RowFacts
from xentcli.core.slopes import SlopeOptions, Slopes
from xentcli.core.tiled_rows import tiles
from xentcli.metrics.interface import register
from xentcli.metrics.slope_sums import SlopeCounts, SlopeEnds, SlopesOfBeta, SlopesOfRows

_ZERO, _NO_ROWS = ExactSum(), SlopeCounts()
_ENDS = 2  # come first
_PIECE_VALUES = 2**19  # of all columns
_Item = TypeVar("_Item")


@register("slopes")
@dataclass(frozen=True)
class SlopesState:
    """Exact sums by fold of derivatives, and of the first one's square, at inverse temperatures.

    The fold of a row is its place on the first axis, or its cluster's number, modulo the number of
    folds. At the last of the inverse temperatures, the derivatives are summed over the rows of all
    folds but one: the numbers of these folds are `left_out`.
    """

    needs: ClassVar[tuple[str, ...]] = ("slopes", "weight", "used")

    betas: tuple[float, ...] = (1.0,)
    fine: bool = False
    ends: bool = True
    folds: int = 1
    more: int = 0
    left_out: tuple[int, ...] = ()
    counts: SlopeCounts = _NO_ROWS
    widest: float = 0.0
    below_peak: CellSums = field(default_factory=CellSums)
    rows: CellSums = field(default_factory=CellSums)
    sums: CellSums = field(default_factory=CellSums)

    @property
    def options(self) -> SlopeOptions:
        """The options of the fact."""
        return SlopeOptions(self.betas, self.fine, self.ends, self.more)

    @property
    def parameters(self) -> dict[str, Any]:
        """The same options, under the name of the fact."""
        return {"slopes": self.options}

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        slopes: Slopes = facts["slopes"]
        weight = weights_of(facts)
        there = (weight > 0.0) & (weight < np.inf)
        counts = SlopeCounts(
            int(np.count_nonzero(there)),
            int(np.count_nonzero(there & (slopes.label_gap == np.inf))),
            int(np.count_nonzero(there & (slopes.label_gap == 0.0))),
            int(np.count_nonzero(there & (slopes.mean_gap == 0.0))),
            int(np.count_nonzero(weight < 0.0)),
            int(np.count_nonzero(np.isnan(weight) | (weight == np.inf))),
        )
        fold = facts.origin.folds(facts.rows) % self.folds
        below = np.bincount(fold[there & (slopes.label_gap != 0.0)], minlength=self.folds)
        rows = CellSums.whole(np.bincount(fold[there], minlength=self.folds))
        widest = float(np.fmax.reduce(slopes.widest[there], initial=0.0))
        sums = CellSums()
        with np.errstate(all="ignore"):
            for part in tiles(facts.rows, self._count, _PIECE_VALUES):
                some = Slopes(*(each[..., part] for each in slopes))
                sums += self._sums_of(some, there[part], weight[part], fold[part])
        return self._with(counts, widest, CellSums.whole(below), rows, sums)

    def _sums_of(
        self, slopes: Slopes, there: NDArray[np.bool_], weight: Doubles, fold: NDArray[np.int64]
    ) -> CellSums:
        """Return the sums of some rows, by fold and column."""
        if not there.all():
            slopes = Slopes(*(each[..., there] for each in slopes))
            weight, fold = weight[there], fold[there]
        columns = self._columns(slopes, weight)
        others = self._columns_left_out(slopes, weight, fold)
        # All columns are summed at once, since each sum of few rows costs as much as many of them.
        cells = fold * self._count + np.arange(self._count)[:, np.newaxis]
        single = self.folds * self._count + np.arange(len(others))
        return CellSums.of(
            np.concatenate([columns, others]).reshape(-1),
            np.concatenate([cells.reshape(-1), single.repeat(fold.size)]),
            self.folds * self._count + len(others),
        )

    def _columns(self, slopes: Slopes, weight: Doubles) -> Doubles:
        """Return what is summed, (columns, n): the gaps of labels, mean gaps, then each beta's."""
        columns = np.empty((self._count, weight.size))
        for i, each in enumerate((slopes.label_gap, slopes.mean_gap)):
            np.multiply(each, weight, out=columns[i])
        orders, step = self.options.orders, self._step
        for i in range(self._whole):
            its = columns[_ENDS + i * step : _ENDS + (i + 1) * step]
            np.multiply(slopes.values[i], weight, out=its[:orders])
            its[orders:] = _coefficients_of_square(its[:orders])[: self._squares]
        return columns

    def _columns_left_out(
        self, slopes: Slopes, weight: Doubles, fold: NDArray[np.int64]
    ) -> Doubles:
        """Return the derivatives, (columns, n), each with 0 in the rows of the fold left out."""
        values: Doubles = slopes.values[self._whole :] * weight
        for each, left_out in zip(values, self.left_out, strict=True):
            each[:, fold == left_out] = 0.0
        return values.reshape(len(self.left_out) * self.options.orders, weight.size)

    def _with(self, *sums: Any) -> Self:
        return type(self)(
            self.betas, self.fine, self.ends, self.folds, self.more, self.left_out, *sums
        )

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.rows.cells or not other.rows.cells:
            return self if self.rows.cells else other
        return self._with(
            self.counts + other.counts,
            max(self.widest, other.widest),
            self.below_peak + other.below_peak,
            self.rows + other.rows,
            self.sums + other.sums,
        )

    def compute(self) -> SlopesOfRows:
        """Return the derivatives, each sum rounded once."""
        by_fold = self.folds * self._count
        sums = self.sums.exact() or [_ZERO] * (by_fold + len(self.left_out) * self.options.orders)
        label, mean, *exact = (sums[i : by_fold : self._count] for i in range(self._count))
        others = [float(each) for each in sums[by_fold:]]
        ends = (label, mean, self.below_peak.exact() or [_ZERO] * self.folds)
        totals = [sum(each, _ZERO) for each in ends]
        return SlopesOfRows(
            self.counts,
            _ends(*totals),
            (
                *(self._of_beta(each) for each in _cut(exact, self._step)),
                *(SlopesOfBeta(tuple(each), (), ()) for each in _cut(others, self.options.orders)),
            ),
            tuple(int(float(each)) for each in self.rows.exact()),
            tuple(
                _ends(*(_less(total, its[fold]) for total, its in zip(totals, ends, strict=True)))
                for fold in self._each_left_out
            ),
            self.widest,
        )

    @property
    def _count(self) -> int:
        """How many columns are summed by fold."""
        return _ENDS + self._whole * self._step

    @property
    def _whole(self) -> int:
        """At how many inverse temperatures all rows are summed."""
        return len(self.betas) - len(self.left_out)

    @property
    def _step(self) -> int:
        """How many columns one of these has."""
        return self.options.orders + self._squares

    @property
    def _squares(self) -> int:
        """How many coefficients of the square's power series are summed."""
        return self.options.orders if self.fine else 1

    @property
    def _each_left_out(self) -> range:
        """The folds, each of which is left out once."""
        return range(self.folds if self.folds > 1 else 0)

    def _of_beta(self, exact: list[list[ExactSum]]) -> SlopesOfBeta:
        sums, orders = [sum(each, _ZERO) for each in exact], self.options.orders
        of_orders = list(zip(sums[:orders], exact[:orders], strict=True))
        without = [
            tuple(float(_less(total, each[fold])) for total, each in of_orders)
            for fold in self._each_left_out
        ]
        totals = tuple(map(float, sums))
        return SlopesOfBeta(totals[:orders], tuple(without), totals[orders:])


def _cut(values: list[_Item], size: int) -> Iterator[list[_Item]]:
    """Yield the next so many of some values until none are left."""
    return (values[i : i + size] for i in range(0, len(values), size))


def _coefficients_of_square(derivatives: Doubles) -> Doubles:
    """Return the power series of a function's square, given the function and its derivatives."""
    orders = range(len(derivatives))
    terms = derivatives / np.array([[math.factorial(k)] for k in orders], np.float64)
    return np.array([np.add.reduce(terms[: k + 1] * terms[k::-1]) for k in orders])


def _less(total: ExactSum, fold: ExactSum) -> ExactSum:
    """Return the sum of all folds but one, which takes no longer where there are many folds."""
    return ExactSum(*(each - its for each, its in zip(total, fold, strict=True)))


def _ends(label: ExactSum, mean: ExactSum, below_peak: ExactSum) -> SlopeEnds:
    minus = ExactSum(-mean.units, mean.nan, mean.negative_infinities, mean.positive_infinities)
    return SlopeEnds(float(label + minus), float(label + mean), int(float(below_peak)))


def weights_of(facts: RowFacts) -> Doubles:
    """Return the weight of each row, 0 for ignored ones."""
    weight, used = facts["weight"], facts["used"]
    if weight is None:
        weight = np.ones(facts.rows)
    found: Doubles = weight if used is None else np.where(used, weight, 0.0)
    return found
