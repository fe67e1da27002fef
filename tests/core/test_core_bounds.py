"""Bounds from the largest probabilities of a row, against the rows that they were taken from."""

import math
import random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xentcli.core.bounds import (
    Bounds,
    brier_bounds,
    entropy_bounds,
    nll_bounds,
    nll_bounds_of_logits,
)
from xentcli.core.listed_pairs import least_divergence

Array = npt.NDArray[Any]
CLOSE = 1e-9
some = settings(max_examples=12)
V = 128_256
WORKED = np.array([[-0.5, -2.0, -3.5, -4.1, -4.8]])
CLASSES = np.array([[7, 3, 9, 1, 2]])


@st.composite
def rows(draw: st.DrawFn) -> tuple[Array, int]:
    """Return the logits of a whole row, and how many of its classes are listed."""
    logits = draw(st.lists(st.floats(-12.0, 6.0), min_size=2, max_size=7))
    return np.array(logits), draw(st.integers(1, len(logits)))


def largest(values: Array, count: int) -> tuple[Array, Array]:
    """Return the largest values, and a place of padding, with their classes."""
    order = np.argsort(-values, kind="stable")[:count][::-1]
    return np.append(values[order], -np.inf)[None], np.append(order, -1)[None]


def holds(bounds: Bounds, truth: float) -> bool:
    if bounds.exact[0] and abs(bounds.lower[0] - truth) > 1e-5:
        return False
    return bool(bounds.lower[0] - CLOSE <= truth <= bounds.upper[0] + CLOSE)


def first_of(bounds: Bounds) -> tuple[float, float, bool]:
    return float(bounds.lower[0]), float(bounds.upper[0]), bool(bounds.exact[0])


@some
@given(rows(), st.booleans())
def test_every_label_of_a_row_lies_within_the_bounds_of_its_list(
    row: tuple[Array, int], known: bool
) -> None:
    logits, count = row
    total = math.log(math.fsum(map(math.exp, logits)))
    classes = len(logits) if known else None
    listed, indices = largest(logits - total, count)
    raw, _ = largest(logits, count)
    for label in range(len(logits)):
        truth = total - logits[label]
        labels = np.array([label])
        assert holds(nll_bounds(listed, indices, labels, classes), truth)
        assert holds(nll_bounds(listed, indices, labels, classes, largest=False), truth)
        assert holds(nll_bounds_of_logits(raw, indices, labels, classes), truth)


@some
@given(rows(), st.booleans())
def test_entropy_and_brier_score_of_a_row_lie_within_the_bounds_of_its_list(
    row: tuple[Array, int], known: bool
) -> None:
    logits, count = row
    probs = np.exp(logits) / math.fsum(map(math.exp, logits))
    classes = len(logits) if known else None
    listed, indices = largest(np.log(probs), count)
    entropy = -math.fsum(p * math.log(p) for p in probs)
    assert holds(entropy_bounds(listed, classes), entropy)
    for label in range(len(probs)):
        score = math.fsum((p - (i == label)) ** 2 for i, p in enumerate(probs))
        assert holds(brier_bounds(listed, indices, np.array([label]), classes), score)


def test_some_row_attains_each_bound() -> None:
    listed = np.log([[0.5, 0.2]])
    equal = [0.5, 0.2, 0.1, 0.1, 0.1]  # the rest as equals, and as few as are possible
    few = [0.5, 0.2, 0.2, 0.1, 0.0]
    for rest, at in ((few, 0), (equal, 1)):
        entropy = -math.fsum(p * math.log(p) for p in rest if p)
        assert entropy_bounds(listed, 5, slack=0.0)[at][0] == pytest.approx(entropy)
    indices, first, missing = np.array([[0, 1]]), np.array([0]), np.array([4])
    for rest, at, label in ((equal, 0, first), (few, 1, first), (few, 1, missing)):
        score = math.fsum((p - (i == label[0])) ** 2 for i, p in enumerate(rest))
        assert brier_bounds(listed, indices, label, 5, slack=0.0)[at][0] == pytest.approx(score)
    best = [0.5, 0.2, 0.05, 0.05, 0.2]  # as probable as the smallest that is listed
    score = math.fsum((p - (i == 4)) ** 2 for i, p in enumerate(best))
    assert brier_bounds(listed, indices, missing, 5, slack=0.0).lower[0] == pytest.approx(score)
    assert nll_bounds(listed, indices, missing, 5).lower[0] == pytest.approx(-math.log(0.2))


def test_the_worked_example() -> None:
    first, missing = np.array([7]), np.array([4])
    assert first_of(nll_bounds(WORKED, CLASSES, first, V)) == (0.5, 0.5, True)
    assert first_of(nll_bounds(WORKED, CLASSES, missing, V)) == (4.8, np.inf, False)
    chosen = nll_bounds(WORKED, CLASSES, missing, V, largest=False)
    assert chosen.lower[0] == pytest.approx(1.594, abs=1e-3)
    entropy = entropy_bounds(WORKED, V)
    assert (entropy.lower[0], entropy.upper[0]) == pytest.approx((1.7643, 3.5001), abs=5e-5)
    for label, expected in ((first, (0.174388, 0.176045)), (missing, (1.371058, 1.389106))):
        score = brier_bounds(WORKED, CLASSES, label, V)
        assert (score.lower[0], score.upper[0]) == pytest.approx(expected, abs=1e-6)
    logits = np.array([[12.0, 10.5, 9.0]])
    raw = nll_bounds_of_logits(logits, np.array([[1, 2, 3]]), np.array([2]), 50_257)
    assert (raw.lower[0], raw.upper[0]) == pytest.approx((1.741311, 9.325354), abs=1e-6)


def test_the_only_class_that_is_not_listed_is_known() -> None:
    bounds = nll_bounds(np.log([[0.6, 0.3]]), np.array([[2, 0]]), np.array([1]), 3)
    assert bounds.exact[0]
    assert bounds.lower[0] == bounds.upper[0] == pytest.approx(-math.log(0.1))


def test_a_row_that_lists_nothing_says_nothing() -> None:
    values, indices = np.full((1, 2), -np.inf), np.full((1, 2), -1)
    for bounds in (
        nll_bounds(values, indices, np.array([3]), 9),
        nll_bounds_of_logits(values, indices, np.array([3]), 9),
    ):
        assert first_of(bounds) == (0.0, np.inf, False)
    assert entropy_bounds(values, 9).upper[0] == pytest.approx(math.log(9))


def test_little_that_is_left_by_rounding_bounds_nothing() -> None:
    row = np.log(np.array([[0.7, 0.3]], np.float32)).astype(np.float64)
    bounds = nll_bounds(row, np.array([[0, 1]]), np.array([2]), 100, largest=False)
    assert first_of(bounds) == (0.0, np.inf, False)


def test_the_only_other_class_is_exact_where_much_is_left_to_it() -> None:
    """Of little, the rounding of the others is a part that shows: there are two bounds then."""
    for left, exact in ((0.5, True), (1.0 - 1e-9, True), (5e-3, False)):
        row = np.log(np.array([[(1.0 - left) / 2, (1.0 - left) / 2]]))
        bounds = nll_bounds(row, np.array([[0, 1]]), np.array([2]), 3, largest=False)
        assert bounds.exact[0] == exact
        gap = 0.0 if exact else 2e-6 / left
        assert bounds.upper[0] - bounds.lower[0] == pytest.approx(gap, rel=1e-3, abs=1e-12)
        assert bounds.lower[0] == pytest.approx(-math.log(left), abs=gap + 1e-15)


@some
@given(rows(), st.randoms(use_true_random=False), st.integers(1, 7))
def test_a_divergence_is_at_least_that_of_two_lists(
    row: tuple[Array, int], drawn: random.Random, other: int
) -> None:
    logits, count = row
    moved = np.array([z + drawn.uniform(-4.0, 4.0) for z in logits])
    p, q = (z - math.log(math.fsum(map(math.exp, z))) for z in (logits, moved))
    truth = math.fsum(math.exp(a) * (a - b) for a, b in zip(p, q, strict=True))
    lists = (*largest(p, count), *largest(q, min(other, len(q))))
    assert 0.0 <= least_divergence(*lists)[0] <= truth + CLOSE
    whole = (*largest(p, len(p)), *largest(q, len(q)))
    assert least_divergence(*whole, slack=1e-12)[0] == pytest.approx(truth, abs=1e-9)
