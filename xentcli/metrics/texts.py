"""Sums the loss of whole texts over the documents of each task."""

from dataclasses import dataclass, field
from functools import reduce
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.metrics.moments import Moments
from xentcli.results.row_counts import RowCounts

Numbers = NDArray[np.float64]
_NONE = Moments()


@dataclass(frozen=True)
class TextSums:
    """Moments of the losses of documents, with their bytes, their words, or 1 as weights.

    The words are None if a document does not tell its words.
    """

    bytes: Moments = _NONE
    words: Moments | None = _NONE
    documents: Moments = _NONE

    @classmethod
    def of(cls, losses: Numbers, sizes: Numbers, words: Numbers | None) -> Self:
        """Return the sums of some documents."""
        every = np.ones(len(losses), np.bool_)
        return cls(
            Moments.of(losses, sizes, every),
            None if words is None else Moments.of(losses, words, every),
            Moments.of(losses, np.ones_like(losses), every),
        )

    def merge(self, other: Self) -> Self:
        """Return the sums of both states' documents."""
        words = None
        if self.words is not None and other.words is not None:
            words = self.words.merge(other.words)
        return type(self)(
            self.bytes.merge(other.bytes), words, self.documents.merge(other.documents)
        )


@dataclass(frozen=True)
class TextsState:
    """The sums of each task."""

    tasks: dict[str, TextSums] = field(default_factory=dict)

    @property
    def total(self) -> TextSums:
        """The sums of all documents."""
        return reduce(TextSums.merge, self.tasks.values(), TextSums())

    def merge(self, other: Self) -> Self:
        """Return the state of both states' documents."""
        tasks = {**self.tasks, **other.tasks}
        for name in self.tasks.keys() & other.tasks.keys():
            tasks[name] = self.tasks[name].merge(other.tasks[name])
        return type(self)(dict(sorted(tasks.items())))

    def compute(self) -> RowCounts:
        """Return how many documents there are."""
        count = self.total.documents.clusters
        return RowCounts(count, count, count)
