"""Checks that a source of a format from outside is one, and gives the rows it has promised.

Rows that are missing would be a smaller result or a shorter file that nothing else could notice.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.blocks import copy_of
from xentcli.formats.sources import IndexedSource, Source, StreamSource
from xentcli.formats.table_blocks import Block, Shape, Table

_HINT = "is the file cut off? This format was added to xent; what it must have: xent help design"
_HINT_OF_SOURCE = "what a format that is added to xent must have: xent help design"
_KINDS = "biufUSO"  # numbers, and the text of labels
_TEXT = "USO"  # may be of any length


def promised(source: Any, name: str) -> Source:
    """Return the same source, which raises InputError where it gives other rows than promised.

    Raises
    ------
    InputError
        If it is no source of the file `name`, or lacks what every source has.
    """
    _check_source(source, name)
    if isinstance(source, IndexedSource):
        return PromisedIndexed(source)
    return PromisedStream(source)


class Promises(Source):
    """What both kinds of sources have in common: another source, and what it has promised.

    Parameters
    ----------
    source : Source
        The other source.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        for name in Source.__annotations__.keys() - {"of_this_process"}:
            setattr(self, name, getattr(source, name))

    def kept(self) -> Source:
        """Return the same array, readable more than once."""
        kept = self._source.kept()
        return self if kept is self._source else promised(kept, self.name)

    def decode(self, block: Block) -> Table:
        """Return the rows of a block."""
        return self._as_promised(self._source.decode(block), block.rows, block.axis)

    def carried(self, block: Block) -> Block:
        """Return the block with its content, unless a reference leads to it."""
        return block if self.reference is not None else self._source.carried(block)

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the other source does."""
        return self._source.place(index)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as every source; raise InputError if the other one holds what does not pickle."""
        if self.reference is None and type(self._source).__reduce__ is Source.__reduce__:
            _check_sent(self._source)
        return super().__reduce__()

    def _counted(self, blocks: Iterator[Block], length: int | None) -> Iterator[Block]:
        """Yield blocks, if they follow one another up to a length, unless that is not known."""
        count = 0
        if not isinstance(blocks, Iterable):
            raise self._error(f"{_kind(blocks)} where blocks were promised: does it yield them?")
        for block in blocks:
            if not isinstance(block, Block):
                raise self._error(f"{_kind(block)} where a Block was promised")
            if not isinstance(block.rows, (int, np.integer)) or block.rows < 0:
                raise self._error(f"a block of {block.rows!r} rows, which is no whole number")
            if block.start != count:
                raise self._error(f"a block from row {block.start} on behind {count} rows")
            count += block.rows
            yield block
        if length not in (None, count):
            raise self._error(f"blocks of {count} rows in all, where its shape has {length}")

    def _as_promised(self, table: Table, rows: int, axis: int = 0) -> Table:
        if not isinstance(table, Table):
            raise self._error(f"{_kind(table)} where a Table was promised")
        wanted = tuple(rows if i == axis else length for i, length in enumerate(self.shape))
        self._check(table.values, wanted)
        for beside in (table.labels, table.ids):
            if beside is not None and axis == 0 and len(beside) != rows:
                raise self._error(f"{len(beside)} labels or ids of {rows} rows")
        return table

    def _check(self, values: Any, wanted: Shape) -> None:
        if not isinstance(values, np.ndarray) or isinstance(values, np.ma.MaskedArray):
            raise self._error(f"{_kind(values)} where a plain array was promised")
        if values.shape != wanted:
            raise self._error(f"an array of shape {values.shape} where {wanted} was promised")
        given, dtype = (each.newbyteorder("=") for each in (values.dtype, self.dtype))
        if given != dtype and not {given.kind, dtype.kind} <= {*_TEXT}:
            raise self._error(f"numbers of {values.dtype} where {self.dtype} was promised")

    def _error(self, gives: str) -> InputError:
        return InputError(f"{self.name}: the format {self.format} gives {gives}", hint=_HINT)


class PromisedStream(Promises, StreamSource):
    """A source whose rows come in order."""

    def kept(self) -> Source:
        """Return a copy, unless the source says itself how it is read more than once."""
        copied = type(self._source).kept is StreamSource.kept
        return copy_of(self) if copied else super().kept()

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut into blocks, whose rows are counted."""
        return self._counted(self._source.blocks(rows), (self.shape or (1,))[0])


class PromisedIndexed(Promises, IndexedSource):
    """A source of which any slice can be read."""

    _source: IndexedSource

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices are cheap to read at a time."""
        return self._source.step(rows, axis)

    def blocks(self, rows: int, axis: int = 0) -> Iterator[Block]:
        """Cut an axis into blocks, whose rows are counted."""
        return self._counted(self._source.blocks(rows, axis), (self.shape or (1,))[axis])

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read slices of an axis."""
        return self._as_promised(self._source.read(start, rows, axis), rows, axis)

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Read rows of the array laid out as (N, C)."""
        tile = self._source.tile(start, rows)
        self._check(tile, (rows, self.shape[-1]))
        return tile


def _check_source(source: Any, name: str) -> None:
    """Raise InputError if it is no source of the file `name`, or lacks what every source has."""
    gives = None
    if not isinstance(source, (IndexedSource, StreamSource)):
        gives = f"{type(source).__name__}, which is no source"
    elif lacks := [each for each in Source.__annotations__ if not hasattr(source, each)]:
        gives = f"a source without {', '.join(lacks)}"
    elif not (isinstance(source.dtype, np.dtype) and _is_shape(source.shape)):
        found = f"the shape {source.shape!r} and the dtype {source.dtype!r}"
        gives = f"{found}, where a tuple of int and a np.dtype belong"
    elif source.dtype.kind not in _KINDS:
        gives = f"the dtype {source.dtype}, which is none of numbers or text"
    else:
        for attribute, wanted, fits in _ATTRIBUTES:
            if not fits(getattr(source, attribute)):
                gives = f"{attribute} = {getattr(source, attribute)!r}, where {wanted} belongs"
        columns, lengths = source.columns, source.shape[1:]
        if gives is None and columns is not None and len(columns) != (lengths or (1,))[-1]:
            gives = f"{len(columns)} names of columns for the shape {source.shape!r}"
    if gives:
        raise InputError(f"{name}: its format gives {gives}", hint=_HINT_OF_SOURCE)


def _is_shape(shape: Any) -> bool:
    """Whether it is a tuple of lengths; only the first may be None, as that of a stream."""
    if not isinstance(shape, tuple):
        return False
    lengths = shape[1:] if shape[:1] == (None,) else shape
    return all(type(length) is int and length >= 0 for length in lengths)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_size(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 0)


def _are_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(_is_text, value))


def _are_names(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and _are_texts(value))


_ATTRIBUTES: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ("name", "text", _is_text),
    ("format", "text", _is_text),
    ("stored_dtype", "the name of a dtype", _is_text),
    ("size", "a number of bytes or None", _is_size),
    ("notes", "a list of text", _are_texts),
    ("columns", "a tuple of text", _are_names),
)


def _check_sent(source: Source) -> None:
    """Raise InputError if an attribute of a source cannot be sent to other processes."""
    for name, value in vars(source).items():
        if name in source.of_this_process or isinstance(value, (np.ndarray, bytes, str)):
            continue
        try:
            pickle.dumps(value)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            what = f"keeps {name}, which cannot be sent to other processes: {error}"
            raise InputError(
                f"{source.name}: the format {source.format} {what}",
                hint="of_this_process names what is not sent: xent help design",
            ) from error


def _kind(value: object) -> str:
    return type(value).__name__
