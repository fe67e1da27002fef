"""Reads ranges of remote files with the drivers of fsspec, and tries again if that fails."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

TRIES = 5
"""How many times something is asked for at most."""
_FIRST_WAIT_SECONDS = 0.5  # before the second try; twice as long before each one after it

_VERSIONS = {  # keys by which drivers tell one content from another, without "-" and "_"
    *("etag", "versionid", "generation", "sha", "blobid"),
    *("contentmd5", "digest", "md5hash", "crc32c", "crc"),
    *("lastmodified", "mtime", "modify", "modified", "updated", "created", "datetime"),
}


class FileChangedError(Exception):
    """The file that is read is no longer the one that was opened."""


class Ranges(Protocol):
    """Reads ranges of one version of a file."""

    @property
    def version(self) -> str:
        """A text that tells the version that was opened from others, in any process."""

    async def open(self, count: int) -> tuple[int | None, bytes]:
        """Return the size of the file and its first bytes; no size if ranges cannot be read."""

    async def fetch(self, start: int, end: int) -> bytes:
        """Return a range of the version that was opened."""

    async def check(self) -> None:
        """Raise FileChangedError unless the file is still of the version that was opened."""


def begin(work: Coroutine[Any, Any, T]) -> "Future[T]":
    """Run a coroutine in fsspec's event loop, which has a thread of its own."""
    from fsspec.asyn import get_loop

    return asyncio.run_coroutine_threadsafe(work, get_loop())


async def patiently(
    get: Callable[[int, int], Awaitable[T]],
    start: int,
    end: int,
    passes: Callable[[Exception], bool],
) -> T:
    """Return the answer to a request; after an error that `passes`, wait longer and try again."""
    for i in range(TRIES - 1):
        try:
            return await get(start, end)
        except Exception as error:
            if not passes(error):
                raise
        await asyncio.sleep(_FIRST_WAIT_SECONDS * 2**i)
    return await get(start, end)


class DriverRanges:
    """Reads ranges by a driver that cannot ask for one version, so that versions are compared."""

    def __init__(self, files: Any, path: str) -> None:
        from fsspec.asyn import AsyncFileSystem

        self._files = files
        self._path = path
        self.version = ""
        self._asynchronous = isinstance(files, AsyncFileSystem)
        # Drivers that are not asynchronous have one connection, and no lock of their own.
        self._lock = threading.Lock()

    async def find(self) -> int | None:
        """Return the size of the file, if that is known, and keep its version."""
        info = await self._call("info", self._path)
        if info.get("type") == "directory":
            raise IsADirectoryError("is a directory")
        self.version = version_of(info)
        size: int | None = info.get("size")
        return size

    async def open(self, count: int) -> tuple[int | None, bytes]:
        """Return the size of the file and its first bytes; no size if ranges cannot be read."""
        size = await self.find()
        if size is None or is_archive(self._files):
            return None, b""  # reaching a byte of an archive decompresses all before it
        return size, await self.fetch(0, min(count, size)) if size else b""

    async def fetch(self, start: int, end: int) -> bytes:
        """Return a range."""
        content: bytes = await self._call("cat_file", self._path, start=start, end=end)
        return content

    async def check(self) -> None:
        """Raise FileChangedError unless the driver still finds the version that was opened."""
        with suppress(TypeError):  # not every driver keeps a list of files
            self._files.invalidate_cache(self._path)
        if version_of(await self._call("info", self._path)) != self.version:
            raise FileChangedError

    async def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        if self._asynchronous:
            return await getattr(self._files, f"_{name}")(*arguments, **options)
        return await asyncio.to_thread(self._alone, name, *arguments, **options)

    def _alone(self, name: str, *arguments: Any, **options: Any) -> Any:
        with self._lock:
            return getattr(self._files, name)(*arguments, **options)


def is_archive(files: Any) -> bool:
    """Whether a file system is the inside of a zip or tar file."""
    from fsspec.archive import AbstractArchiveFileSystem

    return isinstance(files, AbstractArchiveFileSystem)


def version_of(info: dict[str, Any]) -> str:
    """Return the words by which a driver tells this version of a content from others."""
    found = {
        key: str(value)
        for key, value in info.items()
        if key.lower().replace("-", "").replace("_", "") in _VERSIONS and value is not None
    }
    named = [*sorted(found.items()), ("size", info.get("size"))]
    return " ".join(f"{key}={value}" for key, value in named)
