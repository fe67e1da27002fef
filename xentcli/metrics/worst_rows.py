"""Finds the rows with the largest losses."""

from dataclasses import dataclass
from typing import ClassVar, Self

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.metrics.largest import largest_places, number_at
from xentcli.results.rows import WorstRow, WorstRows


@register("worst_rows")
@dataclass(frozen=True)
class WorstRowsState:
    """The rows with the largest losses, the largest first, and equal losses in the rows' order."""

    needs: ClassVar[tuple[str, ...]] = (
        "loss",
        "measured",
        "label",
        "prediction",
        "label_probability",
        "confidence",
    )

    most: int = 10
    rows: tuple[WorstRow, ...] = ()

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        places = largest_places(facts["loss"], facts["measured"], self.most)
        rows = [
            WorstRow(
                facts.origin.first_row + place,
                float(facts["loss"][place]),
                label=number_at(facts["label"], place, int),
                prediction=number_at(facts["prediction"], place, int),
                label_probability=number_at(facts["label_probability"], place, float),
                confidence=number_at(facts["confidence"], place, float),
                id=facts.origin.id_of(place),
            )
            for place in places
        ]
        return type(self)(self.most, self._first(rows))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(self.most, self._first([*self.rows, *other.rows]))

    def _first(self, rows: list[WorstRow]) -> tuple[WorstRow, ...]:
        return tuple(sorted(rows, key=lambda each: (-each.loss, each.row))[: self.most])

    def compute(self) -> WorstRows:
        """Return the rows."""
        return WorstRows(self.rows)
