"""Bounds how far two models' rows are apart, if only some of their classes are known."""

import math

import numpy as np

from xentcli.core import elementary
from xentcli.core.bounds import SLACK, Indices
from xentcli.core.dtypes import Doubles


def least_divergence(
    log_p: Doubles,
    of_p: Indices,
    log_q: Doubles,
    of_q: Indices,
    *,
    slack: float = SLACK,
) -> Doubles:
    """Return a lower bound of KL(p || q) of each row, from lists padded with -inf.

    Classes that both rows list count by themselves, and all others as one class, since joining
    classes never makes a divergence larger. There is no upper bound.

    Parameters
    ----------
    log_p, log_q : ndarray of shape (N, K) and (N, J)
        The log-probabilities of some classes.
    of_p, of_q : ndarray of the same shapes
        The indices of those classes.
    slack : float
        The largest error of a sum of probabilities.
    """
    same = of_p[:, :, None] == of_q[:, None, :]
    same &= (log_p > -np.inf)[:, :, None] & (log_q > -np.inf)[:, None, :]
    at = np.max(np.where(same, log_q[:, None, :], -np.inf), axis=2, initial=-np.inf)
    both = at > -np.inf
    with np.errstate(all="ignore"):
        p, q = np.where(both, elementary.exp(log_p), 0.0), np.where(both, elementary.exp(at), 0.0)
        listed = np.where(both, p * (log_p - at), 0.0).sum(axis=1)
        left_p, left_q = 1.0 - p.sum(axis=1), np.clip(1.0 - q.sum(axis=1) + slack, slack, 1.0)
        low, high = np.clip(left_p - slack, 0.0, 1.0), np.clip(left_p + slack, 0.0, 1.0)
        least = np.clip(left_q / math.e, low, high)  # where a log(a / b) is smallest
        others = np.where(least > 0.0, least * elementary.log(least / left_q), 0.0)
    found: Doubles = np.maximum(0.0, listed + others)
    return found
