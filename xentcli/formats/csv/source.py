"""A CSV file as a source: cut at line ends into blocks that any thread may parse."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import Block, ReadOptions, Shape, Table
from xentcli.formats.csv import cells
from xentcli.formats.csv.cells import Parsed, outside_quotes, squeeze
from xentcli.formats.csv.encoding import as_utf8
from xentcli.formats.csv.layout import Beginning, read_beginning
from xentcli.formats.doubts import doubts
from xentcli.storage.inputs import Input

_BLOCK = 2**21  # bytes: large enough for pandas, small enough for several in flight
_LONGEST_LINE = 2**26
_BLANK = (b"\n\n", b"\n\r\n", b"\r\r")  # how content ends whose last line is blank
_BYTE_ORDER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class CsvSource:
    """The numbers of a CSV file, as float64 of shape (N, columns), or a column of class names.

    One column alone has shape (N,). Each block is parsed by the fastest parser that is not in doubt
    about it: `plain`, `frame`, `cells`. Files of less than one block are left to the last, the
    standard library's, which costs no start-up.
    """

    stored_dtype = "float64"
    sliceable = tileable = False

    def __init__(self, data: Input, options: ReadOptions, usual_delimiter: str) -> None:
        self.name = data.name
        self.size = data.size
        self.check_unchanged = data.check_unchanged
        self.format = "tsv" if usual_delimiter == "\t" else "csv"
        self._data = as_utf8(data, options.encoding) if options.encoding else data
        self._first = self._read_first()
        sample = self._sample()
        beginning = read_beginning(sample, data.name, options, usual_delimiter)
        self.notes = beginning.notes
        self._layout = beginning.layout
        self._padded = beginning.padded
        self._header_lines = beginning.header_lines
        header = sample.splitlines(keepends=True)[: self._header_lines]
        self._header_bytes = self._mark + sum(map(len, header))
        self._take_columns(beginning)
        self.notes += doubts(self.name, self.columns, options)
        self._lines_are_rows = True

    def _take_columns(self, beginning: Beginning) -> None:
        """Note which column is what, for those who read the blocks."""
        chosen, label, ids = beginning.columns
        names = self._layout.names
        self.labelled = label is not None
        self._label_names = beginning.label_names
        self._only_names = beginning.label_names and label is None
        self.dtype: np.dtype[Any] = np.dtype(object if self._only_names else np.float64)
        self.columns = tuple(names[field] for field in chosen) if names else None
        # Without a header, ids have no name: writers leave out the header then, or need some name.
        self.id_column = None if ids is None else names[ids] if names else "id"
        self._one_column = len(chosen) == 1 and not self.labelled
        self.shape: Shape = (None,) if self._one_column else (None, len(chosen))

    @property
    def shareable(self) -> bool:
        """Whether it is a file of this machine as it is: cutting it is a tenth of parsing it."""
        return self._data.shareable

    def _read_first(self) -> bytes:
        first = self._data.peek(_BLOCK)
        for mark, encoding in _BYTE_ORDER_MARKS.items():
            if first.startswith(mark):
                raise InputError(
                    f"{self.name}: the text is {encoding}, and not UTF-8",
                    hint=f"--encoding {encoding.lower()}",
                )
        if not first.removeprefix(b"\xef\xbb\xbf").strip():
            raise InputError(f"{self.name}: the file is empty", hint="was it written to the end?")
        return first

    def _sample(self) -> bytes:
        """Return whole lines from the top, without the byte order mark."""
        first = self._first.removeprefix(b"\xef\xbb\xbf")
        self._mark = len(self._first) - len(first)
        self._line_end = b"\n" if b"\n" in first or b"\r" not in first else b"\r"
        if len(self._first) < _BLOCK:
            return first
        wanted = _BLOCK
        while first.count(self._line_end) < 2 and wanted < _LONGEST_LINE:  # header, row of data
            wanted *= 2
            first = self._data.peek(wanted)[self._mark :]
            if self._mark + len(first) < wanted:
                return first
        end = first.rfind(self._line_end)
        if end < 0:
            raise self._too_long(1)
        return first[: end + 1]

    def _too_long(self, line: int) -> InputError:
        return InputError(
            f"{self.name}:{line}: a line of more than {_LONGEST_LINE} bytes",
            hint="is a quote never closed, or is this one row? Rows of classes go in lines",
        )

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

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Not possible either."""
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
        for content, lines in self._pieces():
            count = lines
            outside = outside_quotes(content, self._layout.delimiter)
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

    def _pieces(self) -> Iterator[tuple[bytes, int]]:
        """Yield whole lines behind the header, and how many.

        Blank lines are handed out only where others follow them.
        """
        self._data.read(self._header_bytes)
        carry, at_end, line = b"", False, 1 + self._header_lines
        while not at_end:
            more = self._data.read(_BLOCK)
            at_end = len(more) < _BLOCK
            carry += more
            cut = len(carry)
            if not at_end:
                outside = outside_quotes(carry, self._layout.delimiter)
                cut = outside.rfind(self._line_end) + 1
            body, rest = carry[:cut], carry[cut:]
            if at_end or body.endswith(_BLANK):
                body = body.rstrip(b"\r\n")
                rest = _without_line_end(carry[len(body) :])
                body = body and body + self._line_end
            if body:
                lines = self._count_lines(body)
                yield body, lines
                line += lines
                carry = rest
            if len(carry) > _LONGEST_LINE:
                raise self._too_long(line)

    def decode(self, content: bytes, line: int, start: int, rows: int, *, small: bool) -> Table:
        """Parse whole lines."""
        content = squeeze(content) if self._padded else content
        parsed: Parsed | None = None
        if not small:
            from xentcli.formats.csv import frame, plain

            parsed = plain.parse(content, self._layout, rows)
            if parsed is None and self._layout.fields <= frame.WIDEST:
                parsed = frame.parse(content, self._layout, rows, start)
        if parsed is None:
            parsed = cells.parse(content, self._layout, self.name, line, start)
        if len(parsed.numbers) != rows:
            other, what = rb"\r(?!\n)", "a carriage return"
            if self._line_end == b"\r":
                other, what = rb"\n", "a line feed"
            found = re.search(other, content)
            line += content.count(self._line_end, 0, found.start()) if found else 0
            raise InputError(f"{self.name}:{line}: {what}, and other lines end otherwise")
        return self._table(parsed)

    def _table(self, parsed: Parsed) -> Table:
        """Hand out what each column is."""
        numbers, texts = parsed
        ids = None if self.id_column is None else texts[-1]
        if self._only_names:
            return Table(texts[0])
        if self._label_names:
            return Table(numbers, texts[0], ids)
        if self.labelled:
            return Table(numbers[:, :-1], numbers[:, -1], ids)
        return Table(numbers[:, 0] if self._one_column else numbers, None, ids)


def _without_line_end(content: bytes) -> bytes:
    for line_end in (b"\r\n", b"\n", b"\r"):
        if content.startswith(line_end):
            return content[len(line_end) :]
    return content
