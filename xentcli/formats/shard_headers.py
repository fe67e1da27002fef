"""The headers of many files that make one array: what they have in common, and the rows of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from xentcli.formats.alike_shards import Alike, label_dtype_of, other_array
from xentcli.formats.base import MemorySource, Source
from xentcli.formats.blank_shards import EMPTY, blank_among, is_empty_text, only_cells_of
from xentcli.formats.files import InputFile, open_file
from xentcli.formats.names import FROM_OUTSIDE
from xentcli.formats.references import FileReference, folder_here
from xentcli.formats.shard_facts import ShardFacts, facts_of, total
from xentcli.storage.names import is_url, shown_name
from xentcli.storage.paths import reads_once

Check = Callable[[], None]
Mapped = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

_MANY = 32  # from so many files on, others read the headers
_MAPPED: ContextVar[Mapped | None] = ContextVar("mapped", default=None)


@contextmanager
def reading_headers(mapped: Mapped) -> Iterator[None]:
    """Have the headers of many files read by `mapped`, a `map` elsewhere, while the block runs."""
    token = _MAPPED.set(mapped)
    try:
        yield
    finally:
        _MAPPED.reset(token)


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
        Each raises InputError if its file is no longer what it was.

    Raises
    ------
    InputError
        If the shards are not of one shape, dtype and header.
    """
    once: dict[int, Source] = {}
    checks: list[Check] = []
    shards: list[_ShardHeader] = []
    common = Alike()
    elsewhere: list[FileReference] = []
    for i, header in enumerate(_headers(files)):
        facts, _, source, only_cells = header
        shards.append(header._replace(source=None))
        if only_cells is None:  # the others may be blank, which the last file tells
            common.take(facts)
        (reference,) = facts.references
        if reference is not None:
            reference.check_format()
        if source is None and reference is not None:
            elsewhere.append(reference)
        elif source is not None and source.unchanged is not None:
            checks.append(source.unchanged)
        if source is not None and reference is None:
            once[i] = source
    if elsewhere:
        checks.append(partial(_check_elsewhere, elsewhere))
    blank = blank_among([(shard.facts, shard.only_cells) for shard in shards])
    if not blank and (empty := [s for s in shards if any(map(_says_empty, s.notes))]):
        open_file(*empty[0].facts.files)  # it says so
    return _joined(name, files, shards, blank, common), once, checks


def _joined(
    name: str,
    files: tuple[InputFile, ...],
    headers: Sequence["_ShardHeader"],
    blank: frozenset[int],
    common: Alike,
) -> ShardFacts:
    """Return what is known of all shards, of which some are blank."""
    notes: dict[str, list[str]] = {}
    shards = [header.facts for header in headers]
    filled = [shard for i, shard in enumerate(shards) if i not in blank]
    first = filled[0]
    for i, (facts, noted, _, only_cells) in enumerate(headers):
        blank_notes = filter(_says_empty, noted)
        said = tuple(blank_notes) if i in blank else (*noted, *other_array(facts, first))
        if only_cells is not None and i not in blank:
            common.take(facts)
        for note in said:  # of the file, or of its array
            named = (facts.name, shown_name(facts.files[0].path))
            of = next((each for each in named if note.startswith(f"{each}: ")), facts.name)
            notes.setdefault(note.removeprefix(f"{of}: "), []).append(of)
    like = common.like or first
    return first._replace(
        name=name,
        dtype=like.dtype,
        stored_dtype=like.stored_dtype,
        files=files,
        references=tuple(shard.references[0] for shard in shards),
        lengths=tuple(0 if i in blank else s.lengths[0] for i, s in enumerate(shards)),
        blank=blank,
        format=", ".join(dict.fromkeys(shard.format for shard in filled)),
        size=total([shard.size for shard in shards]),
        columns=common.columns,
        label_dtype=label_dtype_of(filled),
        notes=tuple(_note(text, names) for text, names in notes.items()),
        indexed=all(shard.indexed for shard in filled),
        tileable=all(shard.tileable for shard in filled),
        shareable=all(shard.shareable for shard in filled),
        is_sequence=all(shard.is_sequence for shard in filled),
    )


class _ShardHeader(NamedTuple):
    """What is known of one shard, and the source that says it, if it is open here."""

    facts: ShardFacts
    notes: list[str]
    source: Source | None
    only_cells: tuple[str, ...] | None


def _headers(files: tuple[InputFile, ...]) -> Iterator[_ShardHeader]:
    """Yield what is known of each shard, read here, or by whoever `reading_headers` names.

    Others may lack the formats that were added here, and take such files for something else.
    """
    mapped = _MAPPED.get()
    many = len(files) >= _MANY and all(map(_is_elsewhere, files))
    if mapped is not None and many and not FROM_OUTSIDE:
        yield from mapped(_HeaderWork(folder_here()).header_of, files)
        return
    for file in files:
        if is_empty_text(file, file.path):
            yield _empty(file, folder_here())
            continue
        source = open_file(file)
        reference = None if reads_once(file.path) else FileReference.to(file, source, source.size)
        facts = facts_of(source, file, reference)
        yield _ShardHeader(facts, source.notes, source, only_cells_of(source))


def _empty(file: InputFile, folder: str) -> _ShardHeader:
    """Return what is known of a file without a byte, whose relative path starts in a folder."""
    source = MemorySource(shown_name(file.path), np.zeros(0))
    facts = facts_of(source, file, FileReference.unopened(file, folder))
    return _ShardHeader(facts, [f"{facts.name}: {EMPTY}"], None, ())


def _says_empty(note: str) -> bool:
    return note.endswith(EMPTY)


def _is_elsewhere(file: InputFile) -> bool:
    """Whether others may read a file: URLs are opened ahead here, several at a time."""
    return not reads_once(file.path) and not is_url(file.path)


class _HeaderWork(NamedTuple):
    """Reads the header of a file, whose relative path starts in a folder."""

    folder: str

    def place_of(self, file: InputFile) -> str:
        """Name the file."""
        return shown_name(file.path)

    def header_of(self, file: InputFile) -> _ShardHeader:
        """Return what is known of the file."""
        if is_empty_text(file, FileReference(file, self.folder, ()).path):
            return _empty(file, self.folder)
        source, reference = FileReference.first(file, self.folder)
        facts = facts_of(source, file, reference)
        return _ShardHeader(facts, source.notes, None, only_cells_of(source))


def _check_elsewhere(references: Sequence[FileReference]) -> None:
    """Check files in the process that read their headers."""
    mapped = _MAPPED.get() or map
    for _ in mapped(FileReference.check, references):
        pass


def _note(text: str, names: list[str]) -> str:
    """Return one note for what was decided about several shards alike."""
    more = f" (and so in {len(names) - 1} more)" if len(names) > 1 else ""
    return f"{names[0]}: {text}{more}"
