"""Ranges of remote files that are being fetched, or are fetched and not read yet."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet, ref

from xentcli.errors import InputError
from xentcli.storage.names import shown_name
from xentcli.storage.ranges import FileChangedError
from xentcli.storage.remote import telling

if TYPE_CHECKING:
    from concurrent.futures import Future

PART_BYTES = 2**22
"""The most bytes of one range."""
MOST_BYTES = 3 * 2**25
"""The most bytes that are fetched before they are asked for, for all files together."""
_MOST_BYTES_UNDER_WAY = 2**26
_MOST_PARTS_UNDER_WAY = 32
_SKIPPED_BYTES = 2**16  # at most, between a read and one that follows it
_WHILE_REPLACED = "something replaced it: run again when that is done"


class HasParts(Protocol):
    """A file whose parts are fetched."""

    parts: "list[FetchedRange]"


class FetchedRange:
    """A range that is fetched, and kept until all of it was read."""

    _numbers = count()

    def __init__(self, file: HasParts, start: int, end: int, content: "Future[bytes]") -> None:
        self.start, self.end = start, end
        self.content = content
        self._read: list[tuple[int, int]] = []  # in order, with gaps between them
        self.number = next(self._numbers)
        self._file = ref(file)

    def wait(self, url: str) -> bytes:
        """Return its bytes; if fetching them failed, the next read fetches them again."""
        try:
            with told(url):
                return self.content.result()
        except BaseException:
            with LOCK:
                self.drop()
            raise

    def was_read(self, start: int, end: int) -> None:
        """Record what was read, perhaps for the second time, and drop the range after all of it."""
        with LOCK:
            read: list[tuple[int, int]] = []
            for piece in sorted([*self._read, (start, end)]):
                if read and piece[0] <= read[-1][1]:
                    read[-1] = (read[-1][0], max(piece[1], read[-1][1]))
                else:
                    read.append(piece)
            self._read = read
            if read == [(self.start, self.end)]:
                self.drop()

    def drop(self) -> None:
        """Stop keeping the range."""
        if (file := self._file()) is not None and self in file.parts:
            file.parts.remove(self)
        PARTS.discard(self)


PARTS: WeakSet[FetchedRange] = WeakSet()
"""The ranges of all files."""
LOCK = threading.RLock()
"""Guards the ranges of all files."""


def continues(offset: int, end: int) -> bool:
    """Whether a read at `offset` follows one that ended at `end`."""
    return 0 <= offset - end <= _SKIPPED_BYTES


def has_room() -> bool:
    """Whether one more part may be fetched before it is asked for."""
    coming = [part.end - part.start for part in PARTS if not part.content.done()]
    few = len(coming) < _MOST_PARTS_UNDER_WAY and sum(coming) + PART_BYTES <= _MOST_BYTES_UNDER_WAY
    return few and _fits()


def _fits() -> bool:
    """Whether one more part may be held."""
    return sum(part.end - part.start for part in PARTS) + PART_BYTES <= MOST_BYTES


def make_room() -> None:
    """Drop the ranges that were fetched first and not asked for, while there are too many."""
    for part in sorted(PARTS, key=lambda part: part.number):
        if _fits():
            return
        if part.content.done():
            part.drop()


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn any error of reading a URL into one line."""
    with telling(InputError, url, "read"):
        try:
            yield
        except FileChangedError:
            what = f"{shown_name(url)}: the file changed while it was read"
            raise InputError(what, hint=_WHILE_REPLACED) from None
