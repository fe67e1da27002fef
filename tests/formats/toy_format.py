"""A format from outside the package, in one file: a line of text, then the numbers.

``TOY <f4 5 3`` and a line feed stand before five rows of three little-endian float32.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError, OutputError
from xentcli.formats.base import (
    ArrayHeader,
    Block,
    Format,
    ReadOptions,
    SequentialWriter,
    StreamSource,
    Table,
)
from xentcli.formats.registry import register
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

_MAGIC = b"TOY "
_LONGEST_HEADER_BYTES = 100


class ToySource(StreamSource):
    """An array behind a line of text."""

    carries_bytes = True
    of_this_process = ("unchanged", "_data")

    def __init__(self, data: Input, _options: ReadOptions) -> None:
        header, _, _ = data.peek(_LONGEST_HEADER_BYTES).partition(b"\n")
        try:
            dtype, *lengths = header.removeprefix(_MAGIC).split()
            self.dtype, row = np.dtype(dtype.decode()), tuple(map(int, lengths))
        except (TypeError, ValueError) as error:
            raise InputError(f"{data.name}: not a toy file") from error
        self.name, self.format, self.size = data.name, "toy", data.size
        self.stored_dtype, self.notes = self.dtype.name, []
        self.shape = row
        self._row = row[1:]
        self._length = row[0] if row else 1
        self._header_bytes = len(header) + 1
        self._data = data
        self.unchanged = data.check_unchanged

    def kept(self) -> "ToySource":
        """Return the array in a file."""
        return ToySource(self._data.spooled(), ReadOptions())

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut after so many rows."""
        if self._data.seekable:
            self._data.rewind()
        self._data.read(self._header_bytes)
        row_bytes = math.prod(self._row) * self.dtype.itemsize
        for start in range(0, self._length, rows):
            count = min(rows, self._length - start)
            content = self._data.read(count * row_bytes)
            if len(content) < count * row_bytes:
                raise InputError(f"{self.name}: the file is cut off")
            yield Block(start, count, content=content)

    def decode(self, block: Block) -> Table:
        """Return numbers of bytes."""
        numbers: NDArray[Any] = np.frombuffer(block.content, self.dtype)
        return Table(numbers.reshape((block.rows, *self._row) if self.shape else ()))


class ToyWriter(SequentialWriter):
    """Writes an array whose rows are counted."""

    def __init__(self, output: Output, header: ArrayHeader) -> None:
        if header.dtype.kind != "f" or None in header.shape:
            raise OutputError(f"{output.name}: a toy file does not hold {header.dtype}")
        self._dtype = header.dtype.newbyteorder("<")
        self._output = output
        output.write(_MAGIC + " ".join([self._dtype.str, *map(str, header.shape)]).encode() + b"\n")

    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Write rows as they are."""
        assert ids is None
        self._output.write(rows.astype(self._dtype).tobytes())

    def close(self) -> None:
        """Do nothing."""


TOY = Format(
    name="toy",
    extensions=(".toy",),
    recognises=lambda head: head.startswith(_MAGIC),
    open_source=ToySource,
    open_writer=ToyWriter,
)


def add_toy() -> None:
    """Register the format in this process."""
    register(TOY)


def main() -> None:
    """Run the command line, with one more format."""
    from xentcli.__main__ import main as run

    add_toy()
    run()
