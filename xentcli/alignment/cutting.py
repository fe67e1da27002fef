"""Cuts a leader into blocks, and the sources that follow it along the same rows."""

import math
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from xentcli.alignment.followers import Follower
from xentcli.alignment.shard_counts import ShardCounts
from xentcli.alignment.steps import FollowedRows, Piece, Step, StepPart, rows_of_table
from xentcli.errors import ShapeError
from xentcli.formats.base import Block, IndexedSource, Source, blocks_along

_TEXT_TABLES = ("csv", "tsv")
LARGEST_TIMES = 4
"""How many times the usual size a block may have if it is read by the tile."""
_FEWEST_BLOCKS = 32  # at least, so that all processes end at about the same time


def steps(
    leader: Source,
    followers: Sequence[Follower],
    axis: int,
    elements: int,
    *,
    rows: slice | None = None,
    tiled: bool = False,
) -> Iterator[Step]:
    """Cut a leader along an axis into blocks of about `elements` numbers, and followers with it.

    Blocks of many that are read by the tile may be larger, since they are not held in memory. If
    `rows` is given, only steps that hold some of these rows of the leader are yielded.

    Raises
    ------
    ShapeError
        If a follower has fewer or more rows than the leader, in all or in one of several files.
    """
    if tiled:
        ordinary = math.prod(n or 0 for n in leader.shape) // elements
        elements *= min(LARGEST_TIMES, max(1, ordinary // _FEWEST_BLOCKS))
    return chosen(_all_steps(leader, followers, axis, elements), rows)


def chosen(all_steps: Iterator[Step], rows: slice | None) -> Iterator[Step]:
    """Yield the steps that hold some of the leader's rows `rows`, or all steps if it is None."""
    if rows is None:
        yield from all_steps
        return
    for step in all_steps:
        start = step.block.start
        if rows.stop is not None and start >= rows.stop:
            return
        if start + step.block.rows > (rows.start or 0):
            yield step


def _all_steps(
    leader: Source, followers: Sequence[Follower], axis: int, elements: int
) -> Iterator[Step]:
    cutters = [_Cutter(follower, leader, elements) for follower in followers]
    counts = [
        ShardCounts(leader, follower.source, follower.what, axis)
        for follower in followers
        if follower.matching is None and follower.in_shards
    ]
    blocks = blocks_along(leader, axis, elements)
    block: Block | None = None
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
        if block is not None and leader.format in _TEXT_TABLES:
            leader.decode(block)  # what is wrong may be a line that is no row, and counts as one
        raise


class _Cutter:
    """Hands out the rows of a follower that belong to consecutive rows of its leader.

    The rows of an indexed source are a block of their own. Any other source is cut into blocks
    where it likes. If it has one value a row, these blocks are decoded here, because one of them
    may belong to many blocks of the leader. Otherwise they are decoded by those who need them.
    """

    def __init__(self, follower: Follower, leader: Source, elements: int) -> None:
        self._follower = follower
        self._leader = leader.name
        self._leader_is_bare, self._leader_header = _is_bare(leader), leader.header
        self._source, self._axis = follower.source, follower.axis
        self._done = 0
        self._indexed = isinstance(self._source, IndexedSource)
        self._decodes = len(self._source.shape) == 1
        self._blocks = iter(()) if self._indexed else blocks_along(self._source, 0, elements)
        self._end = (self._source.shape[self._axis] or 0) if self._indexed else 0
        self._cut: deque[tuple[int, Block, FollowedRows | None]] = deque()

    def take(self, rows: int) -> tuple[int, StepPart]:
        """Return how many rows belong to the leader's next `rows` rows, and where they are."""
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

    def _pieces(self, first: int, last: int) -> StepPart:
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
        cures = []
        first = f"if the first row of {self._source.name} is"
        if too_many == -1 and self._is_below_text():
            cures.append(f"{first} no header: {self._without_header()}")
        if too_many == -1 and self._leader_is_bare:
            cures.append(f"if the first row of {self._leader} is a header: --header")
        elif too_many == 1 and _is_bare(self._source) and self._follower.what == "labels":
            cures.append(f"{first} a header: --labels-header")
        return ShapeError(f"{self._source.name}: {message}", hint="; ".join(cures) or None)

    def _is_below_text(self) -> bool:
        """Whether the rows are names in one column, of which the first was taken for a header."""
        source = self._source
        names = source.format in _TEXT_TABLES and source.dtype == object
        return names and source.header is not None and len(source.header) == 1

    def _without_header(self) -> str:
        """Say how the first row is read as data."""
        if self._follower.what == "labels":
            return "--no-labels-header"
        return "--no-header" if self._leader_header is None else "write one above it"


def _is_bare(source: Source) -> bool:
    """Whether a source is a table of text in which no header was found."""
    return source.format in _TEXT_TABLES and source.header is None


def _slice(rows: FollowedRows, first: int, stop: int) -> FollowedRows:
    return FollowedRows(rows.values[first:stop], None if rows.ids is None else rows.ids[first:stop])
