"""Reads an array whose numbers stand side by side: NPY, NPZ members, safetensors tensors."""

import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import Block, IndexedSource, Source, StreamSource, Table
from xentcli.formats.stored import Stored, widen_words
from xentcli.formats.table_blocks import cuts
from xentcli.storage.inputs import Input

_RUN_BYTES = 2**16  # what one read of a strided slice should bring
_LARGEST_STRIDED_BYTES = 2**25  # the most of a block made of such reads
_SKIPPED_BYTES = 2**20  # how much is read at once of what surrounds the array


def open_stored(
    data: Input,
    stored: Stored,
    format_: str,
    name: str | None = None,
    there: int | None = None,
) -> "ArraySource | ArrayStream":
    """Open an array: any slice of it where the input is seekable, else its rows in order.

    Parameters
    ----------
    data : Input
        The input, at the first byte of the header.
    stored : Stored
        What the header says.
    format_ : str
        The format's name.
    name : str, optional
        What messages call the array; by default the input's name.
    there : int, optional
        How many bytes the input has, where it cannot say so itself.
    """
    stream = ArrayStream(data, stored, format_, name)
    if there is not None:
        stored.check_length(stream.name, there - stored.header_bytes)
    if data.seekable or (stored.fortran_order and len(stored.shape) > 1):
        return stream.kept()  # in Fortran order the first row is spread over the whole file
    return stream


class _StoredArray(Source):
    """What arrays have in common, however they are read."""

    of_this_process: ClassVar[tuple[str, ...]] = ("unchanged", "_data", "_buffers")

    def __init__(self, data: Input, stored: Stored, format_: str, name: str | None) -> None:
        self.name = name or data.name
        self.format = format_
        self.size = data.file_size
        self.unchanged = data.check_unchanged
        self.notes = []
        self.shape = stored.shape
        self.stored_dtype = stored.dtype_name
        self.dtype = stored.decoded_dtype
        self.shareable = data.shareable
        self._stored = stored
        self._data = data

    @property
    def _itemsize(self) -> int:
        return self._stored.dtype.itemsize


class ArrayStream(_StoredArray, StreamSource):
    """An array in a stream: blocks carry the bytes of their rows."""

    carries_bytes = True

    def kept(self) -> "ArraySource":
        """Return the array in a copy of the stream on disk, or in the file itself."""
        source = ArraySource(self._data.spooled(), self._stored, self.format, self.name)
        source.size = self.size
        return source

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut into blocks of `rows` rows; the last one is followed by what ends the file."""
        stored = self._stored
        there = self._skip(stored.header_bytes + stored.offset) - stored.header_bytes
        row_bytes = math.prod(stored.shape[1:]) * self._itemsize
        length = stored.shape[0] if stored.shape else 1
        for start, count in cuts(length, rows):
            content = self._data.read(count * row_bytes)
            there += len(content)
            if len(content) < count * row_bytes:
                stored.check_length(self.name, there)
            yield Block(start, count, content=content)
        there += self._skip(stored.data_bytes - there)
        stored.check_length(self.name, there + len(self._data.peek(1)))

    def decode(self, block: Block) -> Table:
        """Return the numbers in a block's bytes."""
        numbers: NDArray[Any] = np.frombuffer(block.content, self._stored.dtype)
        if meaning := self._stored.meaning:
            numbers = widen_words(numbers, meaning, np.empty(numbers.size, np.float32))
        row = self._stored.shape[1:]
        return Table(numbers.reshape((block.rows, *row) if self.shape else ()))

    def _skip(self, count: int) -> int:
        """Skip bytes by reading them; return how many there were."""
        done = 0
        while part := self._data.read(min(count - done, _SKIPPED_BYTES)):
            done += len(part)
        return done


class ArraySource(_StoredArray, IndexedSource):
    """An array in a seekable input, of which any slice is read.

    Attributes
    ----------
    run_bytes : int
        How many bytes one read should bring of a slice that is strewn over the file.
    """

    run_bytes = _RUN_BYTES

    def __init__(self, data: Input, stored: Stored, format_: str, name: str | None = None) -> None:
        super().__init__(data, stored, format_, name)
        self.tileable = not stored.fortran_order and self.shape != ()
        self._buffers = threading.local()
        stored.check_length(self.name, (data.size or 0) - stored.header_bytes)

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices of `axis` to read at a time, when `rows` are wanted."""
        outer, inner = self._around(axis)
        if outer == 1:
            return rows
        run = self.run_bytes // max(1, inner * self._itemsize)
        most = _LARGEST_STRIDED_BYTES // max(1, outer * inner * self._itemsize)
        return max(rows, min(run, most), 1)

    def _in_stored_order(self, axis: int) -> tuple[tuple[int, ...], int]:
        """Return the shape in the order of the bytes, slowest axis first, and `axis` in it."""
        shape = self._stored.shape
        return (shape[::-1], len(shape) - 1 - axis) if self._stored.fortran_order else (shape, axis)

    def _around(self, axis: int) -> tuple[int, int]:
        shape, axis = self._in_stored_order(axis)
        return math.prod(shape[:axis]), math.prod(shape[axis + 1 :])

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Read rows of the array laid out as (N, C), into this thread's buffer."""
        if self._stored.fortran_order:
            return super().tile(start, rows)
        num_classes = self._stored.shape[-1]
        return self._read([start * num_classes], rows * num_classes).reshape(rows, num_classes)

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read a slice into this thread's buffer: one run of bytes, or one for each outer index."""
        shape, stored_axis = self._in_stored_order(axis)
        if not self.shape:
            shape, stored_axis = (1,), 0
        outer, inner = math.prod(shape[:stored_axis]), math.prod(shape[stored_axis + 1 :])
        runs = outer if rows * inner else 0
        firsts = [(i * shape[stored_axis] + start) * inner for i in range(runs)]
        numbers = self._read(firsts, rows * inner)
        if not self.shape:
            return Table(numbers.reshape(()))
        array = numbers.reshape(*shape[:stored_axis], rows, *shape[stored_axis + 1 :])
        return Table(array.T if self._stored.fortran_order else array)

    def _read(self, firsts: Sequence[int], count: int) -> NDArray[Any]:
        """Read `count` numbers from each of some places, which are counted in numbers."""
        run = count * self._itemsize
        buffer = self._buffer("stored", len(firsts) * run)
        for i, first in enumerate(firsts):
            part = buffer[i * run : (i + 1) * run].data
            if self._read_run(first * self._itemsize, part) < run:
                raise InputError(f"{self.name}: it became shorter while it was read")
        numbers = buffer.view(self._stored.dtype)
        if meaning := self._stored.meaning:
            wide = self._buffer("wide", 4 * numbers.size).view(np.float32)
            numbers = widen_words(numbers, meaning, wide)
        return numbers

    def _read_run(self, first: int, part: memoryview) -> int:
        """Fill `part` from the array's byte `first` on; return how many bytes there were."""
        return self._data.read_at(self._stored.header_bytes + self._stored.offset + first, part)

    def _buffer(self, use: str, size: int) -> NDArray[np.uint8]:
        kept: NDArray[np.uint8] | None = getattr(self._buffers, use, None)
        if kept is None or kept.size < size:
            kept = np.empty(size, np.uint8)
            setattr(self._buffers, use, kept)
        return kept[:size]
