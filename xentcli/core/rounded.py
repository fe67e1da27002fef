"""Counts integers that float64, in which they are computed, does not hold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.tiled_rows import LogitRows, tiles

_EXACT = 2**53
"""Integers up to here, and down to its negative, are numbers of float64."""


def rounded_integers(stored: "NDArray[Any] | LogitRows") -> int:
    """Return how many integers of an array, or of rows (N, C) in a file, float64 rounds.

    Examples
    --------
    >>> rounded_integers(np.array([2**53, 2**53 + 1, 2**60, -(2**60) - 1]))
    2
    """
    if stored.dtype.kind not in "iu" or stored.dtype.itemsize < 8:
        return 0
    if isinstance(stored, np.ndarray):
        return _count(stored)
    return sum(_count(stored[tile]) for tile in tiles(stored.shape[0], stored.shape[1]))


def _count(values: NDArray[Any]) -> int:
    if not values.size or (values.max() <= _EXACT and values.min() >= -_EXACT):
        return 0
    sizes = np.abs(values).astype(np.uint64)  # also of the least integer, which is its own negative
    nearest = sizes.astype(np.float64)
    above = nearest == 2.0**64
    back = np.where(above, 0.0, nearest).astype(np.uint64)
    return int(np.count_nonzero(above | (back != sizes)))
