"""The range, mean and looks of the values of an array."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ValueSummary:
    """What the values of an array are.

    Attributes
    ----------
    minimum, maximum, mean : float
        NaN where there is nothing to have one.
    count : int
        How many values there are.
    nan, positive_infinities, negative_infinities : int
        How many of them are no number.
    whole : bool
        Whether there are values, all of them whole numbers.
    kinds : frozenset of str
        What the rows of the blocks look like, if they were blocks of rows.
    """

    minimum: float
    maximum: float
    mean: float
    count: int
    nan: int
    positive_infinities: int
    negative_infinities: int
    whole: bool
    kinds: frozenset[str]

    def looks_like(self, ndim: int) -> str:
        """Say what the values of an array of so many axes may be."""
        if self.whole and ndim != 2:
            return "labels"
        if len(self.kinds) == 1:
            return next(iter(self.kinds))
        return "logits" if self.kinds else "numbers"
