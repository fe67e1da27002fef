"""Computes how a row's loss changes with the inverse temperature that multiplies its logits.

With g = peak - z, m the mass of the label (1 at a class index, or class probabilities), M its sum
and b the inverse temperature, a row's loss is ``sum of m * b * g + M * log(sum of exp(-b * g))``.
Its derivatives along b are

    sum of m * g - M * E[g],   M * Var[g],   -M * K3[g],   M * K4[g]

of the distribution exp(-b * g) over the classes, where K are its cumulants. A logit of -inf takes
no part in it: 0 * inf is 0 here.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.binary_options import BinaryOptions
from xentcli.core.dtypes import Doubles, Floats, widen
from xentcli.core.fact import fact
from xentcli.core.given import Given
from xentcli.core.near_classes import Tops
from xentcli.core.powers import steps_of
from xentcli.core.row_losses import pick
from xentcli.core.scratch import scratch
from xentcli.core.slope_gaps import SlopeGaps
from xentcli.core.tiled_rows import tiles

Array = NDArray[Any]

ROUGH_ORDERS, FINE_ORDERS = 4, 3
"""How many derivatives there are: rough ones, in float32, and fewer fine ones, in float64."""


class SlopeOptions(NamedTuple):
    """The inverse temperatures at which derivatives are computed, and their precision.

    Attributes
    ----------
    betas : tuple of float
        The inverse temperatures, above 0.
    fine : bool
        Whether three derivatives are computed in float64, instead of four in float32.
    ends : bool
        Whether `Slopes.mean_gap`, which tells how the loss behaves near 0, and `Slopes.widest` are
        computed.
    more : int
        How many derivatives are added to the fine ones.
    """

    betas: tuple[float, ...] = (1.0,)
    fine: bool = False
    ends: bool = True
    more: int = 0

    @property
    def orders(self) -> int:
        """How many derivatives there are."""
        return FINE_ORDERS + self.more if self.fine else ROUGH_ORDERS


class Slopes(NamedTuple):
    """The derivatives of the losses of rows, without the weights of rows.

    Attributes
    ----------
    values : ndarray of float64 of shape (betas, orders, N)
        The derivatives.
    label_gap : ndarray of float64 of shape (N,)
        ``sum of m * g``: 0 if the label is at the peak, inf if its logit is -inf.
    mean_gap : ndarray of float64 of shape (N,)
        M times the mean of g over the finite logits: 0 if they are all equal. The first derivative
        at 0 is ``label_gap - mean_gap``.
    widest : ndarray of float64 of shape (N,)
        The largest finite g.
    """

    values: Array
    label_gap: Doubles
    mean_gap: Doubles
    widest: Doubles

    @classmethod
    def zeros(cls, rows: int, options: SlopeOptions) -> "Slopes":
        """Return arrays of zeros, into which the derivatives are put."""
        values = np.zeros((len(options.betas), options.orders, rows))
        return cls(values, *(np.zeros(rows) for _ in range(3)))


@fact("slopes", "rows", alone=True)
def slopes(given: Given) -> Slopes:
    """Return the derivatives of each row's loss along the inverse temperature.

    The parameter ``slopes`` has the `SlopeOptions`.
    """
    options: SlopeOptions = given.parameters["slopes"]
    rows, num_classes = given.logits.shape
    found = Slopes.zeros(rows, options)
    if not num_classes:
        return found
    with np.errstate(all="ignore"):
        for tile in tiles(rows, num_classes):
            values = widen(given.logits[tile])
            tops = Tops(values)
            part = Slopes(*(each[..., tile] for each in found))
            mass = _gaps_of_labels(given, tile, values, tops.peak, part.label_gap)
            _fill(part, values, tops, mass, options)
    return found


def binary_slopes(
    values: Array, labels: Array, binary: BinaryOptions, options: SlopeOptions
) -> Slopes:
    """Return the same for elements as rows of two classes, from logits and labels in [0, 1]."""
    weight, pos_weight = binary.weight, binary.pos_weight
    z, y = values.astype(np.float64), labels.astype(np.float64)
    with np.errstate(all="ignore"):
        share = y if pos_weight is None else y * pos_weight
        masses = np.stack([1.0 - y, share]) * (1.0 if weight is None else weight)
        masses = masses.reshape(2, -1)
        gap = np.abs(z).reshape(-1)
        below = np.where(z.reshape(-1) > 0.0, masses[0], masses[1])  # the mass that is not on top
        label_gap = np.where(below > 0.0, below * gap, 0.0)
        found = Slopes.zeros(gap.size, options)
        found.label_gap[...] = label_gap
        rows = np.stack([-gap, np.zeros_like(gap)], axis=1)
        _fill(found, rows, Tops(rows), masses.sum(axis=0), options)
    return found


def _gaps_of_labels(
    given: Given, tile: slice, values: Floats, peak: Floats, out: Doubles
) -> Doubles | float:
    """Put ``sum of m * g`` of each row into `out`; return the sums of m."""
    if given.checked is not None:
        np.subtract(peak, pick(values, given.checked.index[tile]), out=out, dtype=np.float64)
        return 1.0
    mass = given.labels[tile].astype(np.float64, order="C")
    if given.options.weight is not None:
        mass *= given.options.weight
    gaps = scratch("gaps", values.shape, np.float64)
    np.subtract(peak[:, None], values, out=gaps, dtype=np.float64)
    gaps *= mass
    gaps[mass == 0.0] = 0.0
    np.add.reduce(gaps, axis=1, out=out)
    total: Doubles = np.add.reduce(mass, axis=1)
    return total


def _fill(
    found: Slopes, values: Floats, tops: Tops, mass: Doubles | float, options: SlopeOptions
) -> None:
    """Put the derivatives of a tile of rows into `found`."""
    # The sign of the ends decides, and float32 may change float64 values by more than the gaps.
    wide = options.fine or (options.ends and values.dtype == np.float64)
    least = min(options.betas)
    gaps = SlopeGaps(values, tops, fine=wide, beta=least)
    if options.ends:
        found.mean_gap[...] = mass * (0.0 - gaps.mean())
        found.widest[...] = gaps.widest()
    if wide != options.fine:
        gaps = SlopeGaps(values, tops, fine=options.fine, beta=least)
    for i, beta in enumerate(options.betas):
        factor, off = steps_of(beta) if options.fine else (beta, 0.0)
        first, *others = _cumulants(gaps.moments(factor, options.orders))
        its = found.values[i]
        its[0] = found.label_gap + mass * (first / factor)
        for order, cumulant in enumerate(others, 2):
            power = np.float64(factor) ** order  # inf where Python's would raise OverflowError
            its[order - 1] = mass * (cumulant / power)
        its[0] -= off * its[1]


def _cumulants(moments: list[Doubles]) -> list[Doubles]:
    """Return the first cumulants of a distribution, three or more, from its moments."""
    first, second, third, *more = moments
    square = first * first
    found = [
        first,
        np.maximum(second - square, 0.0),
        third - 3.0 * first * second + 2.0 * first * square,
    ]
    if more:
        others = 4.0 * first * third + 3.0 * second * second + 6.0 * square * square
        found.append(more[0] + 12.0 * square * second - others)
    for n in range(len(found) + 1, len(moments) + 1):
        known = (math.comb(n - 1, j - 1) * found[j - 1] * moments[n - j - 1] for j in range(1, n))
        found.append(moments[n - 1] - sum(known))
    return found
