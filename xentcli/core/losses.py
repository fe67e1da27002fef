"""Computes negative log likelihood and cross entropy, as PyTorch's functions of these names do.

Every loss is a fact of rows (`row_facts`, with the formulas of `row_losses`) and a reduction, which
is an exact sum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from xentcli.core.checks import Kind, check_options
from xentcli.core.dtypes import Doubles
from xentcli.core.exact_sum import ExactSum
from xentcli.core.labels import LossOptions, as_weight
from xentcli.core.object_arrays import array_of
from xentcli.core.reduction import reduce_losses
from xentcli.core.row_facts import RowFacts, row_facts
from xentcli.core.row_losses import Reduction
from xentcli.core.shapes import rows_of
from xentcli.errors import ShapeError


def _loss(
    values: ArrayLike, labels: ArrayLike, options: LossOptions, reduction: Reduction, kind: Kind
) -> Doubles | np.float64:
    x = array_of(values, "logits" if kind == "logits" else "log_probs")
    y = array_of(labels, "labels")
    rows = rows_of(x, y, class_axis=min(1, x.ndim - 1))
    if kind != "logits" and rows.labels.ndim == 2:
        raise ShapeError("nll_loss takes class indices, not class probabilities")
    check_options(options, rows.values.shape[1], probabilities=rows.labels.ndim == 2)
    needs = ("loss", "used", "weight")
    facts = row_facts(rows.values, rows.labels, options, needs, kind=kind)
    return reduce_losses(facts, rows.lead, reduction, _weight_sum)


def _weight_sum(facts: RowFacts) -> float:
    """Return the sum of weights by which a mean divides."""
    if facts["weight"] is not None:
        return float(ExactSum.of(facts["weight"]))
    return float(facts.rows if facts["used"] is None else np.count_nonzero(facts["used"]))


def nll_loss(
    log_probs: ArrayLike,
    labels: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Doubles | np.float64:
    """Return the negative log likelihood of labels.

    Parameters
    ----------
    log_probs : array_like of shape (C,), (N, C) or (N, C, d1, ...)
        Log-probabilities, in nats.
    labels : array_like of integers of shape (), (N,) or (N, d1, ...)
        Class indices.
    weight : array_like of shape (C,), optional
        A factor for each class.
    ignore_index : int
        The label of rows to leave out.
    reduction : {'mean', 'sum', 'none'}
        'mean' divides by the sum of the used rows' weights.

    Returns
    -------
    float64 or ndarray of float64
        The loss in nats; with 'none', an array of the shape of `labels`.

    Raises
    ------
    ShapeError, LabelError
        If shapes do not fit, or a label is not a class.

    Examples
    --------
    >>> from xentcli import log_softmax, nll_loss
    >>> log_probs = log_softmax([[2.0, 1.0], [0.0, 0.0]])
    >>> nll_loss(log_probs, [0, 1], reduction="none")
    array([0.31326169, 0.69314718])
    """
    options = LossOptions(as_weight(weight), ignore_index)
    return _loss(log_probs, labels, options, reduction, "log-probabilities")


def cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> Doubles | np.float64:
    """Return the cross entropy of logits, against class indices or class probabilities.

    Parameters
    ----------
    logits : array_like of shape (C,), (N, C) or (N, C, d1, ...)
        Unnormalised log-probabilities.
    labels : array_like
        Class indices of shape (), (N,) or (N, d1, ...), or class probabilities, floating point and
        of the logits' own shape.
    weight : array_like of shape (C,), optional
        A factor for each class.
    ignore_index : int
        The label of rows to leave out; only for class indices.
    reduction : {'mean', 'sum', 'none'}
        'mean' divides by the sum of the used rows' weights, or, with class probabilities, by the
        number of rows.
    label_smoothing : float
        The share of each label, in [0, 1], that is spread evenly over all classes.

    Returns
    -------
    float64 or ndarray of float64
        The loss in nats; with 'none', an array of the logits' shape without the class axis. Rows of
        logits that hold NaN or +inf, or only -inf, give NaN.

    Raises
    ------
    ShapeError, LabelError
        If shapes do not fit, or a label is not a class.

    Examples
    --------
    >>> from xentcli import cross_entropy
    >>> logits = [[2.0, 1.0], [0.0, 0.0], [50.0, 0.0]]
    >>> cross_entropy(logits, [0, 1, 0], reduction="none")
    array([3.13261688e-01, 6.93147181e-01, 1.92874985e-22])
    >>> float(cross_entropy(logits, [0, -100, 0]))
    0.156630...
    """
    options = LossOptions(as_weight(weight), ignore_index, label_smoothing)
    return _loss(logits, labels, options, reduction, "logits")
