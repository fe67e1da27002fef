"""What the derivatives of rows along the inverse temperature come to."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Self


@dataclass(frozen=True)
class SlopeCounts:
    """Over rows of a weight above 0: how many there are, and how many are extreme in what way.

    Attributes
    ----------
    rows : int
        All of them.
    infinite : int
        Whose label has a logit of -inf.
    at_peak : int
        Whose label is at the peak.
    flat : int
        Whose finite logits are all equal.
    negative : int
        Besides: rows of a weight below 0.
    """

    rows: int = 0
    infinite: int = 0
    at_peak: int = 0
    flat: int = 0
    negative: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.rows + other.rows,
            self.infinite + other.infinite,
            self.at_peak + other.at_peak,
            self.flat + other.flat,
            self.negative + other.negative,
        )


class SlopesOfBeta(NamedTuple):
    """The derivatives of the summed loss at one inverse temperature.

    Attributes
    ----------
    derivatives : tuple of float
        The first, second, ... of all rows.
    without_fold : tuple of tuple of float
        The same of all rows but those of each fold; none where there are no folds.
    squares, changes : float
        The sums over rows of the squared first derivative, and of half of what that changes by.
    """

    derivatives: tuple[float, ...]
    without_fold: tuple[tuple[float, ...], ...]
    squares: float
    changes: float


class SlopeEnds(NamedTuple):
    """Where the derivative of some rows' loss is not 0: at an inverse temperature of 0, or at none.

    Attributes
    ----------
    at_zero, scale : float
        The first derivative there, and the sum of what it is the difference of.
    below_peak : int
        How many rows of a weight above 0 have a label that is not at the peak.
    """

    at_zero: float
    scale: float
    below_peak: int

    def at_zero_within(self, share: float) -> bool:
        """Whether the derivative at 0 is no lower than a share of what it is the difference of."""
        return self.at_zero >= -share * self.scale


class SlopesOfRows(NamedTuple):
    """What the derivatives of some rows come to.

    Attributes
    ----------
    counts : SlopeCounts
        How many rows there are, and how many are extreme.
    ends : SlopeEnds
        Of all rows.
    betas : tuple of SlopesOfBeta
        At each inverse temperature.
    fold_rows : tuple of int
        How many rows of a weight above 0 each fold has.
    ends_without_fold : tuple of SlopeEnds
        Of all rows but those of each fold; none where there are no folds.
    widest : float
        The largest finite gap between two logits of a row.
    """

    counts: SlopeCounts
    ends: SlopeEnds
    betas: tuple[SlopesOfBeta, ...]
    fold_rows: tuple[int, ...] = ()
    ends_without_fold: tuple[SlopeEnds, ...] = ()
    widest: float = 0.0

    @property
    def reach(self) -> float:
        """How much a derivative may be above the one before it next to 0, as a factor.

        The characteristic function of numbers of a range has no zero within pi over the range, so
        that its logarithm, whose derivatives they are, is a series that converges up to there.
        """
        return self.widest / math.pi
