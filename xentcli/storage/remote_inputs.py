"""URLs to read: in ranges where these can be had, and all of one version of what is there."""

import io
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

from xentcli.errors import InputError
from xentcli.storage.http_ranges import HttpRanges, changed
from xentcli.storage.inputs import Input, SeekableFile
from xentcli.storage.names import shown_name
from xentcli.storage.remote import is_archive, is_asynchronous, is_http, locate, telling

_SMALL_READ_BYTES = 2**16  # that a smaller read fetches
_VERSIONS = {  # by which the drivers tell one content from another, without "-" and "_"
    *("etag", "versionid", "generation", "sha", "blobid"),
    *("contentmd5", "digest", "md5hash", "crc32c", "crc"),
    *("lastmodified", "mtime", "modify", "modified", "updated", "created", "datetime"),
}

Fetch = Callable[[int, int], bytes]
"""Returns the bytes from one offset to another."""
Version = tuple[tuple[str, str], ...]


def open_url(url: str) -> Input:
    """Open a URL: seekable if the size is known and ranges can be read, else a stream."""
    name = shown_name(url)
    with telling(InputError, url, "read"):
        files, path = locate(url)
        info = files.info(path)
        if info.get("type") == "directory":
            raise IsADirectoryError("is a directory")
        size: int | None = info.get("size")
        check = partial(_check, url, _version_of(info))
        fetch = None if size is None else _fetcher(files, path, size, name)
        if size is None or fetch is None:
            # fsspec reads ahead by megabytes unless a block has no size; then HTTP is a stream
            options = {"block_size": 0} if is_http(files) else {}
            stream = _Stream(url, files, files.open(path, "rb", **options))
            return Input(name, io.BufferedReader(stream), size, seekable=False, check=check)
    return _RemoteInput(name, _Ranges(url, fetch, size), check)


def _version_of(info: dict[str, Any]) -> Version:
    """Return the words by which a driver tells this version of a content from others."""
    found = {
        key: str(value)
        for key, value in info.items()
        if key.lower().replace("-", "").replace("_", "") in _VERSIONS and value is not None
    }
    return (*sorted(found.items()), ("size", str(info.get("size"))))


def _check(url: str, before: Version) -> None:
    """Raise InputError unless what is behind a URL is of the version that was opened."""
    with telling(InputError, url, "read"):
        files, path = locate(url)
        with suppress(TypeError):  # not every driver has a list to forget
            files.invalidate_cache(path)
        if _version_of(files.info(path)) != before:
            raise changed(shown_name(url))


def _fetcher(files: Any, path: str, size: int, name: str) -> Fetch | None:
    """Return what reads ranges of a file, if that can be done at small cost."""
    if is_archive(files):
        return None  # to reach a byte, all before it is decompressed
    if is_http(files):
        ranges = HttpRanges(files, path, name, size)
        return ranges.fetch if size < 2 or ranges.are_served() else None
    # Drivers that are not asynchronous have one connection, and no lock of their own.
    lock: Any = nullcontext() if is_asynchronous(files) else threading.Lock()

    def fetch_alone(start: int, end: int) -> bytes:
        with lock:
            content: bytes = files.cat_file(path, start=start, end=end)
            return content

    return fetch_alone


class _RemoteInput(Input):
    """A file of which ranges are fetched, in any thread."""

    def __init__(self, name: str, ranges: "_Ranges", check: Callable[[], None]) -> None:
        file = io.BufferedReader(SeekableFile(ranges), _SMALL_READ_BYTES)
        super().__init__(name, file, ranges.size, check=check)
        self._ranges = ranges

    def _read_once_at(self, offset: int, buffer: memoryview) -> int:
        return self._ranges.read_at(offset, buffer)


class _Ranges:
    """A file that is read in ranges."""

    def __init__(self, url: str, fetch: Fetch, size: int) -> None:
        self._url = url
        self._fetch = fetch
        self.size = size

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer from any place."""
        end = min(self.size, offset + len(buffer))
        if offset >= end:
            return 0
        with telling(InputError, self._url, "read"):
            content = self._fetch(offset, end)
        if len(content) != end - offset:
            what = f"{end - offset} bytes were asked for and {len(content)} came"
            raise InputError(f"{shown_name(self._url)}: cannot be read: {what}")
        buffer[: len(content)] = content
        return len(content)


class _Stream(io.RawIOBase):
    """A file that can only be read from its beginning to its end."""

    def __init__(self, url: str, files: Any, file: Any) -> None:
        self._url = url
        self._files = files  # an archive is closed with the last reference to its file system
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        with telling(InputError, self._url, "read"):
            content: bytes = self._file.read(len(view))
        view[: len(content)] = content
        return len(content)

    def close(self) -> None:
        with suppress(Exception):
            self._file.close()
        super().close()
