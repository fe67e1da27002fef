"""Counts which classes are predicted for which labels, and scores each class."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue
from xentcli.core.row_facts import RowFacts
from xentcli.core.tally import Tally
from xentcli.metrics.interface import register
from xentcli.results.classes import Classes, ClassScores, Confusions
from xentcli.results.measure import Measure

_SCORES = ("precision", "recall", "f1")


@register("classes")
@dataclass(frozen=True, eq=False)
class ClassesState(ByValue):
    """How often each pair of a label and a prediction occurs, as ``label * C + prediction``."""

    needs: ClassVar[tuple[str, ...]] = ("label", "prediction", "measured")

    num_classes: int = 0
    pairs: Tally = field(default_factory=Tally)

    def check(self) -> None:
        """Raise ValueError if a pair has a class that does not exist."""
        if (self.pairs.numbers[-1:] >= self.num_classes * self.num_classes).any():
            raise ValueError(f"a pair has a class that is not one of the {self.num_classes}")

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        label, prediction, measured = facts["label"], facts["prediction"], facts["measured"]
        if label is None:
            return cls()
        if measured is not None:
            label, prediction = label[measured], prediction[measured]
        count = facts.num_classes
        return cls(count, Tally.of(label * count + prediction, count * count))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        count = max(self.num_classes, other.num_classes)
        return type(self)(count, self._pairs_among(count) + other._pairs_among(count))

    def _pairs_among(self, count: int) -> Tally:
        """Return the pairs as numbers among those of more classes."""
        if self.num_classes == count or not self.pairs.numbers.size:
            return self.pairs
        labels, predictions = np.divmod(self.pairs.numbers, self.num_classes)
        return Tally(labels * count + predictions, self.pairs.counts)

    def compute(self) -> Classes:
        """Return the scores of the classes that occur, and their averages."""
        if not self.pairs.numbers.size:
            return Classes()
        labels, predictions = np.divmod(self.pairs.numbers, self.num_classes)
        rows = self.pairs.counts
        support, predicted, hits = (
            _count(places, counts, self.num_classes)
            for places, counts in (
                (labels, rows),
                (predictions, rows),
                (labels[labels == predictions], rows[labels == predictions]),
            )
        )
        there = np.flatnonzero(support + predicted)
        scores = tuple(
            _scores(*each)
            for each in zip(
                *(v.tolist() for v in (there, support[there], predicted[there], hits[there])),
                strict=True,
            )
        )
        confusions = Confusions(labels, predictions, rows, self.num_classes)
        return Classes(scores, _averages(scores), confusions)


def _count(places: NDArray[np.int64], counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    total = np.zeros(size, np.int64)
    np.add.at(total, places, counts)
    return total


def _scores(index: int, support: int, predicted: int, hits: int) -> ClassScores:
    ratios = {
        "precision": (hits, predicted),
        "recall": (hits, support),
        "f1": (2 * hits, support + predicted),
    }
    found: dict[str, Any] = {name: over and part / over for name, (part, over) in ratios.items()}
    undefined = tuple(name for name, (_, over) in ratios.items() if not over)
    values = {name: float(value) for name, value in found.items()}
    return ClassScores(index, support, predicted, hits, **values, undefined=undefined)


def _averages(scores: tuple[ClassScores, ...]) -> dict[str, Measure]:
    """Return means over the classes that occur, plain ones and those weighted by support."""
    rows = sum(each.support for each in scores)
    averages = {
        "balanced_accuracy": _mean([each.recall for each in scores if each.support]),
    }
    for name in _SCORES:
        values = [getattr(each, name) for each in scores]
        averages[f"macro_{name}"] = _mean(values)
        products = (v * each.support for v, each in zip(values, scores, strict=True))
        averages[f"weighted_{name}"] = Measure(math.fsum(products) / rows, n=rows)
    return averages


def _mean(values: Iterable[float]) -> Measure:
    """Return a mean over classes; its n is their number."""
    values = list(values)
    return Measure(math.fsum(values) / len(values), n=len(values))
