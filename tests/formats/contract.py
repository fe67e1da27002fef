"""What the contract of the formats is tested with: files of each, and decoding in a new process."""

import json
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from forking import forking_of, start
from opening import Array, pipe_input
from torch_bytes import saved

from xentcli.formats import registry
from xentcli.formats.base import ArrayHeader, Block, Format, ReadOptions, Source, Table
from xentcli.storage.outputs import Output

DTYPES = [
    *("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"),
    *(">i4", ">f4", ">f8"),
]

LINES = registry.by_name("json")._replace(extensions=(".jsonl",))


def some_values(dtype: str, shape: tuple[int, ...]) -> Array:
    """Return numbers that text holds too: an integer is not larger than a float64 counts."""
    kind = np.dtype(dtype)
    rng = np.random.default_rng(len(shape))
    if kind.kind == "f":
        return rng.normal(size=shape).astype(kind)
    high = min(2**53, np.iinfo(kind).max) if kind.kind != "b" else 1
    return rng.integers(0, high, shape, endpoint=True, dtype=np.uint64).astype(kind)


def written(format_: Format, array: Array, rows: int = 3) -> bytes:
    """Return what a format's writer makes of an array; of JSON and pickles, what Python's does."""
    if format_.name == "json":
        plain = array.astype("u1") if array.dtype == bool else array
        rows_of = list(map(json.dumps, plain.tolist()))
        return ("\n".join(rows_of) if format_ is LINES else f"[{', '.join(rows_of)}]").encode()
    if format_.name == "pickle":
        return pickle.dumps(array, 4)
    if format_.name == "pt":
        return saved({"z": array})
    with tempfile.TemporaryFile() as file:
        output = Output("out", file.fileno(), seekable=True)
        header = ArrayHeader(array.shape, array.dtype.newbyteorder("="))
        writer = registry.open_writer(format_, output, header)
        for start in range(0, len(array), rows):
            writer.write(array[start : start + rows])
        writer.close()
        file.seek(0)
        return file.read()


def taken(format_: Format, dtype: str) -> bool:
    """Whether a format holds numbers of this dtype."""
    return format_.name != "toy" or np.dtype(dtype).kind == "f"


def piped(format_: Format, content: bytes) -> Iterator[Source]:
    """Open a file that comes through a pipe."""
    with pipe_input(content) as data:
        yield registry.open_source(data, format_.name, ReadOptions())


def unpickled(content: bytes) -> Any:
    return pickle.loads(content)


def again(thing: Any) -> Any:
    """Return what a pickle of a thing makes of it."""
    return unpickled(pickle.dumps(thing))


def decoded(source: Source, blocks: list[Block]) -> list[Table]:
    """Decode blocks, in whatever process this runs."""
    return [source.decode(block).copied() for block in blocks]


class NewProcess:
    """A process that inherits no source, and is in another folder; it has the toy format."""

    def __init__(self) -> None:
        (reading, self._to), (self._from, writing) = os.pipe(), os.pipe()
        self._fork = start(
            forking_of("xentcli.*"),
            f"{__name__}:serve",
            [],
            folder=Path("/"),
            variables={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            streams=[reading, writing, 2],
        )
        os.close(reading)
        os.close(writing)

    def decoded(self, source: Source, blocks: list[Block]) -> list[Table]:
        """Decode blocks there."""
        with open(self._to, "wb", closefd=False) as stream:
            pickle.dump((source, blocks), stream)
        with open(self._from, "rb", buffering=0, closefd=False) as stream:
            tables: list[Table] = pickle.load(stream)
        return tables

    def close(self) -> None:
        """End it."""
        os.close(self._to)
        assert self._fork.wait() == 0
        os.close(self._from)


def serve() -> None:
    """Decode what comes, until there is no more."""
    from toy_format import add_toy

    add_toy()
    with suppress(EOFError):
        while True:
            tables = decoded(*pickle.load(sys.stdin.buffer))
            pickle.dump(tables, sys.stdout.buffer)
            sys.stdout.flush()


def values_of(source: Source, rows: int) -> Array:
    """Return the whole array, of which each block says where it belongs."""
    tables: list[Any] = []
    end = 0
    for block in source.blocks(rows):
        assert (block.start, block.axis) == (end, 0)
        values = source.decode(block).copied().values
        assert len(values) == block.rows > 0
        assert values.dtype == source.dtype
        tables.append(values)
        end += block.rows
    whole = np.concatenate(tables)
    assert [n in (m, None) for n, m in zip(source.shape, whole.shape, strict=True)]
    return whole
