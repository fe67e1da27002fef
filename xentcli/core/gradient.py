"""Computes the gradient of the mean cross entropy with respect to the logits."""

import numpy as np

from xentcli.core.dtypes import Doubles
from xentcli.core.labels import Labels, LossOptions
from xentcli.core.normalizer import normalizer
from xentcli.core.softmax import softmax


def gradient_of_probabilities(logits: Doubles, mass: Doubles, divisor: float) -> Doubles:
    """Return the gradient of the mean loss of rows (N, C) against class probabilities.

    It is ``(sum(mass) softmax - mass) / divisor``, where `mass` has the probabilities times the
    weights of the classes.

    Examples
    --------
    >>> gradient_of_probabilities(np.array([[0.0, 0.0]]), np.array([[0.75, 0.25]]), 1.0)
    array([[-0.25,  0.25]])
    """
    with np.errstate(all="ignore"):
        found: Doubles = mass.sum(axis=1, keepdims=True) * softmax(logits) - mass
        return found / np.float64(divisor)


def mean_gradient(logits: Doubles, labels: Labels, options: LossOptions, divisor: float) -> Doubles:
    """Return the gradient of the mean loss of rows (N, C) with respect to their logits.

    It is ``w[y] (softmax - one_hot) / divisor``, where `divisor` is the sum of w[y]. Of the share
    that `options` spread over all classes it is ``(sum(w) softmax - w) / C``. Rows that are left
    out have 0.

    Where the label is the peak, p - 1 is less the sum of the other probabilities, to the last
    digits: of a confident row, the subtraction would leave rounding errors or 0.

    Examples
    --------
    >>> options = LossOptions()
    >>> labels = Labels.of(np.array([0]), 2, options)
    >>> mean_gradient(np.array([[50.0, 0.0]]), labels, options, 1.0)
    array([[-1.92874985e-22,  1.92874985e-22]])
    """
    count, classes = logits.shape
    share, weight = options.label_smoothing, options.weight
    own: Doubles = np.ones(count) if labels.weight is None else labels.weight
    probs: Doubles = softmax(logits).astype(np.float64, copy=False)
    norm, at = normalizer(logits), (np.arange(count), labels.index)
    found = probs.copy()
    with np.errstate(all="ignore"):
        found[at] = np.where(
            logits[at] == norm.peak, -norm.rest / (1.0 + norm.rest), probs[at] - 1.0
        )
        found *= own[:, None]
        if share:
            each = np.ones(classes) if weight is None else weight
            spread = (each.sum() * probs - each) / classes
            found = (1.0 - share) * found + share * spread
        found /= divisor
    return found if labels.used is None else np.where(labels.used[:, None], found, 0.0)
