"""Computes the binary cross entropy element by element, as PyTorch's function of that name does.

With z a logit, y its label in [0, 1], q the positive weight and w the weight, an element's loss is

    w * (q * y * softplus(-z) + (1 - y) * softplus(z)),   softplus(x) = max(x, 0) + log1p(exp(-|x|))

and of a probability p it is ``w * -(y * log(p) + (1 - y) * log1p(-p))``. Every term is at least 0,
so that nothing cancels, and 0 times infinity is 0. Everything is computed in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xentcli.core import elementary
from xentcli.core.binary_options import BinaryOptions
from xentcli.core.checks import Problem
from xentcli.core.dtypes import Doubles, computing_dtype
from xentcli.core.labels import as_weight, real_numbers
from xentcli.core.object_arrays import array_of
from xentcli.core.reduction import reduce_losses
from xentcli.core.row_facts import RowFacts
from xentcli.core.row_losses import Reduction
from xentcli.errors import InputError, LabelError, NonFiniteError, ShapeError

Array = NDArray[Any]


def binary_losses(values: Array, labels: Array, options: BinaryOptions) -> Doubles:
    """Return the loss of each element of logits, or of probabilities, with labels of their shape.

    Labels outside [0, 1] and probabilities outside [0, 1] give NaN or nonsense: check them first.
    """
    z, y = values.astype(np.float64), labels.astype(np.float64)
    with np.errstate(all="ignore"):
        if options.probs:
            positive, negative = 0.0 - elementary.log(z), 0.0 - elementary.log1p(-z)
        else:
            rest = elementary.log1p(elementary.exp(-np.abs(z)))
            positive, negative = np.maximum(-z, 0.0) + rest, np.maximum(z, 0.0) + rest
        share = y if options.pos_weight is None else y * options.pos_weight
        loss = _times(share, positive) + _times(1.0 - y, negative)
        loss[np.isnan(z)] = np.nan
        return loss if options.weight is None else _times(options.weight, loss)


def _times(factor: Doubles, values: Doubles) -> Doubles:
    """Return the product, in which 0 times infinity is 0."""
    product: Doubles = factor * values
    if not np.isfinite(values).all():
        product[np.isinf(values) & (np.broadcast_to(factor, values.shape) == 0.0)] = 0.0
    return product


def binary_facts(values: Array, labels: Array, options: BinaryOptions) -> RowFacts:
    """Return the facts of elements, each as if it were a row of two classes.

    Parameters
    ----------
    values, labels : ndarray of one shape
        Logits or probabilities of class 1, and labels in [0, 1].
    options : BinaryOptions
        The options of the loss.

    Returns
    -------
    RowFacts
        ``loss``; ``used``; ``measured``, the elements that are used and not NaN; ``weight``, None
        since a mean divides by the number of used elements; ``hit``; and ``uneven``, the elements
        whose label is between 0 and 1. Problems are labels outside [0, 1], and values that are NaN
        or not probabilities.
    """
    computing_dtype(values.dtype)
    y = labels.reshape(-1)
    ignored = np.zeros(y.shape, np.bool_)
    for label in options.ignored:
        ignored |= y == label
    used = ~ignored if ignored.any() else None
    problems = _problems(values.reshape(-1), y, ~ignored, probs=options.probs)
    safe = labels if used is None else np.where(ignored.reshape(labels.shape), 0, labels)
    loss = binary_losses(values, safe, options).reshape(-1)
    loss = loss if used is None else np.where(used, loss, 0.0)
    predicted = values.reshape(-1) > (0.5 if options.probs else 0.0)
    hit = (predicted == (y == 1)) & ~ignored
    uneven = ~ignored & (y != 0) & (y != 1)
    nan = np.isnan(values.reshape(-1))
    measured = ~(ignored | nan) if used is not None or nan.any() else None
    facts = {
        "loss": loss,
        "used": used,
        "measured": measured,
        "weight": None,
        "hit": hit & ~nan,
        "uneven": uneven,
    }
    return RowFacts(y.size, 2, facts, problems)


def _problems(
    values: Array, labels: Array, used: NDArray[np.bool_], *, probs: bool
) -> tuple[Problem, ...]:
    with np.errstate(invalid="ignore"):
        no_label = np.flatnonzero(used & ~((labels >= 0) & (labels <= 1)))
        odd = np.isnan(values) if not probs else ~((values >= 0) & (values <= 1))
    no_value = np.flatnonzero(used & odd)
    found = []
    if no_label.size:
        first = labels[no_label[0]]
        same = bool((labels[no_label] == first).all()) and first == np.floor(first)
        hint = f"if {first:g} marks what to leave out: --ignore-index {first:g}" if same else None
        found.append(
            Problem(
                LabelError,
                int(no_label[0]),
                f"label {first:g} is not between 0 and 1",
                no_label.size,
                "labels",
                hint=hint,
                label=int(first) if same else None,
            )
        )
    if no_value.size:
        value = values[no_value[0]]
        message = f"{'probability' if probs else 'logit'} {value:g}"
        kind = NonFiniteError if np.isnan(value) else InputError
        hint = (
            "--non-finite propagate computes what PyTorch does: NaN"
            if np.isnan(value)
            else "if these are logits: xent loss --binary LOGITS LABELS"
        )
        row = int(no_value[0])
        found.append(Problem(kind, row, message, no_value.size, "logits", hint=hint))
    return tuple(sorted(found, key=lambda problem: problem.row))


def same_elements(values: Array, labels: Array) -> Array:
    """Return labels in the shape of the values, from which axes of length 1 may be missing.

    Raises
    ------
    ShapeError
        If the shapes differ otherwise.
    """
    if [n for n in values.shape if n != 1] != [n for n in labels.shape if n != 1]:
        raise ShapeError(
            f"labels of shape {labels.shape} do not fit logits of shape {values.shape}: each "
            "element needs a label"
        )
    return labels.reshape(values.shape)


def binary_cross_entropy_with_logits(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    pos_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
) -> Doubles | np.float64:
    """Return the binary cross entropy of logits, one for each element, with labels 0 to 1.

    Parameters
    ----------
    logits : array_like of any shape
        The logits of class 1: log(p / (1 - p)).
    labels : array_like of the same shape
        0, 1, or between: the probability of class 1. Axes of length 1 make no difference.
    weight : array_like, optional
        A factor for each element; broadcasts to the shape of the logits.
    pos_weight : array_like, optional
        A factor for labels of 1: one number, or one for each place along the last axis.
    reduction : {'mean', 'sum', 'none'}
        'mean' divides by the number of elements, even if there are weights.

    Returns
    -------
    float64 or ndarray of float64
        The loss in nats; with 'none', an array of the shape of the logits. NaN logits give NaN.

    Raises
    ------
    ShapeError, LabelError
        If shapes do not fit, or a label is not between 0 and 1.

    Examples
    --------
    >>> from xentcli import binary_cross_entropy_with_logits
    >>> binary_cross_entropy_with_logits([0.0, 40.0], [0, 1], reduction="none")
    array([6.93147181e-01, 4.24835426e-18])
    """
    z, y = array_of(logits, "logits"), real_numbers(labels, "labels", LabelError)
    y = same_elements(z, y)
    options = BinaryOptions(as_weight(weight), as_weight(pos_weight, "pos_weight"))
    for name, each in (("weight", options.weight), ("pos_weight", options.pos_weight)):
        if each is not None and each.ndim > z.ndim:  # else one number would fit whatever its shape
            what = f"{name} of shape {each.shape} does not fit logits of shape {z.shape}"
            raise ShapeError(f"{what}: it has more axes, which PyTorch refuses, too")
    options.check(z.shape)
    facts = binary_facts(np.atleast_1d(z), np.atleast_1d(y), options)
    return reduce_losses(facts, z.shape, reduction, lambda elements: float(elements.rows))
