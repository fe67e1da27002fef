"""Labels beside blocks of logits: the same rows of another file, decoded where they are used."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import ShapeError
from xentcli.formats.interface import Block, Source, Table
from xentcli.pipeline.inputs import blocks_along, read_whole
from xentcli.pipeline.layout import Layout

Array = NDArray[Any]


class LabelReader:
    """Hands out the labels of consecutive rows.

    Those of a sliceable source are read by whoever needs them. Any other is cut into blocks of its
    own; what is decoded is kept for the others who need a part of it.
    """

    def __init__(self, source: Source, logits_name: str, axis: int) -> None:
        if axis:
            source.keep()
        self._source = source
        self._logits_name = logits_name
        self._axis = axis
        self._blocks = iter(()) if source.sliceable else blocks_along(source, axis)
        self._cut: list[tuple[int, int, Callable[[], Array]]] = []
        self._end = 0
        self._done = 0

    def take(self, rows: int) -> Callable[[], Array]:
        """Return what decodes the labels of the next `rows` rows."""
        start = self._done
        self._done += rows
        if self._source.sliceable:
            if self._done > self._length():
                raise self._too_few(self._length())
            block = self._source.block(start, rows, self._axis)
            return lambda: block.decode().values
        while self._end < self._done:
            self._cut_next()
        self._cut = [part for part in self._cut if part[1] > start]
        parts = [
            (decode, max(0, start - first), self._done - first)
            for first, _, decode in self._cut
            if first < self._done
        ]
        before = (slice(None),) * self._axis
        return lambda: np.concatenate(
            [decode()[(*before, slice(low, high))] for decode, low, high in parts], axis=self._axis
        )

    def finish(self) -> None:
        """Raise ShapeError if labels are left over."""
        total = self._length() if self._source.sliceable else self._end
        total += sum(block.rows for block in self._blocks)
        if total > self._done:
            raise ShapeError(
                f"{self._source.name}: {total} labels for the {self._done} rows of "
                f"{self._logits_name}",
                hint="is a header read as a label, or the other way round? --header, --no-header",
            )

    def _length(self) -> int:
        return self._source.shape[self._axis] or 0

    def _cut_next(self) -> None:
        block = next(self._blocks, None)
        if block is None:
            raise self._too_few(self._end)
        self._cut.append((self._end, self._end + block.rows, cache(_decoder(block))))
        self._end += block.rows

    def _too_few(self, count: int) -> ShapeError:
        return ShapeError(
            f"{self._source.name}: {count} labels, and {self._logits_name} has more rows",
            hint="is a header read as a label, or the other way round? --header, --no-header",
        )


def _decoder(block: Block) -> Callable[[], Array]:
    return lambda: block.decode().values


def beside(
    blocks: Iterator[Block], labels: LabelReader
) -> Iterator[tuple[Block, Callable[[], Array]]]:
    """Pair each block of logits with its labels."""
    for block in blocks:
        yield block, labels.take(block.rows)
    labels.finish()


Pair = tuple[Block, Callable[[], Array] | None]


def pairs(logits: Source, labels: Source | None, layout: Layout) -> Iterator[Pair]:
    """Cut logits into blocks, each with what decodes its labels."""
    if layout.cut_axis is None:
        values = read_whole(logits)
        those = None if labels is None else read_whole(labels)
        yield Block(0, 1, lambda: Table(values)), None if those is None else lambda: those
        return
    blocks = blocks_along(logits, layout.cut_axis)
    if labels is None:
        yield from ((block, None) for block in blocks)
        return
    axis = layout.cut_axis if layout.probabilities else 0
    yield from beside(blocks, LabelReader(labels, logits.name, axis))
