"""Computes divergences of nearly equal rows in float32, from terms that are never negative.

With t = p + q, u = log(q / p), h = tanh(u / 2) and x = h * h, a class adds

    t * (A - B)  to KL(p || q)      A = h * u / 2       = x * (1 + x/3 + x**2/5 + ...)
    t * (A + B)  to KL(q || p)      B = u / 2 - h       = h * x * (1/3 + x/5 + x**2/7 + ...)
    t * F / 2    to JS              F = log(1 + abs(h)) - abs(u) * (1 - abs(h)) / 2
                                                        = x * (1/2 + x/12 + x**2/30 + ...)

None of these is negative. If u is close to 0, they are computed as the polynomials, which need only
sums of t * x**k and t * h * x**k; else they are computed as they stand.

A and B cancel if one KL is far below the other, as for a class that only one model masks with -1e9;
and u loses digits if it is far below the shift between the rows. Such rows are NaN.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.products import sums_of_products
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import row_by_row

Doubles = NDArray[np.float64]
Floats = NDArray[Any]
Sums = tuple[Doubles, Doubles, Doubles]
"""KL both ways and JS of each row."""

# Chebyshev interpolation for abs(u) up to 0.4, to 7e-7 of A / x, B / (h * x) and F / x.
_NEAR = np.float32(0.4)
_A = (1.000000276, 0.3332058464, 0.2086420362)
_B = (0.3333335488, 0.1999006144, 0.149590883)
_F = (0.5000000342, 0.08331753913, 0.03440607244)
_MOST_UNLIKE = 50.0  # between both KL, as a factor, since rounding is 1e-7 of the larger
_MOST_SHIFT = 1e3  # over the root of JS, which is as large as u: rounding is 1e-7 of the shift
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
    ratio, halves, far = (scratch(name, one.shape, np.float32) for name in ("ratio", "logs", "far"))
    np.subtract(other, one, out=ratio)
    with row_by_row(one.shape[1]):
        np.subtract(ratio, shift.astype(np.float32)[:, None], out=ratio)
    np.multiply(ratio, _HALF, out=halves)
    tanh = np.tanh(halves, out=halves)
    np.abs(ratio, out=far)
    if far.max(initial=0.0) <= _NEAR:
        found = np.zeros((3, len(one)))
    else:
        np.multiply(far, _ONE / _NEAR, out=far)
        np.minimum(far, _ONE, out=far)
        np.floor(far, out=far)  # 1 where far, else 0
        np.multiply(far, weights, out=far)
        np.subtract(weights, far, out=weights)
        found = np.array(_far(ratio, tanh, far))
    a, b, f = found + _near(tanh, weights)
    kl, kl_reverse, js = a - b, a + b, f / 2.0
    lost = ~(np.maximum(kl, kl_reverse) <= _MOST_UNLIKE * np.minimum(kl, kl_reverse))
    lost |= ~(np.abs(shift) <= _MOST_SHIFT * np.sqrt(js))
    for each in (kl, kl_reverse, js):
        each[lost] = np.nan
    return kl, kl_reverse, js


def _near(tanh: Floats, weights: Floats) -> Doubles:
    """Return the sums of A, B and F by their polynomials."""
    square, cube = (scratch(name, tanh.shape, np.float32) for name in ("ratio", "other logs"))
    np.multiply(tanh, tanh, out=square)
    np.multiply(tanh, square, out=cube)
    found = np.zeros((3, len(tanh)))
    for i, (a, b, f) in enumerate(zip(_A, _B, _F, strict=True)):
        if i:
            np.multiply(weights, square, out=weights)
        even, odd = sums_of_products(weights, square), sums_of_products(weights, cube)
        found += a * even, b * odd, f * even
    return found


def _far(ratio: Floats, tanh: Floats, weights: Floats) -> Sums:
    """Return the sums of A, B and F as they stand; `ratio` is overwritten."""
    both = scratch("other logs", tanh.shape, np.float32)
    b = sums_of_products(weights, ratio) / 2.0 - sums_of_products(weights, tanh)
    np.multiply(tanh, ratio, out=both)
    a = sums_of_products(weights, both) / 2.0
    np.abs(ratio, out=ratio)
    np.subtract(ratio, both, out=ratio)
    f = sums_of_products(weights, ratio) / -2.0
    np.abs(tanh, out=both)
    np.add(both, _ONE, out=both)
    np.log(both, out=both)
    return a, b, f + sums_of_products(weights, both)
