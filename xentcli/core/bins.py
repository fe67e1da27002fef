"""Sorts numbers from 0 to 1 into bins of equal width."""

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles
from xentcli.core.scratch import scratch

_NEAR = 2.0**-40  # of a bin; a rounded edge and a rounded product differ by less

_PIECE_VALUES = 2**15  # few enough for their working memory to stay in the cache


def bins_of(values: Doubles, bins: int) -> NDArray[np.int64]:
    """Return the bin of each number: bin m holds ``(m / bins, (m + 1) / bins]``, 0 goes into 0.

    The edges are the float64 numbers nearest to m / bins. Numbers below 0 go into the first bin,
    and numbers above 1 into the last.
    """
    places = np.empty(len(values), np.int64)
    for start in range(0, len(values), _PIECE_VALUES):
        piece = slice(start, start + _PIECE_VALUES)
        _put_bins(values[piece], bins, places[piece])
    return places


def _put_bins(values: Doubles, bins: int, out: NDArray[np.int64]) -> None:
    scaled, found = (scratch(name, values.shape, np.float64) for name in ("scaled", "found"))
    np.multiply(values, bins, out=scaled)
    np.ceil(scaled, out=found)
    found -= 1.0
    np.maximum(found, 0.0, out=found)
    np.minimum(found, bins - 1.0, out=found)
    np.copyto(out, found, casting="unsafe")
    np.rint(scaled, out=found)
    np.subtract(scaled, found, out=scaled)
    np.abs(scaled, out=scaled)
    near = scaled < _NEAR * bins
    if near.any():
        rows = np.flatnonzero(near)
        rows = rows[(found[rows] > 0.0) & (found[rows] < bins)]
        edges = np.arange(bins) / bins
        exact = np.searchsorted(edges, values[rows], side="left") - 1
        out[rows] = exact
