"""Rows as a table: one column of lists of fixed length."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import OutputError
from xentcli.formats.arrow.library import parquet, pyarrow, understood
from xentcli.formats.arrow.types import with_names
from xentcli.formats.base import ArrayHeader, SequentialWriter
from xentcli.storage.outputs import Output

VALUES_COLUMN = "values"
"""The name of the only column."""

_GROUP_BYTES = 2**24  # the size of a group bounds the memory, here and for a reader


def _open(format_: str, file: io.RawIOBase, schema: Any) -> Any:
    """Open pyarrow's writer of a format."""
    if format_ == "arrow":
        return pyarrow().ipc.new_file(file, schema)
    if format_ == "arrows":
        return pyarrow().ipc.new_stream(file, schema)
    # A dictionary shrinks columns of 0 and 1, but only slows down floats, which all differ.
    integers = pyarrow().types.is_integer(_innermost(schema.field(-1).type))
    return parquet().ParquetWriter(
        file, schema, compression="snappy", use_dictionary=integers, write_statistics=False
    )


class TableWriter(SequentialWriter):
    """Writes an array as a table.

    A row is a list of fixed length in the column `values`, or lists in a list; the names of its
    places are metadata of the field. One number a row is a plain column. Ids come first. Rows must
    come in order: they are compressed in groups.
    """

    def __init__(self, output: Output, header: ArrayHeader, format_: str) -> None:
        self._output = output
        self._format = format_
        self._dtype = header.dtype.newbyteorder("=")
        self._row = tuple(n or 0 for n in header.shape[1:])
        self._id_column = header.id_column
        self._lists = len(header.shape) > 1
        self._name = VALUES_COLUMN if self._lists or not header.columns else header.columns[0]
        self._metadata = with_names(header.columns) if len(header.shape) == 2 else None
        self._check()
        row_bytes = max(1, math.prod(self._row) * self._dtype.itemsize)
        self._kept = np.empty((self._rows_of_group(header, row_bytes), *self._row), self._dtype)
        self._kept_ids: list[NDArray[Any]] = []
        self._count = 0
        self._id_type: Any = None
        self._file = _Collected()
        self._writer: Any = None

    def _rows_of_group(self, header: ArrayHeader, row_bytes: int) -> int:
        rows = max(1, _GROUP_BYTES // row_bytes)
        length = header.shape[0] if header.shape else 1
        return rows if length is None else min(rows, max(1, length))

    def _check(self) -> None:
        if self._dtype.kind not in "fiub" or self._dtype.itemsize > 8:
            raise OutputError(f"{self._output.name}: {self._format} does not hold {self._dtype}")
        if self._format == "parquet" and self._lists and 0 in self._row:
            raise OutputError(f"{self._output.name}: parquet does not hold rows without numbers")
        if self._name == self._id_column:
            raise OutputError(f"{self._output.name}: two columns would be named {self._name!r}")

    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Write rows, or one number, converted to the header's dtype."""
        rows = rows if rows.ndim else rows.reshape(1)
        done = 0
        while done < len(rows):
            part = rows[done : done + len(self._kept) - self._count]
            self._kept[self._count : self._count + len(part)] = part
            if ids is not None:
                self._kept_ids.append(ids[done : done + len(part)].copy())
            self._count += len(part)
            done += len(part)
            if self._count == len(self._kept):
                self._flush()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        if self._count or self._writer is None:
            self._flush()
        with self._writing():
            self._writer.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Pass on what pyarrow writes meanwhile."""
        with understood(self._output.name, OutputError, f"writing {self._format}"):
            yield
        for part in self._file.taken():
            self._output.write(part)

    def _flush(self) -> None:
        """Write one row group or record batch."""
        with self._writing():
            pa = pyarrow()
            values = self._kept[: self._count]
            arrays = [_nested(values) if self._lists else _numbers(values)]
            fields = [pa.field(self._name, arrays[0].type, nullable=False, metadata=self._metadata)]
            if self._id_column is not None:
                arrays.insert(0, self._ids())
                fields.insert(0, pa.field(self._id_column, arrays[0].type, nullable=False))
            schema = pa.schema(fields)
            if self._writer is None:
                self._writer = _open(self._format, self._file, schema)
            if self._count:
                self._writer.write_batch(pa.record_batch(arrays, schema=schema))
        self._count = 0
        self._kept_ids.clear()

    def _ids(self) -> Any:
        """Return the ids as an array, of the type that the first ones have."""
        pa = pyarrow()
        if not self._kept_ids:
            return pa.array([], self._id_type or pa.string())
        ids = np.concatenate(self._kept_ids)
        array = pa.array(ids.astype(object) if ids.dtype.kind == "T" else ids, self._id_type)
        self._id_type = array.type
        return array


def _numbers(values: NDArray[Any]) -> Any:
    """Return numbers as an array without nulls; unlike ``pa.array`` this does not import pandas."""
    pa = pyarrow()
    content = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else values
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(content)]
    )


def _nested(values: NDArray[Any]) -> Any:
    """Return an array of lists of fixed length without nulls, one list level for each axis."""
    pa = pyarrow()
    array = _numbers(values.reshape(-1))
    for axis in range(values.ndim - 1, 0, -1):
        field = pa.field("item", array.type, nullable=False)
        type_ = pa.list_(field, values.shape[axis])
        lists = math.prod(values.shape[:axis])
        array = (
            pa.FixedSizeListArray.from_arrays(array, type=type_)
            if values.shape[axis]
            else pa.array([[]] * lists, type_)
        )
    return array


def _innermost(type_: Any) -> Any:
    while pyarrow().types.is_fixed_size_list(type_):
        type_ = type_.value_type
    return type_


class _Collected(io.RawIOBase):
    """Keeps what pyarrow writes until it is taken.

    So errors of the output do not pass through pyarrow, and what its writers write when they are
    thrown away half-way goes nowhere.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def write(self, data: Any) -> int:
        """Keep a copy."""
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> list[bytes]:
        """Return what was written since the last time."""
        parts, self._parts = self._parts, []
        return parts
