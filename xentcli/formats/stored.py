"""What the header of an array says: shape, dtype, and where the numbers stand."""

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.records import Record

MOST_AXES = 64
"""The most axes that an array of NumPy has."""


def is_possible(shape: tuple[int, ...], itemsize: int) -> bool:
    """Whether a file may hold an array of this shape; one without numbers may have many rows."""
    if len(shape) > MOST_AXES or any(n < 0 for n in shape):
        return False
    most = 2**63 if 0 not in shape else 2**32
    return math.prod(max(1, n) for n in shape) * itemsize < most


class Stored(Record):
    """What a header says of an array, and where its numbers are.

    Attributes
    ----------
    shape : tuple of int
        The shape of the array.
    dtype : dtype
        The dtype of the stored numbers.
    header_bytes : int
        How many bytes stand before the data.
    data_bytes : int
        The length of the data: the array, and the other arrays of a file that holds several.
    offset : int
        Where in the data the array begins.
    fortran_order : bool
        Whether the first axis is the one that changes fastest.
    meaning : str or None
        The dtype of which the stored integers are the bits, where NumPy has none: bfloat16.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    header_bytes: int
    data_bytes: int
    offset: int = 0
    fortran_order: bool = False
    meaning: str | None = None

    @property
    def dtype_name(self) -> str:
        """The name of the dtype that the file means."""
        return self.meaning or _name_of(self.dtype)

    @property
    def decoded_dtype(self) -> np.dtype[Any]:
        """The dtype of the numbers that are read."""
        return np.dtype(np.float32) if self.meaning else self.dtype

    def as_input_dtype(self, input_dtype: str | None, name: str) -> "Stored":
        """Return the same with its 2-byte words read as what the user says they are."""
        if input_dtype is None or input_dtype == self.dtype_name:
            return self
        if self.dtype.itemsize != 2 or self.dtype.kind not in "Viu":
            what = f"--input-dtype {input_dtype} reads raw words of 2 bytes"
            raise InputError(f"{name}: {what}, and this is {self.dtype_name}")
        words = np.dtype(("<" if self.dtype.kind == "V" else self.dtype.str[0]) + "u2")
        return self._replace(dtype=words, meaning="bfloat16")

    def check_length(self, name: str, there: int) -> None:
        """Raise InputError unless the data have the length that the header promises."""
        promised = self.data_bytes
        if there == promised:
            return
        array = math.prod(self.shape) * self.dtype.itemsize
        what = f"{self.dtype_name}, shape {self.shape}" if array == promised else "of all arrays"
        hint = "the file is cut off" if there < promised else "something follows the array"
        raise InputError(
            f"{name}: the header promises {promised} bytes ({what}), there are {there}",
            hint=hint,
        )


@cache
def _name_of(dtype: np.dtype[Any]) -> str:
    """Return NumPy's name of a dtype, kept because NumPy puts it together anew each time."""
    return dtype.name


def widen_words(
    words: NDArray[Any], meaning: str, wide: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Put numbers that NumPy has no dtype for, given as integers, into `wide`."""
    if meaning == "bfloat16":  # half a float32
        np.left_shift(words, np.uint32(16), out=wide.view(np.uint32), casting="unsafe")
        return wide
    return np.take(_float8_values(meaning), words, out=wide, mode="clip")


@cache
def _float8_values(name: str) -> NDArray[np.float32]:
    """Return what each of the 256 words means."""
    words = np.arange(256, dtype=np.uint16)
    if name == "float8_e5m2":  # half a float16
        return (words << 8).view(np.float16).astype(np.float32)
    exponent, fraction = (words >> 3 & 15).astype(np.int32), (words & 7) / 8
    values = np.ldexp(np.where(exponent, 1 + fraction, 2 * fraction), exponent - 7)
    values[words & 127 == 127] = np.nan  # there is no infinity
    return np.where(words & 128, -values, values).astype(np.float32)
