"""Computes the loss of each row, with PyTorch's options.

A row's loss depends on that row alone. With lp = log_softmax(z), y the label, w the class weights,
t the class probabilities and e the label smoothing, it is

    class indices        (1 - e) * w[y] * -lp[y]  +  e / C * sum over c of w[c] * -lp[c]
    class probabilities  sum over c of w[c] * (t[c] * (1 - e) + e / C) * -lp[c]

and -lp[c] = log1p(s) + (a - z[c]), two terms that are never negative (see `normalizer`).
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.dtypes import Doubles, Floats, widen
from xentcli.core.labels import Labels, LossOptions
from xentcli.core.normalizer import Normalizer
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import LogitRows, pieces, row_starts, tiles

Reduction = Literal["mean", "sum", "none"]

SUM_TOLERANCE = 1e-2  # class probabilities in half precision may be off by less


def pick(rows: NDArray[Any], index: NDArray[np.int64]) -> NDArray[Any]:
    """Return the value of each row of (N, C) at its index; 0 if there are no classes.

    The caller has checked the indices: one outside the classes is not noticed.
    """
    if rows.shape[1] == 0:
        return np.zeros(len(rows), rows.dtype)
    return rows.reshape(-1).take(row_starts(*rows.shape) + index, mode="wrap")  # the fastest


def nll_of_picked(picked: Doubles, labels: Labels, *, probs: bool) -> Doubles:
    """Return ``-w[y] * picked``; the logarithm of `picked` is taken if it holds `probs`."""
    with np.errstate(all="ignore"):
        loss = 0.0 - (elementary.log(picked) if probs else picked)
        return loss if labels.weight is None else loss * labels.weight


def losses_of_indices(
    logits: LogitRows,
    labels: Labels,
    options: LossOptions,
    norm: Normalizer,
    picked: Floats,
    log_rest: Doubles,
) -> Doubles:
    """Return the cross entropy of rows with class indices, given the labels' logits `picked`.

    `log_rest` is that of the normalizer, which other facts need too.
    """
    num_classes = logits.shape[1]
    with np.errstate(all="ignore"):
        loss: Doubles = norm.peak.astype(np.float64)  # not through a buffer
        loss -= picked
        loss += log_rest
        if labels.weight is not None:
            loss *= labels.weight
        smoothing, weight = options.label_smoothing, options.weight
        if smoothing > 0.0 and num_classes:
            every = np.ones(num_classes) if weight is None else weight
            spread = every.sum() * log_rest + _weighted_gaps(logits, norm, every)
            loss = (1.0 - smoothing) * loss + smoothing / num_classes * spread
    return loss


def losses_of_probabilities(
    logits: LogitRows, probs: NDArray[Any], options: LossOptions, norm: Normalizer
) -> tuple[Doubles, NDArray[np.bool_]]:
    """Return the cross entropy of rows with class probabilities, and a mask of uneven rows.

    The probabilities of an uneven row do not sum to 1.
    """
    rows, num_classes = logits.shape
    smoothing = options.label_smoothing
    loss, uneven = np.zeros(rows), np.zeros(rows, np.bool_)
    with np.errstate(all="ignore"):
        log_rest = norm.log_rest  # for all rows at once, as a call costs as much as hundreds
        for tile in pieces((rows, num_classes), np.float64):
            part = probs[tile]
            mass = scratch("mass", part.shape, np.float64)
            np.copyto(mass, part)  # in C order, since a row's sum depends on the layout
            sums = np.add.reduce(mass, axis=1)
            uneven[tile] = np.abs(sums - 1.0) > SUM_TOLERANCE
            if smoothing > 0.0:
                mass = mass * (1.0 - smoothing) + smoothing / max(1, num_classes)
            if options.weight is not None:
                mass *= options.weight
            if smoothing > 0.0 or options.weight is not None:
                sums = np.add.reduce(mass, axis=1)
            gaps = _weighted_gaps(logits[tile], norm.of(tile), mass)
            loss[tile] = sums * log_rest[tile] + gaps
    return loss, uneven


def nll_of_probabilities(
    rows: LogitRows, mass: NDArray[Any], options: LossOptions, *, probs: bool
) -> tuple[Doubles, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return ``-sum over c of w[c] * t[c] * lp[c]`` for rows of probabilities or their logarithms.

    Two masks follow: rows of t that do not sum to 1, and rows where t is 0 and the log-probability
    is -inf. Their product counts as 0, unless the options say that it is NaN.
    """
    count, num_classes = rows.shape
    loss, uneven, zeroed = np.zeros(count), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    with np.errstate(all="ignore"):
        for tile in tiles(count, num_classes):
            t, values = mass[tile].astype(np.float64, order="C"), rows[tile].astype(np.float64)
            uneven[tile] = np.abs(np.add.reduce(t, axis=1) - 1.0) > SUM_TOLERANCE
            logs = elementary.log(values) if probs else values
            terms = 0.0 - t * logs
            nothing = (t == 0.0) & np.isneginf(logs)
            zeroed[tile] = nothing.any(axis=1)
            if not options.nan_of_zero:
                terms[nothing] = 0.0
            if options.weight is not None:
                terms *= options.weight
            loss[tile] = np.add.reduce(terms, axis=1)
    return loss, uneven, zeroed


def _weighted_gaps(logits: LogitRows, norm: Normalizer, mass: Doubles) -> Doubles:
    """Return the sum over classes of ``mass * (peak - logits)``, in float64."""
    sums = np.zeros(logits.shape[0])
    for tile in tiles(*logits.shape):
        values = widen(logits[tile])
        gaps = scratch("gaps", values.shape, np.float64)
        np.subtract(norm.peak[tile, None], values, out=gaps, dtype=np.float64)
        gaps *= mass if mass.ndim == 1 else mass[tile]
        np.add.reduce(gaps, axis=1, out=sums[tile])
    return sums


def mean_of(loss_sum: float, weight_sum: float) -> float:
    """Return the mean as PyTorch defines it, which is NaN if no row is used."""
    return loss_sum / weight_sum if weight_sum != 0.0 else float("nan")
