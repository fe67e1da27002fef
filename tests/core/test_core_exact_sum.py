"""The exact sum against `math.fsum` and fractions."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from in_one_test import in_one_test

from xentcli.core.chunk_sums import MOST_VALUES
from xentcli.core.exact_sum import ONE, ExactSum

Doubles = npt.NDArray[np.float64]

EDGES = [0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, 1e-300, 1.0, 2.0**53, 1e16, 1e200, 2.0**900]
EDGES += [np.nextafter(2.0**900, 0.0), 2.0**1000, 1e308, -1e308, np.finfo(np.float64).max]

finite = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([*EDGES, *(-e for e in EDGES)]),
)
anything = st.one_of(finite, st.sampled_from([math.inf, -math.inf, math.nan]))
many = settings(max_examples=15, deadline=None, database=None)


def vectors(elements: st.SearchStrategy[float]) -> st.SearchStrategy[Doubles]:
    return arrays(np.float64, st.integers(0, 40), elements=elements)


def bits(value: float) -> bytes:
    return np.float64(value).tobytes()


def correctly_rounded(values: Doubles) -> float:
    try:
        return float(sum(map(Fraction, values.tolist()), Fraction()))
    except OverflowError:
        return math.inf if sum(map(Fraction, values.tolist())) > 0 else -math.inf


@many
@given(vectors(finite))
@example(np.array([1.0, 2.0**-53, 2.0**-106]))
@example(np.array([1e308, 1e308, -1e308]))
@example(np.array([5e-324, 1e308, -1e308]))
@example(np.array([1.5, 2.0**900, 2.0**899, -(2.0**900)]))
def test_finite_values(values: Doubles) -> None:
    assert bits(float(ExactSum.of(values))) == bits(correctly_rounded(values))


@many
@given(vectors(anything))
def test_it_is_the_sum_that_the_standard_library_finds(values: Doubles) -> None:
    got = float(ExactSum.of(values))
    try:
        want = math.fsum(values)
    except ValueError:  # inf - inf
        want = math.nan
    except OverflowError:  # on its way, where the exact sum goes on
        return
    assert math.isnan(got) if math.isnan(want) else bits(got) == bits(want)


def sum_of_squares(values: Doubles) -> Fraction:
    """Return the exact sum: whole numbers take less time than fractions."""
    fractions, exponents = np.frexp(values)
    numbers = np.ldexp(fractions, 53).astype(np.int64).tolist()
    low = int(exponents.min())
    shifted = (n * n << 2 * (e - low) for n, e in zip(numbers, exponents.tolist(), strict=True))
    total: int = sum(shifted)
    return total * Fraction(2) ** (2 * (low - 53))


@in_one_test
@pytest.mark.parametrize(
    ("size", "spread"),  # sums are taken of 2**15 at a time
    [
        (2**15 - 1, 1000),
        (2**15, 100),
        (2**15 + 1, 0),
        (2**15 + 1, 10),
        (66_000, 10),
    ],
)
def test_many_values(size: int, spread: int) -> None:
    rng = np.random.default_rng(size)
    values = np.ldexp(rng.normal(size=size), rng.integers(-spread, spread + 1, size))
    assert float(ExactSum.of(values)) == math.fsum(values)
    small = np.ldexp(values, -spread // 2)  # whose squares are finite
    above_0 = small[small > 0.0]
    all_squares, squares_above_0 = float(sum_of_squares(small)), float(sum_of_squares(above_0))
    for some, want in (
        (small, all_squares),
        (np.abs(small), all_squares),
        (np.maximum(small, 0.0), squares_above_0),
    ):
        total, squares = (float(each) for each in ExactSum.with_squares(some))
        assert (total, squares) == (math.fsum(some), want)
    cancelling = np.concatenate([values, -values, [2.0**-60]])
    rng.shuffle(cancelling)
    assert float(ExactSum.of(cancelling)) == 2.0**-60


@many
@given(vectors(st.floats(-1e150, 1e150).filter(lambda v: v == 0.0 or abs(v) > 1e-120)))
@example(np.array([1.0 + 2.0**-52, 1.0 - 2.0**-53, 1.0 + 2.0**-26, 2.0**53 - 1.0]))
def test_products_are_not_rounded(values: Doubles) -> None:
    """What rounding would leave of each product counts where nearly equal rows are compared."""
    exact = [Fraction(value) for value in values]
    of_squares = sum((each * each for each in exact), Fraction())
    of_products = sum((a * b for a, b in zip(exact, exact[::-1], strict=True)), Fraction())
    assert Fraction(ExactSum.with_squares(values)[1].units, ONE) == of_squares
    assert Fraction(ExactSum.of_products(values, values[::-1]).units, ONE) == of_products


def test_products_that_are_not_finite_are_counted() -> None:
    values = np.array([np.finfo(np.float64).max, -math.inf, math.nan, 3.0])
    with np.errstate(all="ignore"):
        squares = ExactSum.with_squares(values)[1]
        products = ExactSum.of_products(values, np.array([0.5, 2.0, 1.0, 0.1]))
    assert squares == ExactSum(9 * ONE, nan=1, positive_infinities=2)
    assert (products.nan, products.negative_infinities) == (1, 1)


@in_one_test
@pytest.mark.parametrize("value", [0.1, -7e-320, 1e300])
def test_a_value_repeated(value: float) -> None:
    """All mantissas alike: the longest carries that many values can make."""
    values = np.full(70_000, value)
    assert float(ExactSum.of(values)) == float(70_000 * Fraction(value))


@many
@given(vectors(anything), st.data())
def test_parts_in_any_order_merge_to_the_same(values: Doubles, data: st.DataObject) -> None:
    whole = ExactSum.of(values)
    order = data.draw(st.permutations(range(len(values))))
    cut = data.draw(st.integers(0, len(values)))
    mixed = values[np.array(order, int)]
    assert ExactSum.of(mixed[:cut]) + ExactSum.of(mixed[cut:]) == whole
    assert ExactSum.of(mixed[cut:]) + ExactSum.of(mixed[:cut]) == whole


@in_one_test
@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([], 0.0),
        ([1e308, 1e308], math.inf),
        ([-1e308, -1e308], -math.inf),
        ([math.inf, 1.0], math.inf),
        ([-math.inf, 1e308, 1e308], -math.inf),
        ([math.inf, -math.inf], math.nan),
        ([math.nan, 1.0], math.nan),
        ([math.nan, math.inf], math.nan),
    ],
)
def test_beyond_the_finite(values: list[float], total: float) -> None:
    assert float(ExactSum.of(np.array(values, np.float64))) == pytest.approx(total, nan_ok=True)


def test_what_is_not_finite_is_counted() -> None:
    values = np.array([math.nan, math.inf, 1.0, -math.inf, math.inf, math.nan, math.nan])
    total = ExactSum.of(values)
    counts: Any = (total.nan, total.positive_infinities, total.negative_infinities)
    assert counts == (3, 2, 1)


def test_any_shape_and_layout() -> None:
    values = np.random.default_rng(0).normal(size=(30, 40))
    want = math.fsum(values.ravel())
    for other in (values, values.T, np.asfortranarray(values), values[::-1, ::-1]):
        before = other.copy()
        assert float(ExactSum.of(other)) == want
        np.testing.assert_array_equal(other, before)


@in_one_test
@pytest.mark.parametrize("bits", [0, 1, 4, 22, 23, 24, 60])
def test_squares_of_numbers_from_0_on(bits: int) -> None:
    """Few chunks hold them up to 23 bits between the largest and the smallest number."""
    rng = np.random.default_rng(bits)
    largest = np.nextafter(8.0, 0.0)
    values = largest * np.exp2(-rng.integers(0, bits + 1, 300).astype(float))
    values *= 1.0 - rng.random(300) / 2.0 ** rng.integers(1, 52)
    for some in (values, np.append(values, 0.0), values.astype(np.float32).astype(np.float64)):
        total, squares = ExactSum.with_squares(some)
        assert Fraction(total.units, ONE) == sum(map(Fraction, some.tolist()))
        assert Fraction(squares.units, ONE) == sum(Fraction(x) ** 2 for x in some.tolist())


def test_as_many_large_squares_as_are_summed_at_a_time() -> None:
    values = np.random.default_rng(7).uniform(7.0, 8.0, MOST_VALUES + 3)
    total, squares = ExactSum.with_squares(values)
    assert float(total) == math.fsum(values)
    assert Fraction(squares.units, ONE) == sum_of_squares(values)
