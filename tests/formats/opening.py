"""Opens sources as the tests need them: from bytes, from files and from pipes."""

import io
import os
import tempfile
import weakref
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from xentcli.formats import registry
from xentcli.formats.base import ArrayHeader, IndexedSource, ReadOptions, Source, Writer
from xentcli.formats.csv.source import CsvSource
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

Array = NDArray[Any]


class Read(NamedTuple):
    """All that a CSV source gave."""

    values: Array
    labels: Array | None
    columns: tuple[str, ...] | None
    notes: list[str]
    ids: Array | None = None
    id_column: str | None = None


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def csv_source(
    content: str | bytes,
    name: str = "f.csv",
    *,
    stream: bool = False,
    local: bool = False,
    block_bytes: int | None = None,
    **options: Any,
) -> Source:
    content = as_bytes(content)
    if local:  # its blocks say where their bytes are
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        file.write(content)
        file.seek(0)
        data = Input(name, file, len(content), shareable=True)
        weakref.finalize(data, file.close)  # also where the garbage collector takes both
    else:
        data = Input(name, io.BytesIO(content), None if stream else len(content))
    if block_bytes is None:
        return registry.open_source(data, None, ReadOptions(**options))
    delimiter = "\t" if name.endswith(".tsv") else ","
    return CsvSource(data, ReadOptions(**options), delimiter, block_bytes=block_bytes)


def read_csv(content: str | bytes, name: str = "f.csv", **options: Any) -> Read:
    """Read all of a text, with the options of `csv_source`."""
    source = csv_source(content, name, **options)
    tables = [source.decode(block) for block in source.blocks(1)]
    labels = [table.labels for table in tables if table.labels is not None]
    ids = [table.ids for table in tables if table.ids is not None]
    return Read(
        np.concatenate([table.values for table in tables]),
        np.concatenate(labels) if labels else None,
        source.columns,
        source.notes,
        np.concatenate(ids) if ids else None,
        source.id_column,
    )


@contextmanager
def file_input(path: Path, content: bytes) -> Iterator[Input]:
    """Write a file and open it."""
    path.write_bytes(content)
    with path.open("rb", buffering=0) as file:
        yield Input(path.name, file, len(content))


@contextmanager
def pipe_input(content: bytes) -> Iterator[Input]:
    """Open the reading end of a pipe, which must hold all the content."""
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as file:  # noqa: PTH123
        os.write(writer, content)
        os.close(writer)
        yield Input("<pipe>", file, None)


def open_array(data: Input, format_name: str, key: str | None = None, **options: Any) -> Source:
    return registry.open_source(data, format_name, ReadOptions(key=key, **options))


def open_writer(format_name: str, output: Output, header: ArrayHeader) -> Writer:
    return registry.open_writer(registry.by_name(format_name), output, header)


def indexed_array(data: Input, format_name: str, **options: Any) -> IndexedSource:
    """Open an array of which any slice can be read."""
    source = open_array(data, format_name, **options)
    assert isinstance(source, IndexedSource)
    return source


def read_array(source: Source, rows: int) -> Array:
    """Return the whole array, read in blocks of `rows` rows."""
    parts = [np.array(source.decode(block).values) for block in source.blocks(rows)]
    assert all(part.dtype == source.dtype for part in parts)
    if not parts:
        return np.empty(tuple(n or 0 for n in source.shape), source.dtype)
    return np.concatenate(parts) if parts[0].ndim else parts[0]


def npy_bytes(array: Array, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return what NumPy writes."""
    file = io.BytesIO()
    npy_format.write_array(file, array, version, allow_pickle=False)
    return file.getvalue()


def zip_bytes(
    members: dict[str, bytes], method: int = zipfile.ZIP_STORED, comment: bytes = b""
) -> bytes:
    """Return a zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
        archive.comment = comment
    return file.getvalue()


def some_array(dtype: str, shape: tuple[int, ...], order: str = "C") -> Array:
    """Return an array of any bits that the dtype can hold, NaN and infinities among them."""
    rng = np.random.default_rng(1)
    kind = np.dtype(dtype)
    size = int(np.prod(shape))
    if kind.kind == "b":
        flat: Array = rng.integers(0, 2, size).astype(kind)
    elif kind.itemsize > 8:
        flat = (rng.normal(size=size) * np.exp(np.longdouble(9))).astype(kind)
    else:
        flat = np.frombuffer(rng.bytes(size * kind.itemsize), kind)
    array = flat.reshape(shape)
    return np.asfortranarray(array) if order == "F" and shape else array


def assert_same_bits(got: Array, want: Array) -> None:
    """Compare bit by bit; the padding of a long double is no part of its value."""
    assert got.shape == want.shape
    assert got.dtype.newbyteorder("=") == want.dtype.newbyteorder("=")
    native = want.dtype.newbyteorder("=")
    got, want = got.astype(native), want.astype(native)
    if native.itemsize > 8:
        np.testing.assert_array_equal(got, want)
    else:
        assert got.tobytes() == want.tobytes()
