"""Computes facts of binary elements besides their loss, from the probability of class 1."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.row_facts import RowFacts

Array = NDArray[Any]


def with_measures(facts: RowFacts, values: Array, labels: Array, *, probs: bool) -> RowFacts:
    """Return the facts of elements, and more facts of the same elements.

    Parameters
    ----------
    facts : RowFacts
        The facts of `binary_facts`.
    values, labels : ndarray of one shape
        Logits, or probabilities of class 1, and labels; those of used elements are in [0, 1].
    probs : bool
        Whether the values are probabilities.

    Returns
    -------
    RowFacts
        The facts with ``score``, the value as it is given; ``forecast``, the probability of class
        1; ``outcome``, whether the label is 1; ``brier``, the squared distance of the two;
        ``entropy``; ``label``, ``prediction``, ``label_probability``, ``confidence``; and
        ``column``, the place along the last axis, if there are several.
    """
    score, y = values.reshape(-1).astype(np.float64), labels.reshape(-1).astype(np.float64)
    with np.errstate(all="ignore"):
        if probs:
            one, zero = score, 1.0 - score
        else:
            rest = elementary.exp(-np.abs(score))
            most, least = 1.0 / (1.0 + rest), rest / (1.0 + rest)
            one = np.where(score > 0.0, most, least)
            zero = np.where(score > 0.0, least, most)
        entropy = 0.0 - _product(one) - _product(zero)
        outcome = y == 1.0
        predicted = score > (0.5 if probs else 0.0)
        found = {
            "score": score,
            "forecast": one,
            "outcome": outcome,
            "brier": np.where(y == 1.0, zero, one - np.where(y == 1.0, 0.0, y)) ** 2,
            "entropy": entropy,
            "label": outcome.astype(np.int64),
            "prediction": predicted.astype(np.int64),
            "label_probability": np.where(outcome, one, zero),
            "confidence": np.maximum(one, zero),
        }
    columns = values.shape[-1] if values.ndim > 1 else 1
    if columns > 1:
        places = np.arange(columns, dtype=np.int32)
        found["column"] = np.tile(places, values.size // columns)
    return facts.having(found)


def _product(p: Array) -> Array:
    return np.where(p > 0.0, p * elementary.log(np.where(p > 0.0, p, 1.0)), 0.0)
