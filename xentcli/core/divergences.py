"""Computes how far the probabilities of two models are apart, row by row: KL both ways, and JS.

With p and q the two probabilities of a class, m their mean and u = log(q / p), a row's divergences
are sums of terms that are never negative, so that nothing cancels where p and q are nearly equal:

    KL(p || q)   p * (exp(u) - 1 - u)
    KL(q || p)   q * (exp(-u) - 1 + u)
    JS           m / 2 * h(u),   h(u) = u * tanh(u / 2) - 2 * log(cosh(u / 2))

The first two hold if both rows sum to 1, as softmax makes them. Stored probabilities and their
logarithms may not; their divergence is the sum of p * -u, as it is defined.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.checks import Kind
from xentcli.core.dtypes import Doubles, computing_dtype, widen
from xentcli.core.long_pairs import divergences_of_rows
from xentcli.core.normalizer import FEW_CLASSES, Normalizer
from xentcli.core.observer import sum_classes
from xentcli.core.tiled_rows import LogitRows, tiles

LN_2 = math.log(2.0)
"""The largest JS divergence, in nats."""
_TILE_ELEMENTS = 2**15  # few, as there are many arrays of them
_NEAR = 1.0  # up to this difference of logarithms, no digit is lost by tanh and log1p
_FAR = 800.0  # from here on exp(-u) is 0
_SURE_DIVISOR = 1e-290  # less is near the numbers that have fewer digits, and 0
_FAR_PEAKS = 64.0  # if peaks are that far apart, the gaps to them are closer than the logits


class ModelRows(NamedTuple):
    """Rows (N, C) of one model, the kind of their numbers, and the normalizer of logits."""

    rows: LogitRows
    kind: Kind
    norm: Normalizer


class Divergences(NamedTuple):
    """The divergences of each row, in nats; inf if only one of two probabilities is 0.

    Attributes
    ----------
    kl, kl_reverse : ndarray of float64 of shape (N,)
        KL(base || new), and KL(new || base).
    js : ndarray of float64 of shape (N,)
        The Jensen-Shannon divergence, at most ln 2.
    """

    kl: Doubles
    kl_reverse: Doubles
    js: Doubles


def divergences(base: ModelRows, new: ModelRows, found: Divergences | None = None) -> Divergences:
    """Return the divergences between the rows of two models.

    If some are already `found`, only the rows whose divergence is NaN are computed.

    Examples
    --------
    >>> from xentcli.core.normalizer import normalizer
    >>> rows = [np.log([[0.5, 0.5]]), np.log([[0.25, 0.75]])]
    >>> base, new = (ModelRows(z, "logits", normalizer(z)) for z in rows)
    >>> divergences(base, new).kl.round(6)
    array([0.143841])
    """
    normalised = base.kind == new.kind == "logits"
    rows, num_classes = base.rows.shape
    with np.errstate(all="ignore"):
        if found is None and normalised and _is_fast(base.rows) and _is_fast(new.rows):
            found = Divergences(*divergences_of_rows(base.rows, base.norm, new.rows, new.norm))
        if found is None:
            found = Divergences(*np.full((3, rows), np.nan))
        left = np.isnan(found.kl + found.kl_reverse + found.js)
        for tile in tiles(rows, num_classes, _TILE_ELEMENTS) if left.any() else ():
            some = np.flatnonzero(left[tile])
            if some.size:
                sides = _side(base, tile, some), _side(new, tile, some)
                parts = _of_rows(*sides, normalised=normalised)
                for whole, part in zip(found, parts, strict=True):
                    whole[tile][some] = part
    return found


def _is_fast(rows: LogitRows) -> bool:
    """Whether rows are long, and computed in float32."""
    return rows.shape[1] > FEW_CLASSES and computing_dtype(rows.dtype) == np.float32


class _Distribution(NamedTuple):
    """Probabilities of some rows, whose logarithms are ``values - peak - log_rest``.

    The first two are (C, n) if `by_class`, which is faster for few classes, else (n, C).
    """

    probs: Doubles
    values: Doubles
    peak: Doubles
    log_rest: Doubles
    by_class: bool


def _side(model: ModelRows, tile: slice, rows: NDArray[np.intp]) -> _Distribution:
    stored = widen(model.rows[tile])
    if len(rows) < len(stored):
        stored = stored[rows]
    by_class = stored.shape[1] <= FEW_CLASSES
    values: Doubles = (stored.T if by_class else stored).astype(np.float64, order="C")
    each_row: tuple[slice | None, ...] = (slice(None),) if by_class else (slice(None), None)
    nothing = np.zeros(1)
    if model.kind == "probabilities":
        return _Distribution(values, elementary.log(values), nothing, nothing, by_class)
    if model.kind == "log-probabilities":
        return _Distribution(elementary.exp(values), values, nothing, nothing, by_class)
    norm = Normalizer(model.norm.peak[tile][rows], model.norm.rest[tile][rows])
    peak = norm.peak.astype(np.float64)[each_row]
    probs = elementary.exp(values - peak)
    probs /= (1.0 + norm.rest)[each_row]
    return _Distribution(probs, values, peak, norm.log_rest[each_row], by_class)


def _of_rows(one: _Distribution, other: _Distribution, *, normalised: bool) -> Divergences:
    """Return the divergences of rows, in float64."""
    # The difference of equal or close logits is exact; that of logits far apart loses digits.
    ratio = other.values - one.values
    apart = other.peak - one.peak
    ratio -= apart
    far_peaks = ~(np.abs(apart) <= _FAR_PEAKS)
    if far_peaks.any():
        gaps, other_gaps = (each.values - each.peak for each in (one, other))
        np.copyto(ratio, other_gaps - gaps, where=far_peaks)
    ratio -= other.log_rest - one.log_rest
    nothing = one.values == -np.inf  # np.isneginf takes three times as long
    nothing &= other.values == -np.inf
    ratio[nothing] = 0.0
    terms = _terms(one.probs, other.probs, ratio)
    far = np.flatnonzero(~(np.abs(ratio) <= _NEAR))
    if far.size:
        of_far = _far_terms(*(each.take(far) for each in (one.probs, other.probs, ratio)))
        for each, values in zip(terms, of_far, strict=True):
            each.reshape(-1)[far] = values
    kl, kl_reverse, js = terms
    if not normalised:
        kl, kl_reverse = _as_defined(one.probs, -ratio), _as_defined(other.probs, ratio)
    kl, kl_reverse, js = (
        np.asarray(sum_classes(each), np.float64) if one.by_class else np.add.reduce(each, axis=1)
        for each in (kl, kl_reverse, js)
    )
    return Divergences(kl, kl_reverse, np.minimum(js, LN_2) if normalised else js)


def _terms(p: Doubles, q: Doubles, u: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Return the terms of KL(p || q), KL(q || p) and JS where ``u = log(q / p)`` is near 0."""
    u = np.clip(u, -_NEAR, _NEAR)
    half = np.tanh(u / 2.0)
    twice = 2.0 * half
    kl = twice / (1.0 - half)  # exp(u) - 1
    kl -= u
    kl *= p
    kl_reverse = twice / (1.0 + half)  # 1 - exp(-u)
    np.subtract(u, kl_reverse, out=kl_reverse)
    kl_reverse *= q
    js = u * half
    half *= half
    js -= elementary.log1p(half / (1.0 - half))  # 2 * log(cosh(u / 2))
    js *= (p + q) / 4.0
    return kl, kl_reverse, js


def _far_terms(p: Doubles, q: Doubles, u: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Return the terms where u is far from 0: inf if only one of p and q is 0."""
    kl = (q - p) - p * np.minimum(u, _FAR)  # where p is 0, u is inf
    kl_reverse = (p - q) + q * np.maximum(u, -_FAR)
    kl[u == -np.inf] = np.inf
    kl_reverse[u == np.inf] = np.inf
    size = np.minimum(np.abs(u), _FAR)
    larger = np.maximum(p, q)
    shares = np.minimum(p, q) / larger  # exp(-size), in a fifth of the time
    lost = larger < _SURE_DIVISOR
    if lost.any():
        shares[lost] = elementary.exp(-size[lost])
    js = LN_2 - elementary.log1p(shares) - size * shares / (1.0 + shares)
    js *= (p + q) / 2.0
    return kl, kl_reverse, js


def _as_defined(p: Doubles, u: Doubles) -> Doubles:
    """Return the terms ``p * u`` of KL; 0 if p is 0."""
    terms = p * u
    terms[p == 0.0] = 0.0
    return terms
