"""Computes the gradient of the mean cross entropy with respect to the logits."""

import numpy as np

from xentcli.core.dtypes import Doubles, Places
from xentcli.core.normalizer import normalizer
from xentcli.core.softmax import softmax


def mean_gradient(logits: Doubles, labels: Places) -> Doubles:
    """Return ``(softmax - one_hot) / N`` of rows (N, C), given the class of each.

    Where the label is the peak, p - 1 is less the sum of the other probabilities, to the last
    digits: of a confident row, the subtraction would leave rounding errors or 0.

    Examples
    --------
    >>> mean_gradient(np.array([[50.0, 0.0]]), np.array([0]))
    array([[-1.92874985e-22,  1.92874985e-22]])
    """
    found = softmax(logits)
    norm, at = normalizer(logits), (np.arange(len(labels)), labels)
    with np.errstate(all="ignore"):
        own = np.where(logits[at] == norm.peak, -norm.rest / (1.0 + norm.rest), found[at] - 1.0)
        found[at] = own
        return found / len(labels)
