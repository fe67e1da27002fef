"""Divergences of long rows of logits in float32: what `divergences` says, ten times as fast.

With a = abs(u) and e = exp(-a), the larger of p and q is m, and the smaller m * e. With

    S = a * (1 - e)
    D = a * (1 + e) - 2 * (1 - e)
    Z = (1 + e) * log(2 / (1 + e)) - a * e

a class adds m * (S - D) / 2 to KL(p || q) and m * (S + D) / 2 to KL(q || p) where q > p, else
crosswise, and m * Z / 2 to JS. None of these is negative. For a up to 1 they are polynomials, which
lose no digit where a is next to 0; above that they are computed as they stand. Most rows have few
classes on one of the two sides: all classes are computed as those on the other side, and the few
again.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import widen
from xentcli.core.normalizer import Normalizer
from xentcli.core.rows import LogitRows, row_by_row, tiles
from xentcli.core.scratch import scratch

Doubles = NDArray[np.float64]
Floats = NDArray[Any]
Sums = tuple[Doubles, Doubles, Doubles]
"""Of each row: KL both ways, and JS."""

_NEAR = 1.0
# Chebyshev interpolation on [0, 1], to 1e-7 of S / a**2, D / a**3 and Z / a**2.
_S = (0.9999999329, -0.4999951599, 0.1666096712, -0.04141876303, 0.007837363802, -0.0009125453917)
_D = (
    0.1666666599,
    -0.08333284789,
    0.02499428835,
    -0.005530755573,
    0.0009426105211,
    -0.000101637837,
)
_Z = (
    0.2499999894,
    -0.1249992377,
    0.03124109339,
    -0.005170228778,
    0.0007942838132,
    -0.0001077955045,
)
_LN_2 = 0.6931471805599453
_PART_ELEMENTS = 2**16  # several arrays of so many stay in the cache
_MOST_FAR = 8  # a row with more than one far class in so many is computed as if all were far
_SURE_JS = 0.02  # from here on the rounding of near classes of such a row does not matter
_LEAST_JS = 1e-4  # below, more of them matter than are computed again
_LEAST_MASS = 1e-4  # of a class that matters
_SUMMED_CLASSES = 4096  # of float32 in a row are summed up at a time, and these sums in float64


def divergences_of_rows(
    base: LogitRows, norm: Normalizer, new: LogitRows, new_norm: Normalizer, out: Sums
) -> None:
    """Put KL(base || new), KL(new || base) and JS of each row (N, C) of logits into `out`.

    NaN where they are to be computed in another way: in rows that hold -inf, and in a few others.
    """
    count, num_classes = base.shape
    for large in tiles(count, num_classes):
        rows = large.stop - large.start
        first = scratch("first model", (rows, num_classes), np.float32)
        np.copyto(first, widen(base[large]))
        second = widen(new[large])
        step = max(1, _PART_ELEMENTS // num_classes)
        for start in range(0, rows, step):
            part = slice(start, min(start + step, rows))
            here = slice(large.start + part.start, large.start + part.stop)
            found = _of_part(first[part], second[part], norm.of(here), new_norm.of(here))
            for whole, sums in zip(out, found, strict=True):
                whole[here] = sums


def _of_part(one: Floats, other: Floats, norm: Normalizer, other_norm: Normalizer) -> Sums:
    """Return the divergences of a few rows, whose logits are overwritten."""
    shift = (other_norm.peak.astype(np.float64) - norm.peak) + (other_norm.log_rest - norm.log_rest)
    ratio = scratch("ratio", one.shape, np.float32)
    size, mass = (scratch(name, one.shape, np.float32) for name in ("size", "mass"))
    np.subtract(other, one, out=ratio)
    with row_by_row(one.shape[1]):
        np.subtract(ratio, shift.astype(np.float32)[:, None], out=ratio)
        for rows, its, out in ((one, norm, mass), (other, other_norm, size)):
            np.subtract(rows, its.peak[:, None], out=out)
            np.subtract(out, its.log_rest.astype(np.float32)[:, None], out=out)
    np.maximum(mass, size, out=mass)
    np.exp(mass, out=mass)
    np.abs(ratio, out=size)
    far = np.count_nonzero(size > _NEAR, axis=1) * _MOST_FAR > one.shape[1]
    if not far.any():
        return _mostly_near(ratio, size, mass)
    if far.all():
        return _mostly_far(ratio, size, mass)
    found = np.zeros((3, len(one)))
    for rows, compute in ((~far, _mostly_near), (far, _mostly_far)):
        found[:, rows] = compute(ratio[rows], size[rows], mass[rows])
    return found[0], found[1], found[2]


class _Terms(NamedTuple):
    """S, D and Z of some classes."""

    s: Floats
    d: Floats
    z: Floats


def _room(shape: tuple[int, ...]) -> _Terms:
    return _Terms(*(scratch(name, shape, np.float32) for name in ("term s", "term d", "term z")))


def _near(size: Floats, out: _Terms) -> None:
    square = scratch("square", size.shape, size.dtype)
    np.multiply(size, size, out=square)
    for coefficients, values in zip((_S, _D, _Z), out, strict=True):
        first, *others, last = map(size.dtype.type, coefficients)
        np.multiply(size, last, out=values)
        for coefficient in reversed(others):
            np.add(values, coefficient, out=values)
            np.multiply(values, size, out=values)
        np.add(values, first, out=values)
        np.multiply(values, square, out=values)
    np.multiply(out.d, size, out=out.d)


def _far(size: Floats, out: _Terms) -> None:
    shares, twice = out.z, out.d
    np.negative(size, out=shares)
    np.exp(shares, out=shares)  # e
    kept = scratch("shares", size.shape, size.dtype)
    np.copyto(kept, shares)
    np.add(kept, 1.0, out=twice)  # 1 + e
    logs = scratch("square", size.shape, size.dtype)
    np.log(twice, out=logs)
    np.subtract(size.dtype.type(_LN_2), logs, out=logs)
    logs *= twice
    np.multiply(kept, size, out=out.s)
    np.subtract(logs, out.s, out=out.z)  # Z
    twice *= size
    np.subtract(1.0, kept, out=kept)  # 1 - e
    np.multiply(kept, size, out=out.s)  # S
    kept *= 2.0
    np.subtract(twice, kept, out=out.d)  # D


def _mostly_near(ratio: Floats, size: Floats, mass: Floats) -> Sums:
    terms = _room(size.shape)
    places = np.flatnonzero(size > _NEAR)
    few = size.reshape(-1)[places]
    np.minimum(size, _NEAR, out=size)
    _near(size, terms)
    if places.size:
        _put(_far, few, places, terms)
    return _sums(ratio, mass, terms)


def _mostly_far(ratio: Floats, size: Floats, mass: Floats) -> Sums:
    terms = _room(size.shape)
    _far(size, terms)
    found = _sums(ratio, mass, terms)
    unsure = np.flatnonzero(found[2] < _SURE_JS)
    if unsure.size:
        some = slice(None) if unsure.size == len(size) else unsure
        few = _Terms(*(each[some] for each in terms))
        heavy = mass[some]
        places = np.flatnonzero((heavy > _LEAST_MASS) & (size[some] <= _NEAR))
        _put(_near, size[some].reshape(-1)[places], places, few)
        mended = _sums(ratio[some], heavy, few)
        for whole, sums in zip(found, mended, strict=True):
            whole[unsure] = np.where(mended[2] < _LEAST_JS, np.nan, sums)
    return found


def _put(compute: Any, size: Floats, places: NDArray[np.intp], terms: _Terms) -> None:
    """Compute the terms of a few classes, and put them where they belong."""
    found = _Terms(*(np.empty_like(size) for _ in _Terms._fields))
    compute(size, found)
    for values, new in zip(terms, found, strict=True):
        values.reshape(-1)[places] = new


def _sums(ratio: Floats, mass: Floats, terms: _Terms) -> Sums:
    signed = scratch("square", mass.shape, np.float32)
    np.copysign(terms.d, ratio, out=signed)
    js = _sum_of_products(mass, terms.z)
    both = scratch("shares", mass.shape, np.float32)
    np.subtract(terms.s, signed, out=both)
    kl = _sum_of_products(mass, both)
    np.add(terms.s, signed, out=both)
    return kl / 2.0, _sum_of_products(mass, both) / 2.0, np.minimum(js / 2.0, _LN_2)


def _sum_of_products(one: Floats, other: Floats) -> Doubles:
    total = np.zeros(len(one))
    for start in range(0, one.shape[1], _SUMMED_CLASSES):
        part = slice(start, start + _SUMMED_CLASSES)
        total += np.einsum("ij,ij->i", one[:, part], other[:, part])
    return total
