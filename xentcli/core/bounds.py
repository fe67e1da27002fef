"""Computes exact numbers, or bounds, of whole rows from the log-probabilities of some classes.

Of the V classes of a row, K are listed: their values (N, K), and their indices (N, K). A row that
lists fewer is padded by values of -inf with any index. S is the sum of the listed probabilities,
M = 1 - S is left to the others, and p_K is the smallest listed probability: in a list of the
largest, no other class is more probable. If a list has a class besides the largest, a floor tells
the p_K of these. A bound that needs M allows for a slack: the producer has rounded probabilities.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.dtypes import Doubles

Indices = NDArray[np.int64]

SLACK = 1e-6
"""The largest error of a sum of probabilities that were computed in single precision."""
MOST_ABOVE_1 = 1e-3
"""How far above 1 rounding may carry a sum of probabilities; one that is larger is none."""
_LEAST_MASS = 1e-4  # a smaller M is mostly rounding, and bounds nothing
_MOST_OF_M = 1e-4  # of a larger M the slack leaves the probability of the only other class exact


class Bounds(NamedTuple):
    """Lower and upper bounds of a number of each row: arrays (N,).

    Attributes
    ----------
    lower, upper : ndarray of float64
        The bounds; both are the number itself if it is known, and inf is no upper bound.
    exact : ndarray of bool
        Whether the number is known.
    """

    lower: Doubles
    upper: Doubles
    exact: NDArray[np.bool_]


class _Mass(NamedTuple):
    """The probabilities that the lists of rows leave to the other classes."""

    listed: NDArray[np.int64]
    """The K of each row."""
    smallest: Doubles
    """The logarithm of p_K; 0 if none is known."""
    left: Doubles
    """M as it is computed."""
    least: Doubles
    """The lower bound of M."""
    most: Doubles
    """The upper bound of M."""
    others: Doubles
    """How many classes are not listed; inf if V is not known."""


def nll_bounds(
    log_probs: Doubles,
    indices: Indices,
    labels: Indices,
    num_classes: int | None = None,
    *,
    largest: bool = True,
    slack: float = SLACK,
    floor: Doubles | None = None,
) -> Bounds:
    """Return the bounds of the negative log likelihood of each row's label, in nats.

    Parameters
    ----------
    log_probs, indices : ndarray of shape (N, K)
        Natural logarithms of the probabilities of some classes, in any order, and the classes.
    labels : ndarray of shape (N,)
        The label of each row; a label that is not listed has only bounds.
    num_classes : int, optional
        V, which gives an upper bound if it is small.
    largest : bool
        Whether the lists hold the most probable classes. In a list that was chosen otherwise, only
        M bounds a label that is not listed.
    slack : float
        The largest error of the sum of a row's probabilities.
    floor : ndarray of shape (N,), optional
        The logarithm of the p_K of each row; inf where none is known. By default, the smallest.

    Examples
    --------
    >>> row = np.array([[-0.5, -2.0, -3.5, -4.1, -4.8]])
    >>> nll_bounds(row, np.array([[7, 3, 9, 1, 2]]), np.array([4])).lower.tolist()
    [4.8]
    """
    mass = _mass(log_probs, num_classes, slack, floor)
    at, found = _picked(log_probs, indices, labels)
    with np.errstate(all="ignore"):
        of_mass = np.where(mass.most > _LEAST_MASS, -elementary.log(mass.most), 0.0)
        of_smallest = -mass.smallest if largest else np.zeros(len(labels))
        lower = np.maximum(0.0, np.maximum(of_smallest, of_mass))
        left = mass.least - np.maximum(mass.others - 1.0, 0.0) * elementary.exp(mass.smallest)
        other = mass.others == 1.0
        above = (other | (largest & (mass.listed > 0))) & (left > _LEAST_MASS)
        upper = np.where(above, -elementary.log(left), np.inf)
        only_one = other & (mass.least * _MOST_OF_M > slack)
        alone = 0.0 - elementary.log(mass.left)
    lower = np.where(found, 0.0 - at, np.where(only_one, alone, lower))
    upper = np.where(found, 0.0 - at, np.where(only_one, alone, upper))
    return Bounds(lower, upper, found | only_one)


def nll_bounds_of_logits(
    logits: Doubles,
    indices: Indices,
    labels: Indices,
    num_classes: int | None = None,
    *,
    floor: Doubles | None = None,
) -> Bounds:
    """Return the same bounds from a row's largest logits, whose sum of exponentials is not known.

    The other classes add between 0 and (V - K) e^v_K to that sum, so only a row that lists all its
    classes is exact. A list that was renormalised to a sum of 1 holds such logits.
    """
    listed = np.isfinite(logits).sum(axis=1)
    with np.errstate(all="ignore"):
        sums = log_sums(logits)
        smallest = _smallest(logits, floor)
        others = np.inf if num_classes is None else np.maximum(0.0, num_classes - listed)
        most = np.where(others > 0, np.logaddexp(sums, elementary.log(others) + smallest), sums)
        at, found = _picked(logits, indices, labels)
        outside = np.logaddexp(sums, smallest) - smallest
        lower = np.where(found, sums - at, np.where(smallest == np.inf, 0.0, outside))
        upper = np.where(found, most - at, np.inf)
    return Bounds(lower, upper, found & (others == 0))


def log_sums(values: Doubles) -> Doubles:
    """Return the logarithm of each row's sum of exponentials; -inf if a row lists nothing."""
    peak = np.max(values, axis=1, initial=-np.inf)
    peak = np.where(peak > -np.inf, peak, 0.0)
    sums: Doubles = peak + elementary.log(elementary.exp(values - peak[:, None]).sum(axis=1))
    return sums


def entropy_bounds(
    log_probs: Doubles,
    num_classes: int | None = None,
    *,
    slack: float = SLACK,
    floor: Doubles | None = None,
) -> Bounds:
    """Return the bounds of the entropy of each row, in nats.

    The other classes add least if they are few and have p_K, and most if all are equal.
    """
    mass = _mass(log_probs, num_classes, slack, floor)
    with np.errstate(all="ignore"):
        probs = elementary.exp(log_probs)
        own = -np.sum(np.where(probs > 0.0, probs * log_probs, 0.0), axis=1)
        few = _least_entropy(mass)
        total = np.clip(mass.others / math.e, mass.least, mass.most)  # the M with the most entropy
        equals = np.where(total > 0.0, total * elementary.log(mass.others / total), 0.0)
    whole = mass.others == 0.0
    lower = own + np.where(whole | (mass.listed == 0), 0.0, few)
    upper = own + np.where(whole, 0.0, np.maximum(equals, few))
    return Bounds(lower, upper, whole)


def _least_entropy(mass: _Mass) -> Doubles:
    """Return the least entropy that the other classes add, which is that of few classes with p_K.

    It falls and rises as M grows: the least is at one of the ends, or where no class is smaller
    than p_K.
    """
    found = []
    for total in (mass.least, mass.most):
        count, rest, smallest = _fewest(mass, total)
        of_whole = 0.0 - count * smallest * mass.smallest
        found.append(of_whole - np.where(rest > 0.0, rest * elementary.log(rest), 0.0))
    between = count * smallest >= mass.least
    return np.minimum(np.minimum(*found), np.where(between, of_whole, np.inf))


def brier_bounds(
    log_probs: Doubles,
    indices: Indices,
    labels: Indices,
    num_classes: int | None = None,
    *,
    slack: float = SLACK,
    floor: Doubles | None = None,
) -> Bounds:
    """Return the bounds of the Brier score of each row, from 0 to 2."""
    mass = _mass(log_probs, num_classes, slack, floor)
    at, found = _picked(log_probs, indices, labels)
    squares = np.sum(elementary.exp(2.0 * log_probs), axis=1)
    with np.errstate(all="ignore"):
        own = np.where(found, elementary.exp(at), 0.0)
        count, rest, smallest = _fewest(mass, mass.most)
        few = count * smallest**2 + rest**2
        equals = np.where(mass.others > 0.0, mass.least**2 / mass.others, 0.0)
        label = np.minimum(smallest, mass.most)
        left = np.maximum(mass.least - label, 0.0)
        spread = np.where(mass.others > 1.0, left**2 / (mass.others - 1.0), 0.0)
    whole = mass.others == 0.0
    few = np.where(whole, 0.0, few)
    listed = squares + 1.0 - 2.0 * own
    lower = np.where(found, listed + equals, squares + (1.0 - label) ** 2 + spread)
    upper = np.where(found, listed + few, squares + 1.0 + few)
    return Bounds(lower, upper, whole & found)


def _mass(
    log_probs: Doubles, num_classes: int | None, slack: float, floor: Doubles | None
) -> _Mass:
    listed = (log_probs > -np.inf).sum(axis=1)
    left = 1.0 - elementary.exp(log_probs).sum(axis=1)
    others = (math.inf if num_classes is None else num_classes) - listed.astype(np.float64)
    none = others <= 0.0
    least = np.where(none, 0.0, np.clip(left - slack, 0.0, 1.0))
    most = np.where(none, 0.0, np.clip(left + slack, 0.0, 1.0))
    found = _smallest(log_probs, floor)
    smallest = np.where(found < np.inf, found, 0.0)
    return _Mass(listed, smallest, left, least, most, np.maximum(others, 0.0))


def _smallest(values: Doubles, floor: Doubles | None) -> Doubles:
    """Return the floor of each row, by default its smallest listed value; inf if there is none."""
    if floor is not None:
        return floor
    least: Doubles = np.min(np.where(values > -np.inf, values, np.inf), axis=1, initial=np.inf)
    return least


def _picked(
    values: Doubles, indices: Indices, labels: Indices
) -> tuple[Doubles, NDArray[np.bool_]]:
    """Return the value of each row's label, and whether it is listed."""
    there = (indices == labels[:, None]) & (values > -np.inf)
    found = there.any(axis=1)
    return np.max(np.where(there, values, -np.inf), axis=1, initial=-np.inf), found


def _fewest(mass: _Mass, total: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Return how many classes with p_K fit into `total`, what remains of it, and p_K."""
    smallest = elementary.exp(mass.smallest)
    count = np.where(total > 0.0, np.floor(total / smallest), 0.0)
    return count, np.maximum(0.0, total - count * smallest), smallest
