"""Compares two models' rows of coded log-probabilities, as llama-perplexity does.

A row is `least + scale * code`. In a row that is cut off, code 0 stands for all log-probabilities
up to `least`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.dtypes import Doubles

Flags = NDArray[np.bool_]

_LEAST_LOG_PROB = -16.0
"""Classes of the base up to this are left out of a divergence by llama-perplexity."""


class Codes(NamedTuple):
    """Rows of codes (N, V), and for each its scale, its least log-probability, and if it is cut."""

    codes: NDArray[np.uint16]
    scale: Doubles
    least: Doubles
    cut: Flags


class LossBounds(NamedTuple):
    """The least and the greatest loss that each row may have: arrays (N,)."""

    lower: Doubles
    upper: Doubles


class PairRows(NamedTuple):
    """The measures of each row: arrays (N,).

    Attributes
    ----------
    loss_base, loss_new : ndarray of float64
        The negative log likelihoods of the label, as the codes have it, also if it is floored.
    bounds_base, bounds_new : LossBounds
        The bounds of these.
    kl : ndarray of float64
        The divergence of the new model from the base; a lower bound if it is bounded.
    delta_p : ndarray of float64
        The change of the label's probability.
    same : ndarray of bool
        Whether both models have their largest code, the first of equal ones, at the same class.
    floored_base, floored_new, bounded : ndarray of bool
        Whether the row does not store the label, or a class that counts in the divergence.
    """

    loss_base: Doubles
    loss_new: Doubles
    bounds_base: LossBounds
    bounds_new: LossBounds
    kl: Doubles
    delta_p: Doubles
    same: Flags
    floored_base: Flags
    floored_new: Flags
    bounded: Flags


def coded_pairs(base: Codes, new: Codes, labels: NDArray[np.int64]) -> PairRows:
    """Return the measures of each row, as llama-perplexity computes them."""
    log_base, floored_base = _at_labels(base, labels)
    log_new, floored_new = _at_labels(new, labels)
    kl, bounded = _divergence(base, new)
    return PairRows(
        loss_base=-log_base,
        loss_new=-log_new,
        bounds_base=loss_bounds(log_base, base.scale, floored_base),
        bounds_new=loss_bounds(log_new, new.scale, floored_new),
        kl=kl,
        delta_p=elementary.exp(log_new) - elementary.exp(log_base),
        same=base.codes.argmax(axis=1) == new.codes.argmax(axis=1),
        floored_base=floored_base,
        floored_new=floored_new,
        bounded=bounded,
    )


def loss_bounds(log_probs: Doubles, scale: Doubles, floored: Flags) -> LossBounds:
    """Return the bounds of losses: half a step from a label's code, and none above a floor."""
    lower = np.maximum(0.0, -log_probs - scale / 2.0)
    return LossBounds(lower, np.where(floored, np.inf, -log_probs + scale / 2.0))


def _at_labels(rows: Codes, labels: NDArray[np.int64]) -> tuple[Doubles, Flags]:
    codes = rows.codes[np.arange(len(labels)), labels].astype(np.float64)
    return rows.scale * codes + rows.least, rows.cut & (codes == 0.0)


def _divergence(base: Codes, new: Codes) -> tuple[Doubles, Flags]:
    """Return the divergence of each row over the classes that count, and whether it may be larger.

    In a large vocabulary few classes count, so those whose code alone is too small go first.
    """
    count = len(base.scale)
    with np.errstate(all="ignore"):
        first = np.floor((_LEAST_LOG_PROB - base.least) / base.scale)
    first = np.clip(np.nan_to_num(first, nan=0.0), 0.0, 65535.0)
    may_count = base.codes >= first.astype(np.uint16)[:, None]
    rows = np.nonzero(may_count)[0]
    log_base = base.codes[may_count] * base.scale[rows] + base.least[rows]
    codes = new.codes[may_count]
    log_new = codes * new.scale[rows] + new.least[rows]
    counts = log_base > _LEAST_LOG_PROB
    terms = np.where(counts, elementary.exp(log_base) * (log_base - log_new), 0.0)
    floored = counts & (codes == 0) & new.cut[rows]
    sums = np.bincount(rows, terms, count).astype(np.float64)
    return sums, np.bincount(rows, floored, count) > 0.0
