"""Steps are the blocks of a leader, each with the rows of its followers that belong to it.

A step is plain data: any thread or process that has the sources can read it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import Block, Table
from xentcli.records import Record

Array = NDArray[Any]


class FollowedRows:
    """Some rows of a follower, and their ids if both sources have ids."""

    __slots__ = ("ids", "values")

    def __init__(self, values: Array, ids: Array | None = None) -> None:
        self.values = values
        self.ids = ids

    @classmethod
    def joined(cls, parts: list["FollowedRows"]) -> "FollowedRows":
        """Return the rows of several parts as one."""
        if len(parts) == 1:
            return parts[0]
        ids = [part.ids for part in parts if part.ids is not None]
        return cls(
            np.concatenate([part.values for part in parts]), np.concatenate(ids) if ids else None
        )


class Piece:
    """Some rows of a follower's block, counted within it."""

    __slots__ = ("block", "first", "stop")

    def __init__(self, block: Block, first: int, stop: int) -> None:
        self.block = block
        self.first = first
        self.stop = stop


StepPart = FollowedRows | Block | tuple[Piece, ...]
"""The rows of a follower in a step: decoded, or where they are found."""


class Step(Record):
    """A leader's block, the number of its first rows that all followers have, and their parts."""

    block: Block
    rows: int
    parts: tuple[StepPart, ...] = ()


def kept(step: Step, rows: slice | None) -> slice:
    """Return the rows of a step that are among the leader's rows `rows`."""
    if rows is None:
        return slice(None)
    start = step.block.start
    stop = step.rows if rows.stop is None else min(step.rows, rows.stop - start)
    return slice(max(0, (rows.start or 0) - start), stop)


def rows_chosen(step: Step, rows: slice | None) -> int:
    """Return how many of the leader's rows `rows` a step has, even those that followers lack."""
    if rows is None:
        return step.block.rows
    return len(range(step.block.rows)[kept(step._replace(rows=step.block.rows), rows)])


def rows_of_table(table: Table, first: int = 0, stop: int | None = None) -> FollowedRows:
    """Return some rows of a table, with their ids."""
    ids = None if table.ids is None else table.ids[first:stop]
    return FollowedRows(table.values[first:stop] if table.values.ndim else table.values, ids)


def rows_before(start: int, inner: Sequence[int | None]) -> int:
    """Return how many rows stand before slice `start`, if each slice has the shape `inner`."""
    return start * math.prod(n or 0 for n in inner)
