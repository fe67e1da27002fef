"""The rows with the largest losses."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from xentcli.core.labels import Doubles
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.results.measures import WorstRow, WorstRows


@register("worst_rows")
@dataclass(frozen=True)
class WorstRowsState:
    """So many rows at most, by falling loss and then by their number."""

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
        ids = facts.origin.ids
        rows = [
            WorstRow(
                facts.origin.first_row + place,
                float(facts["loss"][place]),
                label=at(facts["label"], place, int),
                prediction=at(facts["prediction"], place, int),
                label_probability=at(facts["label_probability"], place, float),
                confidence=at(facts["confidence"], place, float),
                id=None if ids is None else str(ids[place]),
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


def largest_places(values: Doubles, measured: Any, most: int) -> list[int]:
    """Return the places of the largest of some numbers, of equal ones the first; NaN is none."""
    if measured is not None:
        values = np.where(measured, values, -np.inf)
    values = np.where(np.isnan(values), -np.inf, values) if np.isnan(values).any() else values
    if not most or not values.size:
        return []
    if most < values.size:
        least = np.partition(values, values.size - most)[values.size - most]
        above = np.flatnonzero(values > least)
        level = np.flatnonzero(values == least)[: most - above.size]
        places = np.concatenate([above, level])
    else:
        places = np.arange(values.size)
    found: list[int] = places[values[places] > -np.inf].tolist()
    return found


def at(values: Any, place: int, kind: type[Any]) -> Any:
    """Return the fact of one row; None where it does not apply."""
    return None if values is None else kind(values[place])
