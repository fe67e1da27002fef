"""Counts the losses of rows in bins that are the same for all data."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue
from xentcli.core.row_facts import RowFacts
from xentcli.core.tally import no_counts
from xentcli.metrics.interface import register
from xentcli.results.histogram import LossBin, LossHistogram

_FIRST_EXPONENT, _LAST_EXPONENT = -30, 20  # 2**-30 is 1e-9, and 2**20 is 1e6
_PARTS = (1.0, 1.189207115002721, 1.4142135623730951, 1.681792830507429)  # 2**(i/4)
_EDGES = tuple(
    math.ldexp(part, exponent)
    for exponent in range(_FIRST_EXPONENT, _LAST_EXPONENT)
    for part in _PARTS
)
_LIMITS = (0.0, *_EDGES, 2.0**_LAST_EXPONENT, math.inf)
_ZERO, _SMALL, _LARGE = 0, 1, len(_EDGES) + 2
_INFINITE, _CELLS = _LARGE + 1, _LARGE + 2

OCTAVES = _LAST_EXPONENT - _FIRST_EXPONENT + 2
"""How many cells `octaves_of` has: one for each factor of 2, and one at each end."""

_EXPONENT_SHIFT = 52  # the bits of a float64 behind its exponent
_EXPONENT_BIAS = 1023
_FRACTION = 2**_EXPONENT_SHIFT - 1


@register("losses")
@dataclass(frozen=True, eq=False)
class LossesState(ByValue):
    """For each bin of the loss: rows, and hits if each row has one label.

    The first cell is for losses of 0 or less, the last one for infinite losses.
    """

    needs: ClassVar[tuple[str, ...]] = ("loss", "hit", "measured")

    rows: NDArray[np.int64] = field(default_factory=no_counts)
    hits: NDArray[np.int64] = field(default_factory=no_counts)

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        loss, hit, measured = facts["loss"], facts["hit"], facts["measured"]
        if not facts.rows:
            return cls()
        if measured is not None:
            loss, hit = loss[measured], None if hit is None else hit[measured]
        if (undefined := np.isnan(loss)).any():
            loss, hit = loss[~undefined], None if hit is None else hit[~undefined]
        cells = _cells_of(loss)
        rows = np.bincount(cells, minlength=_CELLS)
        return cls(rows, no_counts() if hit is None else np.bincount(cells[hit], minlength=_CELLS))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.rows.size or not other.rows.size:
            return self if self.rows.size else other
        return type(self)(self.rows + other.rows, self.hits + other.hits)

    def compute(self) -> LossHistogram:
        """Return the bins from the first to the last one that has rows."""
        rows = self.rows.tolist() or [0] * _CELLS
        hits = self.hits.tolist() or [None] * _CELLS
        cells = range(_SMALL, _LARGE + 1)
        filled = [i for i in cells if rows[i]]
        limits = list(pairwise(_LIMITS))
        return LossHistogram(
            n=sum(rows),
            zero=LossBin(0.0, 0.0, rows[_ZERO], hits[_ZERO]),
            infinite=LossBin(math.inf, math.inf, rows[_INFINITE], hits[_INFINITE]),
            bins=tuple(
                LossBin(*limits[i - _SMALL], rows[i], hits[i])
                for i in cells
                if filled and filled[0] <= i <= filled[-1]
            ),
        )


def _cells_of(loss: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the cell of each loss, by its bits."""
    bits = np.ascontiguousarray(loss, np.float64).view(np.int64)
    places = bits >> _EXPONENT_SHIFT
    places -= _EXPONENT_BIAS + _FIRST_EXPONENT
    places *= len(_PARTS)
    fraction = bits & _FRACTION
    for part in np.array(_PARTS[1:]).view(np.int64) & _FRACTION:
        places += fraction >= part
    places += _SMALL + 1
    np.clip(places, _SMALL, _LARGE, out=places)
    places[loss <= 0.0] = _ZERO
    places[np.isposinf(loss)] = _INFINITE
    return places


def octaves_of(loss: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the cell of each loss among cells that are a factor of 2 wide.

    The first cell is for all losses below the range, 0 among them, the last one for all above.

    Examples
    --------
    >>> octaves_of(np.array([0.0, 1.0, 1.9, 2.0, np.inf])) - octaves_of(np.array([1.0]))
    array([-31,   0,   0,   1,  20])
    """
    places = (_cells_of(loss) - (_SMALL + 1)) // len(_PARTS) + 1
    return np.clip(places, 0, OCTAVES - 1, out=places)
