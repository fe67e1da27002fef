"""What rows of a base of llama-perplexity say: log-probabilities in codes of 16 bits."""

import numpy as np
from numpy.typing import NDArray

from xentcli.records import Record


class LabelRows(Record):
    """What some rows say of their labels: arrays (N,).

    Attributes
    ----------
    log_probs : ndarray of float64
        The labels' log-probabilities, as the codes have them.
    scales : ndarray of float64
        The step from one code to the next; log-probabilities are exact to half of it.
    least : ndarray of float64
        The least log-probability that each row keeps; the largest is 65535 steps above it.
    cut, floored : ndarray of bool
        Whether the row's lower log-probabilities were cut off, and whether its label's was.
    """

    log_probs: NDArray[np.float64]
    scales: NDArray[np.float64]
    least: NDArray[np.float64]
    cut: NDArray[np.bool_]
    floored: NDArray[np.bool_]


class CodedRows(Record):
    """Rows of log-probabilities `least + scale * code`, and which of them were cut off."""

    codes: NDArray[np.uint16]
    scale: NDArray[np.float64]
    least: NDArray[np.float64]
    cut: NDArray[np.bool_]
