"""Metrics that tests write into files and add from outside, right or spoilt."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xentcli.core import fact
from xentcli.metrics import interface

TOTAL = """
from dataclasses import dataclass, field
from typing import ClassVar
import numpy as np
from xentcli.metrics.interface import register
from xentcli.results.measure import NOTHING, Measure

@register("mine", measure=True)
@dataclass(frozen=True)
class MineState:
    needs: ClassVar[tuple[str, ...]] = ("rank", "measured")
    total: int = 0
    rows: int = 0

    @classmethod
    def from_rows(cls, facts):
        return cls(int(facts["rank"].sum()), facts.rows)

    def merge(self, other):
        return MineState(self.total + other.total, self.rows + other.rows)

    def compute(self):
        return Measure(self.total / self.rows, n=self.rows) if self.rows else NOTHING
"""
"""The mean rank of labels, if all rows are measured."""

MEAN = """
import numpy as np
from xentcli.core.row_facts import fact
from xentcli.metrics.interface import register
from xentcli.metrics.mean_state import MeanState

@fact("mine_fact", "before", needs=("label",))
def mine_fact(tile, rows):
    return rows[np.arange(len(rows)), tile["label"]]

@register("mine", measure=True)
class MineState(MeanState):
    __slots__ = ()
    needs = ("mine_fact", "measured")
"""
"""The mean of the labels' logits."""


@contextmanager
def added(folder: Path, source: str, *changes: tuple[str, str]) -> Iterator[None]:
    """Import a file of this source, after changes, each of which must fit once."""
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    path = folder / "mine.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("mine", path)
    assert spec is not None
    assert spec.loader is not None
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        yield
    finally:
        if "mine" in interface.from_outside():
            interface.forget("mine")
        for name in {"mine_fact", "other_fact"} & {*fact.names()}:
            fact.forget(name)
