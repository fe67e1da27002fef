"""Where there is no temperature, and what is said."""

import math
from typing import Any

import numpy as np
import pytest
from calibrate_tools import fitted, problem, temperature_of
from close_to import close_to
from in_one_test import in_one_test

from xentcli.core.labels import LossOptions
from xentcli.errors import InputError
from xentcli.pipeline.calibrate import CalibrateOptions


def said(logits: Any, labels: Any, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        fitted(logits, labels, **more)
    assert caught.value.message.startswith("z: there is no temperature: ")
    return caught.value.message.removeprefix("z: there is no temperature: ")


LOWER = "the lower the temperature, the lower the loss"
HIGHER = "the higher the temperature, the lower the loss"


def test_what_is_said() -> None:
    z, y = problem(16)
    peak, right = z.argmax(axis=1), y == z.argmax(axis=1)
    tied, lost = z.copy(), z.copy()
    tied[4] = 1.0  # which nothing decides
    lost[3, y[3]] = -np.inf
    infinite = "the loss is infinite at any temperature: rows whose label has a probability of 0: 1"
    unused = "no row is used, or has a weight above 0"
    thirds = np.repeat([[0.1, 0.7, 0.4]], 3, axis=0)
    cases: dict[str, tuple[Any, Any, str]] = {
        "a label of -inf": (lost, y, f"{infinite} of 120"),
        "equal logits": ([[2.0, 2.0, -np.inf], [1.0, 1.0, 1.0]], [0, 2], "any is as good as any"),
        "labels at the peak": (z, peak, LOWER),
        "labels at the peak or a tie": (tied, peak, LOWER),
        "others are ignored": (z, np.where(right, y, -100), LOWER),
        "labels that are never right": (z, z.argmin(axis=1), HIGHER),
        "right as often as wrong": ([[0.3, 0.1]] * 2, [0, 1], HIGHER),
        "each class as often": (thirds, [0, 1, 2], HIGHER),
        "all are ignored": (z, np.full(120, -100), unused),
    }
    for name, (logits, labels, what) in cases.items():
        assert said(logits, labels).startswith(what), name
    assert said(z, y, sample_weight=right.astype(float)).startswith(LOWER)
    assert said(z, y, sample_weight=-np.ones(120)) == "rows of a negative weight: 120"


def test_what_to_do_is_said() -> None:
    """Probabilities that are taken for logits say little enough to have no temperature."""
    z, y = problem(16)
    lost, peak = z.copy(), z.argmax(axis=1)
    lost[3, y[3]] = -np.inf
    probs = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    for logits, labels, what in (
        (lost, y, "--metric worst_rows"),
        (z, peak, "fit more rows"),
        (z, z.argmin(axis=1), "labels of these rows"),
        (probs, z.argmin(axis=1), "look like probabilities, not logits: --input probs"),
    ):
        with pytest.raises(InputError) as caught:
            fitted(logits, labels)
        assert what in (caught.value.hint or "")
    with pytest.raises(InputError) as caught:
        fitted(probs, z.argmin(axis=1), from_probs=True)
    assert "labels of these rows" in (caught.value.hint or "")


@in_one_test
@pytest.mark.parametrize("folds", [0, 2, 5])
def test_files_without_rows(folds: int) -> None:
    with pytest.raises(InputError, match="there is no temperature: no row is used"):
        fitted(np.zeros((0, 3)), np.zeros(0, np.int64), CalibrateOptions(folds=folds))


def test_where_weights_hardly_decide_whether_there_is_one() -> None:
    """Of two rows, the one that is right weighs a little more, or a little less."""
    z = np.array([[0.3, 0.1], [0.3, 0.1]])
    for more in (2.0**-10, 2.0**-20, 2.0**-30):
        want = (z[0, 0] - z[0, 1]) / math.log1p(more)
        found = temperature_of(z, [0, 1], sample_weight=[1.0 + more, 1.0])
        assert found == close_to(want, rel=1e-15 / more), more
        assert said(z, [0, 1], sample_weight=[1.0 - more, 1.0]).startswith(HIGHER), more


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_weights_that_are_not_finite(weight: float) -> None:
    z, y = problem(16)
    weights = np.ones(120)
    weights[[3, 7]] = weight
    assert said(z, y, sample_weight=weights) == "rows whose weight is NaN or infinite: 2"
    of_classes = np.array([weight, 1.0, 1.0, 1.0, 1.0, 1.0])
    rows = np.count_nonzero(y == 0)
    loss = LossOptions(weight=of_classes)
    assert said(z, y, options=loss) == f"rows whose weight is NaN or infinite: {rows}"
    used = np.where(np.isfinite(weights), y, -100)  # an ignored row has no weight
    assert fitted(z, used, sample_weight=weights).metrics == fitted(z, used).metrics


def test_rows_that_are_not_finite() -> None:
    z, y = problem(19)
    z[3, 2] = np.nan
    with pytest.raises(InputError, match=r"z\[3, 2\]: logit nan"):
        fitted(z, y)
    assert said(z, y, propagate=True).startswith("the loss is NaN")
