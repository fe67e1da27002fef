"""Lays out logits and labels of any shape as rows."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import computing_dtype, is_floating
from xentcli.errors import ShapeError

AnyShape = tuple[int | None, ...]
"""A shape whose lengths need not all be known."""


class FlatRows:
    """Logits and labels as rows, (N, C) with (N,) or (N, C), and the shape that N stands for."""

    __slots__ = ("labels", "lead", "values")

    def __init__(self, values: NDArray[Any], labels: NDArray[Any], lead: tuple[int, ...]) -> None:
        self.values = values
        self.labels = labels
        self.lead = lead


def without_axis(shape: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    """Return the shape of the logits without the class axis: that of one number for each row."""
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


def show_shape(shape: AnyShape) -> str:
    """Write a shape as NumPy does, with N for a length that is not known."""
    inner = ", ".join("N" if n is None else str(n) for n in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def rows_of(
    logits: NDArray[Any], labels: NDArray[Any], class_axis: int, *, one_hot: bool = False
) -> FlatRows:
    """Lay out logits and labels as rows; integer labels of the logits' shape must be `one_hot`.

    Raises
    ------
    ShapeError
        If the shapes do not fit each other.
    """
    if logits.ndim == 0:
        raise ShapeError("a single number is not a row of logits")
    computing_dtype(logits.dtype)
    values = as_rows(logits, class_axis)
    count = len(values)
    lead = without_axis(logits.shape, class_axis)
    probabilities = labels.shape == logits.shape  # PyTorch's rule
    if probabilities:
        if not (one_hot or is_floating(labels.dtype)):
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
    return FlatRows(values, labels, lead)


def as_rows(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return an array of any shape as (N, C), with the classes of `axis` last."""
    if not -max(1, values.ndim) <= axis < max(1, values.ndim):
        raise ShapeError(f"there is no axis {axis} in shape {values.shape}")
    moved = np.moveaxis(np.atleast_1d(values), axis, -1)
    num_classes = moved.shape[-1]
    return moved.reshape(math.prod(moved.shape[:-1]), num_classes)


def from_rows(rows: NDArray[Any], shape: tuple[int, ...], axis: int) -> NDArray[Any]:
    """Return rows (N, C) in the shape that `as_rows` was given."""
    lead = list(shape or (1,))
    lead.append(lead.pop(axis))
    return np.moveaxis(rows.reshape(lead), -1, axis).reshape(shape)
