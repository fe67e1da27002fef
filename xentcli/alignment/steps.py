"""Steps are the blocks of a leader, each with the rows of its followers that belong to it.

A step is plain data: any thread or process that has the sources can read it.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import Block, Source, Table
from xentcli.records import Record

if TYPE_CHECKING:
    from xentcli.alignment.ids import Matching

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


BESIDE_ROWS = ("weights", "groups", "clusters")
"""What a row may have besides its label."""


class Follower:
    """A source whose rows belong to those of a leader.

    Attributes
    ----------
    source : Source
        The source, which is indexed if `axis` is not 0.
    axis : int
        The axis that runs in step with the one along which the leader is cut.
    offset : int
        How many rows further down than the leader's rows its own begin.
    what : str
        What messages call its rows.
    in_shards : bool
        Whether each of several files belongs to the leader's file at the same place.
    """

    def __init__(
        self,
        source: Source,
        axis: int = 0,
        offset: int = 0,
        what: str = "labels",
        matching: "Matching | None" = None,
        *,
        in_shards: bool = True,
    ) -> None:
        self.source = source
        self.axis = axis
        self.offset = offset
        self.what = what
        self.matching = matching
        """Finds its rows by id; they may then be more or fewer than the leader's."""
        self.in_shards = in_shards


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


def read(follower: Follower, part: StepPart) -> FollowedRows:
    """Return the rows of a follower that belong to a step."""
    if isinstance(part, FollowedRows):
        return part
    if isinstance(part, Block):
        return rows_of_table(follower.source.decode(part))
    pieces = [
        rows_of_table(_decoded.table(follower.source, piece.block), piece.first, piece.stop)
        for piece in part
    ]
    return FollowedRows.joined(pieces)


def matched(
    follower: Follower, part: StepPart, ids: Array | None, start: int
) -> tuple[Array, Array | None]:
    """Return the rows of a follower for those from `start` on, and their places if found by id.

    `ids` are the ids of the leader's rows; the places are None where they are the rows' own.
    """
    there = read(follower, part)
    if follower.matching is None:
        return there.values, None
    return follower.matching.labels_of(ids, there, start)


def rows_of_table(table: Table, first: int = 0, stop: int | None = None) -> FollowedRows:
    """Return some rows of a table, with their ids."""
    ids = None if table.ids is None else table.ids[first:stop]
    return FollowedRows(table.values[first:stop] if table.values.ndim else table.values, ids)


class _Decoded:
    """Keeps the blocks that this process decoded last, since several steps may need one."""

    _MOST_BLOCKS = 4  # kept for each source

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Source, OrderedDict[int, Table]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def table(self, source: Source, block: Block) -> Table:
        with self._lock:
            kept = self._kept.setdefault(source, OrderedDict())
            if block.start not in kept:
                kept[block.start] = source.decode(block).copied()
                if len(kept) > self._MOST_BLOCKS:
                    kept.popitem(last=False)
            return kept[block.start]


_decoded = _Decoded()


def rows_before(start: int, inner: Sequence[int | None]) -> int:
    """Return how many rows stand before slice `start`, if each slice has the shape `inner`."""
    return start * math.prod(n or 0 for n in inner)
