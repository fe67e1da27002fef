"""Finds rows that are probabilities on another scale, by what each row sums to."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal[
    "percents",
    "negative log-probabilities",
    "log-probabilities to the base 10",
    "log-probabilities to the base 2",
]
_LEAST_ROWS = 2  # one alone may have such a sum by chance
_OFF_100 = 0.5  # how far a row of rounded percents may be from 100


def scale_of(rows: NDArray[np.float64], tolerance: float) -> Scale | None:
    """Return the scale on which every row (N, C) is probabilities, if it is one of these.

    Examples
    --------
    >>> scale_of(np.log10([[0.5, 0.5], [0.1, 0.9]]), 1e-3)
    'log-probabilities to the base 10'
    """
    if len(rows) < _LEAST_ROWS:
        return None
    if rows.min() >= 0.0:
        if (np.abs(rows.sum(axis=1) - 100.0) < _OFF_100).all():
            return "percents"
        return "negative log-probabilities" if _sum_to_1(np.exp(-rows), tolerance) else None
    if rows.max() > 0.0 or rows.min() == rows.max():  # logits of -1 in two columns, or ten
        return None
    if _sum_to_1(10.0**rows, tolerance):
        return "log-probabilities to the base 10"
    return "log-probabilities to the base 2" if _sum_to_1(2.0**rows, tolerance) else None


def _sum_to_1(shares: NDArray[np.float64], tolerance: float) -> bool:
    return bool((np.abs(shares.sum(axis=1) - 1.0) < tolerance).all())
