"""Labels of every dtype, which are classes or refused by their index."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from in_one_test import in_one_test

import xentcli as xent
from xentcli.errors import LabelError

Array = npt.NDArray[Any]
NAN, INF = math.nan, math.inf
LOGITS = np.array([[0.0, 1.0, -2.0], [3.0, 0.5, 0.25], [-1.0, -1.0, 4.0], [2.0, 2.0, 2.0]])
LABELS = np.array([1, 0, 1, 2])
losses = pytest.mark.parametrize("loss", [xent.nll_loss, xent.cross_entropy])


def none(logits: Any, labels: Any, **options: Any) -> Array:
    return np.asarray(xent.cross_entropy(logits, labels, reduction="none", **options))


# Labels


@in_one_test
@losses
@pytest.mark.parametrize(
    "dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4", "f2", "f4", "f8"]
)
def test_labels_of_every_dtype(loss: Any, dtype: str) -> None:
    got = loss(LOGITS, LABELS.astype(dtype), reduction="none")
    np.testing.assert_array_equal(got, loss(LOGITS, LABELS, reduction="none"))


@losses
def test_truth_values_are_labels(loss: Any) -> None:
    truth = np.array([True, False, True, False])
    assert loss(LOGITS, truth) == loss(LOGITS, [1, 0, 1, 0])


@in_one_test
@losses
@pytest.mark.parametrize("dtype", ["i1", "i8", "f2", "f8"])
def test_ignored_labels_of_every_signed_dtype(loss: Any, dtype: str) -> None:
    labels = np.array([1, -100, 0, -100]).astype(dtype)
    np.testing.assert_array_equal(loss(LOGITS, labels, reduction="none")[[1, 3]], 0.0)


@in_one_test
@losses
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 7, 9, 1], r"^labels\[1\]: label 7 is outside 0..2 \(2 such rows\)$"),
        ([0, 1, 2, -1], r"^labels\[3\]: label -1 is outside 0..2$"),
        ([3, 3, 3, 3], r"^labels\[0\]: label 3 is outside 0..2 \(4 such rows\)$"),
        ([-100, 1, 1, -99], r"^labels\[3\]: label -99 is outside 0..2$"),
        ([0, 1, 3.5, 0.5], r"^labels\[2\]: label 3.5 is not a whole number \(2 such rows\)$"),
        ([0, NAN, 1, 2], r"^labels\[1\]: a missing value \(NaN\) instead of a label$"),
        ([0, 1, INF, 2], r"^labels\[2\]: label inf is not a whole number$"),
        ([0, 1, 1, 2.0**63], r"^labels\[3\]: label 9.22\S+ is larger than any class$"),
        (np.array([0, 1, 2**63, 1], "u8"), r"^labels\[2\]: label 9223372036854775808 is "),
        (np.array([0, 2**64 - 100, 2, 1], "u8"), r"^labels\[1\]: label 18446744073709551516 is "),
        (np.array([0, 1, 2, 2**62], "u8"), r"^labels\[3\]: label 4611686018427387904 is outside"),
        (np.array([0, -(2**63), 2, 2]), r"^labels\[1\]: label -9223372036854775808 is outside"),
        (["0", "1", "2", "0"], "^labels must be integers, not <U1$"),
        ([0j, 1, 2, 0], "^labels must be integers, not complex128$"),
    ],
)
def test_labels_that_are_no_class(loss: Any, labels: Any, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        loss(LOGITS, np.asarray(labels))


@in_one_test
@losses
@pytest.mark.parametrize("labels", [[7, 3.5, 0, 1], [3.5, 7, 0, 1]])
def test_the_first_wrong_label_is_named_whatever_is_wrong_with_it(
    loss: Any, labels: list[float]
) -> None:
    with pytest.raises(LabelError, match=r"^labels\[0\]"):
        loss(LOGITS, labels)


def test_a_wrong_label_is_an_error_whatever_else_is_wrong() -> None:
    logits = LOGITS.copy()
    logits[0] = NAN
    with pytest.raises(LabelError, match=r"labels\[2\]: label 3 "):
        xent.cross_entropy(logits, [0, 1, 3, 0])


def test_a_wrong_label_is_named_by_its_index() -> None:
    labels = np.zeros((2, 4), int)
    labels[1, 2] = labels[1, 3] = 5
    with pytest.raises(LabelError, match=r"labels\[1, 2\]: label 5 is outside 0..2 \(2 such"):
        xent.cross_entropy(np.zeros((2, 3, 4)), labels)


def test_wrong_labels_of_a_large_array_are_counted_together() -> None:
    """It is computed tile by tile."""
    labels = np.zeros(20, int)
    labels[[9, 15, 19]] = 70_000
    with pytest.raises(LabelError, match=r"labels\[9\]: label 70000 .*\(3 such rows\)"):
        xent.cross_entropy(np.zeros((20, 70_000), np.float16), labels)


def test_what_the_hint_says() -> None:
    for labels, hint in (([1, 3], "try --label-base 1"), ([-1, -1], "--ignore-index -1")):
        with pytest.raises(LabelError) as caught:
            xent.cross_entropy(LOGITS[:2], labels)
        assert hint in str(caught.value.hint)
    with pytest.raises(LabelError) as caught:
        xent.cross_entropy(LOGITS[:2], [-1, 3])
    assert caught.value.hint is None
