"""The loss of each row, with PyTorch's options.

A row's loss depends on that row alone. With lp = log_softmax(z), y the label, w the class weights,
t the class probabilities and e the label smoothing, it is

    class indices        (1 - e) * w[y] * -lp[y]  +  e / C * sum over c of w[c] * -lp[c]
    class probabilities  sum over c of w[c] * (t[c] * (1 - e) + e / C) * -lp[c]

and -lp[c] = log1p(s) + (a - z[c]), two terms that are never negative (see `normalizer`).
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xentcli.core.checks import Problem, check_class_count, check_finite
from xentcli.core.dtypes import computing_dtype, is_floating, widen
from xentcli.core.exact_sum import ExactSum
from xentcli.core.labels import Doubles, Labels, LossOptions
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.rows import LogitRows, tiles
from xentcli.core.scratch import scratch
from xentcli.core.softmax import as_rows
from xentcli.errors import InputError, NonFiniteError, ShapeError

Reduction = Literal["mean", "sum", "none"]

_UNEVEN = 1e-2  # class probabilities in half precision may be off by less


class RowLosses(NamedTuple):
    """The losses of some rows and what a mean over them divides by.

    Attributes
    ----------
    loss : ndarray of float64 of shape (N,)
        0 for ignored rows.
    weight : ndarray of float64 of shape (N,) or None
        The weight of each row's label, 0 for ignored rows; None where every used row counts 1.
    used : ndarray of bool of shape (N,) or None
        The rows that are not ignored; None for all.
    problems : tuple of Problem
        Labels outside the classes, and rows that are not finite.
    uneven : int
        How many rows of class probabilities do not sum to 1.
    """

    loss: Doubles
    weight: Doubles | None
    used: NDArray[np.bool_] | None
    problems: tuple[Problem, ...]
    uneven: int = 0

    @classmethod
    def of(cls, loss: Doubles, labels: Labels, problems: tuple[Problem, ...]) -> "RowLosses":
        """Return losses of rows with class indices, those of ignored rows 0."""
        if labels.used is not None:
            loss = np.where(labels.used, loss, 0.0)
        return cls(loss, labels.weight, labels.used, labels.problems + problems)

    def weight_sum(self) -> ExactSum:
        """Return what a mean divides by."""
        if self.weight is not None:
            return ExactSum.of(self.weight)
        used = len(self.loss) if self.used is None else int(np.count_nonzero(self.used))
        return ExactSum.of(np.array([float(used)]))


def _pick(rows: NDArray[Any], index: NDArray[np.int64]) -> NDArray[Any]:
    """Return the value of each row of (N, C) at its index."""
    if rows.shape[1] == 0:
        return np.zeros(len(rows), rows.dtype)
    offsets = np.arange(0, rows.size, rows.shape[1])
    offsets += index
    return rows.reshape(-1).take(offsets)


def nll_rows(
    log_probs: NDArray[Any], labels: NDArray[Any], options: LossOptions, *, probs: bool = False
) -> RowLosses:
    """Return ``-w[y] * log_probs[y]`` of rows (N, C); with `probs`, of their logarithms."""
    if labels.ndim != 1:
        raise ShapeError("nll takes class indices, not class probabilities")
    checked = Labels.of(labels, log_probs.shape[1], options)
    picked = _pick(log_probs, checked.index).astype(np.float64)
    bad = checked.of_used(np.isnan(picked) | (picked == np.inf) | (probs & (picked < 0.0)))
    what = "probability" if probs else "log-probability"
    problem = _first_bad(picked, bad, what, checked.index)
    with np.errstate(all="ignore"):
        loss = 0.0 - (np.log(picked) if probs else picked)
        if checked.weight is not None:
            loss = loss * checked.weight
    return RowLosses.of(loss, checked, problem)


def _first_bad(
    values: Doubles, bad: NDArray[np.bool_], what: str, column: NDArray[np.int64]
) -> tuple[Problem, ...]:
    rows = np.flatnonzero(bad)
    if rows.size == 0:
        return ()
    row = int(rows[0])
    hint = "--non-finite propagate computes on with it"
    message = f"{what} {values[row]:g}"
    return (Problem(NonFiniteError, row, message, len(rows), int(column[row]), hint),)


def cross_entropy_rows(logits: LogitRows, labels: NDArray[Any], options: LossOptions) -> RowLosses:
    """Return the cross entropy of rows (N, C) with class indices (N,) or probabilities (N, C)."""
    rows = _index_rows if labels.ndim == 1 else _probability_rows
    with np.errstate(all="ignore"):
        return rows(logits, labels, options)


def _index_rows(logits: LogitRows, labels: NDArray[Any], options: LossOptions) -> RowLosses:
    num_classes = logits.shape[1]
    checked = Labels.of(labels, num_classes, options)
    picked = np.zeros(logits.shape[0], computing_dtype(logits.dtype))

    def look(tile: slice, rows: NDArray[Any]) -> None:
        picked[tile] = _pick(rows, checked.index[tile])

    norm = normalizer(logits, look=look)
    log_rest = norm.log_rest
    loss = np.subtract(norm.peak, picked, dtype=np.float64)
    loss += log_rest
    if checked.weight is not None:
        loss *= checked.weight
    smoothing, weight = options.label_smoothing, options.weight
    if smoothing > 0.0 and num_classes:
        every = np.ones(num_classes) if weight is None else weight
        spread = every.sum() * log_rest + _weighted_gaps(logits, norm, every)
        loss = (1.0 - smoothing) * loss + smoothing / num_classes * spread
    problems: tuple[Problem, ...] = ()
    if np.isnan(norm.rest.min(initial=0.0)):
        problems = check_finite(logits, checked.of_used(np.isnan(norm.rest)))
    return RowLosses.of(loss, checked, problems)


def _probability_rows(logits: LogitRows, probs: NDArray[Any], options: LossOptions) -> RowLosses:
    rows, num_classes = logits.shape
    norm = normalizer(logits)
    smoothing = options.label_smoothing
    loss, uneven = np.zeros(rows), 0
    for tile in tiles(rows, num_classes):
        mass = probs[tile].astype(np.float64, order="C")  # a row's sum depends on the layout
        sums = np.add.reduce(mass, axis=1)
        uneven += int(np.count_nonzero(np.abs(sums - 1.0) > _UNEVEN))
        if smoothing > 0.0:
            mass = mass * (1.0 - smoothing) + smoothing / max(1, num_classes)
        if options.weight is not None:
            mass *= options.weight
        if smoothing > 0.0 or options.weight is not None:
            sums = np.add.reduce(mass, axis=1)
        part = norm.of(tile)
        loss[tile] = sums * part.log_rest + _weighted_gaps(logits[tile], part, mass)
    used = None if num_classes else np.zeros(rows, np.bool_)  # as PyTorch: a mean of 0 / 0
    return RowLosses(loss, None, used, check_finite(logits, np.isnan(norm.rest)), uneven)


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


class Rows(NamedTuple):
    """Logits and labels as rows, (N, C) with (N,) or (N, C), and the shape that N stands for."""

    values: NDArray[Any]
    labels: NDArray[Any]
    lead: tuple[int, ...]


def check_options(options: LossOptions, num_classes: int, *, probabilities: bool) -> None:
    """Raise if the options do not fit the classes or the kind of labels."""
    if options.weight is not None:
        check_class_count("weight", options.weight.shape, num_classes)
    if probabilities and options.ignore_index >= 0:
        raise InputError("ignore_index leaves out class indices; these labels are probabilities")


def without_axis(shape: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    """Return the shape of one number for each row: that of the logits without the classes."""
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


def rows_of(
    logits: NDArray[Any], labels: NDArray[Any], options: LossOptions, class_axis: int
) -> Rows:
    """Lay out logits and labels as rows.

    Raises
    ------
    ShapeError
        If the shapes do not fit each other or the options.
    """
    if logits.ndim == 0:
        raise ShapeError("a single number is not a row of logits")
    computing_dtype(logits.dtype)
    values = as_rows(logits, class_axis)
    count, num_classes = values.shape
    lead = without_axis(logits.shape, class_axis)
    probabilities = labels.shape == logits.shape  # PyTorch's rule
    check_options(options, num_classes, probabilities=probabilities)
    if probabilities:
        if not is_floating(labels.dtype):
            raise ShapeError(
                f"labels of the logits' shape {labels.shape} are class probabilities and must be "
                f"floating point, not {labels.dtype}"
            )
        labels = as_rows(labels, class_axis)
    elif labels.shape == lead or (lead == () and labels.shape == (1,)):
        labels = labels.reshape(count)
    else:
        raise ShapeError(
            f"labels of shape {labels.shape} do not fit logits of shape {logits.shape}: they must "
            f"have shape {lead} (class indices) or {logits.shape} (class probabilities)"
        )
    return Rows(values, labels, lead)


def as_weight(weight: ArrayLike | None) -> Doubles | None:
    """Return class weights as float64."""
    return None if weight is None else np.asarray(weight).astype(np.float64)


def mean_of(loss_sum: float, weight_sum: float) -> float:
    """Return the mean that PyTorch defines: NaN where nothing is used."""
    return loss_sum / weight_sum if weight_sum != 0.0 else float("nan")
