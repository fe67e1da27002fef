"""Masks beside lists of classes: of rows, or of the places of each list."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import IndexedSource, ReadOptions
from xentcli.formats.keys import notes_of_masks
from xentcli.formats.table_blocks import cuts
from xentcli.pipeline.top_lists.found_lists import FoundLists

_STEP_ELEMENTS = 2**20


def rows_that_count(mask: IndexedSource) -> NDArray[np.float64]:
    """Return 1 for each row of a mask in which any place counts, else 0."""
    *lead, listed = (n or 0 for n in mask.shape)
    rows = math.prod(lead)
    found = np.zeros(rows)
    step = max(1, _STEP_ELEMENTS // max(1, listed))
    for start, count in cuts(rows, step):
        found[start : start + count] = (mask.tile(start, count) > 0).any(axis=1)
    return found


def notes_of_unread(found: FoundLists, shift: int) -> Iterator[str]:
    """Say which masks beside lists leave no row out, and what tells packed texts apart."""
    names = [name for name in found.contents if name != found.keys.mask]
    return notes_of_masks(found.file.path, names, ReadOptions(shifted=shift > 0))
