"""Reads an array whose numbers stand side by side: NPY, NPZ members, safetensors tensors."""

import math
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import Block, Table, cut
from xentcli.storage.inputs import Input

_RUN = 2**16  # bytes that one read of a strided slice should bring
_LARGEST_STRIDED = 2**25  # bytes of a block made of such reads
_SKIPPED = 2**20  # bytes read at once, of what stands before or behind the array


_MOST_AXES = 64  # of a NumPy array


def is_possible(shape: tuple[int, ...], itemsize: int) -> bool:
    """Whether a file may hold an array of this shape; one without numbers may have many rows."""
    if len(shape) > _MOST_AXES or any(n < 0 for n in shape):
        return False
    most = 2**63 if 0 not in shape else 2**32
    return math.prod(max(1, n) for n in shape) * itemsize < most


class Stored(NamedTuple):
    """What a header says of an array, and where its numbers are.

    Attributes
    ----------
    shape : tuple of int
        Of the array.
    dtype : dtype
        Of the stored numbers.
    header_bytes : int
        Before the data.
    data_bytes : int
        Of the data: the array, and other arrays where a file holds several.
    offset : int
        Of the array in the data.
    fortran_order : bool
        Whether the first axis is the one that changes fastest.
    is_bfloat16 : bool
        Whether the stored 2-byte integers are the bits of bfloat16.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    header_bytes: int
    data_bytes: int
    offset: int = 0
    fortran_order: bool = False
    is_bfloat16: bool = False

    @property
    def dtype_name(self) -> str:
        """The name of the dtype that the file means."""
        return "bfloat16" if self.is_bfloat16 else self.dtype.name

    def as_input_dtype(self, input_dtype: str | None, name: str) -> "Stored":
        """Return this with its 2-byte words read as what the user says they are."""
        if input_dtype is None or input_dtype == self.dtype_name:
            return self
        if self.dtype.itemsize != 2 or self.dtype.kind not in "Viu":
            what = f"--input-dtype {input_dtype} reads raw words of 2 bytes"
            raise InputError(f"{name}: {what}, and this is {self.dtype_name}")
        words = np.dtype(("<" if self.dtype.kind == "V" else self.dtype.str[0]) + "u2")
        return self._replace(dtype=words, is_bfloat16=True)


class ArraySource:
    """An array in a file or stream, read in slices.

    Parameters
    ----------
    data : Input
        From the first byte of the header on.
    stored : Stored
        What the header says.
    format : str
        The format's name.
    name : str, optional
        Of the array, for messages; else the input's.
    there : int, optional
        How many bytes the input has, where it cannot say so itself.
    """

    columns: tuple[str, ...] | None = None
    labelled = False
    id_column: str | None = None

    def __init__(
        self,
        data: Input,
        stored: Stored,
        format: str,  # noqa: A002
        name: str | None = None,
        there: int | None = None,
    ) -> None:
        self.name = name or data.name
        self.format = format
        self.size = data.size
        self.check_unchanged = data.check_unchanged
        self.notes: list[str] = []
        self.shape = stored.shape
        self.stored_dtype = stored.dtype_name
        self.dtype = np.dtype(np.float32) if stored.is_bfloat16 else stored.dtype
        self._stored = stored
        self._data = data
        self._buffers = threading.local()
        if there is not None:
            self._check_length(there - stored.header_bytes)
        if data.seekable or (stored.fortran_order and len(stored.shape) > 1):
            self.keep()  # in Fortran order the first row is spread over the whole file

    @property
    def sliceable(self) -> bool:
        """Whether any slice can be read at any time."""
        return self._data.seekable

    @property
    def tileable(self) -> bool:
        """Whether rows along the last axis stand side by side, and can be read at any time."""
        return self.sliceable and not self._stored.fortran_order and self.shape != ()

    @property
    def shareable(self) -> bool:
        """Whether it lies in a file of this machine, and is no stream."""
        return self._data.shareable

    def keep(self) -> None:
        """Make the source readable more than once, and check its size."""
        self._data = self._data.spooled()
        self._check_length((self._data.size or 0) - self._stored.header_bytes)

    @property
    def _length(self) -> int:
        return self.shape[0] if self.shape else 1

    @property
    def _itemsize(self) -> int:
        return self._stored.dtype.itemsize

    def _check_length(self, there: int) -> None:
        """Raise InputError unless the data have the length that the header promises."""
        promised = self._stored.data_bytes
        if there == promised:
            return
        array = math.prod(self.shape) * self._itemsize
        what = f"{self.stored_dtype}, shape {self.shape}" if array == promised else "of all arrays"
        hint = "the file is cut off" if there < promised else "something follows the array"
        raise InputError(
            f"{self.name}: the header promises {promised} bytes ({what}), there are {there}",
            hint=hint,
        )

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as NumPy indexes it."""
        return f"{self.name}{list(index)}" if index else self.name

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut into blocks of `rows` rows, more where rows are not contiguous."""
        return cut(self, rows) if self.sliceable else self._stream(rows)

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices of `axis` to read at a time, when `rows` are wanted."""
        outer, inner = self._around(axis)
        if outer == 1:
            return rows
        run = _RUN // max(1, inner * self._itemsize)
        most = _LARGEST_STRIDED // max(1, outer * inner * self._itemsize)
        return max(rows, min(run, most), 1)

    def _in_stored_order(self, axis: int) -> tuple[tuple[int, ...], int]:
        """Return the shape in the order of the bytes, slowest axis first, and `axis` in it."""
        if self._stored.fortran_order:
            return self.shape[::-1], len(self.shape) - 1 - axis
        return self.shape, axis

    def _around(self, axis: int) -> tuple[int, int]:
        shape, axis = self._in_stored_order(axis)
        return math.prod(shape[:axis]), math.prod(shape[axis + 1 :])

    def block(self, start: int, rows: int, axis: int = 0) -> Block:
        """Return the block of any slice of `axis`."""
        return Block(start, rows, lambda: Table(self._slice(start, rows, axis)))

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Read rows of the array laid out as (N, C), into this thread's buffer."""
        num_classes = self.shape[-1]
        return self._read([start * num_classes], rows * num_classes).reshape(rows, num_classes)

    def _slice(self, start: int, rows: int, axis: int) -> NDArray[Any]:
        """Read a slice into this thread's buffer: one run of bytes, or one for each outer index."""
        shape, stored_axis = self._in_stored_order(axis) if self.shape else ((1,), 0)
        outer, inner = math.prod(shape[:stored_axis]), math.prod(shape[stored_axis + 1 :])
        runs = outer if rows * inner else 0
        firsts = [(i * shape[stored_axis] + start) * inner for i in range(runs)]
        numbers = self._read(firsts, rows * inner)
        if not self.shape:
            return numbers.reshape(())
        array = numbers.reshape(*shape[:stored_axis], rows, *shape[stored_axis + 1 :])
        return array.T if self._stored.fortran_order else array

    def _read(self, firsts: Sequence[int], count: int) -> NDArray[Any]:
        """Read `count` numbers from each of some places on, counted in numbers."""
        run = count * self._itemsize
        buffer = self._buffer("stored", len(firsts) * run)
        begin = self._stored.header_bytes + self._stored.offset
        for i, first in enumerate(firsts):
            part = buffer[i * run : (i + 1) * run].data
            if self._data.read_at(begin + first * self._itemsize, part) < run:
                raise InputError(f"{self.name}: it became shorter while it was read")
        numbers = buffer.view(self._stored.dtype)
        if self._stored.is_bfloat16:
            wide = self._buffer("wide", 4 * numbers.size).view(np.float32)
            numbers = _widen_bfloat16(numbers, wide)
        return numbers

    def _buffer(self, use: str, size: int) -> NDArray[np.uint8]:
        kept: NDArray[np.uint8] | None = getattr(self._buffers, use, None)
        if kept is None or kept.size < size:
            kept = np.empty(size, np.uint8)
            setattr(self._buffers, use, kept)
        return kept[:size]

    def _stream(self, rows: int) -> Iterator[Block]:
        header = self._stored.header_bytes
        there = self._skip(header + self._stored.offset) - header
        row_size = math.prod(self.shape[1:]) * self._itemsize
        for start in range(0, self._length, rows):
            count = min(rows, self._length - start)
            content = self._data.read(count * row_size)
            there += len(content)
            if len(content) < count * row_size:
                self._check_length(there)
            yield Block(start, count, partial(self._rows, content, count))
        there += self._skip(self._stored.data_bytes - there)
        self._check_length(there + len(self._data.peek(1)))

    def _skip(self, count: int) -> int:
        """Read over bytes; return how many there were."""
        done = 0
        while part := self._data.read(min(count - done, _SKIPPED)):
            done += len(part)
        return done

    def _rows(self, content: bytes, count: int) -> Table:
        numbers: NDArray[Any] = np.frombuffer(content, self._stored.dtype)
        if self._stored.is_bfloat16:
            numbers = _widen_bfloat16(numbers, np.empty(numbers.size, np.float32))
        return Table(numbers.reshape((count, *self.shape[1:]) if self.shape else ()))


def _widen_bfloat16(words: NDArray[Any], wide: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put bfloat16 numbers, given as 2-byte integers, into `wide`: each is half a float32."""
    np.left_shift(words, np.uint32(16), out=wide.view(np.uint32), casting="unsafe")
    return wide
