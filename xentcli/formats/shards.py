"""An array in many files: shards, one after the other along the first axis."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from xentcli.errors import UsageError
from xentcli.formats.base import BLOCK_ELEMENTS, Block, IndexedSource, Source, StreamSource, Table
from xentcli.formats.files import InputFile
from xentcli.formats.in_sequence import ArraysInSequence
from xentcli.formats.inline import as_one_argument, is_inline
from xentcli.formats.references import remember
from xentcli.formats.shard_facts import OpenShards, ShardFacts, total
from xentcli.formats.shard_headers import Check, read_facts
from xentcli.storage.names import shown_name
from xentcli.storage.paths import natural_key

_OPEN_INDEXED_SHARDS = 2  # neighbouring blocks read the same ones
_SHARDS_OF_BLOCK = 8  # small ones are opened by several at once
_OPEN_STREAM_SHARDS = 8  # one for each block that waits to be decoded


def open_shards(
    names: Sequence[str], paths: Sequence[str], file_of: Callable[[str], InputFile]
) -> Source:
    """Open several files as one array: the files `paths`, for which the user wrote `names`."""
    if any(map(is_inline, paths)):
        what = "data that are typed cannot be one of several files"
        raise UsageError(what, hint=as_one_argument(paths) if all(map(is_inline, paths)) else None)
    if "-" in paths:
        raise UsageError("standard input cannot be one of several files")
    name = shown_name(names[0] if len(names) == 1 else paths[0])
    name = name if len(names) == 1 else f"{name} and {len(paths) - 1} more"
    facts, once, checks = read_facts(name, tuple(map(file_of, paths)))
    by_shell = list(names) == list(paths) == sorted(paths)
    natural = sorted(paths, key=natural_key)
    if by_shell and list(paths) != natural:
        first = next(i for i, path in enumerate(paths) if path != natural[i])
        here, later = shown_name(paths[first]), shown_name(natural[first])
        note = (
            f"{name}: read in the order given, {here} before {later}; "
            "a quoted pattern is read in the order of the numbers"
        )
        facts = facts._replace(notes=(*facts.notes, note))
    return shards_of(facts, once, checks)


def shards_of(
    facts: ShardFacts, once: dict[int, Source] | None = None, checks: Sequence[Check] = ()
) -> "Shards":
    """Return shards as one array, of which `once` are those that can be opened only once."""
    kind = IndexedShards if facts.indexed else StreamShards
    return kind(facts, once or {}, checks)


class Shards(Source):
    """The arrays of several files as one.

    A file stays open only while it is read: there may be more of them than a process can hold open.

    Attributes
    ----------
    files : tuple of InputFile
        The shards, in the order of their rows.
    lengths : list of int or None
        The rows of each; None until the end of a file tells.
    """

    of_this_process = ("unchanged",)
    _most_open = _OPEN_INDEXED_SHARDS

    def __init__(
        self, facts: ShardFacts, once: dict[int, Source], checks: Sequence[Check] = ()
    ) -> None:
        for field in ("name", "format", "size", "dtype", "stored_dtype", "columns", "labelled"):
            setattr(self, field, getattr(facts, field))
        self.header, self.id_column = facts.header, facts.id_column
        self.label_row, self.label_dtype = facts.label_row, facts.label_dtype
        self.tileable, self.shareable = facts.tileable, facts.shareable
        self.is_sequence = facts.is_sequence
        self.notes = list(facts.notes)
        self.files = facts.files
        head = facts.files[0].options.head
        self.of_tokens = head is not None
        self.without_layer = head is not None and head.layer is None
        self.lengths = list(facts.lengths)
        self.shape = (total(self.lengths), *facts.row)
        self.unchanged = partial(_check_all, checks)
        self._facts = facts
        self._open = OpenShards(facts, once, self._most_open)
        if not once:
            self.reference = facts
            remember(self)

    def shard(self, i: int) -> Source:
        """Open one of the shards by itself."""
        return self._open.again(i)

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place in the shard that holds it, which counts its own rows."""
        if not index:
            return self.name
        i, (row, *inner) = 0, index
        while (length := self.lengths[i]) is not None and row >= length:
            i, row = i + 1, row - length
        source = self._open.again(i)
        if not isinstance(source, IndexedSource) and i not in self._open.once:
            # A source of text knows its lines when they are cut.
            next((b for b in source.blocks(BLOCK_ELEMENTS) if b.start + b.rows > row), None)
        return source.place((row, *inner))


class StreamShards(Shards, StreamSource):
    """Shards of which some are read from their first row to the last."""

    _most_open = _OPEN_STREAM_SHARDS

    def kept(self) -> "StreamShards":
        """Return the same shards: files can be opened again, and a pipe is copied."""
        if not self._open.once:
            return self
        once = {i: source.kept() for i, source in self._open.once.items()}
        kept = StreamShards(self._facts, once)
        kept.unchanged = self.unchanged
        return kept

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut shard by shard; a block's content is the number of the shard and a block of it."""
        start = 0
        for i in range(len(self.files)):
            end = start
            for block in self._open.again(i).blocks(rows):
                end = start + block.start + block.rows
                yield Block(start + block.start, block.rows, content=(i, block))
            self.lengths[i] = end - start
            start = end

    def decode(self, block: Block) -> Table:
        """Decode a block of a shard."""
        i, inner = block.content
        return self._open[i].decode(inner)

    def carried(self, block: Block) -> Block:
        """Return the block with its content, where no reference leads to its shard."""
        i, inner = block.content
        return block._replace(content=(i, self._open[i].carried(inner)))


class IndexedShards(Shards, ArraysInSequence):
    """Shards of which any slice can be read."""

    def __init__(
        self, facts: ShardFacts, once: dict[int, Source], checks: Sequence[Check] = ()
    ) -> None:
        super().__init__(facts, once, checks)
        self._set_lengths([n or 0 for n in facts.lengths])

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices to read at a time: on axis 0, those of some shards at most."""
        of_some = self._ends[-1] * _SHARDS_OF_BLOCK // len(self._ends)
        return super().step(rows if axis else min(rows, max(1, of_some)), axis)

    def _part(self, i: int) -> IndexedSource:
        source = self._open[i]
        assert isinstance(source, IndexedSource)  # noqa: S101 - `ShardFacts.indexed` says so
        return source


def _check_all(checks: Sequence[Check]) -> None:
    for check in checks:
        check()
