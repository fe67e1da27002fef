"""An input: bytes that are read once, or of which any part can be read at any time."""

import io
import os
import select
import weakref
from collections.abc import Callable
from typing import IO, Any, ClassVar, Protocol

from xentcli.errors import InputError, input_error, reading
from xentcli.storage.names import suffix_of
from xentcli.storage.temporary import TemporaryCopy

_MOST_READ_BYTES = 2**24  # at once, as a header may promise more than there is


class Input:
    """One file or stream of bytes.

    Parameters
    ----------
    name : str
        The name that messages show.
    file : binary file object
        Where the bytes come from.
    size : int or None
        The number of bytes of the file as it is stored.
    seekable : bool, optional
        Whether any part can be read at any time; by default, if the size is known.
    check : callable, optional
        Raises InputError if the file is no longer the one that was opened.
    shareable : bool
        Whether the file is local, so that it is read by position.

    Attributes
    ----------
    suffix : str
        The extension that tells the format, in lower case, with the dot.
    size : int or None
        The number of bytes of the file as it is stored; None if it is not known before the end.
    file_size : int or None
        The same, but if this is a copy, that of the original.
    seekable : bool
        Whether any part can be read at any time, and more than once; then all of `size` can.
    check_unchanged : callable
        Raises InputError if the file is no longer the one that was opened. It does not keep the
        file open.
    shareable : bool
        Whether the file is read by position, so that forked processes that read it do not disturb
        one another.
    version : tuple of int or None
        Equal for inputs of one file that nobody wrote to in between; None if that is not sure.
    """

    version: tuple[int, ...] | None = None
    scatters: ClassVar[bool] = True
    """Whether the system can fill several buffers at once."""

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
        self.size = self.file_size = size
        self.seekable = size is not None if seekable is None else seekable
        self.check_unchanged = check or _nothing
        self.shareable = shareable
        self._file = file
        self._position = 0  # where `read` goes on, if the file is read by position
        # The file is open as long as anything refers to this input, since blocks are still decoded
        # from it. A `__del__` would come too late if both are in a cycle.
        weakref.finalize(self, file.close)
        self._head = b""

    def close(self) -> None:
        """Close the file before the last reference to this input is gone."""
        self._file.close()

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
                part = self._read_once(min(count, _MOST_READ_BYTES))
                if part is None:  # a pipe that does not block has nothing yet
                    _wait_for_data(self._file.fileno())
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
        try:
            while done < len(buffer):
                count = self._read_once_at(offset + done, buffer[done:] if done else buffer)
                if count == 0:
                    break
                done += count
        except OSError as error:
            raise input_error(self.name, error) from error
        return done

    def read_parts_at(self, offset: int, buffers: list[memoryview]) -> int:
        """Fill buffers, one behind the other, as `read_at` fills one."""
        size = sum(map(len, buffers))
        if self.scatters and self._read_parts_once_at(offset, buffers) == size:
            return size
        together = memoryview(bytearray(size))
        done, start = self.read_at(offset, together), 0
        for buffer in buffers:
            buffer[:] = together[start : start + len(buffer)]
            start += len(buffer)
        return done

    def bytes_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` of a seekable input on.

        Raises
        ------
        InputError
            If there are fewer.
        """
        if self.shareable:  # without a buffer that is filled with zeros, and copied
            with reading(self.name):
                content = os.pread(self._file.fileno(), size, offset)
            if len(content) == size:
                return content
        buffer = bytearray(size)
        if self.read_at(offset, memoryview(buffer)) < size:
            raise InputError(f"{self.name}: it became shorter while it was read")
        return bytes(buffer)

    def _read_once_at(self, offset: int, buffer: memoryview) -> int:
        return os.preadv(self._file.fileno(), [buffer], offset)

    def _read_parts_once_at(self, offset: int, buffers: list[memoryview]) -> int:
        with reading(self.name):
            return os.preadv(self._file.fileno(), buffers, offset)

    def as_file(self) -> "SeekableFile":
        """Return a file object on a seekable input, for libraries that read one."""
        return SeekableFile(self)

    def rewind(self) -> None:
        """Go back to the first byte of a seekable input."""
        self._head, self._position = b"", 0
        if not self.shareable:
            self._file.seek(0)

    def spooled(self) -> "Input":
        """Return this input if it is seekable, else a seekable copy of all of it on disk."""
        if self.seekable:
            return self
        copy = TemporaryCopy(self.name)
        while part := self.read(_MOST_READ_BYTES):
            copy.write(part)
        check = self.check_unchanged
        copied = Input(self.name, copy.file, copy.size(), check=check, shareable=True)
        copied.file_size = self.file_size
        return copied


def _wait_for_data(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll()


def _nothing() -> None:
    """Check nothing, since an input that is read once cannot be found again."""


class SeekableBytes(Protocol):
    """Bytes that can be read at any place."""

    @property
    def size(self) -> int | None:
        """How many bytes there are."""

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset`; return how many bytes there were."""


class SeekableFile(io.RawIOBase):
    """A seekable input as Python's file object, with a position of its own."""

    def __init__(self, data: SeekableBytes) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        """Return True, as `io` asks of what can be read."""
        return True

    def seekable(self) -> bool:
        """Return True, as `io` asks of what can be read at any place."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, without memory for bytes that a damaged file only promises."""
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
