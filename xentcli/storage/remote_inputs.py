"""Reads URLs, by ranges if the server has them, and only one version of each file."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from weakref import WeakSet

from xentcli.errors import InputError
from xentcli.storage import wanted
from xentcli.storage.inputs import Input, SeekableFile
from xentcli.storage.names import shown_name
from xentcli.storage.parts import told
from xentcli.storage.ranges import DriverRanges, begin
from xentcli.storage.read_ahead import RemoteFile
from xentcli.storage.remote import is_http, locate, telling
from xentcli.storage.succession import Succession
from xentcli.storage.wanted import Share

_BUFFER_BYTES = 2**15

_expected: WeakSet[Succession] = WeakSet()
_versions: dict[str, str] = {}
"""The version of each URL that was last opened."""


def expect(urls: Sequence[str]) -> Succession:
    """Return a succession, which opens these files ahead as long as anybody keeps it."""
    succession = Succession(urls)
    _expected.add(succession)
    return succession


@contextmanager
def wanting(shares: Sequence[tuple[str, Share]]) -> Iterator[None]:
    """Open files and fetch these parts of them ahead, and no others."""
    succession = expect([url for url, _ in shares])
    with wanted.wanting(shares):
        yield
    del succession


def version_of(url: str) -> str:
    """Return a text that tells the version that was last opened from others, in any process."""
    return _versions.get(url, "")


def open_url(url: str) -> Input:
    """Open a URL: seekable if the size is known and ranges can be read, else a stream."""
    succession = next((each for each in _expected if url in each), None) or Succession([url])
    file = succession.open(url)
    _versions[url] = file.version
    if file.size is None:
        return _open_stream(url)
    return _RemoteInput(shown_name(url), file, file.size, partial(succession.check, url))


def _open_stream(url: str) -> Input:
    """Open a URL that can only be read from its beginning to its end."""
    with telling(InputError, url, "read"):
        files, path = locate(url)
        compared = DriverRanges(files, path)
        size = begin(compared.find()).result()
        # fsspec reads ahead by megabytes unless a block has no size; then HTTP is a stream
        options = {"block_size": 0} if is_http(files) else {}
        stream = io.BufferedReader(_Stream(url, files, files.open(path, "rb", **options)))

    def check() -> None:
        with told(url):
            begin(compared.check()).result()

    return Input(shown_name(url), stream, size, seekable=False, check=check)


class _RemoteInput(Input):
    """A file whose ranges are fetched, in any thread."""

    scatters = False

    def __init__(self, name: str, file: RemoteFile, size: int, check: Callable[[], None]) -> None:
        self._remote = file
        stream = io.BufferedReader(SeekableFile(self._remote), _BUFFER_BYTES)
        super().__init__(name, stream, size, check=check)

    def _read_once_at(self, offset: int, buffer: memoryview) -> int:
        return self._remote.read_at(offset, buffer)


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
