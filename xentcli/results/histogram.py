"""How losses are distributed."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LossBin:
    """The rows whose loss is in a bin.

    Attributes
    ----------
    low, high : float
        The edges; the lower one belongs to the bin.
    rows : int
        How many there are.
    hits : int or None
        How many of them are predicted to be what they are; None where rows have no one label.
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
        Those of 0, or below, and those that are infinite.
    bins : tuple of LossBin
        All others: from the lowest to the highest bin with rows, empty ones between them too.
    """

    n: int = 0
    zero: LossBin = LossBin(0.0, 0.0, 0)
    infinite: LossBin = LossBin(math.inf, math.inf, 0)
    bins: tuple[LossBin, ...] = ()
