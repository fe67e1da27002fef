"""Bytes to read: a file, a device, standard input, or a URL; compressed or not."""

import errno
import io
import os
import select
import stat
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from xentcli.errors import InputError
from xentcli.storage.compression import HEAD, Decompressing, codec_of
from xentcli.storage.names import is_url, local_name, suffix_of
from xentcli.storage.outputs import writing

STANDARD_INPUT = "-"
_MOST = 2**24  # bytes read at once: as many as a header promises may not be there
_WHILE_WRITTEN = "something still writes it: run again when that is done"


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what the system says while `name` is read into one line that names it."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{name}: cannot be read: {reason}") from error


class Input:
    """One file or stream of bytes.

    Parameters
    ----------
    name : str
        As the user wrote it, for messages.
    file : binary file object
        Where the bytes come from.
    size : int or None
        See below.
    seekable : bool, optional
        See below; by default, whether the size is known.
    check : callable, optional
        Raises InputError if what is read is not any more what was opened.
    shareable : bool
        See below.

    Attributes
    ----------
    suffix : str
        The extension that tells the format, in lower case, with the dot.
    size : int or None
        Bytes of the file as it lies there, compressed if it is; None where only its end tells.
    seekable : bool
        Whether any part can be read at any time, and more than once; then all of `size` can.
    check_unchanged : callable
        Raises InputError if a file is not any more what it was when it was opened. It does not
        keep the file open.
    shareable : bool
        Whether it is a file of this machine, which is read by position: forked processes that read
        it do not disturb one another.
    """

    def __init__(
        self,
        name: str,
        file: IO[bytes],
        size: int | None,
        *,
        seekable: bool | None = None,
        check: Callable[[], None] | None = None,
        shareable: bool = False,
    ) -> None:
        self.name = name
        self.suffix = suffix_of(name)
        self.size = size
        self.seekable = size is not None if seekable is None else seekable
        self.check_unchanged = check or _nothing
        self.shareable = shareable
        self._file = file
        self._position = 0  # of what `read` reads next, where it is shareable
        # Whoever decodes a block still needs the file: it is open as long as anything refers to
        # this. A `__del__` would come too late where both are in a cycle.
        weakref.finalize(self, file.close)
        self._head = b""

    @classmethod
    def open(cls, name: str) -> "Input":
        """Open a file or a URL, without its compression; ``-`` is standard input."""
        data = _open_as_it_is(name)
        try:
            return data._decompressed()
        except BaseException:
            data._file.close()
            raise

    def _decompressed(self) -> "Input":
        codec = codec_of(self.peek(HEAD))
        if codec is None:
            return self
        content: Any = Decompressing(self.name, self.read, codec)
        return Input(self.name, content, self.size, seekable=False, check=self.check_unchanged)

    def peek(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer at the end, and leave them to be read."""
        if len(self._head) < count:
            self._head += self._read_from_file(count - len(self._head))
        return self._head[:count]

    def read(self, count: int) -> bytes:
        """Return the next `count` bytes; fewer only at the end."""
        head, self._head = self._head[:count], self._head[count:]
        return head + self._read_from_file(count - len(head)) if len(head) < count else head

    def _read_from_file(self, count: int) -> bytes:
        parts = []
        with reading(self.name):
            while count:
                part = self._read_once(min(count, _MOST))
                if part is None:  # a pipe that does not block has nothing yet
                    select.select([self._file], [], [])
                    continue
                if not part:
                    break
                parts.append(part)
                count -= len(part)
        return b"".join(parts)

    def _read_once(self, count: int) -> bytes | None:
        if not self.shareable:
            return self._file.read(count)
        part = os.pread(self._file.fileno(), count, self._position)
        self._position += len(part)
        return part

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` of a seekable input; return how many bytes there were."""
        done = 0
        with reading(self.name):
            while done < len(buffer):
                count = self._read_once_at(offset + done, buffer[done:])
                if count == 0:
                    break
                done += count
        return done

    def _read_once_at(self, offset: int, buffer: memoryview) -> int:
        return os.preadv(self._file.fileno(), [buffer], offset)

    def as_file(self) -> "SeekableFile":
        """Return a file object on a seekable input, for libraries that read one."""
        return SeekableFile(self)

    def rewind(self) -> None:
        """Go back to the first byte of a seekable input."""
        self._head, self._position = b"", 0
        if not self.shareable:
            self._file.seek(0)

    def spooled(self) -> "Input":
        """Return this input if it is seekable, else a copy of all of it on disk that is."""
        if self.seekable:
            return self
        import tempfile

        copy: IO[Any] = tempfile.TemporaryFile()  # noqa: SIM115
        while part := self.read(_MOST):
            with writing(f"a temporary copy of {self.name}"):
                copy.write(part)
        with writing(f"a temporary copy of {self.name}"):
            copy.flush()
        size = copy.seek(0, os.SEEK_END)
        return Input(self.name, copy, size, check=self.check_unchanged, shareable=True)


def _open_as_it_is(name: str) -> Input:
    if name == STANDARD_INPUT:
        return _open_standard_input()
    path = local_name(name)
    if is_url(path):
        from xentcli.storage.remote import open_url

        return open_url(name)
    with reading(name):
        return _of_file(name, Path(path).open("rb", buffering=0), path)


def _open_standard_input() -> Input:
    with reading("<stdin>"):
        if sys.stdin is None:
            raise OSError(errno.EBADF, "it is closed")
        file: IO[bytes] = open(os.dup(sys.stdin.fileno()), "rb", buffering=0)  # noqa: PTH123, SIM115
        return _of_file("<stdin>", file, sys.stdin.fileno())


def _of_file(name: str, file: IO[bytes], place: str | int) -> Input:
    """Return an input of an open file, found again by its path or a descriptor that stays open."""
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        return Input(name, file, None)
    before = _signature(status)

    def check() -> None:
        with reading(name):
            now = os.stat(place)  # noqa: PTH116 - of a path or of a descriptor
        if _signature(now) != before:
            raise InputError(f"{name}: the file changed while it was read", hint=_WHILE_WRITTEN)

    size = status.st_size if file.tell() == 0 else None
    return Input(name, file, size, check=check, shareable=size is not None)


def _nothing() -> None:
    """Check nothing."""


def _signature(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes when a file is written to, or another one takes its name."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class Bytes(Protocol):
    """What can be read at any place."""

    @property
    def size(self) -> int | None:
        """How many there are."""

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset`; return how many bytes there were."""


class SeekableFile(io.RawIOBase):
    """A seekable input as Python's file object, with a position of its own."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that any place can be read."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; takes no memory for those that a damaged file only promises."""
        left = max(0, (self._data.size or 0) - self._position)
        return super().read(left if size < 0 else min(size, left)) or b""

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the position on."""
        count = self._data.read_at(self._position, memoryview(buffer).cast("B"))
        self._position += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._data.size or 0}
        self._position = max(0, start[whence] + offset)
        return self._position
