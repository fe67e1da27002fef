"""Cuts text into blocks of whole lines, in order, by bytes."""

from collections.abc import Iterator

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.csv.cells import outside_quotes
from xentcli.records import Record
from xentcli.storage.inputs import Input

_BLANK_LINE_ENDS = (b"\n\n", b"\n\r\n", b"\r\r")  # the ends of content whose last line is blank


class BlockLines(Record):
    """The content of a block: whole lines, or where they stand in the file."""

    line: int
    """The number of the first line, from 1."""
    offset: int
    size: int
    """Bytes, which may lack the last line end."""
    text: bytes | None = None
    """None where whoever decodes the block reads it."""


class LineCutter(Record):
    """How a text is cut.

    Attributes
    ----------
    name : str
        The name of the file, for messages.
    delimiter : str
        What stands between cells; a cell in quotes begins behind one.
    line_end : bytes
        What ends a line: a line feed or, where there is none, a carriage return.
    block_bytes : int
        How much is read at a time.
    longest_bytes : int
        How much a line may take.
    """

    name: str
    delimiter: str
    line_end: bytes
    block_bytes: int
    longest_bytes: int

    def cut(self, data: Input, offset: int, line: int) -> Iterator[tuple[BlockLines, int, int]]:
        """Yield whole lines from `offset` on with their text, how many they are, and how many rows.

        Blank lines are handed out only where others follow them.
        """
        data.read(offset)
        carry, at_end = b"", False
        while not at_end:
            more = data.read(self.block_bytes)
            at_end = len(more) < self.block_bytes
            carry += more
            text, rest = self._split(carry, at_end=at_end)
            if text:
                whole = text if text.endswith(self.line_end) else text + self.line_end
                lines = self._count(whole)
                yield BlockLines(line, offset, len(text), whole), lines, self._rows(whole, lines)
                line += lines
                offset += len(carry) - len(rest)
                carry = rest
            if len(carry) > self.longest_bytes:
                raise self.too_long(line)

    def _split(self, carry: bytes, *, at_end: bool) -> tuple[bytes, bytes]:
        """Return the whole lines at the start, without blank ones at their end, and the rest."""
        cut = len(carry)
        if not at_end:
            cut = outside_quotes(carry, self.delimiter).rfind(self.line_end) + 1
        text = carry[:cut]
        if not (at_end or text.endswith(_BLANK_LINE_ENDS)):
            return text, carry[cut:]
        text = text.rstrip(b"\r\n")
        return text, _without_line_end(carry[len(text) :])

    def _rows(self, text: bytes, lines: int) -> int:
        """Return how many rows lines make: fewer where a cell in quotes holds a line end."""
        outside = outside_quotes(text, self.delimiter)
        return lines if outside is text else outside.count(self.line_end) or 1

    def _count(self, text: bytes) -> int:
        # ``bytes.count`` takes ten times as long.
        return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(self.line_end)))

    def too_long(self, line: int) -> InputError:
        """Return the error of a line that takes more than it may."""
        return InputError(
            f"{self.name}:{line}: a line of more than {self.longest_bytes} bytes",
            hint="is a quote never closed, or is this one row? Rows of classes go in lines",
        )


def _without_line_end(content: bytes) -> bytes:
    for line_end in (b"\r\n", b"\n", b"\r"):
        if content.startswith(line_end):
            return content[len(line_end) :]
    return content
