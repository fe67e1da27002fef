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
from xentcli.core.dtypes import computing_dtype, widen
from xentcli.core.long_rows import divergences_of_rows
from xentcli.core.normalizer import FEW_CLASSES, Normalizer
from xentcli.core.tiled_rows import LogitRows, tiles

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

LN_2 = math.log(2.0)
"""The largest JS divergence, in nats."""
_NEAR = 1.0  # up to this difference of logarithms, no digit is lost by tanh and log1p
_FAR = 800.0  # from here on exp(-u) is 0
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
    with np.errstate(all="ignore"):
        if found is None and normalised and _is_fast(base.rows) and _is_fast(new.rows):
            found = Divergences(*divergences_of_rows(base.rows, base.norm, new.rows, new.norm))
        if found is None:
            found = Divergences(*np.full((3, base.rows.shape[0]), np.nan))
        left = np.isnan(found.kl + found.kl_reverse + found.js)
        for tile in tiles(*base.rows.shape) if left.any() else ():
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
    """Probabilities of some rows, whose logarithms are ``values - peak - log_rest``."""

    probs: Doubles
    values: Doubles
    peak: Doubles
    log_rest: Doubles


def _side(model: ModelRows, tile: slice, rows: NDArray[np.intp]) -> _Distribution:
    values = widen(model.rows[tile])[rows].astype(np.float64)
    nothing = np.zeros(len(rows))
    if model.kind == "probabilities":
        return _Distribution(values, elementary.log(values), nothing, nothing)
    if model.kind == "log-probabilities":
        return _Distribution(elementary.exp(values), values, nothing, nothing)
    norm = Normalizer(model.norm.peak[tile][rows], model.norm.rest[tile][rows])
    peak = norm.peak.astype(np.float64)
    probs = elementary.exp(values - peak[:, None])
    probs /= (1.0 + norm.rest)[:, None]
    return _Distribution(probs, values, peak, norm.log_rest)


def _of_rows(one: _Distribution, other: _Distribution, *, normalised: bool) -> Divergences:
    """Return the divergences of rows, in float64."""
    # The difference of equal or close logits is exact; that of logits far apart loses digits.
    ratio = other.values - one.values
    apart = other.peak - one.peak
    ratio -= apart[:, None]
    far = ~(np.abs(apart) <= _FAR_PEAKS)
    if far.any():
        gaps, other_gaps = (each.values[far] - each.peak[far, None] for each in (one, other))
        ratio[far] = other_gaps - gaps
    ratio -= (other.log_rest - one.log_rest)[:, None]
    nothing = np.isneginf(one.values) & np.isneginf(other.values)
    ratio[nothing] = 0.0
    sums = (
        _kl_terms(one.probs, other.probs, ratio, normalised=normalised),
        _kl_terms(other.probs, one.probs, -ratio, normalised=normalised),
        _js_terms(one.probs, other.probs, ratio),
    )
    kl, kl_reverse, js = (np.add.reduce(terms, axis=1) for terms in sums)
    return Divergences(kl, kl_reverse, np.minimum(js, LN_2) if normalised else js)


def _kl_terms(p: Doubles, q: Doubles, u: Doubles, *, normalised: bool) -> Doubles:
    """Return the terms of KL(p || q), given ``u = log(q / p)``; 0 if both are 0."""
    if not normalised:
        terms = p * -u
        terms[p == 0.0] = 0.0
        return terms
    half = np.tanh(np.minimum(u, _NEAR) / 2.0)
    near = 2.0 * half / (1.0 - half)  # exp(u) - 1
    near -= u
    near *= p
    far = q - p
    far -= p * np.minimum(u, _FAR)  # where p is 0, u is inf
    found = np.where(u <= _NEAR, near, far)
    found[np.isneginf(u)] = np.inf
    return found


def _js_terms(p: Doubles, q: Doubles, u: Doubles) -> Doubles:
    """Return the terms of the JS divergence of p and q."""
    size = np.minimum(np.abs(u), _FAR)
    half = np.tanh(size / 2.0)
    near = size * half
    near += elementary.log1p(-(np.minimum(half, 0.5) ** 2))
    shares = elementary.exp(-size)  # the smaller of p and q over the larger
    far = 2.0 * (LN_2 - elementary.log1p(shares) - size * shares / (1.0 + shares))
    found: Doubles = np.where(size <= _NEAR, near, far)
    found *= (p + q) / 4.0
    return found
