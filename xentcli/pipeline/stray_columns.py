"""Finds a column beside the classes by what the first rows hold, whatever the format.

In a table, names of columns tell, too, and do so before anything is read.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned_rows import AlignedRows
from xentcli.formats.base import Source
from xentcli.pipeline.criterion import Criterion
from xentcli.text import name_option

Array = NDArray[Any]

_ROWS = 200  # how many are looked at
_LEAST_ROWS = 4
_MANY_ROWS = 10  # in fewer, a class among many may hold whole numbers by chance
_MOST_CLASSES, _FEW_CLASSES = 1024, 20
_MOST_WHOLE_SHARE = 0.02  # of the other columns; large logits of 16 bits are whole, too
_SUM_TOLERANCE = 1e-3


def notes_of_strays(rows: AlignedRows, logits: Source, criterion: Criterion) -> Iterator[str]:
    """Yield a note where one column of the first rows may be no class."""
    count, classes = len(rows.labels), rows.logits.shape[1]
    if criterion.binary or criterion.picked or not 3 <= classes <= _MOST_CLASSES:
        return
    if count < _LEAST_ROWS or (count < _MANY_ROWS and classes > _FEW_CLASSES):
        return
    values = np.asarray(rows.logits[:_ROWS], np.float64)
    if not np.isfinite(values).all():
        return
    why = None
    with np.errstate(all="ignore"):  # of what masks classes, such as the least float64
        k = _beside_probabilities(values, in_logs=criterion.kind != "probabilities")
    if k is not None:
        why = "without it, the probabilities of each row sum to 1"
    elif logits.columns is None and (k := _whole(values, rows.labels[:_ROWS])) is not None:
        why = "it holds whole numbers, as labels and numbers of rows are, and others hold fractions"
        if np.array_equal(values[:, k], rows.labels[:_ROWS]):
            why = "it holds the labels themselves"
    if k is not None and why:
        yield f"{logits.name}: {_shown(k, classes, logits)} is read as a class, though {why}" + (
            _way(k, classes, logits)
        )


def _beside_probabilities(values: Array, *, in_logs: bool) -> int | None:
    """Return the only column without which rows are probabilities, or the logarithms of some."""
    for each in (values, np.exp(np.minimum(values, 9.0))) if in_logs else (values,):
        sums = each.sum(axis=1, keepdims=True)
        if (np.abs(sums - 1.0) < _SUM_TOLERANCE).all():
            continue
        alone = np.flatnonzero((np.abs(sums - each - 1.0) < _SUM_TOLERANCE).all(axis=0))
        if alone.size == 1:
            others = np.delete(each, alone[0], axis=1)
            if ((others >= 0.0) & (others <= 1.0 + _SUM_TOLERANCE)).all():
                return int(alone[0])
    return None


def _whole(values: Array, labels: Array) -> int | None:
    """Return the only column of whole numbers, where the others hold next to none."""
    whole = values == np.floor(values)
    few = (values == 0.0) | (values == 1.0)
    varies = (values != values[0]).any(axis=0)
    found = whole.all(axis=0) & varies & ~few.all(axis=0)
    if labels.ndim == 1:
        found |= (values == labels[:, None]).all(axis=0) & varies
    if np.count_nonzero(found) != 1 or whole[:, ~found].mean() > _MOST_WHOLE_SHARE:
        return None
    return int(found.argmax())


def _shown(k: int, classes: int, logits: Source) -> str:
    name = logits.columns[k] if logits.columns else ""
    return f"column {name!r}" if name else f"column {k + 1} of {classes}"


def _way(k: int, classes: int, logits: Source) -> str:
    """Return how the column is left out, if that can be said."""
    if logits.columns and logits.columns[k]:
        return f" (else --drop {name_option(logits.columns[k])})"
    cut = {0: "1:", classes - 1: ":-1"}.get(k)
    return f" (else save array[:, {cut}])" if cut else ""
