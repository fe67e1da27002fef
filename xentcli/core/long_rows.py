"""Divergences of long rows of logits in float32: what `divergences` says, many times as fast.

With p and q the two probabilities of a class and u = log(q / p), the divergences of a row are, as
they are defined,

    KL(p || q) = -sum of p * u        KL(q || p) = sum of q * u
    JS = (KL(p || q) + KL(q || p)) / 4 + ln 2 - sum of t * log(2 cosh(u / 2)) / 2,   t = p + q

which loses digits where p and q are nearly equal: terms of both signs cancel. Rows that are less
apart than that allows are computed once more, by `near_rows`, from terms that are never negative.

With x and y the logits less their row's largest, a = 1 + rest the sum of exp(x), and b that of
exp(y), the sums are those of exp(x) * (y - x) and exp(y) * (y - x); and t is a multiple of
exp(x) * sqrt(b / a) + exp(y) * sqrt(a / b), whose logarithm less the mean of x and y is that of
2 cosh(u / 2), without a number of the row between them.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import widen
from xentcli.core.near_rows import Doubles, Floats, Sums, of_near_rows
from xentcli.core.normalizer import Normalizer
from xentcli.core.products import sums_of_products
from xentcli.core.rows import LogitRows, row_by_row, tiles
from xentcli.core.scratch import scratch

_PART_ELEMENTS = 2**17  # the fewer, the more calls; the more, the less of them is in the cache
_LN_2 = 0.6931471805599453
_SURE_KL = 0.25  # both ways together: from here on rounding is at most 1e-5 of a divergence
_SURE_JS = 0.03
_SURE_SHARE = 0.04  # of both KL that JS is: below, they cancel
_HALF = np.float32(0.5)


class _Pair(NamedTuple):
    """What is known of each row of two models (N,): the normalizers, and what follows.

    Attributes
    ----------
    peak, other_peak : ndarray of float32
        The largest logits.
    total, other_total : ndarray of float64
        The sums of exponentials of the logits less those.
    apart : ndarray of float64
        By how much the logarithm of the other's sum is larger.
    factor, other_factor : ndarray of float32
        What the exponentials are multiplied by for their sum to be a multiple of p + q.
    scale : ndarray of float64
        That multiple.
    excess : ndarray of float64
        By how much more that is, with p and q each, since the factors are rounded; the sum of both.
    """

    peak: Floats
    other_peak: Floats
    total: Doubles
    other_total: Doubles
    apart: Doubles
    factor: Floats
    other_factor: Floats
    scale: Doubles
    excess: Doubles

    @classmethod
    def of(cls, norm: Normalizer, other: Normalizer) -> "_Pair":
        """Return what follows from two normalizers."""
        total, other_total = 1.0 + norm.rest, 1.0 + other.rest
        exact, other_exact = np.sqrt(other_total / total), np.sqrt(total / other_total)
        factor, other_factor = exact.astype(np.float32), other_exact.astype(np.float32)
        return cls(
            norm.peak,
            other.peak,
            total,
            other_total,
            other.log_rest - norm.log_rest,
            factor,
            other_factor,
            np.sqrt(total * other_total),
            (factor / exact - 1.0) + (other_factor / other_exact - 1.0),
        )

    def at(self, rows: slice | NDArray[Any]) -> "_Pair":
        """Return what is known of some of the rows."""
        return _Pair(*(each[rows] for each in self))


def divergences_of_rows(
    base: LogitRows, norm: Normalizer, new: LogitRows, new_norm: Normalizer, out: Sums
) -> None:
    """Put KL(base || new), KL(new || base) and JS of each row (N, C) of logits into `out`.

    NaN where they are to be computed in another way: in rows that hold -inf, or what near rows
    lose.
    """
    count, num_classes = base.shape
    pair = _Pair.of(norm, new_norm)
    step = max(1, _PART_ELEMENTS // num_classes)
    for large in tiles(count, num_classes):
        rows = large.stop - large.start
        first, weights = (
            scratch(name, (rows, num_classes), np.float32) for name in ("first model", "weights")
        )
        np.copyto(first, widen(base[large]))
        second = widen(new[large])
        kl, kl_reverse, js = (sums[large] for sums in out)
        near = np.zeros(rows, np.bool_)
        for start in range(0, rows, step):
            part = slice(start, min(start + step, rows))
            found = kl[part], kl_reverse[part], js[part]
            here = slice(large.start + part.start, large.start + part.stop)
            near[part] = _far(first[part], second[part], pair.at(here), found, weights[part])
        places = np.flatnonzero(near)
        for start in range(0, len(places), step):
            some = places[start : start + step]
            found = _near(first[some], second[some], pair.at(large.start + some), weights[some])
            for whole, those in zip((kl, kl_reverse, js), found, strict=True):
                whole[some] = those


def _near(one: Floats, other: Floats, pair: _Pair, weights: Floats) -> Sums:
    """Return the divergences of rows that are near, given multiples of p + q."""
    shift = (pair.other_peak.astype(np.float64) - pair.peak) + pair.apart
    scale = pair.scale * (1.0 + pair.excess / 2.0)
    kl, kl_reverse, js = of_near_rows(one, other, shift, weights)
    return kl / scale, kl_reverse / scale, js / scale


def _far(one: Floats, other: Floats, pair: _Pair, out: Sums, weights: Floats) -> NDArray[np.bool_]:
    """Put the divergences of a few rows into `out`, and a multiple of p + q into `weights`.

    Returns which rows are not far enough apart.
    """
    names = ("gaps", "other gaps", "probs", "other probs", "ratio")
    gaps, other_gaps, probs, other_probs, ratio = (
        scratch(name, one.shape, np.float32) for name in names
    )
    with row_by_row(one.shape[1]):
        np.subtract(one, pair.peak[:, None], out=gaps)
        np.subtract(other, pair.other_peak[:, None], out=other_gaps)
    np.exp(gaps, out=probs)
    np.exp(other_gaps, out=other_probs)
    np.subtract(other_gaps, gaps, out=ratio)
    forward = sums_of_products(probs, ratio) / pair.total
    backward = sums_of_products(other_probs, ratio) / pair.other_total
    kl, kl_reverse, js = out
    np.subtract(pair.apart, forward, out=kl)
    np.subtract(backward, pair.apart, out=kl_reverse)
    with row_by_row(one.shape[1]):
        np.multiply(probs, pair.factor[:, None], out=probs)
        np.multiply(other_probs, pair.other_factor[:, None], out=other_probs)
    np.add(probs, other_probs, out=weights)
    both = kl + kl_reverse
    near = ~(both >= _SURE_KL)
    if not near.all():
        middle = np.add(gaps, other_gaps, out=gaps)
        np.multiply(middle, _HALF, out=middle)
        logs = np.log(weights, out=ratio)
        np.subtract(logs, middle, out=logs)
        shared = sums_of_products(weights, logs) / pair.scale
        shared -= _LN_2 * (2.0 + pair.excess) + pair.excess
        np.minimum(both / 4.0 - shared / 2.0, _LN_2, out=js)
        near |= ~(js >= np.maximum(_SURE_JS, _SURE_SHARE * both))
    return near
