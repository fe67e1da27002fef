"""The rows with the largest losses."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from xentcli.core.labels import Doubles
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.results.rows import WorstRow, WorstRows

_RUN_ROWS = 64


@register("worst_rows")
@dataclass(frozen=True)
class WorstRowsState:
    """The rows with the largest losses, the largest first, and equal ones by their number."""

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
    if not most or not values.size:
        return []
    if np.isnan(values.max()):
        values = np.where(np.isnan(values), -np.inf, values)
    places = np.flatnonzero(values >= _reached_by(values, most))
    if most < places.size:
        several = values[places]
        least = np.partition(several, several.size - most)[several.size - most]
        above = places[several > least]
        level = places[several == least][: most - above.size]
        places = np.concatenate([above, level])
    found: list[int] = places[values[places] > -np.inf].tolist()
    return found


def _reached_by(loss: Doubles, most: int) -> float:
    """Return a loss that at least so many of the rows reach, and few more if they are many.

    That is a look at each number, where to find the very loss takes ten.
    """
    runs = loss.size // _RUN_ROWS
    if runs < most:
        return -math.inf
    largest = loss[: runs * _RUN_ROWS].reshape(_RUN_ROWS, runs).max(axis=0)
    return float(np.partition(largest, runs - most)[runs - most])


def at(values: Any, place: int, kind: type[Any]) -> Any:
    """Return what a fact says of one row, as a Python number; None where it does not apply."""
    return None if values is None else kind(values[place])
