"""Rows that are ignored, weigh nothing, or are not finite."""

import math
from typing import Any

import numpy as np
import pytest
from close_to import close_to
from in_one_test import in_one_test
from loss_cases import INF, LABELS, LOGITS, NAN, WEIGHT, Array, losses, none

import xentcli as xent

# Ignored rows


@in_one_test
@losses
@pytest.mark.parametrize("ignore_index", [-100, -1, 0, 1, 2, 17, 2**62, 2**80])
def test_ignored_rows_are_as_if_they_were_not_there(loss: Any, ignore_index: int) -> None:
    labels = [1, 0, 2, 1] if ignore_index > 2**63 else [1, ignore_index, 2, ignore_index]
    kept = [i for i, label in enumerate(labels) if label != ignore_index]
    got = loss(LOGITS, labels, ignore_index=ignore_index, reduction="none")
    want = np.zeros(4)
    want[kept] = loss(LOGITS[kept], np.array(labels)[kept], reduction="none")
    np.testing.assert_array_equal(got, want)
    for reduction in ("mean", "sum"):
        all_rows = loss(LOGITS, labels, ignore_index=ignore_index, reduction=reduction)
        assert all_rows == loss(LOGITS[kept], np.array(labels)[kept], reduction=reduction)


@in_one_test
@losses
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_an_ignored_row_may_hold_anything(loss: Any, bad: float, weight: Array | None) -> None:
    logits = np.vstack([LOGITS, np.full(3, bad)])
    labels = np.append(LABELS, -100)
    got = loss(logits, labels, weight=weight, reduction="none")
    assert got[4] == 0.0
    assert loss(logits, labels, weight=weight) == loss(LOGITS, LABELS, weight=weight)


@in_one_test
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_an_ignored_row_is_not_smoothed(bad: float) -> None:
    logits = np.vstack([LOGITS, np.full(3, bad), LOGITS[0]])
    labels = np.append(LABELS, [-100, -100])
    options: dict[str, Any] = {"weight": WEIGHT, "label_smoothing": 0.3}
    np.testing.assert_array_equal(none(logits, labels, **options)[4:], 0.0)
    assert xent.cross_entropy(logits, labels, **options) == xent.cross_entropy(
        LOGITS, LABELS, **options
    )


@in_one_test
@losses
@pytest.mark.parametrize(
    ("rows", "labels", "options"),
    [
        (2, [-100, -100], {}),
        (0, [], {}),
        (2, [0, 1], {"weight": [0.0, 0.0, 1.0]}),
        (2, [-100, 0], {"weight": [0.0, 1.0, 1.0]}),
    ],
)
def test_nothing_used(loss: Any, rows: int, labels: list[int], options: dict[str, Any]) -> None:
    args = (LOGITS[:rows], np.array(labels, int))
    assert math.isnan(loss(*args, **options))
    assert loss(*args, **options, reduction="sum") == 0.0
    np.testing.assert_array_equal(loss(*args, **options, reduction="none"), np.zeros(rows))


# Numbers that are not finite


@in_one_test
@pytest.mark.parametrize("num_classes", [2, 5, 41, 100])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_rows_that_are_not_finite(num_classes: int, dtype: Any) -> None:
    logits = np.zeros((7, num_classes), dtype)
    logits[1, 1] = NAN
    logits[2, 1] = INF
    logits[3] = -INF
    logits[4, 1] = -INF  # a masked class beside the label
    logits[5, 0] = -INF  # the label's own class
    logits[6, 0], logits[6, 1:] = 5.0, -INF  # all other classes masked
    got = none(logits, np.zeros(7, int))
    np.testing.assert_array_equal(np.isnan(got), [0, 1, 1, 1, 0, 0, 0])
    near = 1e-6
    assert got[0] == close_to(math.log(num_classes), rel=near)
    assert got[4] == close_to(math.log(num_classes - 1), rel=near)
    assert got[5] == INF
    assert got[6] == 0.0
    assert math.isnan(xent.cross_entropy(logits, np.zeros(7, int)))
    assert xent.cross_entropy(logits[[0, 5]], [0, 0]) == INF


@losses
def test_a_weight_of_zero_does_not_ignore(loss: Any) -> None:
    logits = [[-INF, 0.0], [0.0, 0.0]]
    got = loss(logits, [0, 1], weight=[0.0, 1.0], reduction="none")
    assert math.isnan(got[0])
    assert math.isnan(loss(logits, [0, 1], weight=[0.0, 1.0]))


def test_a_masked_class_and_smoothing() -> None:
    """Smoothing gives every class a share, and a class of probability 0 an infinite loss."""
    assert none([[-INF, 0.0, 0.0]], [1], label_smoothing=0.1).tolist() == [INF]
    assert math.isnan(none([[-INF, 0.0]], [1], label_smoothing=0.1, weight=[0.0, 1.0])[0])
    assert math.isnan(none([[-INF, 0.0]], np.array([[0.0, 1.0]]))[0])
