"""Finds fields in the messages of Arrow files, and writes page headers of Parquet files."""

import struct
from typing import NamedTuple

SCHEMA, ROWS = 1, 3
FIRST_MESSAGE = {"arrow": 8, "arrows": 0}


class Change(NamedTuple):
    """Numbers or bytes that stand in place of others: where, and as `struct` writes them."""

    at: int
    form: str
    values: tuple[int | bytes, ...]

    def made(self, content: bytes) -> bytes:
        changed = bytearray(content)
        struct.pack_into(f"<{self.form}", changed, self.at, *self.values)
        return bytes(changed)


class Fields:
    """A message with rows: where its fields stand in a file."""

    def __init__(self, content: bytes, format_: str) -> None:
        self._content = content
        self.start = FIRST_MESSAGE[format_]
        while self._kind() != ROWS:
            size = self._field(self._root, 3)
            body = 0 if size is None else self.number("q", size)
            self.start += 8 + self.number("I", self.start + 4) + body
        self.length, self.table = self.start + 4, self._root
        self.kind, self.body_size = (self._there(self._root, slot) for slot in (1, 3))
        self.batch = self._follow(self._there(self._root, 2))
        self.nodes, self.buffers = (self._follow(self._there(self.batch, slot)) for slot in (1, 2))
        self.nodes_offset = self.batch - self.number("i", self.batch) + 4 + 2
        self.body = self.start + 8 + self.number("I", self.length)

    def number(self, form: str, at: int) -> int:
        """Return an integer of the file."""
        return int(struct.unpack_from(f"<{form}", self._content, at)[0])

    @property
    def codec(self) -> int:
        """Where the number of the compression is."""
        return self._there(self._follow(self._there(self.batch, 3)), 0)

    def buffer(self) -> tuple[int, int]:
        """Return where the place of the first buffer with bytes stands, and where the buffer is."""
        at = self.buffers + 4
        while not self.number("q", at + 8):
            at += 16
        return at, self.body + self.number("q", at)

    @property
    def _root(self) -> int:
        return self._follow(self.start + 8)

    def _kind(self) -> int:
        return self.number("B", self._there(self._root, 1))

    def _follow(self, at: int) -> int:
        return at + self.number("I", at)

    def _field(self, table: int, slot: int) -> int | None:
        offsets, place = table - self.number("i", table), 4 + 2 * slot
        known = place < self.number("H", offsets)
        offset = self.number("H", offsets + place) if known else 0
        return table + offset if offset else None

    def _there(self, table: int, slot: int) -> int:
        found = self._field(table, slot)
        assert found is not None
        return found


def page_header(full: int, compressed: int, text: bytes = b"") -> bytes:
    """Return the header of a page of these sizes, in Thrift's compact protocol."""
    sizes = b"\x15" + _number(full) + b"\x15" + _number(compressed)
    statistics = b"\x2c\x18" + _length(len(text)) + text + b"\0" if text else b""
    return b"\x15\x00" + sizes + statistics + b"\0"


def _number(number: int) -> bytes:
    return _length(number * 2 if number >= 0 else -number * 2 - 1)


def _length(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])
