"""Finds the rows with the largest losses."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

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
        "uneven",
    )

    most: int = 10
    rows: tuple[WorstRow, ...] = ()

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        places = largest_places(facts["loss"], facts["measured"], self.most)
        uneven = facts["uneven"]  # such as a binary label of 0.3, which is no class

        def of_label(name: str, place: int, kind: type[Any]) -> Any:
            known = uneven is None or not uneven[place]
            return number_at(facts[name], place, kind) if known else None

        rows = [
            WorstRow(
                facts.origin.first_row + place,
                float(facts["loss"][place]),
                label=of_label("label", place, int),
                prediction=number_at(facts["prediction"], place, int),
                label_probability=of_label("label_probability", place, float),
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
