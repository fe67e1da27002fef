"""Lays out logits and labels of any shape as rows."""

from typing import Any

from numpy.typing import NDArray

from xentcli.core.checks import check_weight
from xentcli.core.dtypes import computing_dtype, is_floating
from xentcli.core.labels import LossOptions
from xentcli.core.softmax import as_rows
from xentcli.errors import InputError, ShapeError


class FlatRows:
    """Logits and labels as rows, (N, C) with (N,) or (N, C), and the shape that N stands for."""

    __slots__ = ("labels", "lead", "values")

    def __init__(self, values: NDArray[Any], labels: NDArray[Any], lead: tuple[int, ...]) -> None:
        self.values = values
        self.labels = labels
        self.lead = lead


def check_options(options: LossOptions, num_classes: int, *, probabilities: bool) -> None:
    """Raise if the options do not fit the classes or the kind of labels."""
    if options.weight is not None:
        check_weight(options.weight.shape, num_classes)
    if probabilities and max(options.ignored, default=-1) >= 0:
        raise InputError("ignore_index leaves out class indices; these labels are probabilities")


def without_axis(shape: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    """Return the shape of the logits without the class axis: that of one number for each row."""
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


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
