"""Weights whose squares float64 does not hold, and the largest and smallest that it does."""

import numpy as np
import pytest
from cli_tools import Run, refusal
from close_to import close_to
from formulas import cross_entropies

import xentcli as xent
from xentcli.errors import InputError

RNG = np.random.default_rng(12)
Y = RNG.integers(0, 3, 60)
Z = RNG.normal(size=(60, 3)) + np.eye(3)[Y]
WEIGHTS = RNG.uniform(0.5, 2, 60)
OF_CLASSES = np.array([1.0, 2.0, 0.5])
LOSSES = cross_entropies(Z, Y)


@pytest.fixture
def arrays(run: Run) -> Run:
    """Write logits and labels."""
    np.save("z.npy", Z)
    np.save("y.npy", Y)
    return run


def error_of(weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Return the standard error of a weighted mean, of weights of an ordinary size."""
    mean = (weights * LOSSES).sum() / weights.sum()
    terms = weights * (LOSSES - mean)
    return float(np.sqrt(60 / 59 * (terms**2).sum()) / weights.sum())


@pytest.mark.parametrize("size", [2.0**-478, 2.0**477])
def test_the_size_of_weights_changes_no_digit(arrays: Run, size: float) -> None:
    """Powers of two change no digit of weights, so that none of the results may change."""
    np.save("w.npy", WEIGHTS * size)
    np.save("one.npy", WEIGHTS)
    row = ",".join(map(repr, (OF_CLASSES * size).tolist()))
    found = arrays("loss", "z.npy", "y.npy", "--sample-weight", "w.npy", "--json").json
    assert found["loss"] == close_to(np.average(LOSSES, weights=WEIGHTS), rel=1e-13)
    assert found["standard_error"] == close_to(error_of(WEIGHTS), rel=1e-12)
    found = arrays("loss", "z.npy", "y.npy", "--weight", row, "--json").json
    assert found["loss"] == close_to(np.average(LOSSES, weights=OF_CLASSES[Y]), rel=1e-13)
    assert found["standard_error"] == close_to(error_of(OF_CLASSES[Y]), rel=1e-12)
    fits = ("calibrate", "z.npy", "y.npy", "--json", "--sample-weight")
    one, other = (arrays(*fits, name).json["metrics"] for name in ("one.npy", "w.npy"))
    for name in ("temperature", "log_temperature_error", "loss_after", "loss_out_of_fold"):
        assert other[name]["value"] == close_to(one[name]["value"], rel=1e-13), name


@pytest.mark.parametrize(("size", "which"), [(5e-324, "small"), (9e307, "large")])
def test_weights_that_are_too_large_or_too_small(arrays: Run, size: float, which: str) -> None:
    said = f"weights so {which} that float64 does not hold the sums of their squares"
    np.save("w.npy", np.full(60, size))
    for command in ("loss", "calibrate"):
        outcome = arrays(command, "z.npy", "y.npy", "--sample-weight", "w.npy")
        assert refusal(outcome).error == f"w.npy: {said}"
    both = ("--labels", "y.npy", "--weight", ",".join([str(size)] * 3))
    for files in (("loss", "z.npy"), ("eval", "z.npy"), ("compare", "z.npy", "z.npy")):
        assert refusal(arrays(*files, *both)).error == f"--weight: {said}"
    with pytest.raises(InputError, match=said):
        xent.evaluate(Z, Y, weight=[size] * 3)
    with pytest.raises(InputError, match=said):
        xent.calibrate(Z, Y, sample_weight=np.full(60, size))


def test_tiny_weights_beside_others(arrays: Run) -> None:
    """Weights of importance sampling differ as widely: the small ones count next to nothing."""
    weights = np.where(np.arange(60) % 2 == 0, WEIGHTS, 1e-310)
    np.save("w.npy", weights)
    found = arrays("loss", "z.npy", "y.npy", "--sample-weight", "w.npy", "--json").json
    assert found["loss"] == close_to(np.average(LOSSES, weights=weights), rel=1e-13)
    assert found["standard_error"] == close_to(error_of(weights), rel=1e-12)
    np.save("y.npy", np.zeros(60, int))
    outcome = arrays("loss", "z.npy", "y.npy", "--weight", "1e-310,1,1")
    assert refusal(outcome).error.startswith("--weight: weights so small")
