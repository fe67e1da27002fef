"""Divergences of rows of two models, and what they are by the textbook."""

from typing import Any

import numpy as np
import numpy.typing as npt

from xentcli.core.checks import Kind
from xentcli.core.divergences import Divergences, ModelRows, divergences
from xentcli.core.normalizer import normalizer

Array = npt.NDArray[Any]


def rows_of(values: Array, kind: Kind = "logits") -> ModelRows:
    return ModelRows(values, kind, normalizer(values))


def of(one: Array, other: Array, kind: Kind = "logits") -> Divergences:
    return divergences(rows_of(one, kind), rows_of(other, kind))


def extended(one: Array, other: Array) -> list[Array]:
    """Return the divergences of rows by the textbook, in the longest numbers that NumPy has."""
    logs = []
    for rows in (one, other):
        wide = rows.astype(np.longdouble)
        wide = wide - wide.max(axis=1, keepdims=True)
        logs.append(wide - np.log(np.exp(wide).sum(axis=1, keepdims=True)))
    p, q = map(np.exp, logs)
    mean = np.log((p + q) / 2)
    kl, back = (p * (logs[0] - logs[1])).sum(axis=1), (q * (logs[1] - logs[0])).sum(axis=1)
    js = (p * (logs[0] - mean)).sum(axis=1) + (q * (logs[1] - mean)).sum(axis=1)
    return [kl, back, js / 2]
