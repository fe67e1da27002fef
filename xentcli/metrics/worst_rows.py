"""The rows with the largest losses."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from xentcli.core.labels import Doubles
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.results.measures import WorstRow, WorstRows

_RUN_ROWS = 64


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
        places = self._largest(facts)
        ids = facts.origin.ids
        rows = [
            WorstRow(
                facts.origin.first_row + place,
                float(facts["loss"][place]),
                label=_at(facts["label"], place, int),
                prediction=_at(facts["prediction"], place, int),
                label_probability=_at(facts["label_probability"], place, float),
                confidence=_at(facts["confidence"], place, float),
                id=None if ids is None else str(ids[place]),
            )
            for place in places
        ]
        return type(self)(self.most, self._first(rows))

    def _largest(self, facts: RowFacts) -> list[int]:
        """Return the places of the largest losses, and of all that are as large as the last."""
        loss, measured = facts["loss"], facts["measured"]
        if measured is not None:
            loss = np.where(measured, loss, -np.inf)
        if not self.most or not loss.size:
            return []
        if np.isnan(loss.max()):
            loss = np.where(np.isnan(loss), -np.inf, loss)
        places = np.flatnonzero(loss >= _reached_by(loss, self.most))
        if self.most < places.size:
            several = loss[places]
            least = np.partition(several, several.size - self.most)[several.size - self.most]
            above = places[several > least]
            level = places[several == least][: self.most - above.size]
            places = np.concatenate([above, level])
        found: list[int] = places[loss[places] > -np.inf].tolist()
        return found

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(self.most, self._first([*self.rows, *other.rows]))

    def _first(self, rows: list[WorstRow]) -> tuple[WorstRow, ...]:
        return tuple(sorted(rows, key=lambda each: (-each.loss, each.row))[: self.most])

    def compute(self) -> WorstRows:
        """Return the rows."""
        return WorstRows(self.rows)


def _reached_by(loss: Doubles, most: int) -> float:
    """Return a loss that at least so many of the rows reach, and few more if they are many.

    That is a look at each number, where to find the very loss takes ten.
    """
    runs = loss.size // _RUN_ROWS
    if runs < most:
        return -math.inf
    largest = loss[: runs * _RUN_ROWS].reshape(_RUN_ROWS, runs).max(axis=0)
    return float(np.partition(largest, runs - most)[runs - most])


def _at(values: Any, place: int, kind: type[Any]) -> Any:
    return None if values is None else kind(values[place])
