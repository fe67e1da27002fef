"""Opening what the user names, and cutting it into blocks."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import ShapeError
from xentcli.execution import available_jobs
from xentcli.formats import registry
from xentcli.formats.base import (
    ArrayHeader,
    Block,
    ReadOptions,
    Shape,
    Source,
    Table,
    cut,
)
from xentcli.storage.open import open_input

__all__ = [
    "ArrayHeader",
    "InputFile",
    "ReadOptions",
    "Run",
    "Source",
    "open_array",
    "open_pair",
    "read_vector",
]

BLOCK = 2**20
"""Elements of a block: enough to make a block's fixed costs small, few enough for many at once."""

Progress = Callable[[int, int | None], None]
"""Is told how many rows are done, and how many there are if that is known."""


class InputFile(NamedTuple):
    """A file as the user names it, ``-`` for standard input, and what they say about it."""

    path: str
    format: str | None = None
    options: ReadOptions = ReadOptions()


@dataclass(frozen=True)
class Run:
    """How to run: in how many threads, and whom to tell how far it is."""

    jobs: int = field(default_factory=available_jobs)
    progress: Progress | None = None

    def progress_of(self, shape: Shape) -> Callable[[int], None]:
        """Return what reports the rows done of an array of `shape`."""
        progress, total = self.progress, shape[0] if shape else 1
        return (lambda rows: progress(rows, total)) if progress else (lambda _rows: None)


def open_array(file: InputFile) -> Source:
    """Open a file."""
    return registry.open_source(open_input(file.path), file.format, file.options)


def open_pair(one: InputFile, other: InputFile) -> tuple[Source, Source]:
    """Open two arrays of the same file, which may be standard input."""
    data = open_input(one.path).spooled()
    first, second = (registry.open_source(data, f.format, f.options) for f in (one, other))
    return first, second


def read_whole(source: Source) -> NDArray[Any]:
    """Return all of an array, for those that are small, or have no rows to cut at."""
    parts = [np.array(block.decode().values) for block in source.blocks(BLOCK)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.empty(tuple(n or 0 for n in source.shape), source.dtype)
    return np.concatenate(parts)


def read_vector(file: InputFile) -> NDArray[np.float64]:
    """Return a file's numbers as one row: class weights, stored as a row, a column or an array."""
    source = open_array(file)
    values = read_whole(source)
    source.check_unchanged()
    if values.size not in values.shape and values.size != 1:
        raise ShapeError(
            f"{source.name}: one row or one column is needed, not shape {values.shape}"
        )
    return values.reshape(-1).astype(np.float64)


def blocks_along(source: Source, axis: int = 0, size: int = 1) -> Iterator[Block]:
    """Cut a source along an axis into blocks of about `size` times `BLOCK` elements."""
    lengths = [n for i, n in enumerate(source.shape) if i != axis and n is not None]
    rows = max(1, size * BLOCK // max(1, math.prod(lengths)))
    if axis == 0:
        yield from source.blocks(rows)
        return
    if not source.sliceable:
        source.keep()
    if not source.sliceable:
        whole = read_whole(source)
        yield Block(0, whole.shape[axis], lambda: Table(whole))
        return
    yield from cut(source, rows, axis)
