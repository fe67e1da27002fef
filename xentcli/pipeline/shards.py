"""An array in many files: shards, one behind the other along the first axis."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError, ShapeError, UsageError
from xentcli.formats.base import Block, Shape, Source, Table, cut
from xentcli.pipeline.inputs import BLOCK, InputFile, open_array
from xentcli.storage.names import shown_name
from xentcli.storage.paths import expand, natural_key, reads_once

__all__ = ["ShardedSource", "expand", "open_shards", "reads_once"]

_KEPT_OPEN = 2  # shards: neighbouring blocks read the same ones
_LARGEST = 2**25  # bytes of a block that runs through all shards


def open_shards(names: Sequence[str], file_of: Callable[[str], InputFile]) -> Source:
    """Open one array: a file, or all files that `names`, which may be patterns, stand for.

    Raises
    ------
    InputError
        If a pattern matches nothing, or the shards are not of one shape, dtype and header.
    """
    paths = [path for name in names for path in expand(name)]
    if len(paths) == 1:
        return open_array(file_of(paths[0]))
    if "-" in paths:
        raise UsageError("standard input cannot be one of several files")
    first_name = shown_name(names[0] if len(names) == 1 else paths[0])
    name = first_name if len(names) == 1 else f"{first_name} and {len(paths) - 1} more"
    source = ShardedSource(name, [file_of(path) for path in paths])
    by_shell = list(names) == paths == sorted(paths)
    if by_shell and paths != (natural := sorted(paths, key=natural_key)):
        first = next(i for i, path in enumerate(paths) if path != natural[i])
        source.notes.append(
            f"{name}: read in the order given, {paths[first]} before {natural[first]}; "
            "a quoted pattern is read in the order of the numbers"
        )
    return source


class ShardedSource:
    """The arrays of several files as one.

    Every file is opened for its header at once, but stays open only while it is read: there may be
    more of them than a process can hold open.
    """

    columns: tuple[str, ...] | None

    def __init__(self, name: str, files: Sequence[InputFile]) -> None:
        self.name = name
        self.files = files
        self.lengths: list[int | None] = []
        """The rows of each shard; None until the end of a file tells."""
        self.sliceable = self.tileable = self.shareable = True
        self.size: int | None = 0
        self.notes: list[str] = []
        once: dict[int, Source] = {}
        formats: dict[str, None] = {}
        checks: list[Callable[[], None]] = []
        notes: dict[str, list[str]] = {}
        for i, file in enumerate(files):
            source = open_array(file)
            if i == 0:
                self._begin(source)
            self._check(source)
            self.columns = self.columns or source.columns
            self.lengths.append(source.shape[0])
            self.sliceable &= source.sliceable
            self.tileable &= source.tileable
            self.shareable &= source.shareable
            self.size = _sum([self.size, source.size])
            formats[source.format] = None
            checks.append(source.check_unchanged)
            for note in source.notes:
                notes.setdefault(note.removeprefix(f"{source.name}: "), []).append(source.name)
            if reads_once(file.path):
                once[i] = source
        self.format = ", ".join(formats)
        self.check_unchanged: Callable[[], None] = partial(_check_all, checks)
        self.notes = [_note(text, names) for text, names in notes.items()]
        self.shape: Shape = (_sum(self.lengths), *self._tail)
        self._ends = list(accumulate(n or 0 for n in self.lengths))
        self._once = once
        # What opens a shard refers to no part of this object that refers back: without a cycle,
        # files are closed as soon as nobody reads them.
        self._open = partial(_open_again, files, self.lengths, self._tail, once)
        self._opened = lru_cache(_KEPT_OPEN)(self._open)

    def _begin(self, first: Source) -> None:
        self._first = first.name
        self._tail = first.shape[1:]
        self.dtype = first.dtype
        self.stored_dtype = first.stored_dtype
        self.columns = first.columns
        self.labelled = first.labelled
        self.id_column = first.id_column

    def _check(self, source: Source) -> None:
        """Raise ShapeError if a shard is not like the first."""
        name, first = source.name, self._first
        if not source.shape:
            raise ShapeError(f"{name}: a single number, which cannot be one of several files")
        if source.shape[1:] != self._tail:
            raise ShapeError(
                f"{name}: rows of shape {source.shape[1:]}, and {first} has rows of {self._tail}"
            )
        if source.dtype.newbyteorder("=") != self.dtype.newbyteorder("="):
            raise ShapeError(f"{name}: numbers are {source.dtype}, and {self.dtype} in {first}")
        for i, (ours, theirs) in enumerate(
            zip(source.columns or (), self.columns or (), strict=False)
        ):
            if ours != theirs:
                raise ShapeError(f"{name}: column {i + 1} is {ours!r}, and {theirs!r} in {first}")

    def keep(self) -> None:
        """Make the source readable more than once: files are, by opening them again."""
        for source in self._once.values():
            source.keep()

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices of `axis` to read at a time, when `rows` are wanted."""
        largest = max(range(len(self.files)), key=lambda i: self.lengths[i] or 0)
        cheap = self._opened(largest).step(rows, axis)
        others = [n or 0 for i, n in enumerate(self.shape) if i != axis]
        most = _LARGEST // max(1, math.prod(others) * self.dtype.itemsize)
        return max(rows, min(cheap, most), 1)

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut into blocks where one file of all rows would be cut, else shard by shard."""
        return cut(self, rows) if self.sliceable else self._each(rows)

    def _each(self, rows: int) -> Iterator[Block]:
        start = 0
        for i in range(len(self.files)):
            end = start
            for block in self._open(i).blocks(rows):
                end = start + block.start + block.rows
                yield block._replace(start=start + block.start)
            self.lengths[i] = end - start
            start = end

    def block(self, start: int, rows: int, axis: int = 0) -> Block:
        """Return the block of any slice of `axis`, which may run through several shards."""
        return Block(start, rows, partial(self._read, start, rows, axis))

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Read rows of the array laid out as (N, C), which may run through several shards."""
        inner = max(
            1, math.prod(n or 0 for n in self._tail[:-1])
        )  # without rows, none is asked for
        parts = [self._opened(i).tile(first, n) for i, first, n in self._slices(start, rows, inner)]
        return parts[0] if len(parts) == 1 else np.concatenate([self._opened(0).tile(0, 0), *parts])

    def _read(self, start: int, rows: int, axis: int) -> Table:
        if axis:
            slices = [(i, start, rows) for i in range(len(self.files))]
        else:
            slices = list(self._slices(start, rows)) or [(0, 0, 0)]
        # Whatever was read, shards lie along axis 0.
        return Table.joined(
            [self._opened(i).block(first, n, axis).decode() for i, first, n in slices]
        )

    def _slices(self, start: int, rows: int, inner: int = 1) -> Iterator[tuple[int, int, int]]:
        """Yield shard, first row and number of rows of what some rows are made of.

        A slice of axis 0 counts as `inner` rows.
        """
        i = bisect_right(self._ends, start // inner)
        while rows > 0:
            end = self._ends[i] * inner
            first = start - end + (self.lengths[i] or 0) * inner
            count = min(rows, end - start)
            if count:
                yield i, first, count
            i, start, rows = i + 1, start + count, rows - count

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place in the shard that holds it, which counts its own rows."""
        if not index:
            return self.name
        i, (row, *inner) = 0, index
        while (length := self.lengths[i]) is not None and row >= length:
            i, row = i + 1, row - length
        source = self._open(i)
        if not source.sliceable and i not in self._once:  # it knows its lines when they are cut
            next((b for b in source.blocks(BLOCK) if b.start + b.rows > row), None)
        return source.place((row, *inner))


def _check_all(checks: Sequence[Callable[[], None]]) -> None:
    for check in checks:
        check()


def _sum(counts: Sequence[int | None]) -> int | None:
    return None if None in counts else sum(n or 0 for n in counts)


def _note(text: str, names: list[str]) -> str:
    """Return one note for what was decided about several shards alike."""
    more = f" (and so in {len(names) - 1} more)" if len(names) > 1 else ""
    return f"{names[0]}: {text}{more}"


def _open_again(
    files: Sequence[InputFile],
    lengths: Sequence[int | None],
    tail: Shape,
    once: dict[int, Source],
    i: int,
) -> Source:
    if i in once:
        return once[i]
    source = open_array(files[i])
    if source.shape[0] not in (None, lengths[i]) or source.shape[1:] != tail:
        raise InputError(f"{source.name}: it changed while it was read")
    return source
