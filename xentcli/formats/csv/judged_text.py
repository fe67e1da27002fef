"""The first lines of a file as text that is judged: how it is cut into rows of cells."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.column_looks import judged_rows
from xentcli.formats.csv.cells import decode, squeeze
from xentcli.formats.csv.delimiter import delimiter_of, without_sep_line
from xentcli.formats.csv.long_cells import long_cells
from xentcli.formats.csv.numbers import is_number, with_point
from xentcli.records import Record

_JUDGED_ROWS = 1000  # the most that decide what columns hold


class JudgedText(Record):
    """The first lines of a file, and how they are cut.

    Attributes
    ----------
    text : str
        The lines, with one blank between cells if a blank is the delimiter.
    delimiter : str
        What stands between cells.
    declared : str or None
        The delimiter that a line of the file tells Excel; that line is left out.
    padded : bool
        Whether any number of blanks stands between cells.
    """

    text: str
    delimiter: str
    declared: str | None
    padded: bool

    def rows(self, name: str, decimal: str) -> Iterator[tuple[list[str], int]]:
        """Yield the cells of each row, and how many lines have been read by then.

        Decimal marks become points; `name` is what an error calls the file.
        """
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter)
        wanted = 1
        try:
            while True:
                with long_cells():  # only while rows are read: nobody may ask for the last one
                    rows = [(cells, reader.line_num) for cells in islice(reader, wanted)]
                if not rows:
                    return
                for cells, lines in rows:
                    yield cells if decimal == "." else [with_point(cell) for cell in cells], lines
                wanted *= 2
        except csv.Error as error:
            raise InputError(f"{name}:{reader.line_num}: {error}") from error

    @property
    def quotes_names(self) -> bool:
        """Whether all cells of the first row are in quotes, and numbers in the second are not."""
        if not self.text.startswith('"'):
            return False
        first, second, *_ = *self.text.split("\n", 2), ""
        cell = r'"[^"]*"'
        quoted = re.fullmatch(f"{cell}(?:{re.escape(self.delimiter)}{cell})*\r?", first)
        cells = second.replace(",", ".") if self.delimiter != "," else second
        return quoted is not None and any(map(is_number, cells.strip().split(self.delimiter)))

    def below(self, header_lines: int, most: int) -> str:
        """Return at most so many lines below the header; the text must have no quotes."""
        start = 0
        for _ in range(header_lines):
            start = self.text.find("\n", start) + 1
        end = start
        for _ in range(most):
            end = self.text.find("\n", end) + 1
            if not end:
                return self.text[start:]
        return self.text[start:end]


def judged_text(head: bytes, name: str, options: ReadOptions, usual_delimiter: str) -> JudgedText:
    """Return the lines that are judged of a file that starts with `head`."""
    text = decode(_first_lines(head), name, 1).removeprefix("# ")  # as np.savetxt begins a header
    text, declared = without_sep_line(text)
    delimiter = delimiter_of(text, declared, options, usual_delimiter)
    squeezed = squeeze(text.encode()).decode() if delimiter == " " else text
    return JudgedText(squeezed, delimiter, declared, squeezed != text)


def most_judged(fields: int) -> int:
    """Return how many rows decide what columns hold."""
    return min(_JUDGED_ROWS, judged_rows(fields))


def _first_lines(head: bytes) -> bytes:
    """Return as many lines as are judged, or all where a line may end within a cell."""
    if b'"' in head or b"\r" in head.replace(b"\r\n", b""):
        return head
    end = 0
    for _ in range(3 + _JUDGED_ROWS):
        end = head.find(b"\n", end) + 1
        if not end:
            return head
    return head[:end]
