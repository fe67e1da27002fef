"""The temperature, against a bisection in extended precision, and its laws."""

from pathlib import Path

import mpmath
import numpy as np
import pytest
from calibrate_tools import (
    NO_FOLDS,
    Array,
    fitted,
    problem,
    slope,
    source,
    temperature_of,
    where_it_changes_sign,
)
from close_to import close_to
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from pipeline_tools import run

from xentcli.errors import InputError, UsageError
from xentcli.pipeline.calibrate import CalibrateOptions, OtherRows, calibrate
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import evaluate
from xentcli.pipeline.measure import Options, measure

DATA = Path(__file__).parents[2] / "sample_data"
FLOAT64 = np.dtype(np.float64)


def digits(name: str = "digits") -> tuple[Array, Array]:
    return np.load(DATA / f"{name}_logits.npy"), np.load(DATA / "digits_labels.npy")


# Reference values


def test_digits() -> None:
    """Computed independently, the temperature in arithmetic of 40 digits."""
    found = fitted(*digits(), CalibrateOptions(), dtype=FLOAT64)
    assert found.temperature.value == 0.572475639166194174
    assert found.log_temperature_error.value == pytest.approx(0.1092, abs=5e-5)
    want = {
        "loss_before": 0.1565326157363130,
        "loss_after": 0.1111914824920989,
        "ece_before": 0.0689958158152885,
        "ece_after": 0.0114763319,
        "brier_before": 0.0613897637706970,
        "brier_after": 0.0492278148099794,
        "loss_out_of_fold": 0.1182845387,
    }
    for name, value in want.items():
        assert found.metrics[name].value == close_to(value, rel=3e-9), name
    low, high = found.temperature.low, found.temperature.high
    assert low is not None
    assert high is not None
    assert low * high == pytest.approx(0.57247563916619417**2)


def temperature_in_40_digits(z: Array, y: Array, start: float) -> mpmath.mpf:
    """Return 1/b where the derivative of the summed loss along b is 0, by a secant from near it."""

    def derivative(b: mpmath.mpf) -> mpmath.mpf:
        total = mpmath.mpf(0)
        for row, label in zip(z.tolist(), y, strict=True):
            terms = [mpmath.exp(b * each) for each in row]
            total += mpmath.fdot(terms, row) / mpmath.fsum(terms) - row[label]
        return total

    low, high = 1 / (start + mpmath.mpf("1e-13")), 1 / (start - mpmath.mpf("1e-13"))
    below, above = derivative(low), derivative(high)
    assert below < 0 < above
    return 1 / (low - below * (high - low) / (above - below))  # off by about 1e-26


def test_digits_in_40_digits() -> None:
    z, y = digits("digits_weak")
    found = fitted(z, y).temperature.value or 0.0
    with mpmath.workdps(40):
        want = temperature_in_40_digits(z, y, found)
        assert mpmath.nstr(want, 30).startswith("0.4296631239")
        assert found == float(want)


def test_what_is_reported_is_what_eval_says() -> None:
    z, y = digits("digits_weak")
    found = fitted(z, y)
    cooled = Criterion(temperature=found.temperature.value or 0.0)
    for when, criterion in (("before", Criterion()), ("after", cooled)):
        plain = evaluate(source(z), source(y, "y"), criterion, run()).summary
        assert found.metrics[f"loss_{when}"].value == plain.loss
        measured = measure(source(z), source(y, "y"), criterion, run(), Options(("ece", "brier")))
        for name in ("ece", "brier"):
            assert found.metrics[f"{name}_{when}"].value == measured[name].value


def test_the_error_is_the_sandwich_estimate() -> None:
    """It is the same for logits of any size, however small the loss's second derivative is."""
    z, y = problem(3)
    beta = 1 / temperature_of(z, y)
    g = z.max(axis=1, keepdims=True) - z
    p = np.exp(-beta * g) / np.exp(-beta * g).sum(axis=1, keepdims=True)
    mean = (p * g).sum(axis=1)
    spread = (p * (g - mean[:, None]) ** 2).sum()
    score = g[np.arange(len(y)), y] - mean
    want = np.sqrt((score**2).sum()) / (spread * beta)
    for factor in (1.0, 1e-6, 1e6):
        found = fitted(z * factor, y).log_temperature_error.value
        assert found == close_to(want, rel=1e-11), factor


# Laws


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-4, 1e4))
def test_scaling_logits_scales_the_temperature(seed: int, factor: float) -> None:
    z, y = problem(seed, 30, 4)
    if (y == z.argmax(axis=1)).all():
        return
    try:
        want = temperature_of(z, y)
    except InputError:
        return
    assert temperature_of(z * factor, y) == close_to(want * factor, rel=4e-15)
    assert temperature_of(z / want, y) == close_to(1.0, rel=4e-15)


@settings(max_examples=7, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 50))
def test_the_bisection_agrees(seed: int, num_classes: int) -> None:
    z, y = problem(seed, 40, num_classes)
    at = slope(z, np.eye(num_classes)[y])
    if at(np.longdouble(0)) >= 0 or (y == z.argmax(axis=1)).all():
        with pytest.raises(InputError, match="there is no temperature"):
            temperature_of(z, y)
        return
    assert temperature_of(z, y) == close_to(where_it_changes_sign(at), rel=2e-15)


def test_the_accuracy_does_not_change() -> None:
    z, y = digits("digits_weak")
    found = fitted(z, y)
    cooled = Criterion(temperature=found.temperature.value or 0.0)
    after = measure(source(z), source(y, "y"), cooled, run(), Options(("accuracy",)))
    assert found.accuracy == after["accuracy"]


def test_far_from_1() -> None:
    z, y = problem(14, 40)
    want = temperature_of(z, y)
    for factor in (1e-30, 1e30):
        value = temperature_of(z * factor, y)
        assert value == close_to(want * factor, rel=4e-15)
    for factor in (1e-60, 1e40):  # powers are no numbers of float64, and digits were lost
        with pytest.raises(InputError, match="no temperature from 1e-32 to 1e\\+32 is the best"):
            temperature_of(z * factor, y)


@in_one_test
@pytest.mark.parametrize(
    "options", [CalibrateOptions(1), CalibrateOptions(-2), CalibrateOptions(5, 0)]
)
def test_numbers_that_make_no_sense(options: CalibrateOptions) -> None:
    with pytest.raises(UsageError):
        fitted(*problem(21), options)
    with pytest.raises(UsageError, match="divided"):
        fitted(*problem(21), temperature=2.0)


def test_other_files_are_reported_on() -> None:
    z, y = digits()
    weak, _ = digits("digits_weak")
    tested = OtherRows(source(weak), source(y, "y"), Criterion())
    found = calibrate(source(z), source(y, "y"), Criterion(), run(), NO_FOLDS, tested=tested)
    assert found.notes == ()
    assert found.tested is not None
    cooled = Criterion(temperature=found.temperature.value or 0.0)
    for when, criterion in (("before", Criterion()), ("after", cooled)):
        want = measure(source(weak), source(y, "y"), criterion, run(), Options(("loss", "ece")))
        for name in ("loss", "ece"):
            assert found.tested.metrics[f"{name}_{when}"] == want[name]


def test_a_calibration_that_becomes_worse_is_said() -> None:
    """A few labels that seem impossible ask for less confidence, which other rows lack."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 100, 3000)
    z = rng.normal(size=(3000, 100)) * 1.5
    z[np.arange(3000), y] += rng.normal(4, 2, 3000)
    note = "ECE is higher after than before: this temperature is the best for the loss alone"
    worse = fitted(z * 1.4, y, CalibrateOptions(folds=0))
    assert (worse.ece_before.value or 0.0) < (worse.ece_after.value or 0.0)
    assert (worse.loss_before.value or 0.0) > (worse.loss_after.value or 0.0)
    assert note in worse.notes
    assert note not in fitted(z * 4.0, y, CalibrateOptions(folds=0)).notes
