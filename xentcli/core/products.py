"""Sums of products of long rows, to the same bits on every processor."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_PART_CLASSES = 128  # of a row, whose products are summed up at a time


def sums_of_products(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum over each row of the products of two arrays (n, C).

    Parts of a row are summed up in the arrays' dtype, and their sums in float64. np.vecdot takes
    half the time, but BLAS adds up in an order that the processor decides.
    """
    rows, num_classes = one.shape
    parts, whole = (rows, -1, _PART_CLASSES), num_classes // _PART_CLASSES * _PART_CLASSES
    total: NDArray[np.float64] = np.zeros(rows)
    if whole:
        cut = (values[:, :whole].reshape(parts) for values in (one, other))
        np.add.reduce(np.einsum("ijk,ijk->ij", *cut).astype(np.float64), axis=1, out=total)
    total += np.einsum("ij,ij->i", one[:, whole:], other[:, whole:])
    return total
