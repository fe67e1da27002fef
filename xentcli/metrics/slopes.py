"""Sums derivatives of the loss along the inverse temperature, over all rows or all but a fold."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from xentcli.core.cell_sums import CellSums
from xentcli.core.exact_sum import ExactSum
from xentcli.core.labels import Doubles
from xentcli.core.row_facts import RowFacts
from xentcli.core.slopes import SlopeOptions, Slopes
from xentcli.metrics.interface import register
from xentcli.metrics.slope_sums import SlopeCounts, SlopeEnds, SlopesOfBeta, SlopesOfRows

_ZERO, _NO_ROWS = ExactSum(), SlopeCounts()
_SUMS_BESIDE = 2  # after the derivatives: the squares and the changes of the first


@register("slopes")
@dataclass(frozen=True)
class SlopesState:
    """Exact sums by fold of derivatives, squares and changes at each inverse temperature.

    The fold of a row is its place on the first axis, or its cluster's number, modulo the number of
    folds.
    """

    needs: ClassVar[tuple[str, ...]] = ("slopes", "weight", "used")

    betas: tuple[float, ...] = (1.0,)
    fine: bool = False
    ends: bool = True
    folds: int = 1
    more: int = 0
    counts: SlopeCounts = _NO_ROWS
    widest: float = 0.0
    label_gaps: CellSums = field(default_factory=CellSums)
    mean_gaps: CellSums = field(default_factory=CellSums)
    below_peak: CellSums = field(default_factory=CellSums)
    rows: CellSums = field(default_factory=CellSums)
    sums: tuple[CellSums, ...] = ()

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
        there = weight > 0.0
        counts = SlopeCounts(
            int(np.count_nonzero(there)),
            int(np.count_nonzero(there & (slopes.label_gap == np.inf))),
            int(np.count_nonzero(there & (slopes.label_gap == 0.0))),
            int(np.count_nonzero(there & (slopes.mean_gap == 0.0))),
            int(np.count_nonzero(weight < 0.0)),
        )
        fold = facts.origin.folds(facts.rows) % self.folds
        below = np.bincount(fold[there & (slopes.label_gap != 0.0)], minlength=self.folds)
        all_there = bool(there.all())
        if not all_there:
            weight, fold = weight[there], fold[there]

        def of(values: Doubles) -> Doubles:
            weighted: Doubles = (values if all_there else values[there]) * weight
            return weighted

        with np.errstate(all="ignore"):
            gaps = [
                CellSums.of(of(each), fold, self.folds)
                for each in (slopes.label_gap, slopes.mean_gap)
            ]
            sums = []
            for i in range(len(self.betas)):
                columns = [of(slopes.values[:, i, k]) for k in range(self.options.orders)]
                columns += [columns[0] ** 2, columns[0] * columns[1]]
                sums += [CellSums.of(each, fold, self.folds) for each in columns]
        rows = CellSums.whole(np.bincount(fold, minlength=self.folds))
        widest = float(np.fmax.reduce(slopes.widest[there], initial=0.0))
        return self._with(counts, widest, *gaps, CellSums.whole(below), rows, tuple(sums))

    def _with(self, *sums: Any) -> Self:
        return type(self)(self.betas, self.fine, self.ends, self.folds, self.more, *sums)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.sums or not other.sums:
            return self if self.sums else other
        return self._with(
            self.counts + other.counts,
            max(self.widest, other.widest),
            self.label_gaps + other.label_gaps,
            self.mean_gaps + other.mean_gaps,
            self.below_peak + other.below_peak,
            self.rows + other.rows,
            tuple(one + two for one, two in zip(self.sums, other.sums, strict=True)),
        )

    def compute(self) -> SlopesOfRows:
        """Return the derivatives, each sum rounded once."""
        exact = [each.exact() for each in self.sums]
        step = self.options.orders + _SUMS_BESIDE
        ends = [each.exact() for each in (self.label_gaps, self.mean_gaps, self.below_peak)]
        return SlopesOfRows(
            self.counts,
            _ends(*(sum(each, _ZERO) for each in ends)),
            tuple(self._of_beta(exact[i : i + step]) for i in range(0, len(exact), step)),
            tuple(int(float(each)) for each in self.rows.exact()),
            tuple(_ends(*(_without(each, fold) for each in ends)) for fold in self._left_out),
            self.widest,
        )

    @property
    def _left_out(self) -> range:
        """The folds, each of which is left out once."""
        return range(self.folds if self.folds > 1 else 0)

    def _of_beta(self, exact: list[list[ExactSum]]) -> SlopesOfBeta:
        totals = [sum(each, _ZERO) for each in exact]
        derivatives = tuple(float(each) for each in totals[:-_SUMS_BESIDE])
        without = [
            tuple(float(_without(each, fold)) for each in exact[:-_SUMS_BESIDE])
            for fold in self._left_out
        ]
        return SlopesOfBeta(derivatives, tuple(without), *map(float, totals[-_SUMS_BESIDE:]))


def _without(cells: list[ExactSum], fold: int) -> ExactSum:
    """Return the sum of all folds but one."""
    return sum((each for i, each in enumerate(cells) if i != fold), _ZERO)


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
