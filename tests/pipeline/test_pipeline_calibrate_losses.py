"""The temperature of every kind of loss: weights, soft and binary labels, axes, probabilities."""

from typing import Any

import numpy as np
import pytest
from calibrate_tools import fitted, problem, slope, temperature_of, where_it_changes_sign
from close_to import close_to
from in_one_test import in_one_test

from xentcli.core.binary_options import BinaryOptions
from xentcli.core.labels import LossOptions
from xentcli.errors import InputError
from xentcli.pipeline.calibrate import CalibrateOptions


@in_one_test
@pytest.mark.parametrize("num_classes", [2, 6, 60])
def test_weights_ignored_rows_and_minus_infinity(num_classes: int) -> None:
    z, y = problem(7, 200, num_classes)
    rng = np.random.default_rng(8)
    z[5, (y[5] + 1) % num_classes] = -np.inf
    z[6] = 2.0
    z[9] = np.where(np.arange(num_classes) == y[9], 0.0, -np.inf)
    weight, sample_weight = rng.random(num_classes), rng.random(200)
    sample_weight[3] = 0.0
    marked = y.copy()
    marked[7] = -100
    found = fitted(
        z,
        marked,
        CalibrateOptions(folds=3),
        options=LossOptions(weight),
        sample_weight=sample_weight,
    )
    mass = np.eye(num_classes)[y] * (weight[y] * sample_weight * (marked != -100))[:, None]
    want = where_it_changes_sign(slope(z, mass))
    assert found.temperature.value == close_to(want, rel=1e-15)
    out = np.arange(200) % 3 == 1
    want = where_it_changes_sign(slope(z[~out], mass[~out]))
    assert found.folds[1].temperature == close_to(want, rel=1e-10)


def test_a_label_of_minus_infinity_that_weighs_nothing() -> None:
    z, y = problem(9)
    weight = np.ones(120)
    weight[4], z[4, y[4]] = 0.0, -np.inf
    there = np.arange(120) != 4
    found = temperature_of(z, y, sample_weight=weight)
    assert found == close_to(temperature_of(z[there], y[there]), rel=1e-15)


def test_class_probabilities() -> None:
    z, y = problem(10)
    t = 0.3 * np.random.default_rng(1).dirichlet(np.ones(6), 120) + 0.7 * np.eye(6)[y]
    weight = np.linspace(0.5, 2, 6)
    found = fitted(z, t, CalibrateOptions(), options=LossOptions(weight))
    want = where_it_changes_sign(slope(z, t * weight))
    assert found.temperature.value == close_to(want, rel=1e-15)
    assert found.loss_out_of_fold.value is not None
    assert found.ece_before.value is None


def test_binary() -> None:
    rng = np.random.default_rng(11)
    z = rng.normal(size=(150, 3)) * 3
    y = (rng.random((150, 3)) < 1 / (1 + np.exp(-z / 2))).astype(float)
    y[3, 1], y[4] = -100, 0.3
    weight, pos_weight = rng.random(3) + 0.5, np.array([2.0, 1.0, 0.5])
    binary = BinaryOptions(weight, pos_weight, (-100,))
    found = fitted(z, y, CalibrateOptions(folds=4), binary=binary)
    used, wide = y != -100, z.astype(np.longdouble)

    def at(b: Any) -> Any:
        p = 1 / (1 + np.exp(-b * wide))
        terms = -pos_weight * y * wide * (1 - p) + (1 - y) * wide * p
        return (weight * terms)[used].sum()

    assert found.temperature.value == close_to(where_it_changes_sign(at), rel=1e-15)
    used[2::4] = False
    assert found.folds[2].temperature == close_to(where_it_changes_sign(at), rel=1e-10)
    assert found.loss_out_of_fold.n == 449
    cool = np.array([each.temperature for each in found.folds])[np.arange(150) % 4, None]
    ones, zeros = np.log1p(np.exp(-z / cool)), np.log1p(np.exp(z / cool))
    losses = weight * (pos_weight * y * ones + (1 - y) * zeros)
    want = losses[y != -100].mean()  # the label that is left out adds nothing
    assert found.loss_out_of_fold.value == close_to(want, rel=1e-12)


def test_classes_on_another_axis_and_a_shift() -> None:
    z, y = problem(12)
    deep, labels = z.reshape(10, 12, 6), y.reshape(10, 12)
    want = temperature_of(z, y)
    assert temperature_of(deep, labels) == want
    assert temperature_of(np.moveaxis(deep, -1, 1), labels) == want
    moved = np.full((10, 13), 0)
    moved[:, 1:] = labels
    longer = np.concatenate([deep, np.zeros((10, 1, 6))], axis=1)
    assert temperature_of(longer, moved, shift=1) == close_to(want, rel=1e-15)


def test_log_probabilities_and_probabilities() -> None:
    z, y = problem(13)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    want = temperature_of(z, y)
    assert temperature_of(logs, y) == close_to(want, rel=1e-14)
    assert temperature_of(np.exp(logs), y, from_probs=True) == close_to(want, rel=1e-13)
    one = 1 / (1 + np.exp(-z[:, 0]))
    binary, hot = BinaryOptions(), (y == 0) ^ (z[:, 0] > 0)
    assert temperature_of(one, hot, from_probs=True, binary=binary) == close_to(
        temperature_of(z[:, 0], hot, binary=binary), rel=1e-12
    )
    with pytest.raises(InputError, match=r"z\[0, 0\]: probability 5.48027 is above 1 \(120 such"):
        temperature_of(z, y, from_probs=True)
    one[[3, 8]] = 1.5, -0.5
    with pytest.raises(InputError, match=r"z\[3\]: probability 1.5 \(2 such"):
        temperature_of(one, hot, from_probs=True, binary=binary)


@in_one_test
@pytest.mark.parametrize(
    ("dtype", "mask", "scale"),
    [
        (np.float64, -1e9, 0.5),
        (np.float64, -1e308, 4.0),
        *((np.float64, np.finfo(np.float64).min, scale) for scale in (0.5, 4.0)),
        (np.float32, -1e9, 4.0),
        (np.float32, np.finfo(np.float32).min, 0.5),
    ],
)
def test_a_masked_class_takes_no_part(
    dtype: type[np.floating[Any]], mask: float, scale: float
) -> None:
    """The least number of a dtype, which many masks are made of, is as good as -inf."""
    z, y = problem(33)
    masked = np.random.default_rng(9).random(z.shape) < 0.2
    masked[np.arange(120), y] = masked[:5] = False
    z = (z * scale).astype(dtype)
    low, out = (np.where(masked, dtype(each), z) for each in (mask, -np.inf))
    found, want = (fitted(each, y, CalibrateOptions(folds=3)) for each in (low, out))
    for name in ("temperature", "loss_after", "brier_after", "loss_out_of_fold"):
        one, other = (each.metrics[name] for each in (found, want))
        assert one.value == close_to(other.value, rel=1e-13), name
        assert one.standard_error == close_to(other.standard_error, rel=1e-9), name
