"""Makes one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from xentcli.core.checks import check_labels, index_of, whole_labels
from xentcli.core.object_arrays import array_of
from xentcli.errors import ShapeError


def one_hot(
    labels: ArrayLike, num_classes: int = -1, *, dtype: DTypeLike = np.int64
) -> NDArray[Any]:
    """Return 0/1 rows with a 1 at each label.

    Parameters
    ----------
    labels : array_like of integers
        Class indices, of any shape.
    num_classes : int
        The length of a row; -1 for the largest label + 1.
    dtype : dtype
        The dtype of the result.

    Returns
    -------
    ndarray
        The rows: the shape of `labels`, and a last axis of length `num_classes`.

    Raises
    ------
    LabelError
        If a label is negative, or not below `num_classes`.
    ShapeError
        If the number of classes is neither given nor seen in `labels`, or is not positive; or if
        there is no memory for so many.

    Examples
    --------
    >>> from xentcli import one_hot
    >>> one_hot([2, 0], num_classes=3)
    array([[0, 0, 1],
           [1, 0, 0]])
    """
    indices, problems = whole_labels(array_of(labels, "labels"))
    if num_classes == -1:
        if indices.size == 0:
            raise ShapeError("no labels to count the classes by: give num_classes")
        num_classes = max(1, int(indices.max()) + 1)
    if num_classes < 1:
        raise ShapeError(f"num_classes must be positive, not {num_classes}")
    for problem in problems or check_labels(indices, num_classes):
        raise problem.at(f"labels{index_of(problem.row, indices.shape)}")
    try:
        rows = np.zeros((*indices.shape, num_classes), dtype)
    except (ValueError, MemoryError):  # beyond what an array, or the memory, can hold
        shown = f"{indices.size:,} rows of {num_classes:,} numbers"
        raise ShapeError(f"there is no memory for {shown}: is a label no class?") from None
    np.put_along_axis(rows, indices[..., None], 1, axis=-1)
    return rows
