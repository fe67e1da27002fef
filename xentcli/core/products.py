"""Computes sums of products of long rows, to the same bits on every processor."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PART_CLASSES = 128  # of a row, whose products are summed at a time
_FEW_CLASSES, _MANY_CLASSES = 32, 128  # of a part, if all parts of a row have the same length


def sums_of_products(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum over each row of the products of two arrays (n, C).

    Parts of a row are summed in the arrays' dtype, and their sums in float64. np.vecdot takes half
    the time, but the order in which BLAS adds depends on the processor.
    """
    rows, num_classes = one.shape
    if alike := _parts_alike(num_classes):
        parts = (rows * alike, num_classes // alike)
        sums = np.einsum("ij,ij->i", one.reshape(parts), other.reshape(parts)).astype(np.float64)
        found: NDArray[np.float64] = np.einsum("ij->i", sums.reshape(rows, alike))
        return found
    whole = num_classes // _PART_CLASSES * _PART_CLASSES
    total = sums_of_products(one[:, :whole], other[:, :whole]) if whole else np.zeros(rows)
    total += np.einsum("ij,ij->i", one[:, whole:], other[:, whole:])
    return total


@lru_cache
def _parts_alike(num_classes: int) -> int:
    """Return how many parts of one length a row is cut into; 0 if there is no such length.

    Lengths that are multiples of 4 are better: the processor adds up four products at a time.
    """
    fewest = -(-num_classes // _MANY_CLASSES)
    most = num_classes // _FEW_CLASSES
    fitting = [n for n in range(fewest, most + 1) if num_classes % n == 0]
    return next((n for n in fitting if num_classes // n % 4 == 0), fitting[0] if fitting else 0)
