"""The floors of lists to which a class is added that is not among the largest of its row.

No class that such a row does not list is above its floor, the smallest of the largest ones. Rows
are values (N, K) padded with -inf; where there are no floors, each row lists the largest alone.
"""

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles

NONE_LISTED = np.iinfo(np.int64).max
"""In the place of the most probable class of a row that lists nothing."""
UNTOLD = -1
"""In the place of one that is not listed, though others are."""


def floors_of(values: Doubles, largest: NDArray[np.int64] | None) -> Doubles | None:
    """Return the floor of each row, which is inf if none of its values is among the largest.

    Parameters
    ----------
    values : ndarray of shape (N, K)
        The listed values.
    largest : ndarray of shape (N,), optional
        How many of them are the largest of all classes.

    Examples
    --------
    >>> floors_of(np.array([[-4.0, -0.5, -1.5], [-4.0, -0.5, -1.5]]), np.array([2, 0])).tolist()
    [-1.5, inf]
    """
    if largest is None or not values.size:
        return None
    there = np.minimum(largest, np.count_nonzero(values > -np.inf, axis=1))
    ordered = -np.sort(-values, axis=1)
    return np.where(there > 0, ordered[np.arange(len(values)), there - 1], np.inf)


def only_largest(values: Doubles, floors: Doubles | None) -> Doubles:
    """Return values without those below the floor."""
    return values if floors is None else np.where(values >= floors[:, None], values, -np.inf)


def tell_first(values: Doubles, floors: Doubles | None) -> NDArray[np.bool_]:
    """Return which rows list their most probable class, or list nothing."""
    empty = ~(values > -np.inf).any(axis=1)
    return np.ones_like(empty) if floors is None else empty | (floors < np.inf)


def first_classes(
    values: Doubles, indices: NDArray[np.int64], floors: Doubles | None
) -> NDArray[np.int64]:
    """Return the most probable class of each row, the first of equals, or why there is none."""
    peak = np.max(values, axis=1, initial=-np.inf)[:, None]
    at = (values == peak) & (values > -np.inf)
    first = np.min(np.where(at, indices, NONE_LISTED), axis=1, initial=NONE_LISTED)
    return np.where(tell_first(values, floors), first, UNTOLD)
