"""Quantiles of Student's t and errors of quotients, against 40-digit arithmetic."""

import math

import mpmath as mp
import numpy as np
import pytest
from close_to import close_to
from in_one_test import in_one_test
from numpy.typing import NDArray

from xentcli.core.exact_sum import ONE, ExactSum
from xentcli.metrics.intervals import mean_error, ratio_error, share_error, t_interval, t_quantile


def outside(t: float, degrees: int) -> mp.mpf:
    """How probable it is to be farther from 0 than t."""
    x = degrees / (degrees + mp.mpf(t) ** 2)
    return mp.betainc(mp.mpf(degrees) / 2, mp.mpf("0.5"), 0, x, regularized=True)


@in_one_test
@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 9, 30, 100, 449, 999, 1000, 50_000, 10**7])
def test_quantiles_of_t(degrees: int) -> None:
    found = t_quantile(degrees)
    with mp.workdps(40):
        density = mp.diff(lambda t: outside(t, degrees), found)
        error = (outside(found, degrees) - mp.mpf("0.05")) / density
        least = 1e-13 if 100 < degrees < 1000 else 1e-14  # where logarithms of factorials are large
        assert abs(error) < least * found


def test_an_interval_needs_an_error() -> None:
    assert t_interval(1.0, None, 3) == (None, None)
    assert t_interval(1.0, math.nan, 3) == (None, None)
    assert t_interval(1.0, 0.5, 0) == (None, None)
    assert t_interval(1.0, 0.5, 1) == pytest.approx((1 - 6.353102368, 1 + 6.353102368))


@in_one_test
@pytest.mark.parametrize(("hits", "n"), [(0, 2), (1, 2), (3, 7), (436, 450)])
def test_the_error_of_a_share_is_that_of_a_mean(hits: int, n: int) -> None:
    values = np.repeat([1.0, 0.0], [hits, n - hits])
    assert share_error(hits, n) == close_to(values.std(ddof=1) / math.sqrt(n), rel=1e-14)
    assert share_error(1, 1) is None


def test_the_error_of_a_quotient() -> None:
    rng = np.random.default_rng(5)
    x, w = rng.random(40), rng.integers(1, 5, 40).astype(float)
    a, b, c, d, e = (ExactSum.of(values) for values in (x, x * x, w, x * w, w * w))
    ratio = x.sum() / w.sum()
    want = math.sqrt(40 / 39 * ((x - ratio * w) ** 2).sum()) / w.sum()
    assert ratio_error(a, b, c, d, e, 40) == close_to(want, rel=1e-13)


@in_one_test
@pytest.mark.parametrize(
    "values",
    [
        [0.1, 0.2, 0.7],
        [-3.0, 1e-8, 5e7, 2.5],
        [1e8, 1e8 + 1e-7],
        [0.1] * 10,
        [0.0, 0.0],
        [5e-324, 1e-320],
        [1e160, -1e160],
        [1e150, 3e153, 2.0],
        [1.0, math.inf],
        [math.nan, 1.0],
        [1.0],
        [],
    ],
)
def test_the_error_of_a_mean_is_that_of_a_quotient_by_rows_of_weight_1(values: list[float]) -> None:
    array = np.array(values, np.float64)
    with np.errstate(all="ignore"):
        total, squares = ExactSum.of(array), ExactSum.of_products(array, array)
    n = len(values)
    every = ExactSum(n * ONE)
    want = ratio_error(total, squares, every, total, every, n)
    assert np.array_equal(mean_error(total, squares, n), want, equal_nan=True)


@in_one_test
@pytest.mark.parametrize("spread", [1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-14])
def test_the_error_of_nearly_equal_rows(spread: float) -> None:
    """The sum of squares and the square of the sum agree in twice as many digits as the rows."""
    rng = np.random.default_rng(8)
    values, weights = (
        1.7 * (1.0 + spread * rng.normal(size=60)),
        rng.integers(1, 9, 60).astype(float),
    )
    found, ratio = error_of(values, None), error_of(values * weights, weights)
    with mp.workdps(60):
        assert found == close_to(exact_error(values, np.ones(60)), rel=1e-14)
        assert ratio == close_to(exact_error(values * weights, weights), rel=1e-14)


def error_of(values: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    total, squares = ExactSum.with_squares(values)
    if weights is None:
        return mean_error(total, squares, len(values))
    product, squared = (ExactSum.of_products(weights, each) for each in (values, weights))
    return ratio_error(total, squares, ExactSum.of(weights), product, squared, len(values))


def exact_error(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    x, w = ([mp.mpf(float(each)) for each in some] for some in (values, weights))
    n, mean = len(x), mp.fsum(x) / mp.fsum(w)
    spread = mp.fsum((a - mean * b) ** 2 for a, b in zip(x, w, strict=True))
    return float(mp.sqrt(spread * n / (n - 1)) / mp.fsum(w))
