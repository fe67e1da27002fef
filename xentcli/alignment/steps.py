"""A leader's blocks, each with what belongs to the same rows in the sources that follow it.

A step is plain data: whoever has the sources can read it, in any thread or process.
"""

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.shard_counts import ShardCounts
from xentcli.errors import ShapeError
from xentcli.formats.base import Block, IndexedSource, Source, Table, blocks_along

if TYPE_CHECKING:
    from xentcli.alignment.ids import Matching

Array = NDArray[Any]

_TEXT_TABLES = ("csv", "tsv")


class FollowedRows(NamedTuple):
    """Some rows of a source that follows another one, and their ids where both have some."""

    values: Array
    ids: Array | None = None

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


class Follower(NamedTuple):
    """A source whose rows belong to those of a leader.

    Attributes
    ----------
    source : Source
        Indexed, if `axis` is not 0.
    axis : int
        The axis that runs in step with the one along which the leader is cut.
    offset : int
        How many rows further down than the leader's its rows begin.
    what : str
        What its rows are called.
    in_shards : bool
        Whether each of several files belongs to the leader's at the same place.
    """

    source: Source
    axis: int = 0
    offset: int = 0
    what: str = "labels"
    matching: "Matching | None" = None
    """What finds its rows by their ids; they may then be more or fewer than the leader's."""
    in_shards: bool = True


class Piece(NamedTuple):
    """Some rows of a follower's block, counted within it."""

    block: Block
    first: int
    stop: int


Part = FollowedRows | Block | tuple[Piece, ...]
"""The rows of a follower in a step: decoded, or where they are found."""


class Step(NamedTuple):
    """A leader's block, the number of its first rows that all followers have, and their parts."""

    block: Block
    rows: int
    parts: tuple[Part, ...] = ()


def steps(
    leader: Source, followers: Sequence[Follower], axis: int, elements: int
) -> Iterator[Step]:
    """Cut a leader along an axis into blocks of about `elements` numbers, and followers with it.

    Raises
    ------
    ShapeError
        If a follower has fewer or more rows than the leader, in all or in one of several files.
    """
    cutters = [_Cutter(follower, leader, elements) for follower in followers]
    counts = [
        ShardCounts(leader, follower, axis)
        for follower in followers
        if follower.matching is None and follower.in_shards
    ]
    blocks = blocks_along(leader, axis, elements)
    try:
        for block in blocks:
            taken = [cutter.take(block.rows) for cutter in cutters]
            for count in counts:
                count.check()
            rows = min((rows for rows, _ in taken), default=block.rows)
            yield Step(block, rows, tuple(part for _, part in taken))
        for cutter in cutters:
            cutter.finish()
        for count in counts:
            count.check()
    except ShapeError:
        for count in counts:
            if count.waiting:
                deque(blocks, maxlen=0)  # the rows of every shard are known at the end
                count.check()
        raise


def chosen(all_steps: Iterator[Step], rows: slice | None) -> Iterator[Step]:
    """Yield the steps that hold some of these rows of the leader; all, where none are named."""
    if rows is None:
        yield from all_steps
        return
    for step in all_steps:
        start = step.block.start
        if rows.stop is not None and start >= rows.stop:
            return
        if start + step.rows > (rows.start or 0):
            yield step


def kept(step: Step, rows: slice | None) -> slice:
    """Return which rows of a step are among these rows of the leader."""
    if rows is None:
        return slice(None)
    start = step.block.start
    stop = step.rows if rows.stop is None else min(step.rows, rows.stop - start)
    return slice(max(0, (rows.start or 0) - start), stop)


def rows_chosen(step: Step, rows: slice | None) -> int:
    """Return how many of these rows of the leader a step has, with or without what follows them."""
    return len(range(step.block.rows)[kept(step._replace(rows=step.block.rows), rows)])


def read(follower: Follower, part: Part) -> FollowedRows:
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


def rows_of_table(table: Table, first: int = 0, stop: int | None = None) -> FollowedRows:
    """Return some rows of a table, with their ids."""
    ids = None if table.ids is None else table.ids[first:stop]
    return FollowedRows(table.values[first:stop] if table.values.ndim else table.values, ids)


class _Cutter:
    """Hands out the rows of a follower that belong to consecutive rows of its leader.

    The rows of an indexed source are a block of their own. Any other source is cut into blocks
    where it likes. If it has one value a row, these blocks are decoded here, because one of them
    may belong to many blocks of the leader. Otherwise they are decoded by those who need them.
    """

    def __init__(self, follower: Follower, leader: Source, elements: int) -> None:
        self._follower = follower
        self._leader = leader.name
        self._leader_is_bare = _is_bare(leader)
        self._source, self._axis = follower.source, follower.axis
        self._done = 0
        self._indexed = isinstance(self._source, IndexedSource)
        self._decodes = len(self._source.shape) == 1
        self._blocks = iter(()) if self._indexed else blocks_along(self._source, 0, elements)
        self._end = (self._source.shape[self._axis] or 0) if self._indexed else 0
        self._cut: deque[tuple[int, Block, FollowedRows | None]] = deque()

    def take(self, rows: int) -> tuple[int, Part]:
        """Return how many rows there are for the leader's next `rows` rows, and these."""
        first = self._done + self._follower.offset
        self._done += rows
        last = self._done + self._follower.offset
        self._cut_until(first, last)
        by_id = self._follower.matching is not None
        if self._end < self._done and not by_id:
            what = f"{self._end} {self._follower.what}, and {self._leader} has more rows"
            raise self._wrong_count(what)
        last = min(last, self._end)
        if last <= first:
            shape = [n or 0 for n in self._source.shape]
            shape[self._axis] = 0
            ids = np.empty(0, object) if by_id else None
            return rows if by_id else 0, FollowedRows(np.empty(shape, self._source.dtype), ids)
        found = rows if by_id else last - first
        if self._indexed:
            return found, Block(first, last - first, self._axis)
        return found, self._pieces(first, last)

    def _pieces(self, first: int, last: int) -> Part:
        pieces = [
            (block, values, max(0, first - start), min(last - start, block.rows))
            for start, block, values in self._cut
            if start < last
        ]
        if self._decodes:
            return FollowedRows.joined(
                [_slice(rows, a, b) for _, rows, a, b in pieces if rows is not None]
            )
        return tuple(Piece(block, a, b) for block, _, a, b in pieces)

    def finish(self) -> None:
        """Raise ShapeError if rows are left over."""
        total = self._end + sum(block.rows for block in self._blocks)
        if self._follower.matching is not None:
            self._follower.matching.labels_found = total
        elif total > self._done:
            rows = f"{self._done} rows of {self._leader}"
            what = f"{total} {self._follower.what} for the {rows}"
            raise self._wrong_count(what, total - self._done)

    def _cut_until(self, first: int, last: int) -> None:
        """Cut blocks as far as row `last`, and keep those that end behind row `first`."""
        while self._cut and self._cut[0][0] + self._cut[0][1].rows <= first:
            self._cut.popleft()
        while self._end < last and (block := next(self._blocks, None)):
            start, self._end = self._end, self._end + block.rows
            if self._end > first:
                values = None
                if self._decodes:
                    values = rows_of_table(self._source.decode(block).copied())
                    block = block._replace(content=None)
                self._cut.append((start, block, values))

    def _wrong_count(self, message: str, too_many: int = -1) -> ShapeError:
        hint = None
        if too_many == -1 and self._leader_is_bare:
            hint = f"if the first row of {self._leader} is a header: --header"
        elif too_many == 1 and _is_bare(self._source) and self._follower.what == "labels":
            hint = f"if the first row of {self._source.name} is a header: --labels-header"
        return ShapeError(f"{self._source.name}: {message}", hint=hint)


def _is_bare(source: Source) -> bool:
    """Whether a source is a table of text in which no header was found."""
    return source.format in _TEXT_TABLES and source.header is None


def _slice(rows: FollowedRows, first: int, stop: int) -> FollowedRows:
    return FollowedRows(rows.values[first:stop], None if rows.ids is None else rows.ids[first:stop])


class _Decoded:
    """The blocks that were decoded last in this process: several steps may need one of them."""

    _MOST_BLOCKS = 4  # of a source

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
    """Return how many rows of losses stand before slice `start`, of slices of this shape."""
    return start * math.prod(n or 0 for n in inner)
