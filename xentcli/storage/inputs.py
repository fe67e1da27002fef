"""Bytes to read: a file, a device, or standard input."""

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self

from xentcli.errors import InputError
from xentcli.storage.outputs import writing

STANDARD_INPUT = "-"
_MOST = 2**24  # bytes read at once: as many as a header promises may not be there


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

    Attributes
    ----------
    name : str
        As the user wrote it, for messages.
    suffix : str
        The file's extension, in lower case, with the dot.
    size : int or None
        In bytes; None for a stream, whose end is only known when it comes.
    """

    def __init__(self, name: str, file: IO[bytes], size: int | None) -> None:
        self.name = name
        self.suffix = Path(name).suffix.lower()
        self.size = size
        self._file = file
        self._head = b""

    @classmethod
    def open(cls, path: str) -> Self:
        """Open a file by name; ``-`` is standard input."""
        name = "<stdin>" if path == STANDARD_INPUT else path
        with reading(name):
            if path == STANDARD_INPUT:
                if sys.stdin is None:
                    raise OSError(errno.EBADF, "it is closed")
                file: IO[bytes] = open(os.dup(sys.stdin.fileno()), "rb", buffering=0)  # noqa: PTH123, SIM115
            else:
                file = Path(path).open("rb", buffering=0)  # noqa: SIM115
            status = os.fstat(file.fileno())
            regular = stat.S_ISREG(status.st_mode)
            at_start = regular and file.tell() == 0
            return cls(name, file, status.st_size if at_start else None)

    def __del__(self) -> None:
        # Whoever decodes a block still needs the file: it is open as long as anything refers to it.
        self._file.close()

    @property
    def seekable(self) -> bool:
        """Whether any part can be read at any time, and more than once."""
        return self.size is not None

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
                part: bytes | None = self._file.read(min(count, _MOST))
                if part is None:  # a pipe that does not block has nothing yet
                    select.select([self._file], [], [])
                    continue
                if not part:
                    break
                parts.append(part)
                count -= len(part)
        return b"".join(parts)

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` of a seekable input; return how many bytes there were."""
        done = 0
        with reading(self.name):
            while done < len(buffer):
                count = os.preadv(self._file.fileno(), [buffer[done:]], offset + done)
                if count == 0:
                    break
                done += count
        return done

    def as_file(self) -> "SeekableFile":
        """Return a file object on a seekable input, for libraries that read one."""
        return SeekableFile(self)

    def rewind(self) -> None:
        """Go back to the first byte of a seekable input."""
        self._head = b""
        self._file.seek(0)

    def spooled(self) -> "Input":
        """Return this input if it is seekable, else a copy of all of it on disk that is."""
        if self.seekable:
            return self
        import tempfile

        copy: IO[Any] = tempfile.TemporaryFile()  # noqa: SIM115
        while part := self.read(_MOST):
            with writing("temporary copy of standard input"):
                copy.write(part)
        with writing("temporary copy of standard input"):
            copy.flush()
        size = copy.seek(0, os.SEEK_END)
        copy.seek(0)
        return Input(self.name, copy, size)


class SeekableFile(io.RawIOBase):
    """A seekable input as Python's file object, with a position of its own."""

    def __init__(self, data: Input) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that any place can be read."""
        return True

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
