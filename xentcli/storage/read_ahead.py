"""Files elsewhere, fetched in several ranges at once, and before these are asked for.

Files that are read one after the other are one sequence: what is fetched ahead runs on into the
next of them.
"""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import ref

from xentcli.errors import InputError
from xentcli.storage.http_ranges import HttpRanges
from xentcli.storage.parts import LOCK, PART_BYTES, PARTS, Part, has_room, make_room, told
from xentcli.storage.ranges import DriverRanges, Ranges, begin
from xentcli.storage.remote import is_http, locate, protocol_of, telling
from xentcli.storage.s3_ranges import S3Ranges

if TYPE_CHECKING:
    from concurrent.futures import Future

_HEAD_BYTES = 2**15  # of each file, which are kept
_MOST_HEADS = 1024  # of one succession
_SMALL_READ_BYTES = 2**16  # that a smaller read somewhere else fetches
_MOST_PARTS = 16  # fetched ahead in one succession of files
_BYTES_AHEAD = 4  # fetched for each that was read, as long as these are few
_MOST_OPENING = 32  # files at once
_SKIPPED_BYTES = 2**16  # that a read may leave out and still follow the one before


class RemoteFile:
    """A file of which ranges are fetched, in any thread; its opening begins at once.

    Attributes
    ----------
    size : int or None
        None until `wait` returns, or if no range can be had.
    head : bytes
        The first bytes, as long as they are kept.
    version : str
        What tells the version that was opened from others, in any process.
    """

    def __init__(self, url: str, succession: "Succession", place: int) -> None:
        self.url = url
        self.size: int | None = None
        self.parts: list[Part] = []
        self._succession, self._place = ref(succession), place
        self._ends: deque[int] = deque(maxlen=_MOST_PARTS)
        self._ranges: Ranges = _ranges_of(url)
        self._opening: Future[tuple[int | None, bytes]] | None = begin(
            self._ranges.open(_HEAD_BYTES)
        )
        self.head = b""

    @property
    def version(self) -> str:
        """What tells the version that was opened from others, in any process."""
        return self._ranges.version

    def wait(self) -> None:
        """Wait until the file is open."""
        if (opening := self._opening) is not None:
            with told(self.url):
                self.size, self.head = opening.result()
            self._opening = None  # it would keep the first bytes

    def check(self) -> "Future[None]":
        """Have the version compared: with another one, the result is FileChangedError."""
        return begin(self._ranges.check())

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer from any place."""
        size = self.size or 0
        begun, end = offset, min(size, offset + len(buffer))
        if head := self.head[offset:end]:
            buffer[: len(head)] = head
            offset += len(head)
        if offset >= end:
            return max(0, end - begun)
        with LOCK:
            parts = self._covering(offset, end)
        for part in parts:
            content = part.wait(self.url)
            stop = min(end, part.end)
            piece = memoryview(content)[offset - part.start : stop - part.start]
            buffer[offset - begun : stop - begun] = piece
            part.was_read(offset, stop)
            offset = stop
        return end - begun

    def _covering(self, offset: int, end: int) -> list[Part]:
        """Return the parts that hold a range, fetched from now on if they are not."""
        follows = self._follows(offset)
        parts = []
        at = offset
        while at < end:
            part = self.part_at(at)
            if part is None:
                stop = at + PART_BYTES if follows else max(end, at + _SMALL_READ_BYTES)
                make_room()
                part = self.fetch(at, stop)
            parts.append(part)
            at = part.end
        self._ends.append(end)
        if follows:
            succession = self._succession()
            if succession is not None:
                succession.fetch_ahead(self._place, at, end - offset)
        return parts

    def _follows(self, offset: int) -> bool:
        """Whether somebody has read what stands before."""
        ends = (len(self.head), *self._ends)
        return any(0 <= offset - end <= _SKIPPED_BYTES for end in ends) or bool(
            self.part_at(offset)
        )

    def part_at(self, offset: int) -> Part | None:
        """Return the part that holds a byte."""
        return next((part for part in self.parts if part.start <= offset < part.end), None)

    def fetch(self, start: int, stop: int) -> Part:
        """Have a part fetched, up to the next one that is there."""
        ends = [part.start for part in self.parts if part.start > start]
        end = min([stop, start + PART_BYTES, self.size or 0, *ends])
        part = Part(self, start, end, begin(self._fetched(start, end)))
        self.parts.append(part)
        PARTS.add(part)
        return part

    async def _fetched(self, start: int, end: int) -> bytes:
        content = await self._ranges.fetch(start, end)
        if len(content) != end - start:
            raise ValueError(f"{end - start} bytes were asked for and {len(content)} came")
        return content


class Succession:
    """Files that are read one after the other; it keeps them open."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._places = {url: i for i, url in enumerate(urls)}
        self._files: list[RemoteFile | None] = [None] * len(urls)
        self._checks: dict[int, Future[None]] = {}
        self._bytes_read = 0  # that followed those before

    def __contains__(self, url: str) -> bool:
        """Whether it is one of the files."""
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

    def fetch_ahead(self, place: int, offset: int, count: int) -> None:
        """Fetch what follows a read of some bytes; the more, the more of them followed before."""
        self._bytes_read += count
        left = min(1 + _BYTES_AHEAD * self._bytes_read // PART_BYTES, _MOST_PARTS)
        for file in self._files[place : place + _MOST_OPENING]:
            if file is None or file.size is None:
                return
            offset = max(offset, len(file.head))
            while offset < file.size:
                if not left or not has_room():
                    return
                part = file.part_at(offset) or file.fetch(offset, offset + PART_BYTES)
                offset, left = part.end, left - 1
            offset = 0


def _ranges_of(url: str) -> Ranges:
    with telling(InputError, url, "read"):
        files, path = locate(url)
        if is_http(files):
            return HttpRanges(files, path)
        return S3Ranges(files, path) if protocol_of(files) == "s3" else DriverRanges(files, path)
