"""Which rows, or clusters of rows, a weighted mean is taken over."""

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles


def in_mean(values: Doubles, weights: Doubles) -> NDArray[np.bool_]:
    """Return which numbers are in the quotient of both sums: n, and its error, count these.

    One that weighs 0 is not, like an ignored one, unless it adds to the sum all the same, as
    smoothing makes it do.
    """
    there: NDArray[np.bool_] = (weights != 0.0) | (values != 0.0)
    return there
