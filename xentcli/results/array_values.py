"""The range, mean and looks of the values of an array."""

import math
from dataclasses import dataclass

IGNORED = -100
"""The label of rows that PyTorch leaves out."""


@dataclass(frozen=True)
class ValueSummary:
    """A summary of the values of an array.

    Attributes
    ----------
    minimum, maximum, mean : float
        The smallest and the largest value and the mean; NaN if there are none.
    count : int
        How many values there are.
    nan, positive_infinities, negative_infinities : int
        How many of them are not finite.
    whole : bool
        Whether there are values, all of them whole numbers.
    kinds : frozenset of str
        What the rows of the blocks look like, if they were blocks of rows.
    least : float
        The smallest number besides -100, which is the label of rows to ignore.
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
    least: float = math.nan

    def looks_like(self, ndim: int, *, integers: bool = False) -> str:
        """Return what the values may be in an array of `ndim` axes, stored as integers or not."""
        kind = next(iter(self.kinds)) if len(self.kinds) == 1 else "logits"
        if self.whole and self.kinds == {"probabilities"}:
            return "one-hot labels"
        columns = self.kinds == {"unknown"}  # one number a row, as MATLAB has labels
        if self.whole and (ndim != 2 or integers or columns or self.minimum < self.least):
            labels = self.least >= -1 or self.minimum == self.maximum == IGNORED
            return "labels" if labels else ("logits" if ndim > 1 and not columns else "numbers")
        return kind if self.kinds else "numbers"
