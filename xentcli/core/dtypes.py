"""Chooses the dtype of a computation, and converts to it fast, without changing a value."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.scratch import scratch
from xentcli.errors import ShapeError

Floats = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]
Places = NDArray[np.int64]
"""Indices of classes, of rows or of groups."""


def is_bfloat16(dtype: np.dtype[Any]) -> bool:
    """Whether `dtype` is the bfloat16 of ml_dtypes, by its name: ml_dtypes need not be there."""
    return dtype.name == "bfloat16"


def is_floating(dtype: np.dtype[Any]) -> bool:
    """Whether `dtype` holds real floating-point numbers."""
    return dtype.kind == "f" or is_bfloat16(dtype)


def computing_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return float32 for 16- and 32-bit floats, float64 for float64, integers and bool.

    Raises
    ------
    ShapeError
        If `dtype` does not hold real numbers.
    """
    if is_floating(dtype):
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    if dtype.kind in "iub":
        return np.dtype(np.float64)
    raise ShapeError(f"{dtype} values are not real numbers")


def widen(values: NDArray[Any]) -> Floats:
    """Return `values` in their computing dtype, native and C-contiguous; a copy only if needed.

    A converted array is scratch memory: valid until this thread widens another.
    """
    dtype = computing_dtype(values.dtype)
    if values.dtype == dtype and values.dtype.isnative and values.flags.c_contiguous:
        return values
    if values.dtype == np.float16 and values.dtype.isnative and values.flags.c_contiguous:
        return _widen_half(values)
    wide = scratch("widened", values.shape, dtype)
    np.copyto(wide, values)
    return wide


def _widen_half(values: NDArray[np.float16]) -> Floats:
    """Convert by bits, six times faster than ``astype`` where the processor lacks the conversion.

    Sign and value move to their places in a float32, and an exact multiplication by 2**112 corrects
    the bias of the exponent. Only infinity and NaN need the slow way.
    """
    halves = values.view(np.int16)
    wide = scratch("widened", values.shape, np.float32)
    bits = wide.view(np.int32)
    np.copyto(bits, halves)
    np.left_shift(bits, 13, out=bits)
    np.bitwise_and(bits, np.int32(-0x70002000), out=bits)  # 0x8FFFE000
    np.multiply(wide, np.float32(2.0**112), out=wide)
    # +inf and positive NaN are the largest signed integers, -inf and other NaN the unsigned ones.
    if halves.size and (halves.max() >= 0x7C00 or halves.view(np.uint16).max() >= 0xFC00):
        np.copyto(wide, values)
    return wide
