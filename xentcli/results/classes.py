"""The results for classes: the scores of each, and which are confused."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xentcli.results.measure import Measure

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How well one class is told from the others.

    Attributes
    ----------
    index : int
        The class, from 0.
    support, predicted, hits : int
        How many rows have this label, are predicted to have it, and both.
    precision, recall, f1 : float
        The scores; 0 if they are 0 / 0.
    undefined : tuple of str
        The names of the scores that are 0 / 0.
    """

    index: int
    support: int
    predicted: int
    hits: int
    precision: float
    recall: float
    f1: float
    undefined: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Confusions:
    """How often each pair of a label and a prediction occurs, without pairs that never do.

    Attributes
    ----------
    labels, predictions, rows : ndarray of int64 of shape (pairs,)
        The pairs and their rows, in the order of labels, then of predictions.
    num_classes : int
        How many classes there are.
    """

    labels: "Counts"
    predictions: "Counts"
    rows: "Counts"
    num_classes: int

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Confusions):
            return NotImplemented
        pairs = (
            (self.labels, other.labels),
            (self.predictions, other.predictions),
            (self.rows, other.rows),
        )
        same = all(len(one) == len(two) and bool((one == two).all()) for one, two in pairs)
        return same and self.num_classes == other.num_classes

    __hash__ = None  # type: ignore[assignment]

    def most_confused(self, count: int) -> list[tuple[int, int, int]]:
        """Return the label, prediction and rows of the most frequent mistakes, ties in order."""
        wrong = (self.labels != self.predictions).nonzero()[0]
        rows = self.rows[wrong]
        if wrong.size > count:
            least = rows.copy()
            least.partition(wrong.size - count)
            wrong = wrong[rows >= least[wrong.size - count]] if count else wrong[:0]
        chosen = wrong[(-self.rows[wrong]).argsort(kind="stable")][:count]
        return [(int(self.labels[i]), int(self.predictions[i]), int(self.rows[i])) for i in chosen]

    def rows_of_labels(self, labels: "Iterable[int]") -> dict[int, int]:
        """Return how many rows have each of these labels."""
        return {label: int(self.rows[self.labels == label].sum()) for label in labels}

    @property
    def confused_pairs(self) -> int:
        """How many pairs of a label and another prediction occur."""
        return int((self.labels != self.predictions).sum())

    def dense(self) -> "Counts":
        """Return the matrix (C, C): rows true, columns predicted; for up to 2,000 classes."""
        if self.num_classes > MOST_DENSE_CLASSES:
            raise ValueError(f"a matrix of {self.num_classes:,} classes is too large")
        counts = self.rows[:0].copy()
        counts.resize(self.num_classes * self.num_classes, refcheck=False)  # profilers refer to it
        counts[self.labels * self.num_classes + self.predictions] = self.rows
        return counts.reshape(self.num_classes, self.num_classes)


MOST_DENSE_CLASSES = 2000


@dataclass(frozen=True)
class Classes:
    """The scores of the classes that are a label or a prediction of some row.

    Attributes
    ----------
    scores : tuple of ClassScores
        The scores in the order of the classes.
    averages : dict of str to Measure
        ``balanced_accuracy``, and ``macro_`` and ``weighted_`` precision, recall and f1.
    confusions : Confusions or None
        The confusions; None if no row has a label.
    """

    scores: tuple[ClassScores, ...] = ()
    averages: dict[str, Measure] = field(default_factory=dict)
    confusions: Confusions | None = None
