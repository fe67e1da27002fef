"""The formulas as a textbook has them, in extended precision."""

from typing import Any

import numpy as np


def log_softmax(logits: Any, axis: int = -1) -> Any:
    wide = np.asarray(logits, np.longdouble)
    wide = wide - wide.max(axis=axis, keepdims=True)
    return wide - np.log(np.exp(wide).sum(axis=axis, keepdims=True))


def softmax(logits: Any, axis: int = -1) -> Any:
    return np.exp(log_softmax(logits, axis))


def cross_entropies(logits: Any, labels: Any) -> Any:
    """Return the loss of each row: of indices, classes lie along the last axis."""
    picked = np.take_along_axis(log_softmax(logits), np.asarray(labels)[..., None], axis=-1)
    return -picked[..., 0]


def mean_cross_entropy(logits: Any, labels: Any) -> float:
    """Return the mean loss of the rows whose label is not -100."""
    labels = np.asarray(labels)
    used = labels != -100
    losses = cross_entropies(logits, np.where(used, labels, 0))
    return float(losses[used].mean())
