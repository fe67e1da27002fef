"""Finds rows whose labels may be wrong, by confident learning, in two passes over the rows.

The first pass finds the mean probability of each class where it is the label: its threshold. In the
second, a row is suspect if its label is not the most probable of the classes that reach their
thresholds. Source: Northcutt, Jiang and Chuang, "Confident learning", J. Artif. Intell. Res. 70
(2021).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.by_value import ByValue
from xentcli.core.cell_sums import CellSums
from xentcli.core.row_facts import RowFacts
from xentcli.core.tally import longer_sum, no_counts
from xentcli.metrics.interface import register
from xentcli.results.rows import Suspect, Suspects


@dataclass(frozen=True)
class Thresholds:
    """The mean probability of each class where it is the label; inf where it never is."""

    thresholds: tuple[float, ...] = ()


@register("class_confidence")
@dataclass(frozen=True, eq=False)
class ClassConfidenceState(ByValue):
    """For each class: how many rows have this label, and the exact sum of its probability there."""

    needs: ClassVar[tuple[str, ...]] = ("label", "label_probability", "measured")

    rows: NDArray[np.int64] = field(default_factory=no_counts)
    probability: CellSums = field(default_factory=CellSums)

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        label, probability, measured = (facts[name] for name in cls.needs)
        if label is None or not facts.rows:
            return cls()
        if measured is not None:
            label, probability = label[measured], probability[measured]
        size = facts.num_classes
        rows = np.bincount(label, minlength=size)
        return cls(rows, CellSums.of(probability, label, size))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        if not self.rows.size or not other.rows.size:
            return self if self.rows.size else other
        rows = longer_sum(self.rows, other.rows)
        return type(self)(rows, self.probability + other.probability)

    def compute(self) -> Thresholds:
        """Return the means."""
        sums = self.probability.floats().tolist()
        return Thresholds(
            tuple(
                total / rows if rows else math.inf
                for total, rows in zip(sums, self.rows.tolist(), strict=True)
            )
        )


@register("suspects")
@dataclass(frozen=True)
class SuspectsState:
    """How many rows have a suspect label, and those whose label is least probable."""

    needs: ClassVar[tuple[str, ...]] = ("suggestion", "label", "label_probability", "measured")

    thresholds: tuple[float, ...] = ()
    most: int = 10
    count: int = 0
    n: int = 0
    rows: tuple[Suspect, ...] = ()

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters of the facts; without thresholds, no class reaches its own."""
        return {"thresholds": np.array(self.thresholds or math.inf)}

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        suggestion, label, probability, measured = (facts[name] for name in self.needs)
        if suggestion is None:
            return type(self)(self.thresholds, self.most)
        suspect = (suggestion >= 0) & (suggestion != label)
        n = facts.rows
        if measured is not None:
            suspect &= measured
            n = int(np.count_nonzero(measured))
        places = np.flatnonzero(suspect)
        order = np.argsort(probability[places], kind="stable")[: self.most]
        rows = tuple(
            Suspect(
                facts.origin.first_row + place,
                int(label[place]),
                int(suggestion[place]),
                float(probability[place]),
                facts.origin.id_of(place),
            )
            for place in places[order].tolist()
        )
        return type(self)(self.thresholds, self.most, places.size, n, rows)

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        both = sorted((*self.rows, *other.rows), key=lambda row: (row.label_probability, row.row))
        return type(self)(
            self.thresholds,
            self.most,
            self.count + other.count,
            self.n + other.n,
            tuple(both[: self.most]),
        )

    def compute(self) -> Suspects:
        """Return the rows."""
        return Suspects(self.count, self.n, self.rows)
