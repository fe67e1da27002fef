"""The loss over all rows: counts, sums and the standard error against the written-out formulas."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from close_to import close_to
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from in_one_test import in_one_test

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.loss import LossState
from xentcli.results.loss import Loss

Doubles = npt.NDArray[np.float64]

some = settings(max_examples=12, deadline=None, database=None)


def state_of(loss: Any, weight: Any = None, used: Any = None) -> LossState:
    weights = None if weight is None else np.asarray(weight, np.float64)
    mask = None if used is None else np.asarray(used, np.bool_)
    losses = np.asarray(loss, np.float64)
    facts = {"loss": losses, "weight": weights, "used": mask, "uneven": None}
    return LossState.from_rows(RowFacts(len(losses), 3, facts))


def loss_of(state: LossState) -> Loss:
    return state.compute()


def ratio_error(losses: Doubles, weights: Doubles) -> float:
    """Return the linearised standard error of sum(l) / sum(w), in fractions up to the root."""
    ls, ws = [Fraction(v) for v in losses.tolist()], [Fraction(v) for v in weights.tolist()]
    mean = sum(ls) / sum(ws)
    spread = sum((loss - mean * w) ** 2 for loss, w in zip(ls, ws, strict=True))
    n = len(ls)
    return math.sqrt(spread * n / (n - 1) / sum(ws) ** 2)


eighths = st.integers(0, 4000).map(lambda k: k / 8)  # whose squares are exact


@some
@given(arrays(np.float64, st.integers(2, 40), elements=eighths))
def test_the_error_of_a_plain_mean(loss: Doubles) -> None:
    found = loss_of(state_of(loss))
    want = loss.std(ddof=1) / math.sqrt(len(loss))
    assert found.standard_error == pytest.approx(want, rel=1e-12, abs=1e-12)
    assert found.standard_error == close_to(ratio_error(loss, np.ones(len(loss))), rel=1e-14)
    assert found.mean == math.fsum(loss) / len(loss)


@some
@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(1e-3, 30.0)))
@example(np.array([6.9, 6.9001, 6.9002]))
def test_the_error_of_any_plain_mean(loss: Doubles) -> None:
    want = ratio_error(loss, np.ones(len(loss)))
    rounding = 1e-7 * float(np.sqrt((loss**2).mean() / len(loss)))  # of the squares
    found = loss_of(state_of(loss))
    assert found.standard_error == pytest.approx(want, rel=1e-6, abs=rounding)
    assert found.mean == math.fsum(loss) / len(loss)


@some
@given(
    arrays(np.float64, 20, elements=eighths),
    arrays(np.float64, 20, elements=st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0])),
)
def test_the_error_of_a_weighted_mean(row: Doubles, weight: Doubles) -> None:
    """A row that weighs 0 is not in it, as if it were not there."""
    loss, there = row * weight, weight != 0.0
    found = loss_of(state_of(loss, weight))
    assert (found.used, found.counted) == (20, there.sum())
    if there.sum() < 2:
        assert math.isnan(found.standard_error)
    if not weight.any():
        assert math.isnan(found.mean)
        return
    assert found.mean == float(sum(map(Fraction, loss))) / float(sum(map(Fraction, weight)))
    assert found.weight_sum == math.fsum(weight)
    if there.sum() > 1:
        expected = ratio_error(loss[there], weight[there])
        assert found.standard_error == close_to(expected, rel=1e-14)


@some
@given(
    st.floats(1e-100, 1e100),
    st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=30),
    st.integers(0, 70),
)
def test_equal_losses_have_no_error(value: float, weights: list[float], doublings: int) -> None:
    weight = np.array(weights)
    for state in (state_of(np.full(len(weights), value)), state_of(value * weight, weight)):
        for _ in range(doublings):
            state = state.merge(state)  # noqa: PLW2901
        assert loss_of(state).standard_error == 0.0


@in_one_test
@pytest.mark.parametrize(
    ("loss", "used"),
    [([], []), ([1.0], [True]), ([1.0, 0.0], [True, False]), ([0.0, 0.0], [False, False])],
)
def test_fewer_than_two_rows_have_no_error(loss: list[float], used: list[bool]) -> None:
    assert math.isnan(loss_of(state_of(loss, used=used)).standard_error)


@in_one_test
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite(bad: float) -> None:
    found = loss_of(state_of([1.0, bad, 2.0]))
    assert found.mean == pytest.approx(bad, nan_ok=True)
    assert math.isnan(found.standard_error)


def test_ignored_rows_are_counted_and_nothing_else() -> None:
    loss, used = np.array([1.0, 0.0, 4.0, 0.0]), [True, False, True, False]
    ours, theirs = loss_of(state_of(loss, used=used)), loss_of(state_of(loss[[0, 2]]))
    assert (ours.rows, ours.used, ours.ignored) == (4, 2, 2)
    assert (ours.mean, ours.standard_error) == (theirs.mean, theirs.standard_error) == (2.5, 1.5)
    weight = np.array([2.0, 0.0, 0.5, 0.0])
    ours = loss_of(state_of(loss * weight, weight, used))
    theirs = loss_of(state_of((loss * weight)[[0, 2]], weight[[0, 2]]))
    assert (ours.mean, ours.standard_error) == (theirs.mean, theirs.standard_error)


def test_what_is_reported() -> None:
    found = loss_of(state_of([1.0, 3.0]))
    assert found.mean == found.loss_sum / found.weight_sum == 2.0
    assert found.perplexity == math.exp(2.0)
    assert found.bits == 2.0 / math.log(2.0)


def test_the_perplexity_of_a_large_loss_is_infinite() -> None:
    assert loss_of(state_of([800.0])).perplexity == math.inf


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_past_any_machine_integer(*, weighted: bool) -> None:
    """2**62 times the same three rows: what the mean is made of stays exact."""
    loss, weight = np.array([0.1, 0.7, 2.3]), np.array([0.5, 1.0, 2.0])
    state = state_of(loss * weight, weight) if weighted else state_of(loss)
    once = loss_of(state)
    for _ in range(62):
        state = state.merge(state)
    found = loss_of(state.merge(state_of([0.0], [0.0] if weighted else None, [False])))
    times = 2**62
    assert (found.rows, found.used, found.ignored) == (3 * times + 1, 3 * times, 1)
    assert found.mean == once.mean
    assert found.loss_sum == once.loss_sum * times
    # The sample's n - 1 is n by now.
    want = once.standard_error * math.sqrt(2 / 3 / times)
    assert found.standard_error == close_to(want, rel=1e-14)


def test_one_row_more_than_a_float_can_count() -> None:
    state = state_of([1.0])
    for _ in range(54):
        state = state.merge(state)
    state = state.merge(state_of([2.0**-60]))
    assert state.rows == 2**54 + 1
    assert state.loss.units == (2**54 << 1074) + (1 << 1014)


anything = st.floats() | st.sampled_from([0.0, 1e154, -1e154, 8.9e153, -8.9e153, 1e-200, 5e-324])


@some
@given(
    arrays(np.float64, 4, elements=anything), st.none() | arrays(np.float64, 4, elements=anything)
)
@example(np.array([8.9e153, -8.9e153, 0.0, 0.0]), None)
def test_no_state_is_beyond_computing(loss: Doubles, weight: Doubles | None) -> None:
    found = loss_of(state_of(loss, weight))
    assert math.isnan(found.standard_error) or found.standard_error >= 0.0
