"""Divergences of rows whose probabilities are nearly equal, in float32, as terms without a sign.

With t = p + q, u = log(q / p), v = u * u and h = tanh(u / 2), a class adds

    t * (A - B)  to KL(p || q)      A = u * h / 2   = v * (1/4 - v/48 + v**2/480 - ...)
    t * (A + B)  to KL(q || p)      B = u / 2 - h   = u * v * (1/24 - v/240 + 17 * v**2/40320 - ...)
    t * F / 2    to JS              F = log(1 + abs(h)) - abs(u) * (1 - abs(h)) / 2
                                                    = v * (1/8 - v/64 + v**2/576 - ...)

None of these is negative. Where abs(u) is at most 1 they are the polynomials, of which only sums of
t * v**k and t * u * v**k are needed; elsewhere they are computed as they stand. In rows where it is
at most 2, longer polynomials take less time. How a row is computed depends on that row alone.

A and B cancel if one KL is far below the other, as for a class that only one model masks with -1e9;
and u loses digits if it is far below the shift between the rows. Such rows are NaN.
"""

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles, Floats
from xentcli.core.products import sums_of_products
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import row_by_row

Sums = tuple[Doubles, Doubles, Doubles]
"""KL both ways and JS of each row."""

# Chebyshev interpolation to 1e-6 of A / v, B / (u * v) and F / v: where abs(u) is at most 1, and 2.
_SHORT = (
    (0.2499998628, -0.02082892764, 0.002060928035, -0.0001734091345, 0.0, 0.0),
    (0.04166663886, -0.004165773904, 0.0004170868018, -3.513426642e-5, 0.0, 0.0),
    (0.1249998769, -0.015621049, 0.001716011536, -0.0001508793309, 0.0, 0.0),
)
_LONG = (
    (
        0.2499998487,
        -0.02083059461,
        0.002075112601,
        -2.015077672e-4,
        1.632896014e-5,
        -7.466379486e-7,
    ),
    (
        0.04166663601,
        -0.004166111685,
        4.199611162e-4,
        -4.08281115e-5,
        3.308873948e-6,
        -1.512998376e-7,
    ),
    (0.124999861, -0.01562248312, 0.001728553694, -1.759009158e-4, 1.458959209e-5, -6.746403637e-7),
)
_SHORT_LENGTH = 4
_SHORT_SQUARE, _LONG_SQUARE = 1.0, 4.0
_LEAST = np.float32(1e-5)  # multiplier, as numbers below 1e-38 take long; it adds 1e-6 at most
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
    ratio, square = (scratch(name, one.shape, np.float32) for name in ("ratio", "square"))
    np.subtract(other, one, out=ratio)
    with row_by_row(one.shape[1]):
        np.subtract(ratio, shift.astype(np.float32)[:, None], out=ratio)
    np.multiply(ratio, ratio, out=square)
    found = np.zeros((3, len(one)))
    largest = square.max(axis=1, initial=0.0)
    if (places := np.flatnonzero(~(largest <= _LONG_SQUARE))).size:
        some, their = scratch("some", (2, places.size, one.shape[1]), np.float32)
        np.take(ratio, places, axis=0, out=some, mode="clip")
        np.take(weights, places, axis=0, out=their, mode="clip")
        found[:, places] = _far(some, their)
        weights[places] = their
    long = (largest > _SHORT_SQUARE) & (largest <= _LONG_SQUARE)
    found += _near(ratio, square, weights, long)
    a, b, f = found
    kl, kl_reverse, js = a - b, a + b, f / 2.0
    lost = ~(np.maximum(kl, kl_reverse) <= _MOST_UNLIKE * np.minimum(kl, kl_reverse))
    lost |= ~(np.abs(shift) <= _MOST_SHIFT * np.sqrt(js))
    for each in (kl, kl_reverse, js):
        each[lost] = np.nan
    return kl, kl_reverse, js


def _near(ratio: Floats, square: Floats, weights: Floats, long: NDArray[np.bool_]) -> Doubles:
    """Return the sums of A, B and F by polynomials, of which some rows take the long ones.

    The squares and weights are overwritten.
    """
    table = np.where(long, *(np.transpose(each)[..., None] for each in (_LONG, _SHORT)))
    found = _of_powers(ratio, square, weights, table[:_SHORT_LENGTH])
    places = np.flatnonzero(long)
    if 2 * places.size > len(ratio):  # more than half: as fast for all, where others add 0
        places = np.arange(len(ratio))
    elif places.size:
        ratio, square, weights = (each[places] for each in (ratio, square, weights))
    if places.size:
        np.add(square, _LEAST, out=square)
        found[:, places] += _of_powers(ratio, square, weights, table[_SHORT_LENGTH:, :, places])
    return found


def _of_powers(ratio: Floats, square: Floats, weights: Floats, table: Doubles) -> Doubles:
    """Return the sums of A, B and F over some powers of v, given coefficients (K, 3, N)."""
    found = np.zeros((3, len(ratio)))
    for a, b, f in table:
        even = sums_of_products(weights, square)
        np.multiply(weights, square, out=weights)
        found += a * even, b * sums_of_products(weights, ratio), f * even
    return found


def _far(ratio: Floats, weights: Floats) -> Doubles:
    """Return the sums of A, B and F over the classes that are far apart; their weights become 0."""
    size, far, tanh, both = (
        scratch(name, ratio.shape, np.float32) for name in ("size", "far", "tanh", "both")
    )
    np.abs(ratio, out=size)
    np.minimum(size, _ONE, out=far)
    np.floor(far, out=far)  # 1 where far, else 0
    np.multiply(far, weights, out=far)
    np.subtract(weights, far, out=weights)
    np.multiply(ratio, _HALF, out=tanh)
    np.tanh(tanh, out=tanh)
    b = sums_of_products(far, ratio) / 2.0 - sums_of_products(far, tanh)
    np.multiply(tanh, ratio, out=both)
    a = sums_of_products(far, both) / 2.0
    np.subtract(size, both, out=size)
    f = sums_of_products(far, size) / -2.0
    np.abs(tanh, out=both)
    np.add(both, _ONE, out=both)
    np.log(both, out=both)
    return np.array((a, b, f + sums_of_products(far, both)))
