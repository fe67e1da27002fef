"""Shared by the pipeline's tests: arrays in files and pipes, a sink, blocks of a given size."""

import gc
import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from xentcli.formats import registry
from xentcli.formats.base import BLOCK_ELEMENTS, ArrayHeader, ReadOptions, Source
from xentcli.formats.files import open_files
from xentcli.pipeline.opening import InputFile
from xentcli.pipeline.run import Progress, Run
from xentcli.storage.inputs import Input

Array = npt.NDArray[Any]


# The traceback of an error refers to the files that were read; when it goes, so do they.
errors_hold_files_open = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def no_open_file_is_left() -> Iterator[None]:
    """Close what the errors of a module's tests held open, before another module's tests run."""
    gc.freeze()  # what is there already need not be looked at
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class Kept:
    """A sink that keeps what it is given."""

    positional = False

    def __init__(self) -> None:
        self.header: ArrayHeader | None = None
        self.parts: list[Array] = []

    def open(self, header: ArrayHeader) -> None:
        self.header = header

    def write_at(self, start: int, rows: Array) -> None:
        raise NotImplementedError

    def write(self, rows: Array, ids: Array | None = None) -> None:  # noqa: ARG002
        self.parts.append(rows.copy())

    @property
    def values(self) -> Array:
        return np.concatenate(self.parts)


class _Sizes:
    """Of the blocks of the runs that a test begins."""

    block_elements = BLOCK_ELEMENTS


_sizes = _Sizes()


def run(jobs: int = 1, progress: Progress | None = None) -> Run:
    """Return how to run: in blocks of the size that the test has set.

    Processes cost a test ten times what its blocks do: they are for tests that are about them.
    """
    return Run(jobs, progress, _sizes.block_elements)


def set_block_rows(monkeypatch: pytest.MonkeyPatch, rows: int, row_size: int) -> None:
    """Make every block and every tile hold `rows` rows, also where they are spread over a file."""
    monkeypatch.setattr(_sizes, "block_elements", rows * row_size)
    monkeypatch.setattr("xentcli.alignment.cutting.LARGEST_TIMES", 1)
    monkeypatch.setattr("xentcli.core.tiled_rows.TILE_ELEMENTS", rows * row_size)
    monkeypatch.setattr("xentcli.formats.arrays.ArraySource.run_bytes", 1)


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


def write_shards(folder: Path, name: str, values: Array, cuts: list[int], kinds: str) -> list[Path]:
    """Write the rows between the cuts into a file each: NPY in C or Fortran order, or Text.

    The kinds are used in turn. Text has at least one row: where there is none, the file is NPY.
    """
    paths = []
    ends = [0, *cuts, len(values)]
    for i, (start, end) in enumerate(pairwise(ends)):
        rows, kind = values[start:end], kinds[i % len(kinds)]
        path = folder / f"{name}-{i}.{'csv' if kind == 'T' and len(rows) else 'npy'}"
        if path.suffix == ".csv":
            csv_file(path, rows)
        else:
            np.save(path, np.asfortranarray(rows) if kind == "F" else rows)
        paths.append(path)
    return paths


def open_paths(*paths: Path) -> Source:
    """Open files as one array."""
    return open_files([str(path) for path in paths], InputFile)


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
