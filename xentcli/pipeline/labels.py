"""Labels beside blocks of logits: the rows they belong to, decoded where they are used."""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import ShapeError
from xentcli.formats.base import (
    Block,
    IndexedSource,
    MemorySource,
    Source,
    Table,
    blocks_along,
    indexed,
    read_whole,
)
from xentcli.pipeline.layout import Layout
from xentcli.pipeline.shard_counts import ShardCounts
from xentcli.pipeline.tiled import TiledRows, size_of_blocks

Array = NDArray[Any]
_MOST_WAITING = 8  # blocks of labels not yet decoded: each may hold a file open


class Pair(NamedTuple):
    """A block of logits, what decodes the labels of its rows, and how many rows have one."""

    source: Source
    """The logits."""
    block: Block
    labels: Callable[[], Array] | None
    rows: int
    layout: Layout
    tiled: bool = False
    """Whether the logits are to be read a tile at a time."""

    def decode(self) -> tuple[Array | TiledRows, Array, Array | None]:
        """Return logits, labels and ids of the rows that have a label."""
        inner = self.layout.lead[1:]
        whole = inner == self.layout.rows[1:] or self.rows == 1  # no gaps between its rows
        if not self.tiled or self.labels is None or not whole:
            return self.decode_whole()
        lead = (self.rows, *(n or 0 for n in inner))
        first = self.block.start * math.prod(n or 0 for n in self.layout.rows[1:])
        labels = self.layout.shifted(self.labels())
        return TiledRows(self.source, first, lead), labels.reshape(math.prod(lead)), None

    def decode_whole(self) -> tuple[Array, Array, Array | None]:
        """Return what `decode` does, all in memory."""
        values, those, ids = self.source.decode(self.block)
        labels = those if self.labels is None else self.labels()
        if labels is None:
            raise AssertionError("no labels")
        values, labels = self.layout.pair(values, labels, self.rows)
        return values, labels, ids if ids is None else ids[: self.rows]


class LabelReader:
    """Hands out the labels of consecutive rows, those `shift` rows further down.

    Those of an indexed source are read by whoever needs them. A stream is cut into blocks of its
    own; what is decoded is kept for the others who need a part of it.
    """

    def __init__(self, source: Source, logits_name: str, axis: int, shift: int = 0) -> None:
        self._source = source
        self._logits_name = logits_name
        self._axis = axis
        self._shift = shift
        is_indexed = isinstance(source, IndexedSource)
        self._blocks = iter(()) if is_indexed else blocks_along(source, axis)
        self._cut: deque[_Part] = deque()
        self._end = (source.shape[axis] or 0) if is_indexed else 0
        self._done = 0

    def take(self, rows: int) -> tuple[int, Callable[[], Array]]:
        """Return how many labels there are for the next `rows` rows, and what decodes them."""
        first = self._done + self._shift
        self._done += rows
        last = self._done + self._shift
        self._cut_until(first, last)
        if self._end < self._done:
            raise self._wrong_count(f"{self._end} labels, and {self._logits_name} has more rows")
        last = min(last, self._end)
        if last <= first:
            shape = [n or 0 for n in self._source.shape]
            shape[self._axis] = 0
            return 0, partial(np.empty, shape, self._source.dtype)
        if isinstance(self._source, IndexedSource):
            block = Block(first, last - first, self._axis)
            return last - first, lambda: self._source.decode(block).values
        parts = [part.slice(first, last, self._axis) for part in self._cut if part.start < last]
        return last - first, lambda: np.concatenate([part() for part in parts], self._axis)

    def finish(self) -> None:
        """Raise ShapeError if labels are left over."""
        total = self._end + sum(block.rows for block in self._blocks)
        if total > self._done:
            rows = f"{self._done} rows of {self._logits_name}"
            raise self._wrong_count(f"{total} labels for the {rows}", total - self._done)

    def _cut_until(self, first: int, last: int) -> None:
        """Cut blocks as far as row `last`, and keep those that end behind row `first`."""
        while self._cut and self._cut[0].end <= first:
            self._cut.popleft()
        while self._end < last and (block := next(self._blocks, None)):
            part = _Part(self._source, self._end, block)
            self._end = part.end
            if part.end > first:
                self._cut.append(part)
            if len(self._cut) > _MOST_WAITING:
                self._cut[-1 - _MOST_WAITING].decode()

    def _wrong_count(self, message: str, too_many: int = -1) -> ShapeError:
        hint = "is a header read as a label, or the other way round? --header, --no-header"
        text = f"{self._source.name}: {message}"
        return ShapeError(text, hint=hint if abs(too_many) == 1 else None)


class _Part:
    """The labels of a block, decoded once."""

    def __init__(self, source: Source, start: int, block: Block) -> None:
        self._source = source
        self.start = start
        self.end = start + block.rows
        self._block: Block | None = block
        self._values: Array = np.empty(0)
        self._lock = threading.Lock()

    def decode(self) -> Array:
        with self._lock:
            if self._block is not None:
                self._values = np.array(self._source.decode(self._block).values)
                self._block = None
            return self._values

    def slice(self, first: int, last: int, axis: int) -> Callable[[], Array]:
        """Return what decodes the labels of those rows from `first` to `last` that are here."""
        these = slice(max(0, first - self.start), last - self.start)
        return lambda: self.decode()[(slice(None),) * axis + (these,)]


def shareable(logits: Source, labels: Source | None) -> bool:
    """Whether forked processes may each cut `pairs`, at little more cost."""
    return logits.shareable and (
        labels is None or (labels.shareable and isinstance(labels, IndexedSource))
    )


def cuttable(logits: Source, labels: Source | None, layout: Layout) -> tuple[Source, Source | None]:
    """Return logits and labels so that they can be cut along the axis that the layout cuts."""
    if not layout.cut_axis:
        return logits, labels
    if labels is not None and layout.probabilities:
        labels = indexed(labels)
    return indexed(logits), labels


def pairs(
    logits: Source, labels: Source | None, layout: Layout, *, tiled: bool = False
) -> Iterator[Pair]:
    """Cut logits that are `cuttable` into blocks, each with what decodes its labels.

    With `tiled`, blocks are larger, and their logits are read a tile at a time.
    """
    if layout.cut_axis is None:
        values = read_whole(logits)
        those = None if labels is None else read_whole(labels)
        source = MemorySource(logits.name, values)
        one = Block(0, 1, content=Table(values))
        yield Pair(source, one, None if those is None else lambda: those, 1, layout)
        return
    blocks = blocks_along(logits, layout.cut_axis, size_of_blocks(logits) if tiled else 1)
    if labels is None:
        yield from (Pair(logits, block, None, block.rows, layout) for block in blocks)
        return
    axis = layout.cut_axis if layout.probabilities else 0
    reader = LabelReader(labels, logits.name, axis, layout.shift_of_rows)
    counts = ShardCounts(logits, labels, layout.cut_axis)
    try:
        for block in blocks:
            count, decode = reader.take(block.rows)
            counts.check()
            yield Pair(logits, block, decode, count, layout, tiled)
        reader.finish()
        counts.check()
    except ShapeError:
        if counts.waiting:
            deque(blocks, maxlen=0)  # then the rows of every shard are known
            counts.check()
        raise
