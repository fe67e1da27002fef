"""Gathers near rows of two models, until they are many enough for cheap calls."""

from typing import NamedTuple

import numpy as np

from xentcli.core.dtypes import Doubles, Floats, Places
from xentcli.core.near_rows import of_near_rows
from xentcli.core.normalizer import Normalizer
from xentcli.core.row_passes import exponentials_of
from xentcli.core.scratch import scratch

_NEAR_ELEMENTS = 2**16  # computed at a time


class PairScales(NamedTuple):
    """The scales of a pair's rows: a, a / b, and a / b in float32."""

    total: Doubles
    ratio: Doubles
    factor: Floats


def scales_of(rest: Doubles, other: Doubles) -> PairScales:
    """Return the scales of rows, given the rests of both normalizers."""
    total = 1.0 + rest
    ratio = total / (1.0 + other)
    return PairScales(total, ratio, ratio.astype(np.float32))


def put_weights(terms: Floats, other: Floats, factor: Floats) -> Floats:
    """Put a multiple of p + q of each row in the place of the other model's terms."""
    weights = np.multiply(other, factor[:, None], out=other)
    return np.add(weights, terms, out=weights)


class GatheredRows:
    """Collects near rows until they are many enough for cheap calls."""

    def __init__(
        self, norms: tuple[Normalizer, Normalizer], num_classes: int, sums: Doubles, name: str
    ) -> None:
        self._norms = norms
        self._name = name
        self._shape = 2, max(1, _NEAR_ELEMENTS // num_classes), num_classes
        self._sums = sums
        self._waiting: list[Places] = []
        self._count = 0

    def add(self, rows: Places, places: Places, one: Floats, other: Floats) -> None:
        """Add rows, given their numbers, that stand at some places of tiles of logits."""
        most = self._shape[1]
        while len(rows):
            left = most - self._count
            room = self._memory()[:, self._count : self._count + len(rows)]
            for memory, values in zip(room, (one, other), strict=True):
                values.take(places[:left], 0, memory, "clip")  # "raise" would copy again
            self._waiting.append(rows[:left])
            self._count += len(rows[:left])
            rows, places = rows[left:], places[left:]
            if self._count == most:
                self.compute()

    def _memory(self) -> Floats:
        """Return the logits of both models of the rows that wait."""
        return scratch(self._name, self._shape, np.float32)

    def compute(self) -> None:
        """Compute the divergences of the rows that wait."""
        if not self._waiting:
            return
        rows = np.concatenate(self._waiting)
        norm, other_norm = (Normalizer(each.peak[rows], each.rest[rows]) for each in self._norms)
        one, other = self._memory()[:, : self._count]
        terms = scratch("terms of near rows", (2, *one.shape), np.float32)
        exponentials_of(one, norm.peak, out=terms[0])
        exponentials_of(other, other_norm.peak, out=terms[1])
        weights = put_weights(terms[0], terms[1], scales_of(norm.rest, other_norm.rest).factor)
        self._sums[:, rows] = divergences_of_near(norm, other_norm, one, other, weights)
        self._waiting, self._count = [], 0


def divergences_of_near(
    norm: Normalizer, other: Normalizer, one: Floats, two: Floats, weights: Floats
) -> Doubles:
    """Return KL both ways and JS of near rows: logits of both models, and a multiple of p + q."""
    shift = (other.peak.astype(np.float64) - norm.peak) + (other.log_rest - norm.log_rest)
    scale, ratio, factor = scales_of(norm.rest, other.rest)
    found = np.array(of_near_rows(one, two, shift, weights))
    found /= scale * (1.0 + (factor / ratio - 1.0) / 2.0)
    return found
