"""What is known of the shards of an array before they are read, and which of them are open."""

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import IndexedSource, MemorySource, Shape, Source
from xentcli.formats.files import InputFile
from xentcli.formats.references import FileReference
from xentcli.storage.names import shown_name


class ShardFacts(NamedTuple):
    """What is known of several files that make one array: plain data, and so their reference.

    Attributes
    ----------
    name : str
        What messages call all shards together.
    files : tuple of InputFile
        The shards, in the order of their rows.
    references : tuple of FileReference or None
        What opens each of them again; None for what can be read only once.
    lengths : tuple of int or None
        The rows of each; None until the end of a file tells.
    row, label_row : tuple of int
        The shape of a row, and of its label.
    label_dtype : dtype or None
        The dtype of the labels beside the rows.
    blank : frozenset of int
        The shards that have no row, and do not say what one would be.
    indexed, tileable, shareable, is_sequence : bool
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
    label_dtype: np.dtype[Any] | None
    id_column: str | None
    array: str
    notes: tuple[str, ...]
    blank: frozenset[int]
    indexed: bool
    tileable: bool
    shareable: bool
    is_sequence: bool = False

    def __hash__(self) -> int:
        """Hash what tells most arrays apart, and not each of thousands of files."""
        return hash((self.name, self.lengths))

    def open(self) -> Source:
        """Return the array, of which no shard is opened yet."""
        from xentcli.formats.shards import shards_of

        return shards_of(self)

    def open_shard(self, i: int) -> Source:
        """Open one shard again."""
        if i in self.blank:
            return blank_shard(self, i)
        reference = self.references[i]
        if reference is None:
            raise AssertionError(f"{self.files[i].path} can be read only once")
        source = reference.open()
        if source.shape[0] not in (None, self.lengths[i]) or source.shape[1:] != self.row:
            raise InputError(f"{source.name}: it changed while it was read")
        return source


def facts_of(source: Source, file: InputFile, reference: FileReference | None) -> ShardFacts:
    """Return what is known of one shard, without what keeps it open."""
    if not source.shape:
        what = "a single number, which cannot be one of several files"
        raise ShapeError(f"{source.name}: {what}")
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
        source.label_dtype,
        source.id_column,
        source.array or source.name.removeprefix(shown_name(file.path)).removeprefix(":"),
        (),
        frozenset(),
        isinstance(source, IndexedSource),
        source.tileable,
        source.shareable,
        source.is_sequence,
    )


def blank_shard(facts: ShardFacts, i: int) -> Source:
    """Return a shard that has no row, as an array like the others."""
    row, label_row = ([n or 0 for n in shape] for shape in (facts.row, facts.label_row))
    labels = np.zeros((0, *label_row), facts.label_dtype) if facts.labelled else None
    ids = np.zeros(0, object) if facts.id_column else None
    name, values = shown_name(facts.files[i].path), np.zeros((0, *row), facts.dtype)
    source = MemorySource(name, values, facts.columns, labels=labels, ids=ids)
    source.stored_dtype, source.id_column = facts.stored_dtype, facts.id_column
    source.header, source.array = facts.header, facts.array
    return source


def hint_on_lengths(shard: ShardFacts, first: ShardFacts) -> str | None:
    """Return what makes one array of sequences of several lengths, as the last batch has others."""
    of_logits = len(shard.row) > 1 and shard.row[1:] == first.row[1:]
    of_labels = len(shard.row) == len(first.row) == 1 and shard.dtype.kind in "iu"
    if of_logits or of_labels:
        return "are sequences of several lengths? Then pad them to one, with labels of -100"
    return None


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
        """Pickle only what was known from the start."""
        return OpenShards, (self._facts, self.once, self._most)

    def __getitem__(self, i: int) -> Source:
        """Return one of the shards, opened if it is not."""
        with self._lock:
            source = self._latest.pop(i, None)
            if source is not None:
                self._latest[i] = source  # moves it to the end, as the latest
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
