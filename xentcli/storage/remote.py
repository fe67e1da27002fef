"""Bytes behind URLs, of every kind that fsspec and the drivers installed beside it know."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from shutil import copyfileobj
from typing import IO, Any

from xentcli.errors import InputError, OutputError, XentError
from xentcli.storage.inputs import Input, SeekableFile

_PIECE = 2**16  # bytes that a small read fetches
_UPLOADED = 2**24  # bytes sent off at once
_HTTP = ("http", "https")
_PATIENCE = 60  # seconds without a byte
_INSTALL = "pip install 'xentcli[remote]'"

Fetch = Callable[[int, int], bytes]
"""Returns the bytes from one offset to another."""


def open_url(url: str) -> Input:
    """Open a URL: seekable if the size is known and ranges can be read, else a stream."""
    with _telling(InputError, url, "read"):
        files, path = _locate(url)
        info = files.info(path)
        if info.get("type") == "directory":
            raise IsADirectoryError("is a directory")
        size: int | None = info.get("size")
        fetch = None if size is None else _fetcher(files, path, size)
        if size is None or fetch is None:
            # fsspec reads ahead by megabytes unless a block has no size; then HTTP is a stream
            options = {"block_size": 0} if _is_http(files) else {}
            stream = _Stream(url, files, files.open(path, "rb", **options))
            return Input(url, io.BufferedReader(stream), size, seekable=False)
    return _RemoteInput(url, _Ranges(url, fetch, size))


def _fetcher(files: Any, path: str, size: int) -> Fetch | None:
    """Return what reads ranges of a file, if that can be done at small cost."""
    from fsspec.archive import AbstractArchiveFileSystem
    from fsspec.asyn import AsyncFileSystem

    if isinstance(files, AbstractArchiveFileSystem):
        return None  # to reach a byte, all before it is decompressed
    if _is_http(files):
        file = files.open(path, "rb", size=size, cache_type="none")
        try:
            # Unlike `cat_file`, this refuses an answer that is not the range, but all of the file.
            fetch: Fetch = file._fetch_range
            return fetch if size < 2 or len(fetch(1, 2)) == 1 else None
        except ValueError as error:
            error.__traceback__ = None  # fsspec keeps it, and with it the callers' open files
            return None
    # Drivers that are not asynchronous have one connection, and no lock of their own.
    lock: Any = nullcontext() if isinstance(files, AsyncFileSystem) else threading.Lock()

    def fetch_alone(start: int, end: int) -> bytes:
        with lock:
            content: bytes = files.cat_file(path, start=start, end=end)
            return content

    return fetch_alone


class _RemoteInput(Input):
    """A file of which ranges are fetched, in any thread."""

    def __init__(self, url: str, ranges: "_Ranges") -> None:
        super().__init__(url, io.BufferedReader(SeekableFile(ranges), _PIECE), ranges.size)
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
        with _telling(InputError, self._url, "read"):
            content = self._fetch(offset, end)
        if len(content) != end - offset:
            what = f"{end - offset} bytes were asked for and {len(content)} came"
            raise InputError(f"{self._url}: cannot be read: {what}")
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
        with _telling(InputError, self._url, "read"):
            content: bytes = self._file.read(len(view))
        view[: len(content)] = content
        return len(content)

    def close(self) -> None:
        with suppress(Exception):
            self._file.close()
        super().close()


def check_target(url: str, *, force: bool) -> None:
    """Raise OutputError if a URL cannot be written later."""
    with _telling(OutputError, url, "written"):
        files, path = _locate(url)
        from fsspec.archive import AbstractArchiveFileSystem

        if _is_http(files) or isinstance(files, AbstractArchiveFileSystem):
            raise NotImplementedError(f"{_protocol(files)} is only read")
        if files.isdir(path):
            raise IsADirectoryError("is a directory")
        if not force and files.exists(path):
            raise OutputError(
                f"{url}: cannot be written: it exists already", hint="--force overwrites it"
            )


def upload(content: IO[bytes], url: str, *, force: bool) -> None:
    """Write a URL, which appears at the end wherever the driver can do that."""
    check_target(url, force=force)
    with _telling(OutputError, url, "written"):
        files, path = _locate(url)
        with files.transaction, files.open(path, "wb") as file:
            copyfileobj(content, file, _UPLOADED)


def _locate(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise XentError("a URL needs one more package", hint=_INSTALL) from None
    options = {protocol: _http_options() for protocol in _HTTP if f"{protocol}://" in url.lower()}
    files, path = url_to_fs(url, **options)
    return files, path


def _http_options() -> dict[str, Any]:
    """Return options of the client: no limit on all of the time, but one on silence."""
    try:
        from aiohttp import ClientTimeout
    except ImportError:
        raise XentError("HTTP needs one more package", hint=_INSTALL) from None
    patience = ClientTimeout(total=None, sock_connect=_PATIENCE, sock_read=_PATIENCE)
    return {"client_kwargs": {"timeout": patience, "trust_env": True}}


def _protocol(files: Any) -> str:
    return files.protocol if isinstance(files.protocol, str) else str(files.protocol[0])


def _is_http(files: Any) -> bool:
    return _protocol(files) in _HTTP


@contextmanager
def _telling(kind: type[XentError], url: str, verb: str) -> Iterator[None]:
    """Turn whatever a driver raises into one line that names the URL."""
    try:
        yield
    except (InputError, OutputError):
        raise
    except XentError as error:
        if type(error) is not XentError:  # a signal
            raise
        raise kind(f"{url}: {error.message}", hint=error.hint) from error
    except Exception as error:
        what, hint = _reason(error)
        raise kind(f"{url}: cannot be {verb}: {what}", hint=hint) from error


def _reason(error: Exception) -> tuple[str, str | None]:
    """Return what an exception of a driver says, and what to do about it."""
    said: Any = error
    if isinstance(error, FileNotFoundError):
        if error.__cause__ is None:
            return "no such file", None
        said = error.__cause__  # what fsspec takes for a missing file: any trouble of HTTP
    if hasattr(said, "status"):
        return f"{said.status} {said.message}".strip(), None
    text = " ".join(str(getattr(said, "strerror", None) or said).split()) or type(said).__name__
    if text[1:2].islower():
        text = text[0].lower() + text[1:]
    return text, _INSTALL if isinstance(error, ImportError) and "aiohttp" in text else None
