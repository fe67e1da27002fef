"""What holds of one-hot rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from in_one_test import in_one_test

import xentcli as xent
from xentcli.core.one_hot import one_hot
from xentcli.errors import LabelError, ShapeError

Array = npt.NDArray[Any]

labels_of_any_shape = arrays(
    np.int64, array_shapes(min_dims=0, max_dims=3, min_side=0), elements=st.integers(0, 9)
)


@settings(max_examples=20, deadline=None, database=None)
@given(labels_of_any_shape, st.integers(10, 13))
def test_rows_of_the_identity(labels: Array, num_classes: int) -> None:
    rows = xent.one_hot(labels, num_classes)
    assert rows.dtype == np.int64
    assert rows.shape == (*labels.shape, num_classes)
    np.testing.assert_array_equal(rows, np.eye(num_classes)[labels])
    np.testing.assert_array_equal(rows.argmax(axis=-1), labels)
    np.testing.assert_array_equal(xent.one_hot(rows.argmax(axis=-1), num_classes), rows)
    if labels.size:
        assert xent.one_hot(labels).shape[-1] == labels.max() + 1


@in_one_test
@pytest.mark.parametrize("dtype", ["u1", "i1", "i4", "u8", "?", "f4"])
def test_dtypes(dtype: str) -> None:
    labels = np.array([0, 1, 1], dtype)
    np.testing.assert_array_equal(xent.one_hot(labels), [[1, 0], [0, 1], [0, 1]])
    assert one_hot([0, 1], dtype=dtype).dtype == np.dtype(dtype)


@in_one_test
@pytest.mark.parametrize(
    ("labels", "num_classes", "message"),
    [
        ([0, -1, 2, -1], -1, r"labels\[1\]: label -1 is outside 0..2 \(2 such rows\)"),
        ([[0, 1], [3, 1]], 3, r"labels\[1, 0\]: label 3 is outside 0..2$"),
        (5, 5, r"label 5 is outside 0..4"),
        ([0.0, 3.5], 9, r"labels\[1\]: label 3.5 is not a whole number"),
        (["0"], 2, r"labels must be integers, not <U1"),
    ],
)
def test_labels_that_are_no_class(labels: Any, num_classes: int, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        xent.one_hot(labels, num_classes)


@in_one_test
@pytest.mark.parametrize(("labels", "num_classes"), [([], -1), ([0], 0), ([0], -2)])
def test_numbers_of_classes_that_cannot_be(labels: list[int], num_classes: int) -> None:
    with pytest.raises(ShapeError, match="num_classes"):
        xent.one_hot(labels, num_classes)


@pytest.mark.parametrize("num_classes", [10**15, 10**17, 10**20])
def test_more_classes_than_there_is_memory_for(num_classes: int) -> None:
    """No process has the addresses for as many numbers, whatever its memory is."""
    with pytest.raises(ShapeError, match="no memory for 2 rows of 1"):
        xent.one_hot([0, 1], num_classes)
    with pytest.raises(ShapeError, match="no memory for 2 rows of 1,000,000,000,000,001 numbers"):
        xent.one_hot([0, 10**15])
