"""Large record batches, cut into small ones as they are read.

A batch is a list of buffers, each of which holds one thing of all rows. So reading some rows means
reading a part of each buffer. Compressed buffers are decompressed from beginning to end.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.arrow.buffers import Buffer
from xentcli.formats.arrow.layout import Layout
from xentcli.formats.arrow.library import pyarrow
from xentcli.formats.arrow.messages import Message
from xentcli.formats.arrow.types import is_fixed, is_list, is_text_or_bytes, stored_type
from xentcli.storage.inputs import Input

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLICE_BYTES = 2**24
"""About how much memory the rows of a slice take."""
_LARGEST_ROW_BYTES = 2**28  # the most of one row's lists or text

Array = Any
Type = Any


def slices(data: Input, message: Message, layout: Layout, empty: Any, most: int) -> Iterator[Any]:
    """Yield a record batch a few rows at a time.

    Parameters
    ----------
    data : Input
        The file.
    message : Message
        The message of the batch.
    layout : Layout
        The buffers of all columns.
    empty : RecordBatch
        The columns that are read without rows; it has the values of those of categories.
    most : int
        How many rows to read at a time; fewer where some take much more than others.
    """
    pa = pyarrow()
    parts = []
    for name in empty.schema.names:
        type_, first = layout.column(name)
        parts.append(_sliced_array(data, message, type_, iter(range(first, len(message.buffers)))))
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
        super().__init__(size)
        self.size = size


class _SlicedArray:
    """A column, or an array within one."""

    def __init__(self, type_: Type, validity: Buffer | None) -> None:
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


class _Fixed(_SlicedArray):
    """Values of the same number of bits."""

    def __init__(self, type_: Type, validity: Buffer | None, data: Buffer) -> None:
        super().__init__(type_, validity)
        self._data = data

    def _content(self, start: int, stop: int) -> tuple[list[Any], list[Array] | None]:
        if self.type.bit_width % 8:
            return [self._data.bits(start, stop)], None
        width = self.type.bit_width // 8
        return [self._data.read(start * width, stop * width)], None


class _Varying(_SlicedArray):
    """Lists or text: each value has a length of its own."""

    def __init__(
        self, type_: Type, validity: Buffer | None, ends: Buffer, data: "_SlicedArray | Buffer"
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
        inside = 1 if isinstance(self._data, Buffer) else _width(self._data.type)
        if (last - first) * inside > _LARGEST_ROW_BYTES:
            raise _TooLargeError((last - first) * inside)
        moved = (ends - ends[0]).tobytes()
        if isinstance(self._data, Buffer):
            return [moved, self._data.read(first, last)], None
        return [moved], [self._data.array(first, last)]


class _FixedLists(_SlicedArray):
    """Lists of the same length."""

    def __init__(self, type_: Type, validity: Buffer | None, data: _SlicedArray) -> None:
        super().__init__(type_, validity)
        self._data = data

    def _content(self, start: int, stop: int) -> tuple[list[Any], list[Array] | None]:
        count = self.type.list_size
        size = (stop - start) * count * _width(self._data.type)
        if size > _LARGEST_ROW_BYTES:
            raise _TooLargeError(size)
        return [], [self._data.array(start * count, stop * count)]


def _sliced_array(
    data: Input, message: Message, type_: Type, numbers: Iterator[int]
) -> _SlicedArray:
    """Return what reads an array whose buffers have the next of these numbers."""
    is_ = pyarrow().types
    type_ = stored_type(type_)
    type_ = type_.index_type if is_.is_dictionary(type_) else type_

    def buffer() -> Buffer:
        return Buffer(data, message, next(numbers))

    if is_fixed(type_):
        return _FixedLists(type_, buffer(), _sliced_array(data, message, type_.value_type, numbers))
    if is_list(type_):
        validity, ends = buffer(), buffer()
        inner = _sliced_array(data, message, type_.value_type, numbers)
        return _Varying(type_, validity, ends, inner)
    if is_text_or_bytes(type_):
        return _Varying(type_, buffer(), buffer(), buffer())
    if type_.num_fields or is_.is_null(type_):
        raise InputError(f"{data.name}: a large record batch with a column of {type_} is not read")
    return _Fixed(type_, buffer(), buffer())


def _width(type_: Type) -> int:
    """Return the bytes of a value, as far as its type says."""
    if is_fixed(type_):
        return int(type_.list_size) * _width(stored_type(type_.value_type))
    return 4 if is_list(type_) or is_text_or_bytes(type_) else max(1, int(type_.bit_width) // 8)


def _finished(array: Array, like: Array) -> Array:
    """Return an array with the type of another one, whose categories it shares."""
    pa = pyarrow()
    if isinstance(like.type, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(like.type, _finished(array, like.storage))
    if pa.types.is_dictionary(like.type):
        return pa.DictionaryArray.from_arrays(array, like.dictionary, ordered=like.type.ordered)
    return array
