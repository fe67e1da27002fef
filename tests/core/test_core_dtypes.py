"""Widening: every number of the narrow dtypes keeps its value."""

import ml_dtypes
import numpy as np
import pytest
from in_one_test import in_one_test

from xentcli.core.dtypes import computing_dtype, is_floating, widen
from xentcli.errors import ShapeError

PATTERNS = np.arange(2**16, dtype=np.uint16)
FINITE_HALVES = PATTERNS[(PATTERNS & 0x7C00) != 0x7C00]


def assert_same_numbers(got: np.ndarray, want: np.ndarray) -> None:
    """Compare bits, signs of zeros too; one NaN is like another."""
    assert got.dtype == want.dtype == np.float32
    bits, wanted = (np.where(np.isnan(x), 0x7FC00000, x.view(np.uint32)) for x in (got, want))
    np.testing.assert_array_equal(bits, wanted)


@in_one_test
@pytest.mark.parametrize("patterns", [PATTERNS, FINITE_HALVES], ids=["all", "finite"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("step", [1, 2])
def test_every_half(patterns: np.ndarray, order: str, step: int) -> None:
    halves = patterns.view(np.float16)
    with np.errstate(invalid="ignore"):
        want = halves.astype(np.float32)
        got = widen(halves.astype(f"{order}f2")[::step])
    assert_same_numbers(got, want[::step])


@in_one_test
@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan, 65504.0, -65504.0, 2.0**-24, -0.0])
def test_one_special_half_among_ordinary_ones(special: float) -> None:
    halves = np.array([1.0, special, -2.5], np.float16)
    assert_same_numbers(widen(halves), halves.astype(np.float32))


@pytest.mark.parametrize("step", [1, 2])
def test_every_bfloat16(step: int) -> None:
    """A bfloat16 is the upper half of a float32."""
    want = (PATTERNS.astype(np.uint32) << 16).view(np.float32)
    numbers = PATTERNS.view(ml_dtypes.bfloat16)
    assert is_floating(numbers.dtype)
    assert_same_numbers(widen(numbers[::step]), want[::step])


def test_what_is_wide_already_is_not_copied() -> None:
    for dtype in (np.float32, np.float64):
        values = np.ones((3, 4), dtype)
        assert widen(values) is values


@in_one_test
@pytest.mark.parametrize(
    ("dtype", "wide"),
    [("f4", "f4"), (">f4", "f4"), ("f8", "f8"), (">f8", "f8"), ("f2", "f4"), ("?", "f8")]
    + [(f"{sign}{size}", "f8") for sign in "iu" for size in (1, 2, 4, 8)],
)
@pytest.mark.parametrize("transposed", [False, True])
def test_the_result_is_native_and_contiguous(dtype: str, wide: str, *, transposed: bool) -> None:
    values = (np.arange(6).reshape(2, 3) % 2).astype(dtype)
    values = values.T if transposed else values
    got = widen(values)
    assert got.dtype == np.dtype(wide) == computing_dtype(values.dtype)
    assert got.dtype.isnative
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, values)


@in_one_test
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0)])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i8"])
def test_shapes_without_rows(shape: tuple[int, ...], dtype: str) -> None:
    assert widen(np.ones(shape, dtype)).shape == shape


@in_one_test
@pytest.mark.parametrize("dtype", ["c8", "U3", "O", "M8[s]", "V4"])
def test_other_dtypes(dtype: str) -> None:
    with pytest.raises(ShapeError, match="are not real numbers"):
        computing_dtype(np.dtype(dtype))
