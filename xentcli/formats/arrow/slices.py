"""Large record batches, cut into small ones as they are read.

A batch is a list of buffers, each of which holds one thing of all rows: so of some rows, a part of
each buffer is read. Compressed buffers are decompressed from their beginning to their end.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.arrow.library import pyarrow
from xentcli.formats.arrow.messages import Message, damaged
from xentcli.formats.arrow.types import is_fixed, is_list, stored_type
from xentcli.storage.inputs import Input, SeekableFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLICE_BYTES = 2**24
"""About what the rows of a slice take."""
_LARGEST_ROW_BYTES = 2**28  # of one row's lists or text

Array = Any
Type = Any


class Layout:
    """Which arrays and buffers of a batch belong to each column.

    Parameters
    ----------
    schema : Schema
        Of the file.
    """

    def __init__(self, schema: Any) -> None:
        self._types = {}
        self.fits = True
        self._nodes = self._buffers = 0
        for field in schema:
            first = self._buffers
            self._count(field.type)
            self._types[field.name] = (field.type, range(first, self._buffers))

    def matches(self, message: Message) -> bool:
        """Whether a batch has just these arrays and buffers."""
        return self.fits and (self._nodes, self._buffers) == (message.nodes, len(message.buffers))

    def buffers(self, columns: tuple[str, ...]) -> list[int]:
        """Return the numbers of the buffers of some columns."""
        return [i for name in columns for i in self._types[name][1]]

    def column(self, name: str) -> tuple[Type, int]:
        """Return a column's type and the number of its first buffer."""
        type_, buffers = self._types[name]
        return type_, buffers.start

    def _count(self, type_: Type) -> None:
        is_ = pyarrow().types
        type_ = stored_type(type_)
        type_ = type_.index_type if is_.is_dictionary(type_) else type_
        views = ("string_view", "binary_view", "list_view", "large_list_view")
        if (
            str(type_).split("<")[0] in views
            or is_.is_union(type_)
            or is_.is_run_end_encoded(type_)
        ):
            self.fits = False
        self._nodes += 1
        if is_.is_null(type_):
            return
        self._buffers += 1 if is_.is_struct(type_) or is_fixed(type_) else 2
        self._buffers += _is_text(type_)
        for i in range(type_.num_fields):
            self._count(type_.field(i).type)


def slices(data: Input, message: Message, layout: Layout, empty: Any, most: int) -> Iterator[Any]:
    """Yield a record batch a few rows at a time.

    Parameters
    ----------
    data : Input
        The file.
    message : Message
        Of the batch.
    layout : Layout
        Of all columns.
    empty : RecordBatch
        The columns that are read without rows; it has the values of those of categories.
    most : int
        How many rows to read at a time; fewer where some take much more than others.
    """
    pa = pyarrow()
    parts = []
    for name in empty.schema.names:
        type_, first = layout.column(name)
        parts.append(_part(data, message, type_, iter(range(first, len(message.buffers)))))
    start, step = 0, most
    while start < message.rows:
        stop = min(start + step, message.rows)
        try:
            arrays = [part.array(start, stop) for part in parts]
        except _TooLargeError as error:
            if step == 1:
                what = f"row {start} of a record batch has {error.size} bytes"
                raise InputError(
                    f"{data.name}: {what}, and {_LARGEST_ROW_BYTES} are read"
                ) from None
            step = max(1, (stop - start) // 2)
            continue
        arrays = [_finished(a, like) for a, like in zip(arrays, empty.columns, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=empty.schema)
        start, step = stop, most


class _TooLargeError(Exception):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


class _Range:
    """A part of an input."""

    def __init__(self, data: Input, start: int, size: int) -> None:
        self._data, self._start, self.size = data, start, size

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset`, up to the end of the part."""
        left = max(0, self.size - offset)
        return self._data.read_at(self._start + offset, buffer[:left])


class _Buffer:
    """One buffer, of which parts are asked for that begin ever further on."""

    def __init__(self, data: Input, message: Message, number: int) -> None:
        start, length = map(int, message.buffers[number])
        self._data = data
        self.size = message.size(data, number)
        plain = message.is_plain(data, number)
        skipped = 0 if message.codec is None else 8
        range_ = _Range(data, message.body + start + skipped, max(0, length - skipped))
        self._file: Any = SeekableFile(range_)
        if not plain and self.size:
            file = pyarrow().PythonFile(self._file, mode="r")
            self._file = pyarrow().CompressedInputStream(file, message.codec)
        self._start, self._kept = 0, b""

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes; `start` is not before that of the last time."""
        if not self._start <= start <= stop <= self.size:
            raise damaged(self._data, "a column of a record batch is shorter than its rows")
        kept = self._kept[start - self._start :]
        self._start = max(self._start, min(start, self._start + len(self._kept)))
        while self._start + len(kept) < start:  # over what nobody wants
            self._start += len(self._next(min(start - self._start, SLICE_BYTES)))
        parts, missing = [kept], stop - start - len(kept)
        while missing > 0:
            parts.append(self._next(missing))
            missing -= len(parts[-1])
        self._start, self._kept = start, b"".join(parts)
        return self._kept[: stop - start]

    def _next(self, count: int) -> bytes:
        part: bytes = self._file.read(count)
        if not part:
            raise damaged(self._data, "a record batch ends too early")
        return part

    def bits(self, start: int, stop: int) -> bytes:
        """Return bits, moved so that the first one is the first of a byte."""
        content = np.frombuffer(self.read(start // 8, -(-stop // 8)), np.uint8)
        if start % 8 == 0:
            return content.tobytes()
        bits = np.unpackbits(content, bitorder="little")[start % 8 :][: stop - start]
        return np.packbits(bits, bitorder="little").tobytes()


class _Part:
    """A column, or an array within one."""

    def __init__(self, type_: Type, validity: _Buffer | None) -> None:
        self.type = type_
        self._validity = validity

    def array(self, start: int, stop: int) -> Array:
        """Return the values of some rows."""
        pa = pyarrow()
        valid = None
        if self._validity is not None and self._validity.size:
            valid = pa.py_buffer(self._validity.bits(start, stop))
        buffers, children = self._content(start, stop)
        buffers = [valid, *map(pa.py_buffer, buffers)]
        return pa.Array.from_buffers(self.type, stop - start, buffers, children=children)

    def _content(self, start: int, stop: int) -> tuple[list[Any], list[Array] | None]:
        """Return the buffers besides the first one, and the arrays within."""
        raise NotImplementedError


class _Fixed(_Part):
    """Values of the same number of bits."""

    def __init__(self, type_: Type, validity: _Buffer | None, data: _Buffer) -> None:
        super().__init__(type_, validity)
        self._data = data

    def _content(self, start: int, stop: int) -> tuple[list[Any], list[Array] | None]:
        if self.type.bit_width % 8:
            return [self._data.bits(start, stop)], None
        width = self.type.bit_width // 8
        return [self._data.read(start * width, stop * width)], None


class _Varying(_Part):
    """Lists or text: each value has a length of its own."""

    def __init__(
        self, type_: Type, validity: _Buffer | None, ends: _Buffer, data: "_Part | _Buffer"
    ) -> None:
        super().__init__(type_, validity)
        self._ends, self._data = ends, data

    def _content(self, start: int, stop: int) -> tuple[list[Any], list[Array] | None]:
        dtype = np.dtype("<i8" if str(self.type).startswith("large_") else "<i4")
        if start == stop:
            ends: NDArray[Any] = np.zeros(1, dtype)
        else:
            read = self._ends.read(start * dtype.itemsize, (stop + 1) * dtype.itemsize)
            ends = np.frombuffer(read, dtype)
        first, last = int(ends[0]), int(ends[-1])
        if first < 0 or (np.diff(ends) < 0).any():
            raise InputError("lengths of a column are negative")
        inside = 1 if isinstance(self._data, _Buffer) else _width(self._data.type)
        if (last - first) * inside > _LARGEST_ROW_BYTES:
            raise _TooLargeError((last - first) * inside)
        moved = (ends - ends[0]).tobytes()
        if isinstance(self._data, _Buffer):
            return [moved, self._data.read(first, last)], None
        return [moved], [self._data.array(first, last)]


class _FixedLists(_Part):
    """Lists of the same length."""

    def __init__(self, type_: Type, validity: _Buffer | None, data: _Part) -> None:
        super().__init__(type_, validity)
        self._data = data

    def _content(self, start: int, stop: int) -> tuple[list[Any], list[Array] | None]:
        count = self.type.list_size
        size = (stop - start) * count * _width(self._data.type)
        if size > _LARGEST_ROW_BYTES:
            raise _TooLargeError(size)
        return [], [self._data.array(start * count, stop * count)]


def _part(data: Input, message: Message, type_: Type, numbers: Iterator[int]) -> _Part:
    """Return what reads an array whose buffers have the next of these numbers."""
    is_ = pyarrow().types
    type_ = stored_type(type_)
    type_ = type_.index_type if is_.is_dictionary(type_) else type_

    def buffer() -> _Buffer:
        return _Buffer(data, message, next(numbers))

    if is_fixed(type_):
        return _FixedLists(type_, buffer(), _part(data, message, type_.value_type, numbers))
    if is_list(type_):
        validity, ends = buffer(), buffer()
        inner = _part(data, message, type_.value_type, numbers)
        return _Varying(type_, validity, ends, inner)
    if _is_text(type_):
        return _Varying(type_, buffer(), buffer(), buffer())
    if type_.num_fields or is_.is_null(type_):
        raise InputError(f"{data.name}: a large record batch with a column of {type_} is not read")
    return _Fixed(type_, buffer(), buffer())


def _width(type_: Type) -> int:
    """Return the bytes of a value, as far as its type says."""
    if is_fixed(type_):
        return int(type_.list_size) * _width(stored_type(type_.value_type))
    return 4 if is_list(type_) or _is_text(type_) else max(1, int(type_.bit_width) // 8)


def _is_text(type_: Type) -> bool:
    is_ = pyarrow().types
    return bool(
        is_.is_string(type_)
        or is_.is_large_string(type_)
        or is_.is_binary(type_)
        or is_.is_large_binary(type_)
    )


def _finished(array: Array, like: Array) -> Array:
    """Return an array as one of the type of another one, whose categories it has."""
    pa = pyarrow()
    if isinstance(like.type, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(like.type, _finished(array, like.storage))
    if pa.types.is_dictionary(like.type):
        return pa.DictionaryArray.from_arrays(array, like.dictionary, ordered=like.type.ordered)
    return array
