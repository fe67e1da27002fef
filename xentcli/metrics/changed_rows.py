"""The rows in which two models differ most."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.interface import register
from xentcli.metrics.largest import largest_places, number_at
from xentcli.results.comparison import ChangedRow, ChangedRows

_NUMBERS = (
    "loss_base",
    "loss_new",
    "kl",
    "label_probability_base",
    "label_probability_new",
)
_CLASSES = ("label", "prediction_base", "prediction_new")


@register("changed_rows")
@dataclass(frozen=True)
class ChangedRowsState:
    """The `most` rows that changed most, by the change of their loss, or by KL without labels."""

    needs: ClassVar[tuple[str, ...]] = ("difference", "measured", *_NUMBERS, *_CLASSES)

    most: int = 10
    rows: tuple[ChangedRow, ...] = ()

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        change = facts["kl"] if facts["difference"] is None else facts["difference"]
        labelled = facts["difference"] is not None
        rows = []
        size = np.where(change == 0.0, -np.inf, np.abs(change))
        for place in largest_places(size, facts["measured"], self.most):
            found: dict[str, Any] = {
                name: number_at(facts[name], place, float) for name in _NUMBERS
            }
            found |= {name: number_at(facts[name], place, int) for name in _CLASSES}
            if not labelled:
                found["label"] = None
            row = facts.origin.first_row + place
            rows.append(
                ChangedRow(row, float(change[place]), id=facts.origin.id_of(place), **found)
            )
        return type(self)(self.most, self._first(rows))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        return type(self)(self.most, self._first([*self.rows, *other.rows]))

    def _first(self, rows: list[ChangedRow]) -> tuple[ChangedRow, ...]:
        return tuple(sorted(rows, key=lambda each: (-abs(each.change), each.row))[: self.most])

    def compute(self) -> ChangedRows:
        """Return the rows."""
        return ChangedRows(self.rows)
