"""The search for a root: it gets there from anywhere, and to the last digits."""

import math
from collections.abc import Callable, Sequence

import pytest
from close_to import close_to
from hypothesis import given
from hypothesis import strategies as st

from xentcli.core.root import RootSearch
from xentcli.core.series import left_of_series, root_of_series

Derivatives = Callable[[float], Sequence[float]]


def logarithm(root: float, power: float) -> Derivatives:
    """Return an increasing function that is 0 at `root`, with three derivatives."""

    def at(x: float) -> Sequence[float]:
        value = math.log(x / root) * power
        return value, power / x, -power / x**2, 2.0 * power / x**3

    return at


def saturating(root: float, power: float) -> Derivatives:
    """Return one that is flat far from 0, where Newton's steps are far too long."""

    def at(x: float) -> Sequence[float]:
        t = math.tanh(power * (x - root))
        s = 1.0 - t * t
        return t, power * s, -2.0 * power**2 * t * s, power**3 * s * (6.0 * t * t - 2.0)

    return at


def found(derivatives: Derivatives, start: float, *, rough_error: float = 0.0) -> RootSearch:
    search = RootSearch(start)
    for _ in range(200):
        values = list(derivatives(search.place))
        if search.fine:
            search.step(values[:3])
        else:
            # The values are about 1, where rounding leaves their sign open.
            value, *others = [value * (1.0 + rough_error) for value in values]
            search.step([value + rough_error, *others])
        if search.done or search.lost:
            break
    return search


@given(
    st.sampled_from([logarithm, saturating]),
    st.floats(1e-3, 1e3),
    st.floats(1e-2, 1e2),
    st.floats(1e-6, 1e6),
    st.sampled_from([0.0, 1e-7, -1e-5]),
)
def test_the_root_is_found(
    kind: Callable[[float, float], Derivatives],
    root: float,
    power: float,
    start: float,
    rough_error: float,
) -> None:
    power = power / root if kind is saturating else power
    search = found(kind(root, power), start, rough_error=rough_error)
    assert search.done
    tolerance = 2e-15 * (1.0 + 1.0 / (power * root)) if kind is saturating else 2e-15
    assert search.place == close_to(root, rel=tolerance)


def test_a_power_of_the_place_is_a_straight_line_of_logarithms() -> None:
    """Far from the root, where Newton's steps grow by a factor, few steps lead there."""
    root = 7.0
    for power, bend, start, most in ((2.0, 0.0, 60.0, 4), (1.5, 0.05, 1.0, 5)):
        search = RootSearch(start, limit=3.0)
        while not search.done and search.steps < 50:
            u = math.log(search.place / root)  # of 3 * (1 - exp(h)), h = -power * u - bend * u**2
            h = (-power * u - bend * u * u, -power - 2.0 * bend * u, -2.0 * bend, 0.0)
            e = 3.0 * math.exp(h[0])
            one, two, three = h[1], h[2] + h[1] ** 2, 3.0 * h[1] * h[2] + h[1] ** 3
            changes = (one, two - one, three - 3.0 * two + 2.0 * one)
            values = [-e * each / search.place**k for k, each in enumerate(changes, 1)]
            search.step([-3.0 * math.expm1(h[0]), *values][: 3 if search.fine else 4])
        assert search.done, (power, start)
        assert search.steps <= most, (power, start, search.steps)
        assert search.place == close_to(root, rel=2e-15), (power, start)


def test_few_steps_are_needed_from_nearby() -> None:
    assert found(logarithm(2.0, 1.0), 2.02, rough_error=1e-8).steps == 2


def test_a_step_is_at_most_a_factor_of_8() -> None:
    search = RootSearch(1.0)
    search.step((-1.0, 1e-9, 0.0, 0.0))
    assert search.place == 8.0
    search.step((1.0, 1e-9, 0.0, 0.0))
    assert search.place == pytest.approx(math.sqrt(8.0))  # between where it is below and above


def test_a_flat_place_is_left_by_the_sign() -> None:
    search = RootSearch(1.0)
    search.step((2.0, 0.0, 0.0, 0.0))
    assert (search.place, search.done) == (0.125, False)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_function_without_a_root_is_lost(sign: float) -> None:
    search = found(lambda _: (sign, 0.0, 0.0, 0.0), 1.0)
    assert search.lost
    assert not search.done


def test_rough_derivatives_that_overflow_lead_to_fine_ones() -> None:
    search = RootSearch(1.0)
    search.step((1.0, math.inf, 1.0, math.nan))
    assert (search.fine, search.place) == (True, 1.0)
    search.step((1.0, math.inf, 1.0))
    assert search.lost


def test_more_derivatives_than_a_step_takes_may_overflow() -> None:
    search = RootSearch(1.0, fine=True)
    search.step((*logarithm(1.5, 2.0)(1.0), math.inf, math.nan))
    assert 1.0 < search.place < 2.0
    assert not search.lost


@given(st.floats(0.1, 10.0), st.floats(-0.05, 0.05), st.integers(4, 9))
def test_a_series_leaves_over_no_more_than_it_says(root: float, away: float, count: int) -> None:
    place = root * (1.0 + away)  # of the logarithm, each of whose derivatives is of 1 / place
    derivatives = [math.log(place / root)]
    derivatives += [-math.factorial(k - 1) / (-place) ** k for k in range(1, count)]
    step = root_of_series(derivatives)
    left = left_of_series(step, place, 1.0 / place, count)
    assert abs(place + step - root) / root <= left + 4e-16
    assert math.isnan(root_of_series([1.0, -1.0, 0.0]))


def test_derivatives_at_the_ends_of_float64() -> None:
    search = RootSearch(1e-10, limit=1e300)
    search.step((-1.0, 1e-300, 1e-300, 0.0))  # relative to the limit, the slope is 0
    assert 1e-10 < search.place <= 8e-10
    assert left_of_series(1e200, 1.0, 1e200, 8) == math.inf
