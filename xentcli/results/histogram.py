"""The distribution of losses."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LossBin:
    """The rows whose loss is in a bin.

    Attributes
    ----------
    low, high : float
        The edges; the lower one belongs to the bin.
    rows : int
        How many rows there are.
    hits : int or None
        How many of them are predicted right; None if rows do not have exactly one label.
    """

    low: float
    high: float
    rows: int
    hits: int | None = None


@dataclass(frozen=True)
class LossHistogram:
    """How the losses are distributed, in four bins for each factor of 2.

    Attributes
    ----------
    n : int
        How many losses there are.
    zero, infinite : LossBin
        The losses of 0 or less, and the infinite ones.
    bins : tuple of LossBin
        All others, from the lowest to the highest bin with rows, and the empty bins between them.
    """

    n: int = 0
    zero: LossBin = LossBin(0.0, 0.0, 0)
    infinite: LossBin = LossBin(math.inf, math.inf, 0)
    bins: tuple[LossBin, ...] = ()
