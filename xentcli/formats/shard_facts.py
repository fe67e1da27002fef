"""What is known of the shards of an array before they are read, and which of them are open."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import IndexedSource, Shape, Source
from xentcli.formats.files import InputFile, open_file
from xentcli.formats.references import FileReference
from xentcli.storage.paths import reads_once

Check = Callable[[], None]


class ShardFacts(NamedTuple):
    """What is known of several files that make one array: plain data, and so their reference.

    Attributes
    ----------
    name : str
        Of all shards together, for messages.
    files : tuple of InputFile
        In the order of their rows.
    references : tuple of FileReference or None
        What opens each of them again; None for what can be read only once.
    lengths : tuple of int or None
        The rows of each; None until the end of a file tells.
    row, label_row : tuple of int
        The shape of a row, and of its label.
    indexed, tileable, shareable : bool
        Whether all shards are.
    """

    name: str
    files: tuple[InputFile, ...]
    references: tuple[FileReference | None, ...]
    lengths: tuple[int | None, ...]
    row: Shape
    dtype: np.dtype[Any]
    stored_dtype: str
    format: str
    size: int | None
    columns: tuple[str, ...] | None
    header: tuple[str, ...] | None
    labelled: bool
    label_row: Shape
    id_column: str | None
    notes: tuple[str, ...]
    indexed: bool
    tileable: bool
    shareable: bool

    def __hash__(self) -> int:
        """Hash what tells most arrays apart, and not each of thousands of files."""
        return hash((self.name, self.lengths))

    def open(self) -> Source:
        """Return the array, of which no shard is opened yet."""
        from xentcli.formats.shards import shards_of

        return shards_of(self)

    def open_shard(self, i: int) -> Source:
        """Open one shard again."""
        reference = self.references[i]
        if reference is None:
            raise AssertionError(f"{self.files[i].path} can be read only once")
        source = reference.open()
        if source.shape[0] not in (None, self.lengths[i]) or source.shape[1:] != self.row:
            raise InputError(f"{source.name}: it changed while it was read")
        return source


def read_facts(
    name: str, files: tuple[InputFile, ...]
) -> tuple[ShardFacts, dict[int, Source], list[Check]]:
    """Open every file for its header, and close it again.

    There may be more of them than a process can hold open.

    Returns
    -------
    ShardFacts
        What all shards have in common, and the rows of each.
    dict of Source
        Those that can be opened only once, by number.
    list of callable
        What raises InputError where a file is no longer what it was.

    Raises
    ------
    InputError
        If the shards are not of one shape, dtype and header.
    """
    once: dict[int, Source] = {}
    checks: list[Check] = []
    notes: dict[str, list[str]] = {}
    shards: list[ShardFacts] = []
    columns: tuple[str, ...] | None = None
    for i, file in enumerate(files):
        source = open_file(file)
        if not source.shape:
            what = "a single number, which cannot be one of several files"
            raise ShapeError(f"{source.name}: {what}")
        is_read_once = reads_once(file.path)
        shards.append(_facts_of(source, file, is_read_once=is_read_once))
        columns = columns or source.columns
        _check_alike(shards[-1], shards[0], columns)
        if source.unchanged is not None:
            checks.append(source.unchanged)
        for note in source.notes:
            notes.setdefault(note.removeprefix(f"{source.name}: "), []).append(source.name)
        if is_read_once:
            once[i] = source
    together = shards[0]._replace(
        name=name,
        files=files,
        references=tuple(shard.references[0] for shard in shards),
        lengths=tuple(shard.lengths[0] for shard in shards),
        format=", ".join(dict.fromkeys(shard.format for shard in shards)),
        size=total([shard.size for shard in shards]),
        columns=columns,
        notes=tuple(_note(text, names) for text, names in notes.items()),
        indexed=all(shard.indexed for shard in shards),
        tileable=all(shard.tileable for shard in shards),
        shareable=all(shard.shareable for shard in shards),
    )
    return together, once, checks


def _facts_of(source: Source, file: InputFile, *, is_read_once: bool) -> ShardFacts:
    """Return what is known of one shard, without what keeps it open."""
    reference = None if is_read_once else FileReference.to(file, source.size)
    return ShardFacts(
        source.name,
        (file,),
        (reference,),
        (source.shape[0],),
        source.shape[1:],
        source.dtype,
        source.stored_dtype,
        source.format,
        source.size,
        source.columns,
        source.header,
        source.labelled,
        source.label_row,
        source.id_column,
        (),
        isinstance(source, IndexedSource),
        source.tileable,
        source.shareable,
    )


def _check_alike(shard: ShardFacts, first: ShardFacts, columns: tuple[str, ...] | None) -> None:
    """Raise ShapeError if a shard is not like the first."""
    name = shard.name
    if shard.row != first.row:
        what = f"rows of shape {shard.row}, and {first.name} has rows of {first.row}"
        raise ShapeError(f"{name}: {what}")
    if shard.label_row != first.label_row:
        what = f"labels of shape {shard.label_row}, and in {first.name} of {first.label_row}"
        raise ShapeError(f"{name}: {what}")
    if shard.dtype.newbyteorder("=") != first.dtype.newbyteorder("="):
        raise ShapeError(f"{name}: numbers are {shard.dtype}, and {first.dtype} in {first.name}")
    if shard.id_column != first.id_column:
        one, other = (f"{s.name}: ids are {s.id_column or 'none'}" for s in (shard, first))
        raise ShapeError(f"{one}, and in {other}")
    for i, (ours, theirs) in enumerate(zip(shard.columns or (), columns or (), strict=False)):
        if ours != theirs:
            what = f"column {i + 1} is {ours!r}, and {theirs!r} in {first.name}"
            raise ShapeError(f"{name}: {what}")


def _note(text: str, names: list[str]) -> str:
    """Return one note for what was decided about several shards alike."""
    more = f" (and so in {len(names) - 1} more)" if len(names) > 1 else ""
    return f"{names[0]}: {text}{more}"


def total(counts: Sequence[int | None]) -> int | None:
    """Return the sum of counts, None if one of them is not known."""
    return None if None in counts else sum(n or 0 for n in counts)


class OpenShards:
    """The shards that are open: the latest few, and those that can be opened only once.

    It pickles without the files, which are opened again.
    """

    def __init__(self, facts: ShardFacts, once: dict[int, Source], most: int) -> None:
        self._facts = facts
        self.once = once
        self._most = most
        self._latest: dict[int, Source] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as what was known from the start."""
        return OpenShards, (self._facts, self.once, self._most)

    def __getitem__(self, i: int) -> Source:
        """Return one of the shards, opened if it is not."""
        with self._lock:
            source = self._latest.pop(i, None)
            if source is not None:
                self._latest[i] = source  # the latest
                return source
        return self.again(i)

    def again(self, i: int) -> Source:
        """Open a shard anew, so that it can be read from its beginning."""
        source = self.once[i] if i in self.once else self._facts.open_shard(i)
        with self._lock:
            self._latest.pop(i, None)
            self._latest[i] = source
            if len(self._latest) > self._most:
                del self._latest[next(iter(self._latest))]
        return source
