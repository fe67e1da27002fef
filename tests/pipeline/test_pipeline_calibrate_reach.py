"""How far the curve of the loss and the interval of a temperature reach."""

import math

import numpy as np
import pytest
from calibrate_tools import fitted, problem, temperature_of
from close_to import close_to
from in_one_test import in_one_test

from xentcli.pipeline.calibrate import CalibrateOptions


@in_one_test
@pytest.mark.parametrize("scale", [1e-8, 0.1, 0.4, 1.0, 12.0])
def test_the_curve_reaches_past_1_and_four_times_the_temperature(scale: float) -> None:
    z, y = problem(31)
    z = z * scale
    found = fitted(z, y, CalibrateOptions(folds=0, curve=True))
    best = found.temperature.value or 0.0
    reach = max(4.0, 1.5 * best, 1.5 / best)
    places = best * reach ** (np.arange(-6, 7) / 6)
    want = sorted([1.0, *places])
    assert [each.temperature for each in found.curve] == close_to(want, rel=1e-6)
    for each in found.curve if scale >= 0.1 else ():
        logs = z / each.temperature
        logs = logs - np.logaddexp.reduce(logs, axis=1)[:, None]
        assert each.loss == close_to(-logs[np.arange(120), y].mean(), rel=1e-3)
        slope = (np.exp(logs) * z).sum(axis=1) - z[np.arange(120), y]
        assert each.slope == pytest.approx(slope.mean(), rel=1e-4, abs=1e-4 * scale)


def test_points_too_far_apart_are_no_curve() -> None:
    z, y = problem(31)
    for scale in (1e-10, 1e10):
        assert fitted(z * scale, y, CalibrateOptions(folds=0, curve=True)).curve == ()


def test_the_interval_of_clusters_has_their_degrees_of_freedom() -> None:
    z, y = problem(32)
    found = fitted(z, y, cluster=np.arange(120) % 3)
    value, error = found.temperature.value or 0.0, found.log_temperature_error.value or 0.0
    quantile = 0.95 / math.sqrt(2 * 0.975 * 0.025)  # of Student's t, for 2 degrees of freedom
    factor = math.exp(quantile * error)
    ends = (found.temperature.low, found.temperature.high)
    assert ends == close_to((value / factor, value * factor), rel=1e-9)


def test_one_row_tells_no_error() -> None:
    row = [1.0, 0.9, -3.0]
    found = fitted([row], [1])
    assert found.temperature.value == close_to(temperature_of([row, row], [1, 1]), rel=1e-9)
    assert found.log_temperature_error.value is None
    assert (found.temperature.low, found.temperature.high) == (None, None)


def test_an_interval_that_float64_does_not_hold_has_no_end() -> None:
    """Of two rows with nearly the same weight, one is right: the error is beyond exp."""
    found = fitted([[1.0, 0.0], [1.0, 0.0]], [0, 1], sample_weight=np.array([1.001, 1.0]))
    assert found.temperature.value == close_to(1 / math.log(1.001), rel=1e-9)
    assert (found.log_temperature_error.value or 0.0) > 1000.0
    assert (found.temperature.low, found.temperature.high) == (0.0, math.inf)


def test_clusters_without_weight_take_no_part_in_the_interval() -> None:
    z, y = problem(35)
    groups = np.arange(120) % 5
    weight = np.where(groups < 3, 1.0 + np.arange(120) / 120.0, 0.0)
    found = fitted(z, y, sample_weight=weight, cluster=groups)
    there = weight > 0.0
    want = fitted(z[there], y[there], sample_weight=weight[there], cluster=groups[there])
    assert found.log_temperature_error.value == close_to(want.log_temperature_error.value, rel=1e-9)
    ends = [(each.temperature.low, each.temperature.high) for each in (found, want)]
    assert ends[0] == close_to(ends[1], rel=1e-9)
