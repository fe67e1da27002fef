"""Integers that float64 does not hold, against Python's own integers."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from xentcli.core.rounded import rounded_integers

ENDS = [sign * (2**k + d) for k in (52, 53, 54, 62, 63) for d in (-1, 0, 1) for sign in (1, -1)]


def count(numbers: list[int]) -> int:
    return sum(int(float(number)) != number for number in numbers)


@settings(max_examples=20)
@given(st.lists(st.sampled_from(ENDS) | st.integers(-(2**63), 2**63 - 1)))
def test_signed_integers(numbers: list[int]) -> None:
    held = [number for number in numbers if -(2**63) <= number < 2**63]
    assert rounded_integers(np.array(held, np.int64)) == count(held)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([2**64 - 1, 2**64 - 1024, 2**63])))
def test_unsigned_integers(numbers: list[int]) -> None:
    assert rounded_integers(np.array(numbers, np.uint64)) == count(numbers)


def test_other_dtypes_hold_none() -> None:
    for dtype in ("f2", "f4", "f8", "i4", "u4", "i1", "?"):
        assert rounded_integers(np.ones((3, 2), dtype)) == 0


class Rows:
    """Rows that are read a tile at a time."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        self.shape, self.dtype, self._values = values.shape, values.dtype, values

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        assert rows.stop - rows.start < len(self._values)
        return self._values[rows]


def test_rows_that_are_read_by_the_tile() -> None:
    values = np.zeros((2**12, 2**8), np.int64)
    values[::100, 3] = 2**53 + 1
    assert rounded_integers(Rows(values)) == rounded_integers(values) == 41
