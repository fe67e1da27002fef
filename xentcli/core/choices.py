"""Which of several continuations a model prefers, by its log-likelihoods of each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def preferred(log_likelihoods: Numbers, lengths: Numbers | None = None) -> NDArray[Any]:
    """Return the choice with the largest log-likelihood, or with the largest one a character.

    Parameters
    ----------
    log_likelihoods : ndarray of float64 of shape (N, C)
        In nats; -inf where a row has fewer choices.
    lengths : ndarray of float64 of shape (N, C), optional
        What each is divided by.

    Returns
    -------
    ndarray of int64 of shape (N,)
        The first one of equals, as NumPy's argmax has it.

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
    """Return by how much the context raises each log-likelihood, of shape (N, C).

    -inf where a row has fewer choices, as in `log_likelihoods`.
    """
    with np.errstate(all="ignore"):
        found: Numbers = log_likelihoods - unconditional
    return found
