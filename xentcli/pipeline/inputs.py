"""Opening what the user names, and how a run over it is set up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.naming import Naming, read_naming
from xentcli.errors import InputError, ShapeError, UsageError
from xentcli.execution import available_jobs
from xentcli.formats.base import (
    BLOCK_ELEMENTS,
    ArrayHeader,
    ReadOptions,
    Shape,
    Source,
    read_whole,
)
from xentcli.formats.files import InputFile, columns_of, may_have_columns, open_file, open_pair
from xentcli.formats.shards import expand, open_shards, reads_once

__all__ = [
    "ArrayHeader",
    "InputFile",
    "Naming",
    "ReadOptions",
    "Run",
    "Source",
    "expand",
    "open_both",
    "open_file",
    "open_shards",
    "prepare",
    "read_naming",
    "read_vector",
]

Array = NDArray[Any]

Progress = Callable[[int, int | None], None]
"""Is told how many rows are done, and how many there are if that is known."""


@dataclass(frozen=True)
class Run:
    """How to run.

    Attributes
    ----------
    jobs : int
        How many threads or processes compute at once.
    progress : callable, optional
        Is told how far the run is.
    block_elements : int
        Numbers of a block, about.
    """

    jobs: int = field(default_factory=available_jobs)
    progress: Progress | None = None
    block_elements: int = BLOCK_ELEMENTS

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


def prepare(values: Array, dtype: np.dtype[Any] | None, temperature: float) -> Array:
    """Cast as PyTorch's ``dtype=`` does, then divide by the temperature, in float64."""
    with np.errstate(all="ignore"):
        if dtype is not None:
            values = values.astype(dtype)
        if temperature == 1.0:
            return values
        cooled: Array = values.astype(np.float64) / temperature
    if np.count_nonzero(np.isinf(cooled)) > np.count_nonzero(np.isinf(values)):
        raise InputError(f"logits divided by the temperature {temperature} are too large")
    return cooled


def open_both(
    logits: Sequence[str],
    labels: Sequence[str] | None,
    file_of: Callable[..., InputFile],
    labels_of: Callable[..., InputFile],
    *,
    label_column: str | None = None,
    label_key: str | None = None,
    shift: int = 0,
    classes: tuple[str, ...] = (),
) -> tuple[Source, Source | None]:
    """Open logits and their labels.

    Labels that are further down than their logits are read as from a file of their own.

    Parameters
    ----------
    logits, labels : sequence of str
        Names of files, or patterns; labels are None where the files of logits hold them too.
    file_of, labels_of : callable
        Return a file to read of a name, and of more options of `ReadOptions`.
    label_column, label_key : str, optional
        The column or the array of the labels.
    shift : int
        How far further on the label of a row stands.
    classes : tuple of str
        The names of the classes, where the user lists them.

    Returns
    -------
    Source, Source or None
        No labels where each row of logits has its own beside it.
    """
    if labels:
        return _open_two(logits, labels, file_of, labels_of, label_column, classes)
    if (label_column is None) == (label_key is None):
        raise UsageError(
            "where are the labels? In a second file, --labels FILE, or here: --label-column NAME, "
            "or --label-key NAME, of the same file"
        )
    once = any(map(reads_once, logits))
    if label_key is not None and len(logits) == 1 and once:
        return open_pair(file_of(logits[0]), labels_of(logits[0]))
    if label_key is not None and once:
        raise UsageError("--label-key reads several files twice, which pipes are not")
    if label_key is not None:
        return open_shards(logits, file_of), open_shards(logits, labels_of)
    both = open_shards(
        logits, lambda path: file_of(path, label_column=label_column, classes=classes)
    )
    if not shift:
        return both, None
    if once:
        raise UsageError("--shift reads a file of logits and labels twice, which a pipe is not")
    names = classes or both.columns or ()
    return both, open_shards(logits, lambda path: labels_of(path, classes=names))


def _open_two(
    logits: Sequence[str],
    labels: Sequence[str],
    file_of: Callable[..., InputFile],
    labels_of: Callable[..., InputFile],
    label_column: str | None,
    classes: tuple[str, ...],
) -> tuple[Source, Source]:
    """Open logits and the files of their labels, which may both name their rows."""
    asked = file_of(logits[0]).options.id_column
    there: tuple[str, ...] = ()
    if asked is not None or any(may_have_columns(file_of(path)) for path in logits):
        there = columns_of(labels_of(next(iter(expand(labels[0])), labels[0])))
    source = open_shards(
        logits, lambda path: file_of(path, partner=there, partner_label=label_column)
    )
    names = classes or source.columns or ()
    ids = source.id_column if source.id_column in there else None
    labels_source = open_shards(labels, lambda path: labels_of(path, classes=names, id_column=ids))
    if asked is not None and ids is None and source.header is None:
        what = f"{source.name}: there is no column {asked!r}"
    else:
        what = f"{labels_source.name}: there is no column {source.id_column!r}"
    if asked is not None and ids is None and (source.id_column or source.header is None):
        source.notes = [*source.notes, f"{what}: rows are matched by place"]
    return source, labels_source
