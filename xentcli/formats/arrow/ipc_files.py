"""How Arrow files and Arrow streams are cut into record batches."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.arrow.layout import Layout
from xentcli.formats.arrow.library import pyarrow
from xentcli.formats.arrow.messages import (
    DICTIONARIES,
    FIRST_MESSAGE,
    ROWS,
    Message,
    damaged,
    message_at,
    messages_from,
    places_in_footer,
)
from xentcli.formats.arrow.slices import SLICE_BYTES, slices
from xentcli.formats.arrow.table_files import RecordBatch, RowGroups, TablePiece
from xentcli.storage.inputs import Input, SeekableFile

_STREAM_END = b"\xff\xff\xff\xff\0\0\0\0"  # what ends a stream that was closed


class ArrowFile:
    """An Arrow IPC file (Feather version 2): a large record batch is read slice by slice.

    Attributes
    ----------
    whole_bytes, slice_bytes : int
        The most that a record batch takes that is read as a whole, and about what a slice takes.
    unsliced_bytes : int
        The most that a record batch takes whose columns are of kinds that are not sliced.
    dictionary_bytes : int
        The most that the values of a column of categories take.
    """

    whole_bytes = 2**25
    slice_bytes = SLICE_BYTES
    unsliced_bytes = 2**28
    dictionary_bytes = 2**26

    _first_message = FIRST_MESSAGE

    def __init__(self, data: Input) -> None:
        self._data = data
        if data.peek(4) == b"FEA1":
            raise InputError(
                f"{data.name}: this is version 1 of Feather",
                hint="pandas.read_feather(old).to_feather(new) writes version 2",
            )
        reader = pyarrow().ipc.open_file(data.as_file())
        self.schema = reader.schema
        self.notes: list[str] = []
        # pyarrow cannot count without reading everything.
        _, places = places_in_footer(data)
        self.rows: int | None = sum(self._message(place).rows for place in places)

    def first(self, columns: tuple[str, ...], rows: int) -> RecordBatch | None:
        """Read the first batch that is not empty."""
        batches = (batch for batch in self._batches(columns) if batch.num_rows)
        return next((batch.slice(0, rows) for batch in batches), None)

    def pieces(self, columns: tuple[str, ...], rows: int) -> Iterator[TablePiece]:
        """Cut record batches."""
        for batch in self._batches(columns):
            for start in range(0, batch.num_rows, rows):
                part = batch.slice(start, rows)
                yield TablePiece(part.num_rows, [part])

    def read(self, columns: tuple[str, ...], groups: RowGroups) -> list[RecordBatch]:
        """Refuse: there are no row groups."""
        raise AssertionError(f"{columns}, {groups}: pieces carry their batches")

    def _batches(self, columns: tuple[str, ...]) -> Iterator[RecordBatch]:
        reader = pyarrow().ipc.open_file(self._data.as_file(), options=self._options(columns))
        dictionaries, places = places_in_footer(self._data)
        if len(places) != reader.num_record_batches:
            raise damaged(self._data, "its footer counts the record batches in two ways")
        empty: RecordBatch | None = None
        for i, place in enumerate(places):
            message = self._message(place)
            if not self._is_large(message, columns):
                if i == 0:
                    for at in dictionaries:
                        self._check_dictionary(self._message(at))
                yield _valid(reader.get_batch(i))
                continue
            if empty is None:
                empty = self._without_rows(dictionaries, message, columns)
            yield from self._slices(message, columns, empty)

    def _slices(
        self, message: Message, columns: tuple[str, ...], empty: RecordBatch
    ) -> Iterator[RecordBatch]:
        size = message.sizes(self._data, self._layout.buffers(columns))
        rows = max(1, self.slice_bytes * message.rows // max(1, size))
        return map(_valid, slices(self._data, message, self._layout, empty, rows))

    def _without_rows(
        self, dictionaries: list[int], message: Message, columns: tuple[str, ...]
    ) -> RecordBatch:
        """Return a batch without rows, which has the values of columns of categories."""
        parts = []
        for at in (FIRST_MESSAGE, *dictionaries):
            found = self._message(at)
            if found.kind == DICTIONARIES:
                self._check_dictionary(found)
            part = bytearray(found.end - found.start)
            self._data.read_at(found.start, memoryview(part))
            parts.append(bytes(part))
        content = b"".join([*parts, message.emptied, _STREAM_END])
        stream = pyarrow().ipc.open_stream(content, options=self._options(columns))
        return stream.read_next_batch()

    def _message(self, place: int) -> Message:
        message = message_at(self._data, place)
        if message is None:
            raise damaged(self._data, "there is no message where one should be")
        return message

    def _check_dictionary(self, message: Message) -> None:
        """Raise InputError if the values of categories are more than are held in memory."""
        size = max(
            message.end - message.body, message.sizes(self._data, range(len(message.buffers)))
        )
        if size > self.dictionary_bytes:
            raise InputError(
                f"{self._data.name}: the values of a column of categories have {size} bytes, and "
                f"at most {self.dictionary_bytes} are held in memory",
                hint="write the column as plain text or numbers",
            )

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self.schema)

    def _is_large(self, message: Message, columns: tuple[str, ...]) -> bool:
        """Whether a record batch is to be read slice by slice.

        Raises
        ------
        InputError
            If it is large, and its columns are of kinds that are not sliced.
        """
        every = range(len(message.buffers))
        matches = self._layout.matches(message) and not self._swapped
        size = message.sizes(self._data, self._layout.buffers(columns) if matches else every)
        if size <= self.whole_bytes or (not matches and size <= self.unsliced_bytes):
            return False
        if not matches:
            raise InputError(
                f"{self._data.name}: a record batch of {size} bytes, and with columns of such "
                f"kinds at most {self.unsliced_bytes} are read at once",
                hint="write smaller ones: write_table(table, max_chunksize=65536)",
            )
        return True

    @cached_property
    def _swapped(self) -> bool:
        return self._message(self._first_message).swapped

    def _options(self, columns: tuple[str, ...]) -> Any:
        fields = [self.schema.get_field_index(name) for name in columns]
        return pyarrow().ipc.IpcReadOptions(use_threads=False, included_fields=sorted(fields))


class ArrowStream(ArrowFile):
    """An Arrow IPC stream, which does not say how many rows it has."""

    _first_message = 0

    def __init__(self, data: Input) -> None:
        self._data = data
        self.schema = pyarrow().ipc.open_stream(data.as_file()).schema
        self.rows = None
        end = bytearray(len(_STREAM_END))
        data.read_at((data.size or 0) - len(end), memoryview(end))
        cut = f"{data.name}: the stream has no end mark: some of it may be missing"
        self.notes = [] if end == _STREAM_END else [cut]

    def _batches(self, columns: tuple[str, ...]) -> Iterator[RecordBatch]:
        file = _Emptied(self._data)
        reader = pyarrow().ipc.open_stream(file, options=self._options(columns))
        for message in messages_from(self._data, file.tell()):
            if message.kind == DICTIONARIES:
                self._check_dictionary(message)
            elif message.kind == ROWS and self._is_large(message, columns):
                file.empty(message)
                empty = reader.read_next_batch()
                yield from self._slices(message, columns, empty)
            elif message.kind == ROWS:
                yield _valid(reader.read_next_batch())
        yield from map(_valid, reader)  # raises unless the stream is at its end


class _Emptied(SeekableFile):
    """A stream in which one message is replaced by another, so that pyarrow reads no body."""

    _start = _stop = -1
    _content = b""
    _resume = 0

    def empty(self, message: Message) -> None:
        """Have the message of a record batch read as one without rows."""
        self._start, self._stop = message.start, message.start + len(message.emptied)
        self._content, self._resume = message.emptied, message.end

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the position on."""
        at = self.tell()
        if at == self._stop:
            self.seek(self._resume)
        elif self._start <= at < self._stop:
            view = memoryview(buffer).cast("B")
            part = self._content[at - self._start :][: len(view)]
            view[: len(part)] = part
            self.seek(at + len(part))
            return len(part)
        return super().readinto(buffer)


def _valid(batch: RecordBatch) -> RecordBatch:
    """Check what pyarrow takes on trust: lengths and offsets that point outside its memory."""
    batch.validate(full=True)
    return batch
