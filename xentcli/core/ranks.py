"""Ranks a value among the others of its row, with two comparisons a number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Counts, Floats, widen
from xentcli.core.normalizer import FEW_CLASSES
from xentcli.core.observer import Peaks
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import row_by_row

_WORD = 8  # bytes; a word sums eight truth values at once
_MOST_IN_WORDS = 255 * _WORD  # longer rows would overflow a byte of the sum
_EVEN_BYTES = np.uint64(0x00FF00FF00FF00FF)
_EVERY_PAIR = np.uint64(0x0001000100010001)


def ranks(found: Peaks, index: Counts, picked: NDArray[Any]) -> tuple[Counts, NDArray[np.bool_]]:
    """Return how many classes are ahead of the class `index` of each row, and whether one ties.

    A class is ahead if its value is larger, or equal and in an earlier place; NaN is ahead of all.
    """
    num_classes = found.rows.shape[1]
    counted = _class_by_class if num_classes <= FEW_CLASSES else _row_by_row
    at_most, less = counted(found, picked)
    tied = at_most - less > 1
    ahead = np.subtract(num_classes, at_most, dtype=np.int64)
    places = np.flatnonzero(tied)
    if places.size:
        level = found.rows[places] == picked[places, None]
        level &= np.arange(num_classes) < index[places, None]
        ahead[places] += np.count_nonzero(level, axis=1)
    return ahead, tied


def _class_by_class(found: Peaks, picked: Floats) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count the values of each row that are at most, and those that are less than `picked`."""
    at_most, less = (np.zeros(len(picked), np.uint8) for _ in range(2))  # there are few classes
    holds = np.empty(len(picked), np.bool_)
    for values in found.by_class:
        np.less_equal(values, picked, out=holds)
        at_most += holds.view(np.uint8)
        np.less(values, picked, out=holds)
        less += holds.view(np.uint8)
    return at_most, less


def _row_by_row(found: Peaks, picked: NDArray[Any]) -> tuple[Counts, Counts]:
    rows = widen(found.rows)
    value = picked.astype(rows.dtype, copy=False)[:, None]
    num_classes = rows.shape[1]
    holds = scratch("holds", (len(rows), -(-num_classes // _WORD) * _WORD), np.bool_)
    holds[:, num_classes:] = False
    counts = []
    with row_by_row(num_classes):
        for compare in (np.less_equal, np.less):
            compare(rows, value, out=holds[:, :num_classes])
            counts.append(_count_true(holds))
    return counts[0], counts[1]


def _count_true(holds: NDArray[np.bool_]) -> Counts:
    """Count the true values in each row of (n, W), with W a multiple of 8."""
    if holds.shape[1] > _MOST_IN_WORDS:
        return np.array([np.count_nonzero(row) for row in holds], np.int64)
    words = np.add.reduce(holds.view(np.uint64), axis=1)
    pairs = (words & _EVEN_BYTES) + ((words >> np.uint64(8)) & _EVEN_BYTES)
    counts: Counts = ((pairs * _EVERY_PAIR) >> np.uint64(48)).astype(np.int64)
    return counts
