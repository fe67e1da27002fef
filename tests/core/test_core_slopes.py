"""The derivatives of the loss along the inverse temperature, against extended precision."""

from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from numpy.typing import NDArray

from xentcli.core.labels import LossOptions
from xentcli.core.row_facts import row_facts
from xentcli.core.slopes import SlopeOptions, Slopes

Array = NDArray[Any]


def slopes(z: Array, y: Array, options: SlopeOptions, loss: LossOptions | None = None) -> Slopes:
    parameters = {"slopes": options}
    facts = row_facts(z, y, loss or LossOptions(), ["slopes"], parameters=parameters)
    found: Slopes = facts["slopes"]
    return found._replace(values=np.moveaxis(found.values, -1, 0))


def expected(z: Array, mass: Array, beta: float, orders: int) -> Array:
    """Return the derivatives by the textbook: cumulants about the mean, row by row."""
    wide = z.astype(np.longdouble)
    found = []
    for row, m in zip(wide, mass.astype(np.longdouble), strict=True):
        there = np.isfinite(row)
        g, m_of = (row.max() - row)[there], m[there]
        t = np.exp(-np.longdouble(beta) * g)
        p = t / t.sum()
        mean = (p * g).sum()
        c = g - mean
        second, third, fourth = ((p * power).sum() for power in (c * c, c * c * c, c * c * c * c))
        total = m.sum()
        values = [(m_of * g).sum() - total * mean, total * second, -total * third]
        found.append([*values, total * (fourth - 3 * second**2)][:orders])
    return np.array(found)


def one_hot(y: Array, num_classes: int) -> Array:
    there: Array = np.arange(num_classes) == y[:, np.newaxis]
    return there.astype(np.float64)


SHAPES = [(40, 1), (40, 2), (40, 10), (30, 40), (30, 41), (3, 9000)]


@in_one_test
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8"])
def test_fine_derivatives(shape: tuple[int, int], dtype: str) -> None:
    rng = np.random.default_rng(4)
    z, y = (rng.normal(size=shape) * 4).astype(dtype), rng.integers(0, shape[1], shape[0])
    found = slopes(z, y, SlopeOptions((0.5, 3.0), fine=True))
    for i, beta in enumerate((0.5, 3.0)):
        want = expected(z, one_hot(y, shape[1]), beta, 3)
        scale = np.abs(want).max(axis=0) + 1.0
        assert np.all(np.abs(found.values[:, i] - want) <= [1e-15, 1e-14, 1e-11] * scale)
    widest = z.max(axis=1).astype(float) - z.min(axis=1)
    assert np.array_equal(found.widest, widest)


def test_rows_of_which_few_classes_are_near_the_peak() -> None:
    rng = np.random.default_rng(6)
    z = rng.normal(size=(12, 300)).astype(np.float32) * 5
    z[::3] *= np.float32(1e-3)  # all are near
    z[1, ::2], z[2, 0] = -np.inf, np.nan
    keep, y = np.arange(12) != 2, np.full(12, 5)
    for options in (SlopeOptions((8.0, 12.0)), SlopeOptions((8.0, 12.0), fine=True, more=1)):
        found = slopes(z, y, options).values
        np.testing.assert_array_equal(found, slopes(z.astype(np.float64), y, options).values)
        assert np.isnan(found[2]).all()
        for i, beta in enumerate(options.betas):
            want = expected(z[keep], one_hot(y[keep], 300), beta, 4)
            scale = np.abs(want) + beta ** -np.arange(1.0, 5.0)
            error = np.abs(found[keep, i] - want) / scale
            assert error.max() <= (1e-13 if options.fine else 1e-3), options


def test_more_derivatives_are_those_of_the_ones_before() -> None:
    rng = np.random.default_rng(5)
    for classes in (3, 50):
        z, y = rng.normal(size=(40, classes)), rng.integers(0, classes, 40)
        betas = (0.25 - 2.0**-10, 0.25, 0.25 + 2.0**-10)
        found = slopes(z, y, SlopeOptions(betas, fine=True, more=5)).values
        assert found.shape == (40, 3, 8)
        change = (found[:, 2] - found[:, 0]) / 2.0**-9
        scale = np.abs(found[:, 1]).max(axis=0)
        assert np.all(np.abs(change[:, :-1] - found[:, 1, 1:]) <= 1e-4 * scale[1:]), classes


@in_one_test
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rough_derivatives(shape: tuple[int, int], dtype: str) -> None:
    rng = np.random.default_rng(4)
    z, y = (rng.normal(size=shape) * 4).astype(dtype), rng.integers(0, shape[1], shape[0])
    found = slopes(z, y, SlopeOptions((0.5,))).values[:, 0]
    want = expected(z, one_hot(y, shape[1]), 0.5, 4)
    assert np.all(np.abs(found - want) <= 1e-4 * (np.abs(want).max(axis=0) + 1.0))


@in_one_test
@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize("num_classes", [3, 50])
def test_logits_of_minus_infinity_have_no_part(num_classes: int, fine: bool) -> None:
    rng = np.random.default_rng(4)
    z = rng.normal(size=(20, num_classes)) * 3
    z[:, 1] = -np.inf
    z[3, 2:] = -np.inf  # one is left
    y = np.zeros(20, np.int64)
    y[5] = 1
    options = SlopeOptions((0.75,), fine)
    found = slopes(z, y, options)
    assert found.label_gap[5] == np.inf
    others = np.delete(z, 1, axis=1)
    without = slopes(others, np.zeros(20, np.int64), options)
    keep = np.arange(20) != 5
    np.testing.assert_allclose(found.values[keep], without.values[keep], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found.mean_gap, without.mean_gap, rtol=1e-6)
    assert found.mean_gap[3] == 0.0
    assert found.values[3, 0].tolist() == [0.0] * options.orders


def test_the_ends_tell_what_the_loss_does() -> None:
    z = np.array([[1.0, 1.0, -np.inf], [3.0, 1.0, 0.0], [2.0, 2.0, 5.0]])
    found = slopes(z, np.array([0, 0, 1]), SlopeOptions((1.0,)))
    assert found.label_gap.tolist() == [0.0, 0.0, 3.0]
    assert found.mean_gap.tolist() == [0.0, pytest.approx(5 / 3), 2.0]


def test_class_probabilities_and_weights() -> None:
    rng = np.random.default_rng(4)
    z, t = rng.normal(size=(30, 4)), rng.random((30, 4))
    t[0, 2], z[0, 2] = 0.0, -np.inf
    weight = np.array([0.5, 2.0, 1.0, 0.0])
    found = slopes(z, t, SlopeOptions((1.5,), fine=True), LossOptions(weight)).values[:, 0]
    want = expected(z, t * weight, 1.5, 3)
    np.testing.assert_allclose(found, want.astype(float), rtol=1e-12, atol=1e-14)


@in_one_test
@pytest.mark.parametrize("options", [SlopeOptions((0.3, 2.0)), SlopeOptions((9.0,), fine=True)])
@pytest.mark.parametrize("num_classes", [7, 300])
def test_a_row_depends_on_itself_alone(num_classes: int, options: SlopeOptions) -> None:
    rng = np.random.default_rng(4)
    z = (rng.normal(size=(101, num_classes)) * 5).astype(np.float32)
    y = rng.integers(0, num_classes, 101)
    whole = slopes(z, y, options).values
    for part in (slice(0, 1), slice(1, 34), slice(34, 101)):
        np.testing.assert_array_equal(slopes(z[part], y[part], options).values, whole[part])


def test_what_is_rough_is_the_same_of_the_same_numbers() -> None:
    """However they are stored, so that every search goes the same way."""
    rng = np.random.default_rng(4)
    z = (rng.normal(size=(64, 60)) * 5).astype(np.float16)
    y = rng.integers(0, 60, 64)
    one, two, three = (
        slopes(z.astype(dtype), y, SlopeOptions((0.7,))).values
        for dtype in ("float16", "float32", "float64")
    )
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)


def test_logits_that_float32_cannot_hold() -> None:
    z = np.array([[1e300, 0.0], [0.0, 1.0], [2e300, 2e300]])
    found = slopes(z, np.array([0, 0, 0]), SlopeOptions((1.0,)))
    assert np.isfinite(found.values).all()
    assert found.values[1, 0, 0] == pytest.approx(1 - 1 / (1 + np.exp(1.0)))


def test_powers_of_an_inverse_temperature_that_float64_cannot_hold() -> None:
    z, y = np.random.default_rng(5).normal(size=(4, 3)), np.array([0, 1, 2, 0])
    want = slopes(z, y, SlopeOptions((1.0,), fine=True)).values[:, 0, :2]
    options = SlopeOptions((2.0**350,), fine=True, more=2)
    found = slopes(np.ldexp(z, -350), y, options).values[:, 0, :2]
    np.testing.assert_allclose(found, np.ldexp(want, [-350, -700]), rtol=1e-12)
