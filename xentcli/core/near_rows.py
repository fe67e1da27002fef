"""Divergences of rows whose probabilities are nearly equal, in float32, as terms without a sign.

With t = p + q, u = log(q / p), v = u * u and h = tanh(u / 2), a class adds

    t * (A - B)  to KL(p || q)      A = u * h / 2   = v * (1/4 - v/48 + v**2/480 - ...)
    t * (A + B)  to KL(q || p)      B = u / 2 - h   = u * v * (1/24 - v/240 + 17 * v**2/40320 - ...)
    t * F / 2    to JS              F = log(1 + abs(h)) - abs(u) * (1 - abs(h)) / 2
                                                    = v * (1/8 - v/64 + v**2/576 - ...)

None of these is negative. Where abs(u) is at most 1 they are the polynomials, of which only sums of
t * v**k and t * u * v**k are needed; elsewhere they are computed as they stand, class by class if
few classes of a row are that far apart, which are then left out of the polynomials. How a row is
computed depends on that row alone.

A and B cancel if one KL is far below the other, as for a class that only one model masks with -1e9;
and u loses digits if it is far below the shift between the rows. Such rows are NaN.
"""

import numpy as np

from xentcli.core.dtypes import Doubles, Floats, Mask
from xentcli.core.products import sums_of_products
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import pieces, row_by_row, sampled_classes

Sums = tuple[Doubles, Doubles, Doubles]
"""KL both ways and JS of each row."""

# Chebyshev interpolation to 1e-6 of A / v, B / (u * v) and F / v, where v is at most 1.
_POLYNOMIALS = (
    (0.2499998628, -0.02082892764, 0.002060928035, -0.0001734091345),
    (0.04166663886, -0.004165773904, 0.0004170868018, -3.513426642e-5),
    (0.1249998769, -0.015621049, 0.001716011536, -0.0001508793309),
)
_LARGEST_SQUARE = np.float32(1.0)  # to which they reach
_FEW = 8  # one of so many sampled classes is far apart, at most, where few are
_MOST_UNLIKE = 50.0  # between both KL, as a factor, since rounding is 1e-7 of the larger
_MOST_SHIFT = 2e2  # over the root of JS, a third of u: rounding is 1e-7 of the shift
_HALF, _ONE = np.float32(0.5), np.float32(1.0)


def of_near_rows(one: Floats, other: Floats, shift: Doubles, weights: Floats) -> Sums:
    """Return the divergences of rows (N, C) of logits; NaN if float32 is not precise enough.

    Parameters
    ----------
    one, other : ndarray of float32 of shape (N, C)
        The logits of both models.
    shift : ndarray of shape (N,)
        The logarithm of the sum of exponentials of `other`, less that of `one`.
    weights : ndarray of float32 of shape (N, C)
        p + q, or a multiple of it for each row, which multiplies the results. It is overwritten.
    """
    found = np.empty((3, len(one)))
    for part in pieces(one.shape, one.dtype):
        found[:, part] = _sums_of_rows(one[part], other[part], shift[part], weights[part])
    a, b, f = found
    kl, kl_reverse, js = a - b, a + b, f / 2.0
    lost = ~(np.maximum(kl, kl_reverse) <= _MOST_UNLIKE * np.minimum(kl, kl_reverse))
    lost |= ~(np.abs(shift) <= _MOST_SHIFT * np.sqrt(js))
    for each in (kl, kl_reverse, js):
        each[lost] = np.nan
    return kl, kl_reverse, js


def _sums_of_rows(one: Floats, other: Floats, shift: Doubles, weights: Floats) -> Doubles:
    """Return the sums of A, B and F of each row; the weights are overwritten."""
    ratio, square = (scratch(name, one.shape, np.float32) for name in ("ratio", "square"))
    np.subtract(other, one, out=ratio)
    with row_by_row(one.shape[1]):
        np.subtract(ratio, shift.astype(np.float32)[:, None], out=ratio)
    np.multiply(ratio, ratio, out=square)
    found = np.zeros((3, len(one)))
    apart = ~(square <= _LARGEST_SQUARE)
    if apart.any():
        _add_apart(ratio, weights, apart, out=found)
    for a, b, f in np.transpose(_POLYNOMIALS):
        even = sums_of_products(weights, square)
        np.multiply(weights, square, out=weights)
        found += a * even, b * sums_of_products(weights, ratio), f * even
    return found


def _add_apart(ratio: Floats, weights: Floats, apart: Mask, out: Doubles) -> None:
    """Add A, B and F of the classes that are far `apart`, whose weights become 0."""
    rows, num_classes = ratio.shape
    some = sampled_classes(apart)
    counts = np.add.reduce(some.astype(np.intp), axis=1)
    many = np.flatnonzero(counts * _FEW > some.shape[1])
    if many.size == rows:
        _add_many(ratio, weights, apart, out)
        return
    if many.size:
        theirs, mass = ratio[many], weights[many]
        sums = out[:, many]
        _add_many(theirs, mass, apart[many], sums)
        out[:, many], weights[many], apart[many] = sums, mass, False
    places = np.flatnonzero(apart)
    mass = weights.reshape(-1)[places]
    row_of = places // num_classes
    factors = _factors(ratio.reshape(-1)[places])
    out += [np.bincount(row_of, mass * each, rows) for each in factors]
    weights.reshape(-1)[places] = 0.0


def _add_many(ratio: Floats, weights: Floats, apart: Mask, out: Doubles) -> None:
    """Add those of rows in which many classes are far apart."""
    far = scratch("far", ratio.shape, np.float32)
    np.multiply(weights, apart.astype(np.float32), out=far)  # a mask would go through a buffer
    out += [sums_of_products(far, each) for each in _factors(ratio)]
    np.subtract(weights, far, out=weights)


def _factors(ratio: Floats) -> Floats:
    """Return A, B and F of classes as they stand."""
    found = scratch("factors", (5, *ratio.shape), np.float32)
    a, b, f, tanh, size = found
    half = np.multiply(ratio, _HALF, out=a)
    np.tanh(half, out=tanh)
    np.subtract(half, tanh, out=b)
    np.abs(half, out=size)
    np.multiply(half, tanh, out=a)
    np.abs(tanh, out=tanh)
    np.log(np.add(tanh, _ONE, out=f), out=f)
    np.multiply(size, np.subtract(_ONE, tanh, out=tanh), out=size)
    np.subtract(f, size, out=f)
    return found[:3]
