"""Computes the `divergences` of long rows of logits in float32, many times as fast.

With p and q the two probabilities of a class and u = log(q / p), the divergences of a row are, as
they are defined,

    KL(p || q) = -sum of p * u        KL(q || p) = sum of q * u
    JS = (KL(q || p) - sum of t * log(t / (2 * p))) / 2,   t = p + q

which loses digits if p and q are nearly equal, since terms of both signs cancel. Rows that are too
close for this are computed again by `near_rows`, from terms that are never negative.

With x and y the logits less their row's largest, a = 1 + rest the sum of exp(x), and b that of
exp(y), the sums are those of exp(x) * (y - x) and exp(y) * (y - x), which lack log(a / b). And t is
a multiple of exp(x) + exp(y) * a / b, whose logarithm less x is log(t / p). This takes one pass
less than a form that is symmetric in p and q.
"""

import numpy as np

from xentcli.core.dtypes import Doubles, Floats, Mask
from xentcli.core.gathered_rows import (
    GatheredRows,
    PairScales,
    divergences_of_near,
    put_weights,
    scales_of,
)
from xentcli.core.long_walk import LongPiece
from xentcli.core.near_rows import Sums
from xentcli.core.normalizer import Normalizer
from xentcli.core.products import SumsOfProducts

_LN_2 = 0.6931471805599453
_SURE_KL = 0.25  # both ways together: from here on rounding is at most 1e-5 of a divergence
_SURE_JS = 0.035
_SURE_SHARE = 0.035  # of JS in what its sums come to; with less, terms cancel


class LongRows:
    """The divergences of long rows of two models, which come tile by tile, and these in pieces.

    Rows are judged, whether they are near, when their tile ends. Only of its first piece is this
    known at once, and of each piece after one whose rows were near for the most part: near rows are
    then computed where they stand, and what only other rows need is left out.

    Parameters
    ----------
    norms : tuple of Normalizer
        The normalizers of all rows of both models; those of a piece's rows are there when it comes.
    num_classes : int
        The length of a row.
    name : str
        The name of the scratch memory for near rows, since other pairs of models need their own.

    Attributes
    ----------
    near : bool
        Whether most rows that were judged last are near.
    """

    def __init__(
        self, norms: tuple[Normalizer, Normalizer], num_classes: int, name: str = "near rows"
    ) -> None:
        rows = len(norms[0].rest)
        self._norms = norms
        self._products = [SumsOfProducts(rows, num_classes, np.float32) for _ in range(3)]
        self._sums = np.zeros((3, rows))
        self._near = np.zeros(rows, np.bool_)
        self._rows = GatheredRows(norms, num_classes, self._sums, name)
        self.near = False
        self._first, self._judged = True, 0

    def add(self, part: slice, one: LongPiece, other: LongPiece) -> None:
        """Add a piece of a tile; the gaps and terms of `other` are overwritten.

        With fewer arrays, more of them stays in the cache.
        """
        of_one, of_other, shared = self._products
        apart = np.subtract(other.gaps, one.gaps, out=other.gaps)
        of_one.put(part, one.terms, apart)
        of_other.put(part, other.terms, apart)
        scales = scales_of(one.rest, other.rest)
        weights = put_weights(one.terms, other.terms, scales.factor)
        judged = self.near or self._first
        if judged and self._are_near(part, scales).all():
            self._put_near(part, one, other, weights)
            return
        logs = np.log(weights, out=apart)
        np.subtract(logs, one.gaps, out=logs)
        shared.put(part, weights, logs)
        if judged:
            self._judge(part, scales)
            if self.near:
                self._put_near(part, one, other, weights)

    def _put_near(self, part: slice, one: LongPiece, other: LongPiece, weights: Floats) -> None:
        """Compute the near rows of a piece, and with them all others, which is cheaper."""
        near = self._near[part]
        norm, other_norm = (each.of(part) for each in self._norms)
        found = divergences_of_near(norm, other_norm, one.rows, other.rows, weights)
        self._sums[:, part][:, near] = found[:, near]
        self.near, self._judged = True, part.stop

    def end(self, tile: slice, one: Floats, other: Floats) -> None:
        """End a tile of these rows, all of whose pieces were added."""
        left = slice(max(tile.start, self._judged), tile.stop)
        if left.start < left.stop:
            self._judge(left, scales_of(*(norm.rest[left] for norm in self._norms)))
            places = np.flatnonzero(self._near[left]) + left.start
            self._rows.add(places, places - tile.start, one, other)
        self._first, self._judged = True, tile.stop

    def _judge(self, part: slice, scales: PairScales) -> None:
        """Put what all products of some rows come to, and mark those that are near."""
        near, (total, ratio, factor) = self._are_near(part, scales), scales
        kl, kl_reverse, js = self._sums[:, part]
        shared = self._products[2].of(part) / total
        log_factor = np.log(factor).astype(np.float64)
        shared -= 2.0 * _LN_2 + (factor.astype(np.float64) / ratio - 1.0) * (1.0 + _LN_2)
        np.divide(kl_reverse - shared, 2.0, out=js)
        both = kl + kl_reverse
        summed = np.maximum(both, both / 2.0 + np.abs(log_factor))
        sure = np.maximum(_SURE_JS, _SURE_SHARE * summed)
        near |= ~(js + log_factor / 2.0 > sure)  # both are inf if a KL is too large for float32
        self.near = 2 * int(np.count_nonzero(near)) > len(near)
        self._first = False

    def _are_near(self, part: slice, scales: PairScales) -> Mask:
        """Put KL of some rows, both ways, and mark those that are near by it."""
        total, ratio, _ = scales
        kl, kl_reverse, _ = self._sums[:, part]
        of_one, of_other, _ = self._products
        np.divide(of_one.of(part), -total, out=kl)
        np.divide(of_other.of(part), total / ratio, out=kl_reverse)
        near = self._near[part]
        np.logical_not(kl + kl_reverse >= _SURE_KL, out=near)
        return near

    def sums(self, log_rest: Doubles, other: Doubles) -> Sums:
        """Return KL(one || other), KL(other || one) and JS of all rows, given their `log_rest`.

        They are NaN if a row must be computed in another way: if it holds -inf, or if the
        computation of near rows loses its digits.
        """
        self._rows.compute()
        apart = np.where(self._near, 0.0, other - log_rest)
        kl, kl_reverse, js = self._sums
        return kl + apart, kl_reverse - apart, np.minimum(js - apart / 2.0, _LN_2)
