"""Shared by the pipeline's tests: arrays in files and pipes, a sink, blocks of a given size."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from xentcli.formats import registry
from xentcli.formats.interface import ArrayHeader, ReadOptions, Source
from xentcli.storage.inputs import Input

Array = npt.NDArray[Any]


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.header: ArrayHeader | None = None
        self.parts: list[Array] = []

    def open(self, header: ArrayHeader) -> None:
        self.header = header

    def write(self, rows: Array, ids: Array | None = None) -> None:  # noqa: ARG002
        self.parts.append(rows.copy())

    @property
    def values(self) -> Array:
        return np.concatenate(self.parts)


def set_block_rows(monkeypatch: pytest.MonkeyPatch, rows: int, row_size: int) -> None:
    """Make every block hold `rows` rows, also where rows are spread over the file."""
    monkeypatch.setattr("xentcli.pipeline.inputs.BLOCK", rows * row_size)
    monkeypatch.setattr("xentcli.formats.arrays._RUN", 1)


class _QuietFile(io.FileIO):
    """Closes without a warning when nothing refers to it any more, as sources are left to."""

    def __del__(self) -> None:
        self.close()


def open_file(path: Path) -> Source:
    data = Input(str(path), _QuietFile(path), path.stat().st_size)
    return registry.open_source(data, None, ReadOptions())


def npy_file(path: Path, values: Any) -> Source:
    """Save an array and open it."""
    np.save(path, values)
    return open_file(path)


def csv_file(path: Path, values: Array) -> Source:
    """Write numbers as their shortest text and open it."""
    rows = np.atleast_2d(values.T).T.tolist()
    path.write_text("".join(",".join(map(repr, row)) + "\n" for row in rows))
    return open_file(path)


@contextmanager
def npy_pipe(values: Array) -> Iterator[Source]:
    """Write an array into a pipe while it is read."""
    content = io.BytesIO()
    np.save(content, values)
    reader, writer = os.pipe()

    def write() -> None:
        with open(writer, "wb") as pipe:  # noqa: PTH123
            pipe.write(content.getbuffer())

    thread = threading.Thread(target=write)
    thread.start()
    with open(reader, "rb", buffering=0) as pipe:  # noqa: PTH123
        yield registry.open_source(Input("<pipe>", pipe, None), None, ReadOptions())
    thread.join()
