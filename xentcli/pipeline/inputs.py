"""Opening what the user names, and cutting it into blocks."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import ShapeError
from xentcli.execution import available_jobs
from xentcli.formats.base import (
    BLOCK,
    ArrayHeader,
    ReadOptions,
    Shape,
    Source,
    blocks_along,
    read_whole,
)
from xentcli.formats.files import InputFile, open_file, open_pair

__all__ = [
    "BLOCK",
    "ArrayHeader",
    "InputFile",
    "ReadOptions",
    "Run",
    "Source",
    "blocks_along",
    "open_file",
    "open_pair",
    "read_vector",
    "read_whole",
]

Progress = Callable[[int, int | None], None]
"""Is told how many rows are done, and how many there are if that is known."""


@dataclass(frozen=True)
class Run:
    """How to run: in how many threads, and whom to tell how far it is."""

    jobs: int = field(default_factory=available_jobs)
    progress: Progress | None = None

    def progress_of(self, shape: Shape) -> Callable[[int], None]:
        """Return what reports the rows done of an array of `shape`."""
        progress, total = self.progress, shape[0] if shape else 1
        return (lambda rows: progress(rows, total)) if progress else (lambda _rows: None)


def read_vector(file: InputFile) -> NDArray[np.float64]:
    """Return a file's numbers as one row: class weights, stored as a row, a column or an array."""
    source = open_file(file)
    values = read_whole(source)
    source.check_unchanged()
    if values.size not in values.shape and values.size != 1:
        raise ShapeError(
            f"{source.name}: one row or one column is needed, not shape {values.shape}"
        )
    return values.reshape(-1).astype(np.float64)
