"""Recomputes the sums of exponentials that are close to 0, so that no digit is lost."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.tiled_rows import LogitRows, tiles

_MANY = 8  # if one of so many rows is confident, all are read again


def mend_confident(logits: LogitRows, rest: NDArray[np.float64], least: float) -> None:
    """Compute `rest` again, in float64, for rows where it is below `least`."""
    for tile in tiles(*logits.shape):
        places = np.flatnonzero(rest[tile] < least)
        if _MANY * places.size > rest[tile].size:
            rest[tile][places] = _compensated_rest(logits[tile][places])
        elif places.size:  # only these are read
            rows = [logits[at : at + 1].astype(np.float64) for at in tile.start + places]
            rest[tile][places] = _compensated_rest(np.concatenate(rows))


def _compensated_rest(logits: NDArray[Any]) -> NDArray[np.float64]:
    z = logits.astype(np.float64)
    places = np.arange(len(z)), z.argmax(axis=1)
    peak = z[places][:, None]
    gap = z - peak
    # Knuth's two-sum: gap + error is z - peak exactly, and exp(gap + error) = exp(gap) (1 + error).
    back = gap - z
    error = (z - (gap - back)) - (peak + back)
    terms = elementary.exp(gap)
    terms += np.where(terms > 0.0, terms * error, 0.0)
    terms[places] = 0.0
    rest: NDArray[np.float64] = np.add.reduce(terms, axis=1)
    return rest
