"""The sums of the derivatives of rows along the inverse temperature."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Self


@dataclass(frozen=True)
class SlopeCounts:
    """Counts of the rows with a finite weight above 0, and of those of them that are extreme.

    Attributes
    ----------
    rows : int
        How many there are.
    infinite : int
        How many have a label whose logit is -inf.
    at_peak : int
        How many have their label at the peak.
    flat : int
        How many have equal finite logits.
    negative, unusable : int
        How many other rows have a weight below 0, and how many one that is NaN or infinite.
    """

    rows: int = 0
    infinite: int = 0
    at_peak: int = 0
    flat: int = 0
    negative: int = 0
    unusable: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.rows + other.rows,
            self.infinite + other.infinite,
            self.at_peak + other.at_peak,
            self.flat + other.flat,
            self.negative + other.negative,
            self.unusable + other.unusable,
        )


class SlopesOfBeta(NamedTuple):
    """The derivatives of the summed loss at one inverse temperature.

    Attributes
    ----------
    derivatives : tuple of float
        The first, second, ... derivative over all rows.
    without_fold : tuple of tuple of float
        The same over all rows except those of each fold; empty if there are no folds.
    squares : tuple of float
        The sum over rows of the squared first derivative. Fine ones are followed by the other
        coefficients of that sum's power series along the inverse temperature.
    """

    derivatives: tuple[float, ...]
    without_fold: tuple[tuple[float, ...], ...]
    squares: tuple[float, ...]


class SlopeEnds(NamedTuple):
    """Numbers that tell whether some rows' loss has its minimum at a finite temperature above 0.

    Attributes
    ----------
    at_zero, scale : float
        The first derivative at an inverse temperature of 0, which is a difference, and the sum of
        the same two numbers.
    below_peak : int
        How many rows with a weight above 0 have a label that is not at the peak.
    """

    at_zero: float
    scale: float
    below_peak: int

    @property
    def limit(self) -> float:
        """The first derivative at an infinite inverse temperature; 0 if the ends are unknown."""
        return (self.at_zero + self.scale) / 2.0

    def at_zero_within(self, share: float) -> bool:
        """Whether the derivative at 0 is at least `-share` of its scale.

        It is not where a masked class is so low that both are infinite.
        """
        return -math.inf < self.at_zero >= -share * self.scale


class SlopesOfRows(NamedTuple):
    """The sums of the derivatives of some rows.

    Attributes
    ----------
    counts : SlopeCounts
        How many rows there are, and how many are extreme.
    ends : SlopeEnds
        The ends for all rows.
    betas : tuple of SlopesOfBeta
        The derivatives at each inverse temperature.
    fold_rows : tuple of int
        How many rows with a weight above 0 each fold has.
    ends_without_fold : tuple of SlopeEnds
        The ends for all rows except those of each fold; empty if there are no folds.
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
    def limit(self) -> float:
        """The first derivative at an infinite inverse temperature; 0 if the ends are unknown."""
        return self.ends.limit

    @property
    def reach(self) -> float:
        """By what factor a derivative may exceed the one before it, near 0.

        The characteristic function of numbers within a range has no zero closer than pi over the
        range. The derivatives are those of its logarithm, whose series converges up to there.
        """
        return self.widest / math.pi

    def without_folds(self) -> Self:
        """Return the same without what is of folds."""
        betas = tuple(each._replace(without_fold=()) for each in self.betas)
        return self._replace(betas=betas, fold_rows=(), ends_without_fold=())
