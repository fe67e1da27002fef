"""Finds which of several continuations a model prefers, by its log-likelihoods."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def preferred(log_likelihoods: Numbers, lengths: Numbers | None = None) -> NDArray[Any]:
    """Return the choice with the largest log-likelihood, divided by its length if that is given.

    Parameters
    ----------
    log_likelihoods : ndarray of float64 of shape (N, C)
        The log-likelihoods in nats; -inf fills up rows that have fewer choices.
    lengths : ndarray of float64 of shape (N, C), optional
        The numbers by which they are divided, such as characters.

    Returns
    -------
    ndarray of int64 of shape (N,)
        The choice of each row, which is the first of equal ones.

    Examples
    --------
    >>> log_likelihoods = np.array([[-9.25, -4.5, -12.0]])
    >>> preferred(log_likelihoods), preferred(log_likelihoods, np.array([[4.0, 1.0, 6.0]]))
    (array([1]), array([2]))
    """
    scores = log_likelihoods
    if lengths is not None:
        with np.errstate(all="ignore"):
            scores = scores / lengths
    found: NDArray[Any] = np.argmax(scores, axis=-1)
    return found


def gain(log_likelihoods: Numbers, unconditional: Numbers) -> Numbers:
    """Return the amount by which the context raises each log-likelihood, of shape (N, C).

    As in `log_likelihoods`, -inf fills up rows that have fewer choices.
    """
    with np.errstate(all="ignore"):
        found: Numbers = log_likelihoods - unconditional
    return found
