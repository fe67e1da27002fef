"""Ranges of files elsewhere that are being fetched, or were and are not read yet."""

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
"""Of one range, at most."""
MOST_BYTES = 3 * 2**25
"""Fetched before they are asked for, of all files together."""
_MOST_BYTES_UNDER_WAY = 2**26
_MOST_UNDER_WAY = 32
_SKIPPED_BYTES = 2**16  # that a read may leave out and still follow the one before
_WHILE_REPLACED = "something replaced it: run again when that is done"


class HasParts(Protocol):
    """A file of which parts are fetched."""

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
        """Return its bytes; what could not be fetched is fetched again the next time."""
        try:
            with told(url):
                return self.content.result()
        except BaseException:
            with LOCK:
                self.drop()
            raise

    def was_read(self, start: int, end: int) -> None:
        """Keep it no longer when all of it was read; some of it may be read twice."""
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
        """Keep it no longer."""
        if (file := self._file()) is not None and self in file.parts:
            file.parts.remove(self)
        PARTS.discard(self)


PARTS: WeakSet[FetchedRange] = WeakSet()
"""Those of all files."""
LOCK = threading.RLock()
"""Of what is known of all parts."""


def continues(offset: int, end: int) -> bool:
    """Whether a read from here on follows one that ended there."""
    return 0 <= offset - end <= _SKIPPED_BYTES


def has_room() -> bool:
    """Whether one more part may be fetched before it is asked for."""
    coming = [part.end - part.start for part in PARTS if not part.content.done()]
    few = len(coming) < _MOST_UNDER_WAY and sum(coming) + PART_BYTES <= _MOST_BYTES_UNDER_WAY
    return few and _fits()


def _fits() -> bool:
    """Whether one more part may be held."""
    return sum(part.end - part.start for part in PARTS) + PART_BYTES <= MOST_BYTES


def make_room() -> None:
    """Drop what was fetched first, where nobody asked for it and there is too much."""
    for part in sorted(PARTS, key=lambda part: part.number):
        if _fits():
            return
        if part.content.done():
            part.drop()


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn what goes wrong into one line."""
    with telling(InputError, url, "read"):
        try:
            yield
        except FileChangedError:
            what = f"{shown_name(url)}: the file changed while it was read"
            raise InputError(what, hint=_WHILE_REPLACED) from None
