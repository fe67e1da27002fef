"""Computes losses from log-probabilities of the labels themselves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.checks import Problem
from xentcli.core.row_facts import RowFacts
from xentcli.errors import InputError

NO_VALUE = -9999.0
"""The number that servers write for a token outside the first ones, and for minus infinity."""
_NO_LOGARITHM = -1e30
"""Numbers from here down stand for minus infinity; the least float32 is one of them."""
_ABOVE = 1e-5  # half precision may round the probability of a certain token up to 1


def picked_facts(values: NDArray[Any], *, probs: bool = False) -> RowFacts:
    """Return the facts of log-probabilities of the labels, or of their probabilities.

    NaN, -9999 and finite numbers from -1e30 down stand for no value: these elements are ignored.
    """
    x = values.reshape(-1).astype(np.float64)
    with np.errstate(all="ignore"):
        none = np.isnan(x) | (x == NO_VALUE) | ((x <= _NO_LOGARITHM) & (x > -np.inf))
        logs = elementary.log(x) if probs else x
    used = ~none if none.any() else None
    loss = np.where(none, 0.0, 0.0 - logs)
    facts = {"loss": loss, "used": used, "weight": None, "hit": None, "uneven": None}
    return RowFacts(x.size, 0, facts, _problems(x, ~none, probs=probs))


def zeros_at_ends(log_probs: NDArray[Any]) -> int:
    """Return how many zeros stand at the ends of sequences, two or more in a row, as padding does.

    Examples
    --------
    >>> zeros_at_ends(np.array([[-1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0]]))
    5
    """
    if log_probs.ndim < 2:
        return 0
    zero = log_probs.reshape(-1, log_probs.shape[-1]) == 0
    ends = [np.logical_and.accumulate(each, axis=1).sum(axis=1) for each in (zero, zero[:, ::-1])]
    ends[1][ends[1] == zero.shape[1]] = 0  # whole rows were counted from the other end
    return sum(int(each[each > 1].sum()) for each in ends)


def _problems(x: NDArray[Any], used: NDArray[np.bool_], *, probs: bool) -> tuple[Problem, ...]:
    with np.errstate(invalid="ignore"):
        wrong = (x < 0.0) | (x > 1.0 + _ABOVE) if probs else x > _ABOVE
    rows = np.flatnonzero(used & wrong)
    if rows.size == 0:
        return ()
    value = x[rows[0]]
    if probs:
        message, hint = f"{value:g} is no probability", "log-probabilities: --log-probs FILE"
    else:
        message, hint = f"log-probability {value:g} is above 0", "probabilities: --probs FILE"
    return (Problem(InputError, int(rows[0]), message, rows.size, "logits", hint=hint),)
