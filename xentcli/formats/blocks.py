"""Cuts a source of any kind into blocks, and joins its blocks to all of it."""

import math
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import ShapeError
from xentcli.formats.memory import MemorySource
from xentcli.formats.sources import IndexedSource, Source
from xentcli.formats.table_blocks import Block, Table

BLOCK_ELEMENTS = 2**20
"""Elements of a block: enough to make a block's fixed costs small, few enough for many at once."""
_LARGEST_COPY_BYTES = 2**25  # the most of a stream copied to memory, else to disk


def blocks_along(source: Source, axis: int = 0, elements: int = BLOCK_ELEMENTS) -> Iterator[Block]:
    """Cut a source along an axis into blocks of about so many numbers.

    Along another axis than the first, the source must be an `indexed` one.
    """
    lengths = [n for i, n in enumerate(source.shape) if i != axis and n is not None]
    rows = max(1, elements // max(1, math.prod(lengths)))
    if axis == 0:
        return source.blocks(rows)
    if not isinstance(source, IndexedSource):
        raise TypeError(f"{source.name}: only an indexed source is cut along axis {axis}")
    return source.blocks(rows, axis)


def read_whole(source: Source, most: int | None = None) -> NDArray[Any]:
    """Return all of an array, for those that are small, or have no rows to cut at.

    Raises
    ------
    ShapeError
        If there are more than `most` numbers; they are counted before they are decoded.
    """
    return whole_table(source, most).values


def whole_table(source: Source, most: int | None = None) -> Table:
    """Return all of an array, and what stands beside it, as `read_whole` does."""
    rows, *inner = source.shape or (1,)
    row = math.prod(n or 0 for n in inner)
    tables: list[Table] = []
    count = 0
    _check_count(source, (rows or 0) * row, most)
    for block in source.blocks(max(1, BLOCK_ELEMENTS // max(1, row))):
        count += block.rows
        _check_count(source, count * row, most)
        tables.append(source.decode(block).copied())
    return _joined(source, tables)


def _joined(source: Source, tables: list[Table]) -> Table:
    if tables:
        return Table.joined(tables)
    return Table(np.empty(tuple(n or 0 for n in source.shape), source.dtype))


def _check_count(source: Source, count: int, most: int | None) -> None:
    if most is not None and count > most:
        what = f"more than {most} numbers, where all are held in memory"
        raise ShapeError(f"{source.name}: {what}", hint="is this the file that was meant?")


def indexed(source: Source) -> IndexedSource:
    """Return the same array so that any slice can be read: itself, or a copy."""
    kept = source.kept()
    return kept if isinstance(kept, IndexedSource) else copy_of(kept)


def copy_of(source: Source) -> IndexedSource:
    """Return a copy of an array: a small one is in memory, the numbers of others on the disk."""
    row = math.prod(n or 0 for n in source.shape[1:])
    cut = source.blocks(max(1, BLOCK_ELEMENTS // max(1, row)))
    tables = (source.decode(block) for block in cut)
    held: list[Table] = []
    for table in tables:
        held.append(table.copied())
        small = sum(each.values.nbytes for each in held) <= _LARGEST_COPY_BYTES
        if source.dtype != object and not small:
            from xentcli.formats.spooled import spooled

            return spooled(source, chain(held, tables))
    values, labels, ids = _joined(source, held)
    return MemorySource(source.name, values, source.columns, labels=labels, ids=ids, origin=source)
