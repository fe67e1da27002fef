"""The statistics of ``llama-perplexity --kl-divergence`` over rows.

Sums are exact, and merge in any order. Percentiles need all rows, so two numbers of each row are
kept. Errors are those of independent rows; `_mean` returns those of llama-perplexity.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from xentcli.core.coded_pairs import PairRows
from xentcli.core.dtypes import Doubles
from xentcli.core.exact_sum import ExactSum
from xentcli.metrics.coded_bounds import Between, CodedBounds
from xentcli.metrics.intervals import correlation, mean_error, share_error, sums_of_rows
from xentcli.metrics.loss import perplexity_of
from xentcli.metrics.mean_state import MeanState
from xentcli.metrics.names import OF_BASES, PLACES
from xentcli.results.bounds import Bounded
from xentcli.results.comparison import Percentile
from xentcli.results.measure import Measure
from xentcli.results.row_counts import RowCounts

_FEW_ROWS = 10  # up to which llama-perplexity gives no error
PERCENTS = (0.0, 0.1, 1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0)
_ENDINGS = dict(zip(PERCENTS, PLACES, strict=True))
OF_SUMS = tuple(n for n in OF_BASES if n.rpartition("_")[2] not in PLACES)
"""The measures that can be computed from sums alone."""
_NONE, _ZERO, _NO_BOUNDS = MeanState(), ExactSum(), CodedBounds()
_ANY = Between(-math.inf, math.inf)
_Places = Mapping[float, float]


@dataclass(frozen=True)
class CodedSums:
    """Sums over rows of their measures, and counts of the rows whose values are floors."""

    base: MeanState = _NONE
    new: MeanState = _NONE
    bounds_base: CodedBounds = _NO_BOUNDS
    bounds_new: CodedBounds = _NO_BOUNDS
    products: ExactSum = _ZERO
    kl: MeanState = _NONE
    delta_p: MeanState = _NONE
    squares: MeanState = _NONE
    """The squared changes of the label's probability."""
    same: int = 0
    floored_base: int = 0
    floored_new: int = 0
    bounded: int = 0

    @classmethod
    def of(cls, rows: PairRows) -> Self:
        """Return the sums of some rows."""
        flags = (rows.same, rows.floored_base, rows.floored_new, rows.bounded)
        return cls(
            MeanState.of(rows.loss_base),
            MeanState.of(rows.loss_new),
            CodedBounds.of(rows.bounds_base),
            CodedBounds.of(rows.bounds_new),
            ExactSum.of_products(rows.loss_base, rows.loss_new),
            MeanState.of(rows.kl),
            MeanState.of(rows.delta_p),
            MeanState.of(np.square(rows.delta_p)),
            *(int(np.count_nonzero(each)) for each in flags),
        )

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.base.n

    def merge(self, other: Self) -> Self:
        """Return the sums of both states' rows."""
        return type(self)(
            self.base.merge(other.base),
            self.new.merge(other.new),
            self.bounds_base.merge(other.bounds_base),
            self.bounds_new.merge(other.bounds_new),
            self.products + other.products,
            self.kl.merge(other.kl),
            self.delta_p.merge(other.delta_p),
            self.squares.merge(other.squares),
            self.same + other.same,
            self.floored_base + other.floored_base,
            self.floored_new + other.floored_new,
            self.bounded + other.bounded,
        )

    def compute(self) -> RowCounts:
        """Return how many rows there are."""
        return RowCounts(self.rows, self.rows, self.rows)


class KeptRows(NamedTuple):
    """The divergences of some rows, and the changes of their labels' probabilities."""

    kl: Doubles
    delta_p: Doubles


@dataclass(frozen=True)
class CodedPairsState:
    """The sums of rows, and the two numbers that are kept of each row, in order of the rows."""

    sums: CodedSums = CodedSums()
    parts: tuple[KeptRows, ...] = ()

    @classmethod
    def from_rows(cls, rows: PairRows) -> Self:
        """Return the state of some rows."""
        return cls(CodedSums.of(rows), (KeptRows(rows.kl, rows.delta_p),))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows, those of this one first."""
        return type(self)(self.sums.merge(other.sums), (*self.parts, *other.parts))

    def compute(self) -> RowCounts:
        """Return how many rows there are."""
        return self.sums.compute()

    def measures(self) -> dict[str, Measure]:
        """Return every measure by its name; there must be a row."""
        kl, delta_p = self._places()
        return {
            **_losses(self.sums),
            **_divergences(self.sums, kl),
            **_probabilities(self.sums, delta_p),
        }

    def percentiles(self) -> tuple[Percentile, ...]:
        """Return the percentiles; those of divergences only if all rows are exact."""
        kl, delta = self._places()
        known = {} if self.sums.bounded else kl
        return tuple(Percentile(each, known.get(each), delta[each]) for each in delta)

    def _places(self) -> tuple[_Places, _Places]:
        """Return the percentiles of divergences and of changes, if the rows are kept."""
        if not self.parts:
            return {}, {}
        kl, delta_p = map(np.concatenate, zip(*self.parts, strict=True))
        return _percentiles(kl), _percentiles(delta_p)


def _mean(values: MeanState) -> tuple[float, float]:
    """Return a mean and its standard error as llama-perplexity has it, which is 0 for few rows."""
    n = values.n
    error = mean_error(values.total, values.squares, n) if n > _FEW_ROWS else 0.0
    return float(values.total) / n, error


def _losses(sums: CodedSums) -> dict[str, Measure]:
    (mean_base, error_base), (mean_new, error_new) = _mean(sums.base), _mean(sums.new)
    change, error = _mean(_differences(sums))
    n = sums.rows
    one, other = (sums_of_rows(each.total, each.squares, n) for each in (sums.base, sums.new))
    alike = correlation(one, other, sums.products, n) if n > _FEW_ROWS else None
    ppl_base, ppl_new, ratio = map(perplexity_of, (mean_base, mean_new, change))
    of_base, of_new = ppl_base * error_base, ppl_new * error_new
    # of_base**2 + of_new**2 - 2 ppl_base ppl_new covariance, but nothing cancels if both are alike
    apart = (ppl_base - ppl_new) * (of_base * error_base - of_new * error_new)
    apart += ppl_base * ppl_new * error**2
    base, new = sums.bounds_base.mean(n), sums.bounds_new.mean(n)
    lost_base, lost_new = bool(sums.floored_base), bool(sums.floored_new)
    lost = lost_base or lost_new
    ratios, apart_error = new.minus(base), math.sqrt(max(0.0, apart))
    differences = new.exp().minus(base.exp())
    return {
        "loss_base": _told(mean_base, error_base, n, base if lost_base else None),
        "loss_new": _told(mean_new, error_new, n, new if lost_new else None),
        "loss_correlation": _told(alike, None, n, _ANY if lost else None),
        "perplexity_base": _told(ppl_base, of_base, n, base.exp() if lost_base else None),
        "perplexity_new": _told(ppl_new, of_new, n, new.exp() if lost_new else None),
        "log_perplexity_ratio": _told(change, error, n, ratios if lost else None),
        "perplexity_ratio": _told(ratio, ratio * error, n, ratios.exp() if lost else None),
        "perplexity_difference": _told(
            ppl_new - ppl_base, apart_error, n, differences if lost else None
        ),
    }


def _differences(sums: CodedSums) -> MeanState:
    """Return the sums of the differences of both losses, and of their squares.

    They are exactly 0 if the losses are equal.
    """
    total = ExactSum(sums.new.total.units - sums.base.total.units)
    squares = sums.base.squares.units + sums.new.squares.units - 2 * sums.products.units
    return MeanState(total, ExactSum(squares), sums.rows)


def _divergences(sums: CodedSums, places: _Places) -> dict[str, Measure]:
    bounded, n = bool(sums.bounded), sums.rows

    def told(value: float, error: float | None) -> Measure:
        return _told(value, error, n, Between(value, math.inf) if bounded else None)

    found: dict[str, Measure] = {"kl": told(*_mean(sums.kl))}
    for percent, ending in _ENDINGS.items():
        value = places.get(percent)
        found[f"kl_{ending}"] = Measure(n=n) if value is None else told(value, None)
    return found


def _probabilities(sums: CodedSums, places: _Places) -> dict[str, Measure]:
    n = sums.rows
    found = {"delta_p": Measure(*_mean(sums.delta_p), n=n)}
    for percent, ending in _ENDINGS.items():
        found[f"delta_p_{ending}"] = Measure(places.get(percent), n=n)
    mean, error = _mean(sums.squares)
    root = math.sqrt(mean)
    found["rms_delta_p"] = Measure(root, 0.5 / root * error if root else 0.0, n=n)
    found["agreement"] = Measure(sums.same / n, share_error(sums.same, n), n=n)
    return found


def _percentiles(values: Doubles) -> dict[float, float]:
    """Return percentiles, which are linear between neighbouring rows."""
    found = np.percentile(values, PERCENTS)
    return dict(zip(PERCENTS, found.tolist(), strict=True))


def _told(value: float | None, error: float | None, n: int, bounds: Between | None) -> Measure:
    """Return a number of n rows; or its bounds, where labels are lost at a floor."""
    if bounds is None:
        return Measure(value, error, n=n)
    lower, upper = (each if math.isfinite(each) else None for each in bounds)
    return Bounded(
        n=n, lower_bound=lower, upper_bound=upper, at_floors=value, at_floors_error=error
    )
