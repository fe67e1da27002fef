"""The statistics of ``llama-perplexity --kl-divergence``, of rows that were seen.

All rows are kept, a few numbers of each: percentiles need them. Errors are those of independent
rows; `_error` is what llama-perplexity gives.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from xentcli.core.coded_pairs import Doubles, PairRows
from xentcli.metrics.names import PLACES
from xentcli.results.bounds import Bounded
from xentcli.results.comparison import Percentile
from xentcli.results.measure import Measure

_FEW_ROWS = 10  # of which llama-perplexity gives no error
PERCENTS = (0.0, 0.1, 1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0)
_ENDINGS = dict(zip(PERCENTS, PLACES, strict=True))


@dataclass(frozen=True)
class CodedPairsState:
    """What is measured of each row, in the order of the rows."""

    parts: tuple[PairRows, ...] = ()

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows, those of this one first."""
        return type(self)((*self.parts, *other.parts))

    @property
    def rows(self) -> PairRows:
        """All rows."""
        return PairRows(*map(np.concatenate, zip(*self.parts, strict=True)))

    def compute(self) -> dict[str, Measure]:
        """Return every measure by its name; there must be a row."""
        rows = self.rows
        return {**_losses(rows), **_divergences(rows), **_probabilities(rows)}

    def percentiles(self) -> tuple[Percentile, ...]:
        """Return the percentiles; of divergences only where none is bounded."""
        rows = self.rows
        kl = {} if rows.bounded.any() else _percentiles(rows.kl)
        delta = _percentiles(rows.delta_p)
        return tuple(Percentile(each, kl.get(each), delta[each]) for each in PERCENTS)


def _error(values: Doubles) -> float:
    """Return the standard error of a mean as llama-perplexity has it: 0 of few rows."""
    n = len(values)
    if n <= _FEW_ROWS:
        return 0.0
    return math.sqrt(float(np.square(values - values.mean()).mean()) / (n - 1))


def _losses(rows: PairRows) -> dict[str, Measure]:
    base, new = rows.loss_base, rows.loss_new
    mean_base, mean_new = float(base.mean()), float(new.mean())
    error_base, error_new = _error(base), _error(new)
    n = len(base)
    centred = (base - mean_base) * (new - mean_new)
    covariance = float(centred.mean()) / (n - 1) if n > 1 else 0.0
    errors = error_base * error_new
    correlation = covariance / errors if errors else None
    change = mean_new - mean_base
    error = math.sqrt(max(0.0, error_base**2 + error_new**2 - 2.0 * covariance))
    ppl_base, ppl_new, ratio = _exp(mean_base), _exp(mean_new), _exp(change)
    of_base, of_new = ppl_base * error_base, ppl_new * error_new
    apart = of_base**2 + of_new**2 - 2.0 * ppl_base * ppl_new * covariance
    lost_base, lost_new = bool(rows.floored_base.any()), bool(rows.floored_new.any())
    of_both = (lost_base, lost_new, n)
    unknown = (lost_base or lost_new,) * 2
    return {
        "loss_base": _told(mean_base, error_base, bounded=lost_base, n=n),
        "loss_new": _told(mean_new, error_new, bounded=lost_new, n=n),
        "loss_correlation": _between(correlation, None, *unknown, n),
        "perplexity_base": _told(ppl_base, of_base, bounded=lost_base, n=n),
        "perplexity_new": _told(ppl_new, of_new, bounded=lost_new, n=n),
        "log_perplexity_ratio": _between(change, error, *of_both),
        "perplexity_ratio": _between(ratio, ratio * error, *of_both),
        "perplexity_difference": _between(ppl_new - ppl_base, math.sqrt(max(0.0, apart)), *of_both),
    }


def _exp(value: float) -> float:
    return math.exp(value) if value < 700.0 else math.inf


def _divergences(rows: PairRows) -> dict[str, Measure]:
    bounded, n = bool(rows.bounded.any()), len(rows.kl)
    found: dict[str, Measure] = {
        "kl": _told(float(rows.kl.mean()), _error(rows.kl), bounded=bounded, n=n)
    }
    for percent, value in _percentiles(rows.kl).items():
        found[f"kl_{_ENDINGS[percent]}"] = _told(value, None, bounded=bounded, n=n)
    return found


def _probabilities(rows: PairRows) -> dict[str, Measure]:
    delta, n = rows.delta_p, len(rows.delta_p)
    found = {"delta_p": Measure(float(delta.mean()), _error(delta), n=n)}
    for percent, value in _percentiles(delta).items():
        found[f"delta_p_{_ENDINGS[percent]}"] = Measure(value, n=n)
    squares = np.square(delta)
    root = math.sqrt(float(squares.mean()))
    found["rms_delta_p"] = Measure(root, 0.5 / root * _error(squares) if root else 0.0, n=n)
    share = float(rows.same.mean())
    error = math.sqrt(share * (1.0 - share) / (n - 1)) if n > 1 else None
    found["agreement"] = Measure(share, error, n=n)
    return found


def _percentiles(values: Doubles) -> dict[float, float]:
    """Return percentiles, linear between the rows in their order."""
    found = np.percentile(values, PERCENTS)
    return dict(zip(PERCENTS, found.tolist(), strict=True))


def _told(value: float, error: float | None, *, bounded: bool, n: int) -> Measure:
    """Return a number, or what it is at least."""
    if bounded:
        return Bounded(n=n, lower_bound=value, at_floors=value)
    return Measure(value, error, n=n)


def _between(
    value: float | None, error: float | None, lost_base: bool, lost_new: bool, n: int
) -> Measure:
    """Return what is made of both losses: bounded from one side if one of them is, else unknown."""
    if not (lost_base or lost_new):
        return Measure(value, error, n=n)
    lower = value if lost_new and not lost_base else None
    upper = value if lost_base and not lost_new else None
    return Bounded(n=n, lower_bound=lower, upper_bound=upper, at_floors=value)
