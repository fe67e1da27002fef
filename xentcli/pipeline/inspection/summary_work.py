"""Summarises what the blocks of a file hold."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from numpy.typing import NDArray

from xentcli.formats.base import Block, Source
from xentcli.formats.coming import coming
from xentcli.formats.contents import ColumnGroup
from xentcli.metrics.summary import SummaryState, TextState
from xentcli.pipeline.flow import Part, begin_of
from xentcli.results.array_values import ValueSummary


@dataclass(frozen=True)
class ColumnStates:
    """The states of columns that are read together, one for each array that they make up."""

    states: tuple[SummaryState | TextState, ...]

    def merge(self, other: Self) -> Self:
        """Return the states of both states' values."""
        pairs = zip(self.states, other.states, strict=True)
        return type(self)(tuple(mine.merge(its) for mine, its in pairs))  # type: ignore[arg-type]


class SummaryWork(NamedTuple):
    """Summarises the values of a block."""

    source: Source
    groups: tuple[ColumnGroup, ...] = ()

    def place_of(self, block: Block) -> str:
        """Name the first row of a block."""
        return begin_of(block, self.source)

    def coming(self, blocks: Sequence[Block]) -> AbstractContextManager[None]:
        """Have storage fetch the rows of these blocks, and no others, where they are elsewhere."""
        return coming([self.source], blocks)

    def part_of(self, block: Block) -> Part[ColumnStates]:
        """Return the states of a block's values."""
        values = self.source.decode(block).values
        parts = [_columns(values, group) for group in self.groups] or [values]
        return Part(block.rows, state=ColumnStates(tuple(map(_state, parts))))


def range_of(values: ValueSummary) -> dict[str, Any]:
    """Return the fields of an `ArraySummary` that say which numbers there are."""
    return {
        "minimum": values.minimum,
        "maximum": values.maximum,
        "mean": values.mean,
        "nan": values.nan,
        "positive_infinities": values.positive_infinities,
        "negative_infinities": values.negative_infinities,
    }


def _columns(values: NDArray[Any], group: ColumnGroup) -> NDArray[Any]:
    if values.ndim == 1:
        return values
    return values[:, group.places[0]] if group.name is not None else values[:, group.places]


def _state(values: NDArray[Any]) -> SummaryState | TextState:
    is_text = values.dtype.kind not in "fiub"
    return TextState.from_block(values) if is_text else SummaryState.from_block(values)
