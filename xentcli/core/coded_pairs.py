"""Two models' rows of log-probabilities in codes, as llama-perplexity compares them.

A row is `least + scale * code`. In a row that is cut off, code 0 stands for all log-probabilities
up to `least`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LEAST_LOG_PROB = -16.0
"""Classes up to which llama-perplexity leaves out of a divergence."""


class Codes(NamedTuple):
    """Rows (N, V) of codes, with a scale and a least log-probability each, and which are cut."""

    codes: NDArray[np.uint16]
    scale: Doubles
    least: Doubles
    cut: Flags


class PairRows(NamedTuple):
    """What is measured of each row: arrays (N,).

    Attributes
    ----------
    loss_base, loss_new : ndarray of float64
        Negative log likelihoods of the label, at least that large where it is floored.
    kl : ndarray of float64
        The divergence of the new model from the base, at least that large where it is bounded.
    delta_p : ndarray of float64
        By how much the label's probability changes.
    same : ndarray of bool
        Whether the largest code, the first of equals, is that of the same class.
    floored_base, floored_new, bounded : ndarray of bool
        Whether the label is below what a row keeps, or a class is that the divergence counts.
    """

    loss_base: Doubles
    loss_new: Doubles
    kl: Doubles
    delta_p: Doubles
    same: Flags
    floored_base: Flags
    floored_new: Flags
    bounded: Flags


def coded_pairs(base: Codes, new: Codes, labels: NDArray[np.int64]) -> PairRows:
    """Return what llama-perplexity measures of each row."""
    log_base, floored_base = _at_labels(base, labels)
    log_new, floored_new = _at_labels(new, labels)
    kl, bounded = _divergence(base, new)
    return PairRows(
        loss_base=-log_base,
        loss_new=-log_new,
        kl=kl,
        delta_p=elementary.exp(log_new) - elementary.exp(log_base),
        same=base.codes.argmax(axis=1) == new.codes.argmax(axis=1),
        floored_base=floored_base,
        floored_new=floored_new,
        bounded=bounded,
    )


def _at_labels(rows: Codes, labels: NDArray[np.int64]) -> tuple[Doubles, Flags]:
    codes = rows.codes[np.arange(len(labels)), labels].astype(np.float64)
    return rows.scale * codes + rows.least, rows.cut & (codes == 0.0)


def _divergence(base: Codes, new: Codes) -> tuple[Doubles, Flags]:
    """Return the divergence of each row, over the classes that count, and whether it is more.

    They are few of a large vocabulary: what does not count for its code alone is left out first.
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
