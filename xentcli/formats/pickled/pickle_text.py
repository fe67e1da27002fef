"""The bytes of a pickle, read in order, of which only a few are held at a time."""

import re

from xentcli.errors import InputError
from xentcli.formats.pickled.calls import StoredBytes
from xentcli.storage.inputs import Input

_MOST_BYTES = 2**26  # the most of a pickle, beside the bytes of its arrays
_WINDOW_BYTES = 2**16
_LONGEST_NAME_BYTES = 1000  # of a module or a class


class PickleText:
    """The bytes of a pickle, read in order from a place in a seekable input.

    Parameters
    ----------
    data : Input
        What holds them.
    start, end : int, optional
        Where they begin and end.
    apart : Input, optional
        The same as `data`, if that is not the file that is read, but some part of it.
    """

    def __init__(
        self, data: Input, start: int = 0, end: int | None = None, apart: Input | None = None
    ) -> None:
        self.data = data
        self.apart = apart
        self.end = (data.size or 0) if end is None else end
        self._window = b""
        self._window_start = start
        self._next = 0  # in the window
        self._skipped = start
        self._encoded: dict[str, bytes] = {}

    @property
    def position(self) -> int:
        """Where the next byte is."""
        return self._window_start + self._next

    def wrong(self, what: str) -> InputError:
        """Return the error of a pickle that cannot be read."""
        return InputError(f"{self.data.name}: the pickle cannot be read: {what}")

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        start, end = self._next, self._next + count
        if end > len(self._window):
            self._refill(count)
            start, end = 0, count
        self._next = end
        return self._window[start:end]

    def byte(self) -> int:
        """Return the next byte as a number."""
        start = self._next
        if start >= len(self._window):
            self._refill(1)
            start = 0
        self._next = start + 1
        return self._window[start]

    def match(self, pattern: re.Pattern[bytes], longest: int) -> re.Match[bytes] | None:
        """Return how the next bytes match a pattern of at most `longest` bytes."""
        left = len(self._window) - self._next
        if left < longest and left < self.end - self.position:
            self._refill(left)
        return pattern.match(self._window, self._next)

    def go_to(self, found: re.Match[bytes]) -> None:
        """Move past what was just found."""
        self._next = found.end()

    def _refill(self, count: int) -> None:
        position = self.position
        there = self.end - position
        if count > there:
            raise self.wrong("it is cut off")
        if position - self._skipped + count > _MOST_BYTES:
            raise self.wrong(f"it is longer than {_MOST_BYTES} bytes, beside its arrays")
        window = bytearray(min(there, max(count, _WINDOW_BYTES)))
        if self.data.read_at(position, memoryview(window)) < len(window):
            raise self.wrong("it is cut off")
        self._window, self._window_start, self._next = bytes(window), position, 0

    def number(self, size: int, *, signed: bool = False) -> int:
        """Return the integer that the next bytes are."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def line(self) -> str:
        """Return the text up to the next end of a line."""
        found = bytearray()
        while (byte := self.take(1)) != b"\n":
            found += byte
            if len(found) > _LONGEST_NAME_BYTES:
                raise self.wrong("the name of a module or a class does not end")
        return found.decode()

    def encoded(self, content: str) -> bytes:
        """Return the bytes that text of the pickle means, the same ones if it is named again."""
        if content not in self._encoded:
            self._encoded[content] = content.encode("latin-1")
        return self._encoded[content]

    def span(self, size: int) -> StoredBytes:
        """Return where the next bytes are, and move past them."""
        if size > self.end - self.position:
            raise self.wrong("it is cut off")
        span = StoredBytes(self.position, size)
        self._next += size
        self._skipped += size
        return span
