"""Computes the losses of rows at temperatures that were fitted to other rows.

These temperatures are close to the one by which all rows are divided. With d the relative change of
the inverse temperature, g the gaps ``z - peak``, and t their exponentials,

    sum of exp((1 + d) * g) = sum of t + d * sum of t * g + d**2 / 2 * sum of t * g**2 + ...

so that the same exponentials serve for both temperatures.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core import facts
from xentcli.core.binary import binary_facts
from xentcli.core.binary_measures import with_measures
from xentcli.core.binary_options import BinaryOptions
from xentcli.core.dtypes import Doubles, Floats, widen
from xentcli.core.fact import fact
from xentcli.core.given import Given, TileFacts
from xentcli.core.near_classes import NearClasses, Tops
from xentcli.core.normalizer import Normalizer
from xentcli.core.observer import Exponentials, sum_classes_of
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import LogitRows, pieces

Array = NDArray[Any]

_LEFT_OVER = 2.0**-46  # of a loss, at most, in the terms that are left out
_VANISHES = -1000.0  # a gap whose exponential is 0
_MOST_TERMS = 8  # more would take longer than computing exponentials again


class HeldOut(NamedTuple):
    """The losses of rows, and their confidences, at the temperatures of their folds."""

    loss: Doubles
    forecast: Doubles


@fact("scale_held_out", "labels")
def scale_held_out(given: Given) -> Doubles | None:
    """Return the scale of each row's fold, by which the row is multiplied; None without logits.

    The parameter ``scales`` has the numbers. ``slices`` returns the places of N rows on the first
    axis; the fold of a row is its place modulo the number of scales.
    """
    if given.kind != "logits":
        return None
    scales: Doubles = np.asarray(given.parameters["scales"])
    places = given.parameters.get("slices", np.arange)(given.logits.shape[0])
    scale: Doubles = scales[places % scales.size]
    return scale


@fact("rest_held_out", "after", needs=("scale_held_out",), gaps=True)
def rest_held_out(tile: TileFacts, found: Exponentials) -> Doubles:
    """Return the change of the sum of exponentials, less the peak's own, with the scale."""
    terms, gaps, axis = found.terms, found.gaps, found.class_axis
    if gaps is None:
        raise TypeError("what is held out is computed of gaps")
    scale: Doubles = tile["scale_held_out"]
    parameters = tile.given.parameters
    widest = parameters.get("widest", math.inf)
    count = _terms_of_series(parameters["scales"], tile.given.logits.shape[1], widest)
    if count == 0 or terms.dtype != np.float64:
        return _by_exponentials(tile.given, terms, gaps, scale, axis)
    total = _series(terms, gaps, scale - 1.0, count, axis)
    lost = np.flatnonzero(np.isnan(total))
    if lost.size:  # 0 * -inf is 0 here
        at = (slice(None), lost) if axis == 0 else lost
        finite = np.maximum(gaps[at], _VANISHES)
        total[lost] = _series(terms[at], finite, scale[lost] - 1.0, count, axis)
    return total


@fact("held_out", needs=("rest_held_out", "scale_held_out"), uses=("picked", "used"), dtype=None)
def held_out(given: Given) -> HeldOut:
    """Return the losses and confidences of rows that are multiplied by the scale of their fold."""
    scale = given["scale_held_out"]
    with np.errstate(all="ignore"):
        norm = Normalizer(given.norm.peak * scale, given.norm.rest + given["rest_held_out"])
        scaled = _ScaledRows(given.logits, scale)
        other = Given(scaled, given.labels, given.options, given.kind, norm, given.parameters)
        picked = given["picked"]
        other.facts.update(used=given["used"], picked=None if picked is None else picked * scale)
        return HeldOut(facts.loss(other), facts.confidence(other))


class _ScaledRows:
    """Rows of logits, each multiplied by a number in float64."""

    def __init__(self, rows: LogitRows, scale: Doubles) -> None:
        self.shape = rows.shape
        self.dtype = np.dtype(np.float64)
        self._rows = rows
        self._scale = scale

    def __getitem__(self, rows: slice, /) -> Array:
        values: Array = widen(self._rows[rows]) * self._scale[rows, None]
        return values


def _terms_of_series(scales: tuple[float, ...], num_classes: int, widest: float) -> int:
    """Return how many terms of the series are precise enough, or 0 if these are too many.

    In term k of the loss, a gap g contributes at most ``min(1, C * exp(-g)) * (d * g)**k / k!``,
    which is largest near g = k or g = log(C), or at the widest gap if that is less.
    """
    change = max(abs(scale - 1.0) for scale in scales)
    for count in range(1, _MOST_TERMS + 1):
        k = count + 1
        share = change * min(max(k, math.log(num_classes)), widest)
        if share < 1.0 and share**k / math.factorial(k) * math.exp(share) <= _LEFT_OVER:
            return count
    return 0


def _by_exponentials(
    given: Given, terms: Floats, gaps: Floats, scale: Doubles, axis: int
) -> Doubles:
    """Return the change by other exponentials; of the near classes alone where these are few."""
    least = min(1.0, *given.parameters["scales"]) if axis == 1 else 0.0
    near = NearClasses(gaps, Tops(gaps), least)
    if not near.rows.size:
        return _sums(_changes(given, terms, gaps, scale if axis == 0 else scale[:, None]), axis)
    total = np.empty(scale.size)
    factor = near.repeated(scale[near.rows])
    total[near.rows] = near.sums(_changes(given, near.of(terms), near.of(gaps), factor))
    if (at := near.others).size:
        total[at] = _sums(_changes(given, terms[at], gaps[at], scale[at, None]), axis)
    return total


def _changes(given: Given, terms: Floats, gaps: Floats, factor: Floats) -> Doubles:
    """Return by how much terms change if their gaps are multiplied; the peak's own is 0."""
    changed = scratch("others", gaps.shape, np.float64)
    np.multiply(gaps, factor, out=changed)
    given.exp_of_gaps(changed, changed)
    np.copyto(changed, 0.0, where=terms == 0.0)
    np.subtract(changed, terms, out=changed)
    return changed


def _series(terms: Floats, gaps: Floats, change: Doubles, count: int, axis: int) -> Doubles:
    """Return the sum over each row of `count` terms of the series after its first."""
    if axis == 0:
        return _series_of(terms, gaps, change, count, axis)
    total = np.empty(change.size)
    for part in pieces(terms.shape, terms.dtype):
        total[part] = _series_of(terms[part], gaps[part], change[part], count, axis)
    return total


def _series_of(terms: Floats, gaps: Floats, change: Doubles, count: int, axis: int) -> Doubles:
    product = scratch("series", terms.shape, np.float64)
    total, factor = np.zeros(change.shape), np.ones(change.shape)
    for k in range(1, count + 1):
        factor *= change / k
        terms = np.multiply(terms, gaps, out=product)
        total += factor * _sums(product, axis)
    return total


def _sums(values: Floats, axis: int) -> Doubles:
    return np.asarray(np.add.reduce(values, axis=1) if axis else sum_classes_of(values))


def binary_held_out(values: Array, labels: Array, binary: BinaryOptions, scale: Doubles) -> HeldOut:
    """Return the same for binary elements, each multiplied by a number of its own."""
    scaled = values.astype(np.float64) * scale.reshape(values.shape)
    facts = binary_facts(scaled, labels, binary)
    more = with_measures(facts, scaled, labels, probs=False)
    return HeldOut(more["loss"], more["forecast"])
