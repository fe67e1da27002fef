"""A CSV file as a source: cut at line ends into blocks that any thread may parse."""

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.csv import cells
from xentcli.formats.csv.layout import read_beginning
from xentcli.formats.interface import Block, ReadOptions, Shape, Table
from xentcli.storage.inputs import Input

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 2**21  # bytes: large enough for pandas, small enough for several in flight
_LONGEST_LINE = 2**26
_BLANK = (b"\n\n", b"\n\r\n", b"\r\r")  # how content ends whose last line is blank
_BYTE_ORDER_MARKS = {
    b"\xff\xfe": "UTF-16 or UTF-32",
    b"\xfe\xff": "UTF-16",
    b"\0\0\xfe\xff": "UTF-32",
}


class CsvSource:
    """The numbers of a CSV file, as float64 of shape (N, columns).

    One column alone has shape (N,). Each block is parsed by the fastest parser that is not in doubt
    about it: `plain`, `frame`, `cells`. Files of less than one block are left to the last, the
    standard library's, which costs no start-up.
    """

    dtype = np.dtype(np.float64)
    stored_dtype = "float64"
    sliceable = False
    id_column: str | None = None

    def __init__(self, data: Input, options: ReadOptions, usual_delimiter: str) -> None:
        self.name = data.name
        self.size = data.size
        self.check_unchanged = data.check_unchanged
        self.format = "tsv" if usual_delimiter == "\t" else "csv"
        self._data = data
        self._first = self._read_first()
        sample = self._sample()
        beginning = read_beginning(sample, data.name, options, usual_delimiter)
        self.notes = beginning.notes
        self._layout = beginning.layout
        self._header_lines = beginning.header_lines
        header = sample.splitlines(keepends=True)[: self._header_lines]
        self._header_bytes = self._mark + sum(map(len, header))
        self.labelled = options.label_column is not None
        chosen = self._layout.values[:-1] if self.labelled else self._layout.values
        names = self._layout.names
        self.columns = tuple(names[field] for field in chosen) if names else None
        self._one_column = len(chosen) == 1 and not self.labelled
        self.shape: Shape = (None,) if self._one_column else (None, len(chosen))
        self._lines_are_rows = True

    def _read_first(self) -> bytes:
        first = self._data.peek(_BLOCK)
        for mark, encoding in _BYTE_ORDER_MARKS.items():
            if first.startswith(mark):
                raise InputError(
                    f"{self.name}: the text is {encoding}, and must be UTF-8",
                    hint=f"iconv -f {encoding.split()[0]} -t UTF-8",
                )
        if not first.removeprefix(b"\xef\xbb\xbf").strip():
            raise InputError(f"{self.name}: the file is empty")
        return first

    def _sample(self) -> bytes:
        """Return whole lines from the top, without the byte order mark."""
        first = self._first.removeprefix(b"\xef\xbb\xbf")
        self._mark = len(self._first) - len(first)
        self._line_end = b"\n" if b"\n" in first or b"\r" not in first else b"\r"
        if len(self._first) < _BLOCK:
            return first
        end = first.rfind(self._line_end)
        if end < 0:
            first = self._data.peek(_LONGEST_LINE)[self._mark :]
            end = first.find(self._line_end)
        if end < 0:
            raise InputError(f"{self.name}:1: a line of more than {_LONGEST_LINE} bytes")
        return first[: end + 1]

    def place(self, index: tuple[int, ...]) -> str:
        """Name a row by its line in the file, and a column by its header."""
        row = index[0] if index else 0
        if self._lines_are_rows:
            place = f"{self.name}:{row + 1 + self._header_lines}"
        else:
            place = f"{self.name}: row {row}"
        if len(index) < 2:
            return place
        return f"{place}: {self._layout.column(self._layout.values[index[1]])}"

    def keep(self) -> None:
        """Make the source readable more than once."""
        self._data = self._data.spooled()

    def block(self, start: int, rows: int, axis: int = 0) -> Block:
        """Not possible: where a row starts is not known."""
        raise NotImplementedError

    def step(self, rows: int, axis: int) -> int:  # noqa: ARG002
        """Return `rows`: blocks are cut by bytes anyway."""
        return rows

    def blocks(self, rows: int) -> Iterator[Block]:  # noqa: ARG002
        """Cut at line ends, by bytes."""
        if self._data.seekable:
            self._data.rewind()
        small = len(self._first) < _BLOCK
        start, line = 0, 1 + self._header_lines
        for content in self._pieces():
            lines = count = self._count_lines(content)
            outside = _outside_quotes(content, self._layout.delimiter)
            if outside is not content:
                count = outside.count(self._line_end) or 1
            if lines != count:
                self._lines_are_rows = False
            yield Block(
                start, count, partial(self.decode, content, line, start, count, small=small)
            )
            start += count
            line += lines
        if start == 0:
            raise InputError(f"{self.name}: there is a header but no row")

    def _count_lines(self, content: bytes) -> int:
        # ``bytes.count`` takes ten times as long.
        return int(np.count_nonzero(np.frombuffer(content, np.uint8) == ord(self._line_end)))

    def _pieces(self) -> Iterator[bytes]:
        """Yield whole lines behind the header; blank lines only where others follow them."""
        self._data.read(self._header_bytes)
        carry, at_end = b"", False
        while not at_end:
            more = self._data.read(_BLOCK)
            at_end = len(more) < _BLOCK
            carry += more
            cut = len(carry)
            if not at_end:
                outside = _outside_quotes(carry, self._layout.delimiter)
                cut = outside.rfind(self._line_end) + 1
            body, rest = carry[:cut], carry[cut:]
            if at_end or body.endswith(_BLANK):
                body = body.rstrip(b"\r\n")
                rest = _without_line_end(carry[len(body) :])
                body = body and body + self._line_end
            if body:
                yield body
                carry = rest
            if len(carry) > _LONGEST_LINE:
                raise InputError(f"{self.name}: a line of more than {_LONGEST_LINE} bytes")

    def decode(self, content: bytes, line: int, start: int, rows: int, *, small: bool) -> Table:
        """Parse whole lines."""
        values: NDArray[Any] | None = None
        if not small:
            from xentcli.formats.csv import frame, plain

            values = plain.parse(content, self._layout, rows)
            if values is None and self._layout.fields <= frame.WIDEST:
                values = frame.parse(content, self._layout, rows, start)
        if values is None:
            values = cells.parse(content, self._layout, self.name, line, start)
        if len(values) != rows:
            other, what = rb"\r(?!\n)", "a carriage return"
            if self._line_end == b"\r":
                other, what = rb"\n", "a line feed"
            found = re.search(other, content)
            line += content.count(self._line_end, 0, found.start()) if found else 0
            raise InputError(f"{self.name}:{line}: {what}, and other lines end otherwise")
        if self.labelled:
            return Table(values[:, :-1], values[:, -1])
        return Table(values[:, 0] if self._one_column else values)


def _outside_quotes(content: bytes, delimiter: str) -> bytes:
    """Return content of the same length with whatever stands in quotes overwritten.

    As in the csv module, a quote begins a quoted cell only where the cell begins.
    """
    if b'"' not in content:
        return content
    between = re.escape(delimiter.encode())
    quoted = rb"(?:(?<=[\r\n]|" + between + rb')|\A)"[^"]*+(?:""[^"]*+)*+(?:"|\Z)'
    return re.sub(quoted, lambda match: b"x" * len(match[0]), content)


def _without_line_end(content: bytes) -> bytes:
    for line_end in (b"\r\n", b"\n", b"\r"):
        if content.startswith(line_end):
            return content[len(line_end) :]
    return content
