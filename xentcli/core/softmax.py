"""Computes softmax and log-softmax of arrays along an axis; the formulas are in `normalizer`."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from xentcli.core.dtypes import Floats, computing_dtype, widen
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.object_arrays import array_of
from xentcli.core.observer import Observer
from xentcli.core.row_passes import exponentials_of
from xentcli.core.shapes import as_rows, from_rows
from xentcli.core.tiled_rows import row_by_row, tiles


def log_probs_of(logits: Floats, out: Floats, norm: Normalizer | None = None) -> None:
    """Put log-probabilities of rows (N, C) into `out`; their normalizer may be given."""
    if norm is None:
        norm = normalizer(logits)
    log_rest = norm.log_rest.astype(logits.dtype)
    with row_by_row(logits.shape[1]):
        np.subtract(logits, norm.peak[:, None], out=out)
        out -= log_rest[:, None]


class _Into(Observer):
    """Lets the kernel put the exponentials, which it computes anyway, into an array (N, C)."""

    def __init__(self, out: Floats) -> None:
        self._out = out

    def room(self, tile: slice) -> Floats:
        return self._out[tile]


def probs_of(logits: Floats, out: Floats, norm: Normalizer | None = None) -> None:
    """Put probabilities of rows (N, C) into `out`; their normalizer may be given."""
    if norm is None:
        norm = normalizer(logits, _Into(out))
    else:
        exponentials_of(logits, norm.peak, out)
    total = (1.0 + norm.rest).astype(logits.dtype)
    with row_by_row(logits.shape[1]):
        out /= total[:, None]


def softmax(x: ArrayLike, axis: int = -1) -> Floats:
    """Return probabilities: ``exp(x) / sum(exp(x))`` along `axis`.

    Parameters
    ----------
    x : array_like
        Logits, of any shape. Integers are computed as float64.
    axis : int
        The axis of the classes.

    Returns
    -------
    ndarray
        The probabilities in the shape of `x`: float64 for float64 and integers, float32 for
        narrower floats. A row that holds NaN or +inf, or only -inf, is NaN, as in PyTorch.

    Raises
    ------
    ShapeError
        If there is no such axis, or the values are not real numbers.

    Examples
    --------
    >>> from xentcli import softmax
    >>> softmax([[0.0, 0.0], [1000.0, 0.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    return along(x, axis, probs_of)


def log_softmax(x: ArrayLike, axis: int = -1) -> Floats:
    """Return log-probabilities: ``x - log(sum(exp(x)))`` along `axis`.

    They are right even if the softmax is 0. Parameters, dtypes and errors are those of `softmax`.

    Examples
    --------
    >>> from xentcli import log_softmax
    >>> log_softmax([1000.0, 0.0])
    array([    0., -1000.])
    """
    return along(x, axis, log_probs_of)


class Apply(Protocol):
    """The type of `probs_of` and `log_probs_of`."""

    def __call__(self, logits: Floats, out: Floats, norm: Normalizer | None = None) -> None:
        """Put the result of rows (N, C) into `out`."""


def along(x: ArrayLike, axis: int, apply: Apply) -> Floats:
    """Return an array of the shape of `x`, computed row by row along `axis`; see `softmax`."""
    values = array_of(x, "x")
    rows = as_rows(values, axis)
    out = np.empty(rows.shape, computing_dtype(values.dtype))
    with np.errstate(all="ignore"):
        for tile in tiles(*rows.shape):
            apply(widen(rows[tile]), out[tile])
    return from_rows(out, values.shape, axis)
