"""Fetches remote files that are read one after the other before they are asked for.

They are one sequence: fetching ahead runs on from one file into the next. As soon as a range has
come, another one is asked for, even before the first is read, so that a server that is slow to
begin always has some to send.
"""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import ref

from xentcli.storage.parts import LOCK, MOST_BYTES, PART_BYTES, continues, has_room, told
from xentcli.storage.read_ahead import RemoteFile
from xentcli.storage.wanted import is_known, wanted_from

if TYPE_CHECKING:
    from concurrent.futures import Future

_MOST_HEADS = 1024  # that are kept
_BYTES_AHEAD = 4  # fetched for each byte read, as long as few were read
_MOST_OPENING = 32  # files at once
_MOST_ELSEWHERE = 16  # reads, by up to as many threads


class Succession:
    """Files that are read one after the other; it keeps them open."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._places = {url: i for i, url in enumerate(urls)}
        self._files: list[RemoteFile | None] = [None] * len(urls)
        self._checks: dict[int, Future[None]] = {}
        self._front = (0, 0)
        """The number of the file, and the place in it, at which fetching ahead goes on."""
        self._elsewhere: deque[tuple[int, int]] = deque(maxlen=_MOST_ELSEWHERE)
        """Where the latest reads ended that were not near the front."""
        self._bytes_read = 0  # by reads that followed earlier ones
        self._bytes_fetched = 0  # ahead

    def __contains__(self, url: str) -> bool:
        """Whether a URL is one of the files."""
        return url in self._places

    def open(self, url: str) -> RemoteFile:
        """Return one of the files, which is open; the next ones are being opened."""
        place = self._places[url]
        for i in range(place, min(place + _MOST_OPENING, len(self._urls))):
            if self._files[i] is None:
                try:
                    self._files[i] = RemoteFile(self._urls[i], self, i)
                except Exception:
                    if i == place:
                        raise
        file = self._files[place]
        assert file is not None  # noqa: S101 - opened above
        try:
            file.wait()
        finally:
            if file.size is None:
                self._files[place] = None  # to be opened again
        if place >= _MOST_HEADS and (old := self._files[place - _MOST_HEADS]) is not None:
            old.head = b""
        return file

    def check(self, url: str) -> None:
        """Raise InputError unless a file is of the version that was opened."""
        place = self._places[url]
        for i in range(place, min(place + _MOST_OPENING, len(self._files))):
            file = self._files[i]
            if file is not None and file.size is not None and i not in self._checks:
                self._checks[i] = file.check()
        with told(url):
            self._checks.pop(place).result()

    def comes_to(self, place: int, start: int, end: int) -> bool:
        """Whether fetching ahead will soon come to a range that is read before it was fetched.

        That is so if a thread reads somewhat further on. A read that goes back, or far off, makes
        its place the front when another read follows it.
        """
        if len(self._files) == 1 and not self._bytes_read:
            self._front = place, start  # one of several workers begins anywhere
        at, offset = self._go_on()
        sizes = [file.size for file in self._files[at:place] if file is not None]
        between = sum(size or 0 for size in sizes) + start - offset
        if (at, offset) <= (place, start) and between <= MOST_BYTES and len(sizes) == place - at:
            return True
        if any(place == other and continues(start, last) for other, last in self._elsewhere):
            self._front = place, start
            return True
        self._elsewhere.append((place, end))
        return False

    def follow(self, count: int) -> None:
        """Fetch what follows a read of `count` bytes: the more, the more reads followed others."""
        self._bytes_read += count
        self._fetch_ahead()

    def _go_on(self) -> tuple[int, int]:
        """Return the front, moved to the next byte that is wanted and not there."""
        place, offset = self._front
        while place < len(self._files):
            file = self._files[place]
            if file is None or file.size is None:
                break
            offset, end = wanted_from(file.url, max(offset, len(file.head)), file.size)
            part = file.part_at(offset)
            if offset >= end:
                place, offset = place + 1, 0
            elif part is None:
                break
            else:
                offset = part.end
        self._front = place, offset
        return self._front

    def _fetch_ahead(self) -> None:
        """Fetch parts from the front on, as long as there is room."""
        while has_room():
            place, offset = self._go_on()
            file = self._files[place] if place < len(self._files) else None
            if file is None or file.size is None:
                return
            many = self._bytes_fetched > (1 + _BYTES_AHEAD) * self._bytes_read
            if many and not is_known(file.url):
                return
            _, end = wanted_from(file.url, offset, file.size)
            self._fetch(file, offset, min(end, offset + PART_BYTES))

    def _fetch(self, file: RemoteFile, start: int, end: int) -> None:
        """Fetch a part ahead, and then the next one."""
        part = file.fetch(start, end)
        self._bytes_fetched += part.end - part.start
        succession = ref(self)

        def go_on(content: "Future[bytes]") -> None:
            found = succession()
            if found is not None and not content.cancelled() and content.exception() is None:
                with LOCK:
                    found._fetch_ahead()

        part.content.add_done_callback(go_on)
