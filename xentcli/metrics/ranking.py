"""Measures rows in the order of a number: equal-mass bins, AUROC and average precision."""

import math
from collections.abc import Iterable
from operator import mul
from typing import NamedTuple

import numpy as np

from xentcli.core.cell_sums import CellSums
from xentcli.core.exact_sum import ONE, ExactSum
from xentcli.metrics.order import Level
from xentcli.results.measure import NOTHING, Measure


def equal_mass_ece(levels: Iterable[Level], n: int, bins: int) -> Measure:
    """Return the calibration error in bins of equally many rows.

    Equal confidences stay together, in the bin of their middle rank.
    """
    if not n:
        return NOTHING
    below = 0
    hits, sums = np.zeros(bins, np.int64), CellSums.zeros(bins)
    for level in levels:
        ends = below + np.cumsum(level.rows)
        middle = 2 * ends - level.rows - 1  # twice the mean of their ranks, which begin with 0
        cells = np.minimum(bins - 1, bins * middle // (2 * n))
        hits += np.bincount(cells, level.hits, bins).astype(np.int64)
        sums += CellSums.of(level.values * level.rows, cells, bins)
        below = int(ends[-1])
    gaps = [
        abs(hit * ONE - each.units) for hit, each in zip(hits.tolist(), sums.exact(), strict=True)
    ]
    return Measure(sum(gaps) / (ONE * n), n=n)


class Ranking(NamedTuple):
    """How well a score tells hits from other rows."""

    auroc: Measure = NOTHING
    average_precision: Measure = NOTHING


def ranking(levels: Iterable[Level], n: int, positives: int) -> Ranking:
    """Return the area under the ROC curve, with ties at their middle rank, and average precision.

    There is neither if all rows or none are hits.
    """
    negatives = n - positives
    if not positives or not negatives:
        return Ranking()
    won, below, below_true = 0, 0, 0
    precision = ExactSum()
    for level in levels:
        wrong = level.rows - level.hits
        wrong_below = (below - below_true) + np.cumsum(wrong) - wrong
        won += sum(map(mul, level.hits.tolist(), (2 * wrong_below + wrong).tolist()))
        true_from = positives - below_true - np.cumsum(level.hits) + level.hits
        rows_from = n - below - np.cumsum(level.rows) + level.rows
        precision += ExactSum.of(np.asarray(level.hits * (true_from / rows_from), np.float64))
        below += int(level.rows.sum())
        below_true += int(level.hits.sum())
    return Ranking(
        Measure(won / (2 * positives * negatives), n=n),
        Measure(float(precision) / positives, n=n),
    )


def mean_of(measures: Iterable[Measure]) -> Measure:
    """Return the mean of the measures that have a value; `n` is how many these are."""
    values = [each.value for each in measures if each.value is not None]
    return Measure(math.fsum(values) / len(values), n=len(values)) if values else NOTHING
