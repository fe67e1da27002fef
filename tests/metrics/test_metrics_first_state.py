"""The first state of a metric from outside is looked at before a run goes on."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from xentcli import evaluate
from xentcli.core.row_facts import RowFacts
from xentcli.errors import XentError
from xentcli.metrics import interface
from xentcli.metrics.interface import register
from xentcli.results.measure import Measure

LOGITS = np.random.default_rng(3).normal(size=(60, 5)).astype(np.float32)
LABELS = np.arange(60) % 5


def test_the_first_state_of_a_metric_is_tried() -> None:
    """Of several blocks, a sum that is not merged is wrong; JSON is asked for at the very end."""

    @dataclass(frozen=True)
    class Rows:
        needs: ClassVar[tuple[str, ...]] = ("used",)
        rows: int = 0

        @classmethod
        def from_rows(cls, facts: RowFacts) -> Self:
            return cls(facts.rows)

        def merge(self, other: Self) -> Self:
            return type(self)(self.rows + other.rows)

        def compute(self) -> Measure:
            return Measure(self.rows)

    def not_int(cls: type[Any], facts: RowFacts) -> Any:
        return cls(np.int64(facts.rows))

    def every(cls: type[Any], facts: RowFacts) -> Any:
        return cls(np.ones(facts.rows))

    def rounded(cls: type[Any], facts: RowFacts) -> Any:
        return cls(facts.rows + 0.5)

    cases: list[tuple[dict[str, Any], str]] = [
        ({"merge": lambda self, _: self}, "merge with the state of no rows changes a state"),
        ({"merge": lambda _, other: other}, "merge with the state of no rows changes a state"),
        (
            {"merge": lambda self, other: self if self.rows > other.rows else other},
            "merge of two halves of the rows gives another state than all rows",
        ),
        ({"merge": lambda self, other: self.rows + other.rows}, "merge returns int, and no Wrong"),
        ({"from_rows": classmethod(not_int)}, "its field 'rows', annotated int, holds int64"),
        ({"from_rows": classmethod(every)}, "its field 'rows', annotated int, holds ndarray"),
        ({"from_rows": classmethod(rounded)}, "its field 'rows', annotated int, holds float"),
    ]
    try:
        register("counted", measure=True)(Rows)
        assert evaluate(LOGITS, LABELS, metrics=["counted"])["counted"].value == 60
        for attributes, said in cases:
            register("counted", measure=True)(type("Wrong", (Rows,), attributes))
            with pytest.raises(XentError, match=said):
                evaluate(LOGITS, LABELS, metrics=["counted"])
    finally:
        interface.forget("counted")


def test_sums_that_are_rounded_are_not_refused() -> None:
    """Nor are rows by their places, or a metric of rows that cannot be halved."""

    @dataclass(frozen=True)
    class Largest:
        needs: ClassVar[tuple[str, ...]] = ("loss", "used")
        total: float = 0.0
        largest: float = -np.inf
        row: int = -1

        @classmethod
        def from_rows(cls, facts: RowFacts) -> Self:
            losses = facts["loss"]
            row = int(losses.argmax())
            place = facts.origin.first_row + row
            return cls(float(losses.sum()), float(losses[row]), place)

        def merge(self, other: Self) -> Self:
            first = max(self, other, key=lambda each: (each.largest, -each.row))
            return type(self)(self.total + other.total, first.largest, first.row)

        def compute(self) -> Measure:
            return Measure(self.row)

    register("largest", measure=True)(Largest)
    try:
        found = evaluate(LOGITS, LABELS, metrics=["largest", "worst_rows"], worst=1)
        assert found["largest"].value == found.worst_rows[0].row
        assert evaluate(LOGITS[:1], LABELS[:1], metrics=["largest"])["largest"].value == 0
    finally:
        interface.forget("largest")
