"""Labels of every dtype, which are classes or refused by their index."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from loss_cases import INF, LABELS, LOGITS, NAN, Array, losses

import xentcli as xent
from xentcli.errors import LabelError

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
    with pytest.raises(LabelError, match=f"(?m){message}"):  # a hint follows
        loss(LOGITS, np.asarray(labels))


def labels_of(shape: tuple[int, ...], wrong: Mapping[Any, float]) -> Array:
    labels = np.zeros(shape)
    for place, label in wrong.items():
        labels[place] = label
    return labels


def test_which_label_is_named() -> None:
    """The first one, whatever else is wrong, by its index; all are counted, tile by tile."""
    nan = LOGITS.copy()
    nan[0] = NAN
    large = np.zeros((20, 70_000), np.float16)
    for logits, wrong, message in (
        (LOGITS, {0: 7, 1: 3.5}, r"^labels\[0\]: label 7 "),
        (LOGITS, {0: 3.5, 1: 7}, r"^labels\[0\]: label 3.5 "),
        (nan, {2: 3}, r"^labels\[2\]: label 3 "),
        (np.zeros((2, 3, 4)), {(1, 2): 5, (1, 3): 5}, r"\[1, 2\]: label 5 .* 0..2 \(2 such"),
        (large, dict.fromkeys((9, 15, 19), 70_000), r"\[9\]: label 70000 .*\(3 such rows\)"),
    ):
        labels = labels_of(logits.shape[:1] + logits.shape[2:], wrong)
        with pytest.raises(LabelError, match=message):
            xent.cross_entropy(logits, labels)


def test_what_the_hint_says() -> None:
    for labels, hint in (([1, 3], "try --label-base 1"), ([-1, -1], "ignore_index=-1")):
        with pytest.raises(LabelError) as caught:
            xent.cross_entropy(LOGITS[:2], labels)
        assert hint in str(caught.value.hint)
    with pytest.raises(LabelError) as caught:
        xent.cross_entropy(LOGITS[:2], [-1, 3])
    assert caught.value.hint is None
