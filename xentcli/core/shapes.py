"""Compares the shapes of logits and labels, and lays out both as rows."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import computing_dtype, is_floating
from xentcli.errors import ShapeError

AnyShape = tuple[int | None, ...]
"""A shape whose lengths need not all be known."""


class ShapeFit:
    """How labels may belong to logits, as far as their shapes tell.

    Attributes
    ----------
    labels : tuple of int or None
        The shape of the labels.
    leads : list of tuple of int or None
        The shape of the rows, for each axis that may hold the classes.
    axes : list of int
        The axes that may hold the classes because each of these rows has a label.
    alike : bool
        Whether labels have the logits' shape, as class probabilities have.
    expected : list of int
        The axes that hold the classes: the user's, or else PyTorch's, or else the last one.
    found : bool
        Whether labels fit as they are, with the classes along such an axis.
    """

    __slots__ = ("alike", "axes", "expected", "found", "labels", "leads")

    def __init__(self, shape: AnyShape, labels: AnyShape, class_axis: int | None = None) -> None:
        self.labels = labels
        self.leads: list[AnyShape] = leads_of(shape)
        self.axes = [
            axis
            for axis, lead in enumerate(self.leads)
            if fits(lead, self.labels) or (lead == () and fits((1,), self.labels))
        ]
        self.alike = fits(shape, self.labels)
        last = len(shape) - 1
        if class_axis is not None and -last <= class_axis + 1 <= last + 1:
            self.expected = [class_axis % len(shape)]
        else:
            self.expected = [min(1, last), last] if last > 1 else [last]
        self.found = self.alike or not {*self.axes}.isdisjoint(self.expected)


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


def leads_of(shape: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Return, for each axis that may hold the classes, the shape of one number for each row."""
    return [without_axis(shape, axis) for axis in range(len(shape))]


def fits(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two shapes are the same, as far as both are known."""
    return len(one) == len(other) and all(
        a is None or b is None or a == b for a, b in zip(one, other, strict=True)
    )


def same_but_for_ones(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two shapes differ by axes of length 1 only, as far as both are known."""
    return fits(*([n for n in shape if n != 1] for shape in (one, other)))


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
