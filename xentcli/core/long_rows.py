"""Divergences of long rows of logits in float32: what `divergences` says, ten times as fast.

With p and q the two probabilities of a class and u = log(q / p), the divergences of a row are, as
they are defined,

    KL(p || q) = -sum of p * u        KL(q || p) = sum of q * u
    JS = (KL(p || q) + KL(q || p)) / 4 + ln 2 - sum of t * log(2 cosh(u / 2)) / 2,   t = p + q

which loses digits where p and q are nearly equal: terms of both signs cancel. Rows that are less
apart than that allows are computed once more, by `near_rows`, from terms that are never negative.

Here p and q are both multiplied by exp((l + m) / 2), where l and m are what their logarithms have
in common but for the largest logits. So log(t) less the mean of the two logits is the logarithm of
2 cosh(u / 2), without a number of the row between them.
"""

import numpy as np

from xentcli.core import elementary
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
_MOST_EXCESS = 2e-6  # of what is subtracted of a row, as a share of a divergence
_MOST_NEAR_EXCESS = 1e-5  # the same of near rows, where probabilities are off by it
_HALF = np.float32(0.5)


def divergences_of_rows(
    base: LogitRows, norm: Normalizer, new: LogitRows, new_norm: Normalizer, out: Sums
) -> None:
    """Put KL(base || new), KL(new || base) and JS of each row (N, C) of logits into `out`.

    NaN where they are to be computed in another way: in rows that hold -inf, peaks above some
    hundred that float32 rounds, or what near rows lose.
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
    """Return the divergences of a few rows."""
    names = ("logs", "other logs", "probs", "other probs", "ratio")
    logs, other_logs, probs, other_probs, ratio = (
        scratch(name, one.shape, np.float32) for name in names
    )
    apart = other_norm.log_rest - norm.log_rest
    scale = elementary.exp((norm.log_rest + other_norm.log_rest) / -2.0)
    excess = _scaled(one, norm, apart / -2.0, logs, probs)
    other_excess = _scaled(other, other_norm, apart / 2.0, other_logs, other_probs)
    mass, other_mass = elementary.exp(-excess), elementary.exp(-other_excess)
    np.subtract(other_logs, logs, out=ratio)
    kl = (excess - other_excess) - sums_of_products(probs, ratio) * scale / mass
    kl_reverse = (other_excess - excess) + sums_of_products(other_probs, ratio) * scale / other_mass
    sums = np.add(probs, other_probs, out=probs)
    unsure = ~(kl + kl_reverse >= _SURE_KL)
    most = np.maximum(np.abs(excess), np.abs(other_excess))
    unsure |= most > _MOST_EXCESS
    js = np.zeros(len(one))
    if not unsure.all():
        middle = np.add(logs, other_logs, out=logs)
        np.multiply(middle, _HALF, out=middle)
        np.log(sums, out=other_probs)
        np.subtract(other_probs, middle, out=other_probs)
        shared = sums_of_products(sums, other_probs) * scale - _LN_2 * (mass + other_mass)
        js = np.minimum((kl + kl_reverse) / 4.0 - shared / 2.0, _LN_2)
        unsure |= ~(js >= np.maximum(_SURE_JS, _SURE_SHARE * (kl + kl_reverse)))
    if unsure.any():
        some = slice(None) if unsure.all() else unsure
        shift = (other_norm.peak.astype(np.float64) - norm.peak + apart)[some]
        near = of_near_rows(one[some], other[some], shift, sums[some])
        for whole, part in zip((kl, kl_reverse, js), near, strict=True):
            whole[some] = part * (2.0 * scale / (mass + other_mass))[some]
        kl[most > _MOST_NEAR_EXCESS] = np.nan
    return kl, kl_reverse, js


def _scaled(
    rows: Floats, norm: Normalizer, further: Doubles, logs: Floats, probs: Floats
) -> Doubles:
    """Subtract the peak and what is `further` from the rows, and put exponentials into `probs`.

    Returns how much more is subtracted of each row, since that is a number of float32.
    """
    exact = norm.peak + further
    subtracted = exact.astype(np.float32)
    with row_by_row(rows.shape[1]):
        np.subtract(rows, subtracted[:, None], out=logs)
    np.exp(logs, out=probs)
    excess: Doubles = subtracted - exact
    return excess
