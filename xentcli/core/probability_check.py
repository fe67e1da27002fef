"""Checks rows of probabilities: their range, and their sums."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import SEVERAL_LABELS_HINT, Problem, row_kind
from xentcli.core.dtypes import Mask, widen
from xentcli.core.tiled_rows import LogitRows, tiles
from xentcli.errors import InputError, LabelError, NonFiniteError

OVER = 1e-6
"""How far rounding may carry a probability outside 0 to 1."""

_FLOAT_ROUNDING = {2: 2.0**-7, 4: 1e-5, 8: 1e-5}  # of a sum, by bytes; 2 may be bfloat16
_MOST_DECIMALS = {2: 2, 4: 5, 8: 6}  # that can be told from binary fractions, by bytes
_SAMPLE_VALUES = 2**16
_MOST_BYTES = 8  # of a number whose bits make a whole number
_OF_PERCENTS = 1.0  # by which a rounded row may miss 100


class RowSums(NamedTuple):
    """How many rows miss a sum of 1 by more than rounding explains, and the largest miss."""

    rows: int = 0
    most: float = 0.0


def decimals_of(values: NDArray[Any]) -> int | None:
    """Return the number of decimals to which all values are rounded; None if they are not."""
    numbers = values.reshape(-1)[:_SAMPLE_VALUES].astype(np.float64)
    size = values.dtype.itemsize
    with np.errstate(all="ignore"):  # infinite ones, which are refused later
        for decimals in range(_MOST_DECIMALS.get(size, 6) + 1):
            scaled = numbers * 10.0**decimals
            slack = 10.0**decimals * (1e-3 if size == 2 else 1e-7 if size == 4 else 1e-12)
            if (np.abs(scaled - np.rint(scaled)) <= slack).all():
                return decimals
    return None


def sum_tolerance(values: NDArray[Any]) -> float:
    """Return how far rounding may carry the sums of rows (N, C) of probabilities from 1."""
    rounding = _FLOAT_ROUNDING.get(values.dtype.itemsize, 1e-5)
    decimals = decimals_of(values)
    if not decimals:
        return rounding
    return max(rounding, float(values.shape[1] * 0.5 * 10.0**-decimals) + 1e-9)


def check_probabilities(rows: LogitRows, used: Mask | None) -> tuple[tuple[Problem, ...], RowSums]:
    """Return the problems of rows (N, C) of probabilities, and how many miss a sum of 1.

    Parameters
    ----------
    rows : (N, C)
        The probabilities.
    used : ndarray of shape (N,), optional
        A mask of the rows that count.
    """
    count, num_classes = rows.shape
    outside, missing = np.zeros(count, np.bool_), np.zeros(count)
    tolerance = None
    for tile in tiles(count, num_classes):
        stored = rows[tile]
        if num_classes and tolerance is None:
            tolerance = sum_tolerance(stored)
        values = widen(stored)
        with np.errstate(all="ignore"):
            outside[tile] = (values.min(axis=1, initial=0.0) < -OVER) | (
                values.max(axis=1, initial=0.0) > 1.0 + OVER
            )
            missing[tile] = np.abs(np.add.reduce(values, axis=1, dtype=np.float64) - 1.0)
    if used is not None:
        outside &= used
        missing[~used] = 0.0
    uneven = missing[missing > (tolerance or 0.0)]
    most = float(uneven.max(initial=0.0)) if num_classes else 0.0
    return _outside(rows, outside), RowSums(uneven.size if num_classes else 0, most)


def _outside(rows: LogitRows, outside: Mask) -> tuple[Problem, ...]:
    where = np.flatnonzero(outside)
    if where.size == 0:
        return ()
    row = int(where[0])
    (values,) = rows[row : row + 1]
    column = int(np.flatnonzero((values < -OVER) | (values > 1.0 + OVER))[0])
    what = "below 0" if values[column] < 0 else "above 1"
    message = f"probability {values[column]:g} is {what}"
    hint = _meant(values)
    return (Problem(InputError, row, message, where.size, "logits", column, hint),)


def _meant(row: NDArray[Any]) -> str:
    """Return a hint on what a row may hold whose numbers are outside 0 to 1."""
    kind = row_kind(row[np.newaxis])
    if kind == "log-probabilities":
        return "these look like log-probabilities: --log-probs FILE"
    if row.min() >= 0.0 and abs(float(row.sum(dtype=np.float64)) - 100.0) < _OF_PERCENTS:
        return "if these are percents, divide them by 100"
    return "if these are logits: xent loss LOGITS LABELS"


def check_label_probabilities(labels: NDArray[Any]) -> tuple[Problem, ...]:
    """Return a problem if class probabilities (N, C) are outside 0 to 1, or NaN."""
    if labels.size == 0 or _are_sure(labels):
        return ()
    low, high = float(labels.min()), float(labels.max())
    if low >= -OVER and high <= 1.0 + OVER:
        return ()
    with np.errstate(invalid="ignore"):
        none = np.isnan(labels)
        wrong = none if none.any() else (labels < -OVER) | (labels > 1.0 + OVER)
    rows = np.flatnonzero(wrong.any(axis=1))
    row = int(rows[0])
    column = int(np.flatnonzero(wrong[row])[0])
    value = labels[row, column]
    if none.any():
        message = "class probability nan"
        return (Problem(NonFiniteError, row, message, rows.size, "labels", column),)
    message = f"class probability {value:g} is {'below 0' if value < 0 else 'above 1'}"
    hint = (
        "labels of the logits' own shape are class probabilities; if both are logits, "
        "they are shards: xent loss --logits A --logits B --labels LABELS"
    )
    return (Problem(LabelError, row, message, rows.size, "labels", column, hint),)


def _are_sure(labels: NDArray[Any]) -> bool:
    """Whether the bits say that all are from 0 to 1: a third of the time of least and largest.

    Read as whole numbers, those of larger numbers are larger, of negative ones and NaN even more.
    """
    if labels.dtype.kind != "f" or not labels.dtype.isnative or labels.dtype.itemsize > _MOST_BYTES:
        return False
    bits = np.dtype(f"u{labels.dtype.itemsize}")
    return bool(labels.view(bits).max() <= np.ones(1, labels.dtype).view(bits)[0])


def check_several_ones(labels: NDArray[Any]) -> tuple[Problem, ...]:
    """Return a problem if a row of labels (N, C) from text holds only 0 and 1, and several 1."""
    ones = np.count_nonzero(labels == 1, axis=1)
    wrong = np.flatnonzero((ones > 1) & (ones == np.count_nonzero(labels, axis=1)))
    if wrong.size == 0:
        return ()
    row = int(wrong[0])
    message = f"{ones[row]} classes of one row are 1, and class probabilities sum to 1"
    hint = SEVERAL_LABELS_HINT
    return (Problem(LabelError, row, message, wrong.size, "labels", None, hint),)


def check_one_hot(labels: NDArray[Any]) -> tuple[Problem, ...]:
    """Return a problem unless each row of integers or bools (N, C) has one 1, and 0 elsewhere."""
    ones = np.count_nonzero(labels == 1, axis=1)
    wrong = np.flatnonzero((ones != 1) | (np.count_nonzero(labels, axis=1) != 1))
    if wrong.size == 0:
        return ()
    row = int(wrong[0])
    message = "integers of the logits' shape must be one-hot: exactly one 1 in each row"
    hint = f"{SEVERAL_LABELS_HINT}; floats are class probabilities"
    return (Problem(LabelError, row, message, wrong.size, "labels", None, hint),)
