"""Masks beside lists of classes: of rows, or of the places of each list."""

import math

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import IndexedSource
from xentcli.formats.sources import cuts

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
