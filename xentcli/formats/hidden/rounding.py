"""Rounding numbers of float32 as models of fewer bits do."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def round_to(values: NDArray[np.float32], dtype: str) -> None:
    """Round numbers in place to the nearest of bfloat16 or float16, ties to even."""
    if dtype == "float16":
        values[...] = values.astype(np.float16)
    if dtype == "bfloat16":
        values[...] = _to_bfloat16(values)


def _to_bfloat16(values: NDArray[np.float32]) -> NDArray[Any]:
    bits = values.view(np.uint32)
    rounded = bits + (np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1)))
    rounded &= np.uint32(0xFFFF0000)
    return np.where(np.isnan(values), values, rounded.view(np.float32))
