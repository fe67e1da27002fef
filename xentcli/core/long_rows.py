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
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles, Floats, Mask, widen
from xentcli.core.fact_walk import Tile
from xentcli.core.near_rows import Sums, of_near_rows
from xentcli.core.normalizer import Normalizer, exponentials_of
from xentcli.core.products import sums_of_products
from xentcli.core.scratch import scratch
from xentcli.core.tiled_rows import LogitRows, row_by_row, tiles

PAIR_ELEMENTS = 2**18
"""How many elements of each model are read at a time: few for the caches, many for cheap calls."""
_NEAR_ELEMENTS = 2**17  # the same for near rows
_LN_2 = 0.6931471805599453
_SURE_KL = 0.25  # both ways together: from here on rounding is at most 1e-5 of a divergence
_SURE_JS = 0.035
_SURE_SHARE = 0.05  # of JS in the sum of both KL; with less, terms cancel


class LongRows:
    """The divergences of long rows of two models, which come tile by tile.

    Parameters
    ----------
    norms : tuple of Normalizer
        The normalizers of all rows of both models; those of a tile's rows are there when it comes.
    num_classes : int
        The length of a row.
    name : str
        The name of the scratch memory for near rows, since other pairs of models need their own.
    """

    def __init__(
        self, norms: tuple[Normalizer, Normalizer], num_classes: int, name: str = "near rows"
    ) -> None:
        rows = len(norms[0].rest)
        self._sums = np.zeros((3, rows))
        self._far = np.ones(rows, np.bool_)
        self._near = _NearRows(norms, num_classes, self._sums, name)

    def add(self, part: slice, one: Tile, other: Tile) -> None:
        """Add the rows of a tile of both models; the gaps and terms of `other` are overwritten."""
        near = _put_far(one, other, self._sums[:, part])
        if near.any():
            self._far[part] = ~near
            self._near.add(part.start, np.flatnonzero(near), one, other)

    def sums(self, log_rest: Doubles, other: Doubles) -> Sums:
        """Return KL(one || other), KL(other || one) and JS of all rows, given their `log_rest`.

        They are NaN if a row must be computed in another way: if it holds -inf, or if the
        computation of near rows loses its digits.
        """
        self._near.compute()
        apart = np.where(self._far, other - log_rest, 0.0)
        kl, kl_reverse, js = self._sums
        return kl + apart, kl_reverse - apart, np.minimum(js - apart / 2.0, _LN_2)


class _NearRows:
    """Collects near rows until they are many enough for cheap calls."""

    def __init__(
        self, norms: tuple[Normalizer, Normalizer], num_classes: int, sums: Doubles, name: str
    ) -> None:
        self._norms = norms
        self._name = name
        self._shape = 3, max(1, _NEAR_ELEMENTS // num_classes), num_classes
        self._sums = sums
        self._waiting: list[NDArray[np.intp]] = []
        self._count = 0

    def add(self, start: int, places: NDArray[np.intp], one: Tile, other: Tile) -> None:
        """Add the rows at some places of tiles that begin with row `start`, after `_put_far`."""
        if 2 * len(places) > len(one.rows):  # all where they stand, before some are gathered
            pair = one.norm, other.norm
            found = _divergences_of(*pair, one.rows, other.rows, other.terms)
            self._sums[:, start + places] = found[:, places]
            return
        most = self._shape[1]
        while len(places):
            left = most - self._count
            some, places = places[:left], places[left:]
            room = self._memory()[:, self._count : self._count + len(some)]
            for memory, values in zip(room, (one.rows, other.rows, other.terms), strict=True):
                values.take(some, 0, memory, "clip")  # "raise" would copy again
            self._waiting.append(start + some)
            self._count += len(some)
            if self._count == most:
                self.compute()

    def _memory(self) -> Floats:
        """Return the logits of both models, and the weights, of the rows that wait."""
        return scratch(self._name, self._shape, np.float32)

    def compute(self) -> None:
        """Compute the divergences of the rows that wait."""
        if not self._waiting:
            return
        places = np.concatenate(self._waiting)
        norm, other = (Normalizer(each.peak[places], each.rest[places]) for each in self._norms)
        found = _divergences_of(norm, other, *self._memory()[:, : self._count])
        self._sums[:, places] = found
        self._waiting, self._count = [], 0


def _divergences_of(
    norm: Normalizer, other: Normalizer, one: Floats, two: Floats, weights: Floats
) -> Doubles:
    """Return KL both ways and JS of near rows: logits of both models, and a multiple of p + q."""
    shift = (other.peak.astype(np.float64) - norm.peak) + (other.log_rest - norm.log_rest)
    scale, ratio, factor = _scales(norm, other)
    found = np.array(of_near_rows(one, two, shift, weights))
    found /= scale * (1.0 + (factor / ratio - 1.0) / 2.0)
    return found


def _scales(norm: Normalizer, other: Normalizer) -> tuple[Doubles, Doubles, Floats]:
    """Return the scales of a pair's rows: a, a / b, and a / b in float32."""
    total = 1.0 + norm.rest
    ratio = total / (1.0 + other.rest)
    return total, ratio, ratio.astype(np.float32)


def _put_far(one: Tile, other: Tile, out: Doubles) -> Mask:
    """Put sums of a tile's rows into `out` (3, n), and a multiple of p + q into the other's terms.

    The sums are KL both ways and JS, without the part that follows from the rows' normalizers. The
    mask that is returned marks rows that are not far enough apart. The gaps of `other` are
    overwritten, since with fewer arrays more of them stays in the cache.
    """
    total, ratio, factor = _scales(one.norm, other.norm)
    apart = np.subtract(other.gaps, one.gaps, out=other.gaps)
    kl, kl_reverse, js = out
    np.divide(sums_of_products(one.terms, apart), -total, out=kl)
    np.divide(sums_of_products(other.terms, apart), total / ratio, out=kl_reverse)
    with row_by_row(apart.shape[1]):
        weights = np.multiply(other.terms, factor[:, None], out=other.terms)
    np.add(weights, one.terms, out=weights)
    both = kl + kl_reverse
    near: Mask = ~(both >= _SURE_KL)
    if not near.all():
        logs = np.log(weights, out=apart)
        np.subtract(logs, one.gaps, out=logs)
        shared = sums_of_products(weights, logs) / total
        shared -= 2.0 * _LN_2 + (factor / ratio - 1.0) * (1.0 + _LN_2)  # as q is a little more
        np.divide(kl_reverse - shared, 2.0, out=js)
        near |= ~(js + np.log(factor) / 2.0 >= np.maximum(_SURE_JS, _SURE_SHARE * both))
    return near


def divergences_of_rows(
    base: LogitRows, norm: Normalizer, new: LogitRows, new_norm: Normalizer
) -> Sums:
    """Return KL(base || new), KL(new || base) and JS of each row (N, C) of logits.

    They are NaN for the same rows as in `LongRows.sums`.
    """
    rows, num_classes = base.shape
    found = LongRows((norm, new_norm), num_classes)
    for part in tiles(rows, num_classes, PAIR_ELEMENTS):
        one = _tile_of(base[part], norm.of(part), "base")
        found.add(part, one, _tile_of(new[part], new_norm.of(part), "new"))
    return found.sums(norm.log_rest, new_norm.log_rest)


def _tile_of(stored: Floats, norm: Normalizer, name: str) -> Tile:
    rows, gaps, terms = (
        scratch(f"{what} of {name}", stored.shape, np.float32) for what in ("rows", "gaps", "terms")
    )
    np.copyto(rows, widen(stored))
    exponentials_of(rows, norm.peak, out=terms, gaps=gaps)
    return Tile(rows, gaps, terms, norm)
