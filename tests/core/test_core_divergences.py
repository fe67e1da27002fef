"""Divergences of two models' rows, against 40 digits, and what holds for all of them."""

import itertools
import math
from typing import Any

import mpmath
import numpy as np
import pytest
from close_to import close_to
from divergence_tools import Array, extended, of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.core.checks import Kind
from xentcli.core.divergences import Divergences

LN_2 = math.log(2.0)


def exact(one: Array, other: Array) -> tuple[float, float, float]:
    """Return the divergences of two rows of logits, with 40 digits on the way."""
    with mpmath.workdps(40):
        probs = []
        for row in (one, other):
            terms = [mpmath.exp(mpmath.mpf(float(z))) for z in row]
            probs.append([term / mpmath.fsum(terms) for term in terms])
        p, q = probs
        mean = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
        kl, back = _kl(p, q), _kl(q, p)
        return float(kl), float(back), float((_kl(p, mean) + _kl(q, mean)) / 2)


def _kl(p: list[Any], q: list[Any]) -> Any:
    pairs = zip(p, q, strict=True)
    return mpmath.fsum(
        mpmath.mpf(0) if a == 0 else mpmath.inf if b == 0 else a * mpmath.log(a / b)
        for a, b in pairs
    )


def pairs_of_rows(classes: int, dtype: Any) -> tuple[Array, Array]:
    """Return rows that are nearly equal, alike, far apart, confident, and with -inf."""
    rng = np.random.default_rng(classes)
    one = rng.normal(size=(24, classes)) * rng.choice([0.5, 3.0, 20.0], (24, 1))
    steps = np.repeat([1e-9, 1e-6, 1e-3, 0.03, 0.3, 1.0, 4.0, 30.0], 3)[:, None]
    other = one + steps * rng.normal(size=one.shape) + rng.normal(size=(24, 1)) * 10.0
    one[5, 0] = other[5, 0] = other[11, 1] = one[17, 0] = -np.inf
    one, other = one.astype(dtype), other.astype(dtype)
    other[0] = one[0]
    return one, other


@in_one_test
@pytest.mark.parametrize(
    ("classes", "dtype"),
    [
        *((2, dtype) for dtype in (np.float64, np.float32, np.float16)),
        *((10, dtype) for dtype in (np.float64, np.float32, np.float16)),
        *((50, dtype) for dtype in (np.float64, np.float32)),
    ],
)
def test_every_row_is_right(classes: int, dtype: Any) -> None:
    relative = 2e-13 if dtype == np.float64 else 4e-6
    one, other = pairs_of_rows(classes, dtype)
    found = of(one, other)
    for i in range(len(one)) if classes == 2 else (0, *range(2, len(one), 3)):
        wanted = exact(one[i], other[i])
        # What rounding the difference of two logits leaves of a divergence that is next to 0.
        unit = float(np.finfo(np.float32 if dtype != np.float64 else dtype).eps)
        size = max(1.0, float(np.abs(other[i][np.isfinite(other[i])]).max()))
        floor = 4.0 * (unit * size) ** 2
        for name, number in zip(Divergences._fields, wanted, strict=True):
            assert getattr(found, name)[i] == pytest.approx(
                number, rel=relative, abs=floor + 4.0 * unit * size * math.sqrt(min(number, 1.0))
            ), (i, name)


def test_peaks_that_no_digit_of_other_logits_reaches() -> None:
    random = np.random.default_rng(9)
    for classes, dtype in itertools.product((10, 64), (np.float32, np.float64)):
        one = (random.normal(size=(6, classes)) * 4.0).astype(dtype)
        for peak in (100.0, 1e8, 1e15, 1e30):
            large, shifted = one + random.normal(size=one.shape).astype(dtype), one + dtype(peak)
            large[:, 3] = peak
            for other in (large, shifted):
                for values, wanted in zip(of(one, other), extended(one, other), strict=True):
                    np.testing.assert_allclose(values, wanted, 1e-5, 1e-12, err_msg=f"{peak}")


def test_the_example_of_two_classes() -> None:
    found = of(np.log([[0.5, 0.5]]), np.log([[0.25, 0.75]]))
    assert found.kl[0] == close_to(0.5 * math.log(4 / 3), rel=1e-15)
    assert found.kl_reverse[0] == close_to(0.75 * math.log(1.5) - 0.25 * LN_2, rel=1e-14)


def test_where_one_gives_0() -> None:
    inf = np.inf
    one = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -inf], [0.0, -inf, -inf], [1.0, 2.0, -inf]])
    other = np.array([[0.0, 0.0, -inf], [0.0, 0.0, 0.0], [-inf, 0.0, -inf], [1.0, 2.0, -inf]])
    for dtype in (np.float64, np.float32):
        found = of(one.astype(dtype), other.astype(dtype))
        assert found.kl.tolist() == close_to([inf, math.log(1.5), inf, 0.0], rel=1e-6)
        assert found.kl_reverse.tolist() == close_to([math.log(1.5), inf, inf, 0.0], rel=1e-6)
        assert found.js[2] == close_to(LN_2, rel=1e-6)
        assert found.js[3] == 0.0


def test_where_a_probability_is_too_small_for_a_number() -> None:
    """exp(-900) is 0 in float64; its logarithm is not."""
    one, other = np.array([[0.0, -900.0]]), np.array([[0.0, -2000.0]])
    found = of(one, other)
    assert (found.kl[0], found.kl_reverse[0]) == (0.0, 0.0)
    far = of(other, np.array([[-900.0, 0.0]]))
    assert far.kl[0] == close_to(900.0, rel=1e-14)
    assert far.js[0] == close_to(LN_2, rel=1e-15)


ROWS = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*[st.lists(st.floats(-60, 60, width=32), min_size=n, max_size=n)] * 2)
)

JS_IS_LN_2 = ([23.0] + [0.0] * 40, [0.0] * 40 + [26.0])


@settings(deadline=None, max_examples=12)
@given(ROWS, st.sampled_from([np.float64, np.float32, np.float16]), st.floats(-3, 3), st.booleans())
@example(rows=JS_IS_LN_2, dtype=np.float32, shift=0.0, near=False)
def test_laws(rows: tuple[list[float], list[float]], dtype: Any, shift: float, near: bool) -> None:
    one, other = (np.array([row]).astype(dtype) for row in rows)
    if near:
        other = (one + 2.0**-9 * np.sign(other)).astype(dtype)
    found, back, same = of(one, other), of(other, one), of(one, one)
    for values in (*found, *same):
        assert values[0] >= 0.0
    assert found.js[0] <= LN_2
    assert [values[0] for values in same] == [0.0, 0.0, 0.0]
    turned = (back.kl_reverse[0], back.kl[0], back.js[0])
    assert tuple(values[0] for values in found) == close_to(turned, rel=1e-5)
    wide = of(one.astype(np.float64), one.astype(np.float64) + shift)
    assert max(wide.kl[0], wide.js[0]) < 1e-26


@pytest.mark.parametrize("kind", ["log-probabilities", "probabilities"])
def test_what_does_not_sum_to_1_is_as_defined(kind: Kind) -> None:
    p, q = np.array([[0.5, 0.2, 0.0]]), np.array([[0.25, 0.25, 0.25]])
    stored = (p, q)
    if kind == "log-probabilities":
        with np.errstate(divide="ignore"):
            stored = (np.log(p), np.log(q))
    found = of(*stored, kind)
    assert found.kl[0] == close_to(0.5 * LN_2 + 0.2 * math.log(0.8), rel=1e-14)
    assert found.kl_reverse[0] == np.inf
    assert [values[0] for values in of(stored[0], stored[0], kind)] == [0.0, 0.0, 0.0]
    m = (p + q)[0] / 2
    js = sum(
        a * math.log(a / c) + b * math.log(b / c)
        for a, b, c in zip(p[0].tolist(), q[0].tolist(), m.tolist(), strict=True)
        if a
    )
    assert found.js[0] == close_to((js + 0.25 * LN_2) / 2, rel=1e-14)


@in_one_test
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("classes", [3, 60, 5000])
def test_a_row_depends_on_nothing_but_itself(dtype: Any, classes: int) -> None:
    rng = np.random.default_rng(2)
    rows = 300 if classes < 1000 else 70
    one, other = (rng.normal(size=(2, rows, classes)) * 4).astype(dtype)
    whole = of(one, other)
    for start in (0, 1, 7, rows - 1):
        part = of(one[start : start + 3], other[start : start + 3])
        for name in Divergences._fields:
            here = getattr(whole, name)[start : start + 3]
            assert getattr(part, name).tobytes() == here.tobytes()
