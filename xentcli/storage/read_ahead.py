"""A remote file, whose ranges are fetched when they are asked for or before."""

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Protocol
from weakref import ref

from xentcli.errors import InputError
from xentcli.storage.http_ranges import HttpRanges
from xentcli.storage.parts import LOCK, PART_BYTES, PARTS, FetchedRange, continues, make_room, told
from xentcli.storage.ranges import DriverRanges, Ranges, begin
from xentcli.storage.remote import is_http, locate, protocol_of, telling
from xentcli.storage.s3_ranges import S3Ranges
from xentcli.storage.wanted import wanted_from

if TYPE_CHECKING:
    from concurrent.futures import Future

_HEAD_BYTES = 2**15  # of each file, which are kept
_SMALL_READ_BYTES = 2**16  # at least, that are fetched for a small read
_MOST_ENDS = 16  # of the latest reads, by up to as many threads


class Ahead(Protocol):
    """Fetches ranges of files before they are asked for."""

    def comes_to(self, place: int, start: int, end: int) -> bool:
        """Whether it will fetch a range that is now read before it was fetched."""

    def follow(self, count: int) -> None:
        """Fetch what follows a read of `count` bytes."""


class RemoteFile:
    """A file whose ranges are fetched in any thread; it is being opened from the start.

    Attributes
    ----------
    size : int or None
        The size in bytes; None until `wait` returns, or if ranges cannot be read.
    head : bytes
        The first bytes, as long as they are kept.
    version : str
        A text that tells the version that was opened from others, in any process.
    """

    def __init__(self, url: str, succession: "Ahead", place: int) -> None:
        self.url = url
        self.size: int | None = None
        self.parts: list[FetchedRange] = []
        self._succession, self._place = ref(succession), place
        self._ends: deque[int] = deque(maxlen=_MOST_ENDS)
        self._ranges: Ranges = _ranges_of(url)
        self._opening: Future[tuple[int | None, bytes]] | None = begin(
            self._ranges.open(_HEAD_BYTES)
        )
        self.head = b""

    @property
    def version(self) -> str:
        """A text that tells the version that was opened from others, in any process."""
        return self._ranges.version

    def wait(self) -> None:
        """Wait until the file is open."""
        if (opening := self._opening) is not None:
            with told(self.url):
                self.size, self.head = opening.result()
            self._opening = None  # it would keep the first bytes

    def check(self) -> "Future[None]":
        """Begin to compare the version; if it is another one, the result is FileChangedError."""
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

    def _covering(self, offset: int, end: int) -> list[FetchedRange]:
        """Return the parts that hold a range, and begin to fetch those that are missing."""
        succession = self._succession() if self._follows(offset) else None
        parts = []
        at = offset
        while at < end:
            part = self.part_at(at)
            if part is None:
                if succession is not None and not succession.comes_to(self._place, at, end):
                    succession = None
                stop = max(end, at + _SMALL_READ_BYTES)
                if succession is not None:
                    begin, last = wanted_from(self.url, at, self.size or 0)
                    stop = max(end, min(at + PART_BYTES, last)) if begin == at else end
                make_room()
                part = self.fetch(at, stop)
            parts.append(part)
            at = part.end
        self._ends.append(end)
        if succession is not None:
            succession.follow(end - offset)
        return parts

    def _follows(self, offset: int) -> bool:
        """Whether a read at `offset` follows an earlier one."""
        ends = (len(self.head), *self._ends)
        return any(map(partial(continues, offset), ends)) or bool(self.part_at(offset))

    def part_at(self, offset: int) -> FetchedRange | None:
        """Return the part that holds a byte."""
        return next((part for part in self.parts if part.start <= offset < part.end), None)

    def fetch(self, start: int, stop: int) -> FetchedRange:
        """Begin to fetch a part, which ends before the next part that is there."""
        ends = [part.start for part in self.parts if part.start > start]
        end = min([stop, start + PART_BYTES, self.size or 0, *ends])
        part = FetchedRange(self, start, end, begin(self._fetched(start, end)))
        self.parts.append(part)
        PARTS.add(part)
        return part

    async def _fetched(self, start: int, end: int) -> bytes:
        content = await self._ranges.fetch(start, end)
        if len(content) != end - start:
            raise ValueError(f"{end - start} bytes were asked for and {len(content)} came")
        return content


def _ranges_of(url: str) -> Ranges:
    with telling(InputError, url, "read"):
        files, path = locate(url)
        if is_http(files):
            return HttpRanges(files, path)
        return S3Ranges(files, path) if protocol_of(files) == "s3" else DriverRanges(files, path)
