"""Parts of one buffer of a record batch, read one after the other from the file."""

from typing import Any

import numpy as np

from xentcli.formats.arrow.library import pyarrow
from xentcli.formats.arrow.messages import Message, damaged
from xentcli.storage.inputs import Input, SeekableFile

_SKIPPED_BYTES = 2**24  # how much unwanted data is skipped at a time


class _Range:
    """A part of an input."""

    def __init__(self, data: Input, start: int, size: int) -> None:
        self._data, self._start, self.size = data, start, size

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset`, up to the end of the part."""
        left = max(0, self.size - offset)
        return self._data.read_at(self._start + offset, buffer[:left])


class Buffer:
    """One buffer, whose parts are asked for in the order in which they begin."""

    def __init__(self, data: Input, message: Message, number: int) -> None:
        start, length = map(int, message.buffers[number])
        self._data = data
        self.size = message.size(data, number)
        plain = message.is_plain(data, number)
        skipped = 0 if message.codec is None else 8
        range_ = _Range(data, message.body + start + skipped, max(0, length - skipped))
        self._file: Any = SeekableFile(range_)
        if not plain and self.size:
            file = pyarrow().PythonFile(self._file, mode="r")
            self._file = pyarrow().CompressedInputStream(file, message.codec)
        self._start, self._kept = 0, b""

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes; `start` is not before that of the last time."""
        if not self._start <= start <= stop <= self.size:
            raise damaged(self._data, "a column of a record batch is shorter than its rows")
        kept = self._kept[start - self._start :]
        self._start = max(self._start, min(start, self._start + len(self._kept)))
        while self._start + len(kept) < start:  # skip what nobody wants
            self._start += len(self._next(min(start - self._start, _SKIPPED_BYTES)))
        parts, missing = [kept], stop - start - len(kept)
        while missing > 0:
            parts.append(self._next(missing))
            missing -= len(parts[-1])
        self._start, self._kept = start, b"".join(parts)
        return self._kept[: stop - start]

    def _next(self, count: int) -> bytes:
        part: bytes = self._file.read(count)
        if not part:
            raise damaged(self._data, "a record batch ends too early")
        return part

    def bits(self, start: int, stop: int) -> bytes:
        """Return bits, shifted so that the first one begins a byte."""
        content = np.frombuffer(self.read(start // 8, -(-stop // 8)), np.uint8)
        if start % 8 == 0:
            return content.tobytes()
        bits = np.unpackbits(content, bitorder="little")[start % 8 :][: stop - start]
        return np.packbits(bits, bitorder="little").tobytes()
