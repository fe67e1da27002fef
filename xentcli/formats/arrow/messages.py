"""Reads lengths and places from the messages of an Arrow file, before any record batch is read.

pyarrow reads a record batch as a whole, and tells nothing of it before. Messages are tables of
Flatbuffers: a list of offsets before each table says where its fields stand.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.storage.inputs import Input

SCHEMA, DICTIONARIES, ROWS = 1, 2, 3
"""Kinds of messages."""
_CODECS = {0: "lz4", 1: "zstd"}
_CONTINUATION = b"\xff\xff\xff\xff"
_LONGEST_MESSAGE_BYTES = 2**26  # the most of a footer, or of a message without its body
_NOT_COMPRESSED = -1  # stands in place of the length of a buffer that was not worth compressing
_MAGIC_BYTES = 8  # with their padding, before the first message of a file
_FOOTER_END_BYTES = 10  # a footer's length, and the magic bytes
FIRST_MESSAGE = _MAGIC_BYTES


class Message(NamedTuple):
    """A message: what it says, and where its body is.

    Attributes
    ----------
    kind : int
        One of the kinds above, or another one.
    start, body, end : int
        Where in the file the message begins, where its body does, and where it ends.
    rows : int
        The rows of a record batch.
    buffers : (n, 2)
        Where in the body each buffer begins, and its length.
    nodes : int
        How many arrays there are, those within others included.
    codec : str or None
        How each buffer is compressed.
    emptied : bytes
        The message of a batch of the same columns without rows.
    swapped : bool
        Whether a schema says that numbers are in big-endian order.
    """

    kind: int
    start: int
    body: int
    end: int
    rows: int = 0
    buffers: NDArray[np.int64] = np.empty((0, 2), np.int64)
    nodes: int = 0
    codec: str | None = None
    emptied: bytes = b""
    swapped: bool = False

    def sizes(self, data: Input, wanted: range | list[int]) -> int:
        """Return how many bytes some buffers have, once they are decompressed."""
        lengths = self.buffers[list(wanted), 1]
        if self.codec is None:
            return int(lengths.sum())
        return sum(self.size(data, i) for i in wanted)

    def size(self, data: Input, buffer: int) -> int:
        """Return how many bytes one buffer has, once it is decompressed."""
        start, length = map(int, self.buffers[buffer])
        if self.codec is None or length == 0:
            return length
        prefix = bytearray(8)
        data.read_at(self.body + start, memoryview(prefix))
        size = int.from_bytes(prefix, "little", signed=True)
        if size == _NOT_COMPRESSED:
            return length - 8
        if size < 0 or length < 8:
            raise damaged(data, "a buffer of negative length")
        return size

    def is_plain(self, data: Input, buffer: int) -> bool:
        """Whether a buffer is not compressed."""
        start, length = map(int, self.buffers[buffer])
        prefix = bytearray(8)
        return self.codec is None or (
            length >= 8
            and data.read_at(self.body + start, memoryview(prefix)) == 8
            and prefix == b"\xff" * 8
        )


def damaged(data: Input, what: str) -> InputError:
    """Return the error of a message that contradicts itself."""
    return InputError(f"{data.name}: {what}", hint="is the file cut off or damaged?")


def message_at(data: Input, place: int) -> Message | None:
    """Return the message that begins at a place, None at the end mark or the end of the file."""
    head = bytearray(8)
    there = data.read_at(place, memoryview(head))
    prefix = 8 if head.startswith(_CONTINUATION) else 4
    length = int.from_bytes(head[prefix - 4 : prefix], "little")
    if there < prefix or length == 0:
        return None
    if length > _LONGEST_MESSAGE_BYTES:
        raise damaged(data, f"a message that begins with {length} bytes is not believable")
    content = bytearray(length)
    if data.read_at(place + prefix, memoryview(content)) < length:
        raise damaged(data, "a message is cut off")
    try:
        return _message(bytes(head[:prefix]), content, place)
    except (struct.error, ValueError, LookupError) as error:
        raise damaged(data, "a message cannot be read") from error


def _message(head: bytes, content: bytearray, place: int) -> Message:
    message = _Flatbuffer.root(content)
    kind = message.number("B", 1)
    body = place + len(head) + len(content)
    size = message.number("q", 3)
    if size < 0:
        raise ValueError("a body of negative length")
    if kind == SCHEMA:
        swapped = message.table(2).number("h", 0) != 0
        return Message(kind, place, body, body + size, swapped=swapped)
    if kind not in (ROWS, DICTIONARIES):
        return Message(kind, place, body, body + size)
    batch = message.table(2)
    batch = batch.table(1) if kind == DICTIONARIES else batch
    nodes, buffers = batch.vector(1, 16), batch.vector(2, 16)
    codec = None
    if batch.place(3) is not None:
        codec = _CODECS[batch.table(3).number("b", 0)]
    found = np.frombuffer(content[buffers.start : buffers.stop], "<i8").reshape(-1, 2)
    found = found.astype(np.int64)
    if found.size and (found.min() < 0 or found.max() > size or found.sum(axis=1).max() > size):
        raise ValueError("a buffer outside the body")
    rows = batch.number("q", 0)
    for part in (nodes, buffers, batch.span(0, 8), message.span(3, 8)):
        content[part.start : part.stop] = bytes(len(part))
    return Message(
        kind, place, body, body + size, rows, found, len(nodes) // 16, codec, head + content
    )


def places_in_footer(data: Input) -> tuple[list[int], list[int]]:
    """Return where a file's dictionaries and its record batches begin."""
    size = data.size or 0
    end = bytearray(_FOOTER_END_BYTES)
    data.read_at(max(0, size - _FOOTER_END_BYTES), memoryview(end))
    length = int.from_bytes(end[:4], "little", signed=True)
    if not 0 < length <= min(_LONGEST_MESSAGE_BYTES, size - _FOOTER_END_BYTES):
        raise damaged(data, f"a footer of {length} bytes is not believable")
    content = bytearray(length)
    data.read_at(size - _FOOTER_END_BYTES - length, memoryview(content))
    try:
        footer = _Flatbuffer.root(content)
        spans = (footer.vector(2, 24), footer.vector(3, 24))
        dictionaries, batches = (
            [struct.unpack_from("<q", content, at)[0] for at in span[::24]] for span in spans
        )
    except (struct.error, ValueError) as error:
        raise damaged(data, "its footer cannot be read") from error
    return dictionaries, batches


def messages_from(data: Input, place: int) -> Iterator[Message]:
    """Yield the messages that follow one another from a place on."""
    while (message := message_at(data, place)) is not None:
        yield message
        place = message.end


class _Flatbuffer:
    """A table of Flatbuffers."""

    def __init__(self, content: bytearray, at: int) -> None:
        self._content = content
        self._at = at

    @classmethod
    def root(cls, content: bytearray) -> "_Flatbuffer":
        return cls(content, struct.unpack_from("<I", content)[0])

    def place(self, slot: int) -> int | None:
        """Return where a field stands; None if the message leaves it at its default."""
        offsets = self._at - struct.unpack_from("<i", self._content, self._at)[0]
        if offsets < 0:
            raise ValueError("a table outside the message")
        if 4 + 2 * slot >= struct.unpack_from("<H", self._content, offsets)[0]:
            return None
        offset = struct.unpack_from("<H", self._content, offsets + 4 + 2 * slot)[0]
        return self._at + offset if offset else None

    def number(self, kind: str, slot: int) -> int:
        """Return an integer."""
        at = self.place(slot)
        return 0 if at is None else int(struct.unpack_from(f"<{kind}", self._content, at)[0])

    def span(self, slot: int, size: int) -> range:
        """Return the bytes that a number takes."""
        at = self.place(slot)
        return range(0) if at is None else range(at, at + size)

    def table(self, slot: int) -> "_Flatbuffer":
        """Return a table within this one."""
        at = self.place(slot)
        if at is None:
            raise ValueError("a table is missing")
        return _Flatbuffer(self._content, at + struct.unpack_from("<I", self._content, at)[0])

    def vector(self, slot: int, size: int) -> range:
        """Return the bytes that structures of a size take."""
        at = self.place(slot)
        if at is None:
            return range(0)
        at += struct.unpack_from("<I", self._content, at)[0]
        count = struct.unpack_from("<I", self._content, at)[0]
        if at + 4 + count * size > len(self._content):
            raise ValueError("a vector outside the message")
        return range(at + 4, at + 4 + count * size)
