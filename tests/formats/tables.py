"""Makes Parquet and Arrow files with pyarrow, and reads and writes them with the package."""

import io
import os
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from opening import open_writer

from xentcli.formats import registry
from xentcli.formats.base import ArrayHeader, ReadOptions, Source
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

Array = NDArray[Any]
FORMATS = ("parquet", "arrow", "arrows")


class Read(NamedTuple):
    """All that a source gave."""

    values: Array
    labels: Array | None
    ids: Array | None
    columns: tuple[str, ...] | None
    notes: list[str]


def stored(table: pa.Table, format_: str, rows: int | None = None, **options: Any) -> bytes:
    """Return a table as pyarrow writes it, in row groups or record batches of `rows` rows."""
    file = io.BytesIO()
    if format_ == "parquet":
        pq.write_table(table, file, row_group_size=rows, **options)
    else:
        new = pa.ipc.new_file if format_ == "arrow" else pa.ipc.new_stream
        with new(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
            writer.write_table(table, rows)
    return file.getvalue()


def new_file() -> IO[bytes]:
    """Return an empty file, in memory where the system has those."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("test"), "w+b", buffering=0)  # noqa: PTH123
    return tempfile.TemporaryFile(buffering=0)


def source_of(content: bytes, name: str = "t", **options: Any) -> Source:
    """Open a file of this content."""
    return registry.open_source(input_of(content, name), None, ReadOptions(**options))


def input_of(content: bytes, name: str = "t") -> Input:
    """Return a file of this content, which is closed when nothing refers to it."""
    file = new_file()
    file.write(content)
    file.seek(0)
    data = Input(name, file, len(content))
    weakref.finalize(data, file.close)  # also where the garbage collector takes both
    return data


def read_source(source: Source, rows: int) -> Read:
    """Read all of a source in blocks of about `rows` rows."""
    blocks = list(source.blocks(rows))
    tables = [source.decode(block) for block in blocks]
    assert [block.rows for block in blocks] == [len(table.values) for table in tables]
    assert [block.start for block in blocks] == [*starts([block.rows for block in blocks])]
    assert all(table.values.dtype == source.dtype for table in tables)
    empty = np.empty((0, *(n or 0 for n in source.shape[1:])), source.dtype)
    values = np.concatenate([empty, *(table.values for table in tables)])
    labels = [table.labels for table in tables if table.labels is not None]
    ids = [table.ids for table in tables if table.ids is not None]
    assert source.shape in (values.shape, (None, *values.shape[1:]))
    return Read(
        values,
        np.concatenate(labels) if labels else None,
        np.concatenate(ids) if ids else None,
        source.columns,
        source.notes,
    )


def starts(lengths: list[int]) -> Iterator[int]:
    start = 0
    for length in lengths:
        yield start
        start += length


def read(content: bytes, name: str = "t", rows: int = 3, **options: Any) -> Read:
    """Read all of a file."""
    return read_source(source_of(content, name, **options), rows)


def written(
    array: Array,
    format_: str,
    rows: int = 1000,
    *,
    columns: tuple[str, ...] | None = None,
    ids: Array | None = None,
    counted: bool = True,
) -> bytes:
    """Return an array as the package writes it, `rows` rows at a time, into a pipe or file."""
    shape = array.shape if counted or not array.shape else (None, *array.shape[1:])
    header = ArrayHeader(shape, array.dtype, columns, None if ids is None else "id")
    with tempfile.TemporaryFile() as file:
        output = Output(f"out.{format_}", file.fileno(), seekable=False)
        writer = open_writer(format_, output, header)
        for start in range(0, len(array), rows) if array.ndim else ():
            those = slice(start, start + rows)
            writer.write(array[those], None if ids is None else ids[those])
        if not array.ndim:
            writer.write(array)
        writer.close()
        file.seek(0)
        return file.read()


def opened(content: bytes, format_: str) -> pa.Table:
    """Read a file with pyarrow."""
    if format_ == "parquet":
        return pq.read_table(io.BytesIO(content))
    open_ = pa.ipc.open_file if format_ == "arrow" else pa.ipc.open_stream
    return open_(io.BytesIO(content)).read_all()


Z = np.random.default_rng(0).normal(size=(11, 3)).astype("f4")
Y = np.arange(11) % 3
WHO = [f"row {i}" for i in range(11)]
WIDE = pa.table({"cat": Z[:, 0], "dog": Z[:, 1], "bird": Z[:, 2]})
LISTS = pa.table({"who": WHO, "logits": pa.array(list(Z)), "label": Y})
