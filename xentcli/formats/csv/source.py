"""A CSV file as a source: cut at line ends into blocks that any thread or process may parse."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import Block, ReadOptions, Shape, StreamSource, Table
from xentcli.formats.csv import cells
from xentcli.formats.csv.beginning import Beginning, read_beginning
from xentcli.formats.csv.cells import Parsed, squeeze
from xentcli.formats.csv.encoding import PIECE_BYTES, as_utf8
from xentcli.formats.csv.first_lines import FirstLines, check_columns, read_sample
from xentcli.formats.csv.line_blocks import BlockLines, LineCutter
from xentcli.formats.csv.list_cells import to_array
from xentcli.formats.csv.long_cells import long_cells
from xentcli.formats.csv.numbers import fill_flags, fill_missing
from xentcli.formats.csv.parsers import check_cell_count, parse
from xentcli.formats.references import restored
from xentcli.storage.inputs import Input

_BLOCK_BYTES = 2**21  # large enough for pandas, small enough for several in flight
_LONGEST_LINE_BYTES = 2**26


class CsvSource(StreamSource):
    """The numbers of a CSV file, as float64 of shape (N, columns), or a column of class names.

    One column alone has shape (N,). The blocks of a file of this machine say where their lines
    stand, and whoever decodes one reads it; those of pipes and of compressed or re-encoded text
    carry their bytes.

    Attributes
    ----------
    block_bytes, longest_line_bytes : int
        How much text is read at a time, and how much a line may take.
    """

    block_bytes = _BLOCK_BYTES
    longest_line_bytes = _LONGEST_LINE_BYTES
    stored_dtype = "float64"
    of_this_process = ("unchanged", "_data")

    def __init__(
        self,
        data: Input,
        options: ReadOptions,
        usual_delimiter: str,
        *,
        block_bytes: int | None = None,
    ) -> None:
        self.name = data.name
        self.size = data.file_size
        self.unchanged = data.check_unchanged
        self.format = "tsv" if usual_delimiter == "\t" else "csv"
        self.block_bytes = block_bytes or self.block_bytes
        if options.encoding:
            data = as_utf8(data, options.encoding, min(PIECE_BYTES, self.block_bytes))
        self._read_from(data)
        sample = self._sample()
        self._is_small = sample.is_small
        self._line_end = sample.line_end
        check_columns(sample, self.name, options.delimiter)
        beginning = read_beginning(sample.lines, data.name, options, usual_delimiter)
        self.notes, self.only_cells = beginning.notes, beginning.only_cells
        self._layout = beginning.layout
        self._padded = beginning.padded
        self._missing = options.missing
        self._flags = beginning.flags
        self._header_lines = beginning.header_lines
        self._header_bytes = sample.bytes_of(self._header_lines)
        self._lists = beginning.lists
        self._take_columns(beginning)
        self._lines_are_rows = True

    def _read_from(self, data: Input) -> None:
        self._data = data
        self.shareable = data.shareable  # cutting it is a tenth of parsing it
        self.carries_bytes = not data.shareable

    def _take_columns(self, beginning: Beginning) -> None:
        """Note which column is what, for those who read the blocks."""
        chosen, label, ids, *_ = beginning.columns
        row = self._lists.values
        names = self._layout.names
        self.header = names
        self.labelled = label is not None
        self._label_names = beginning.label_names
        label_dtype = np.dtype(object if beginning.label_names else np.float64)
        self.label_dtype = label_dtype if self.labelled else None
        self._only_names = beginning.label_names and label is None
        self.dtype: np.dtype[Any] = np.dtype(object if self._only_names else np.float64)
        self.columns = tuple(names[field] for field in chosen) if names and row is None else None
        # Without a header, ids have no name: writers leave out the header then, or need some name.
        self.id_column = None if ids is None else names[ids] if names else "id"
        self._one_column = len(chosen) == 1 and not self.labelled and row is None
        self.shape: Shape = (None,) if self._one_column else (None, *(row or (len(chosen),)))
        self.label_row: Shape = () if self._lists.labels == (1,) else self._lists.labels or ()

    def _sample(self) -> FirstLines:
        return read_sample(self._data, self.name, self.block_bytes, self.longest_line_bytes)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of all columns, also of those that are not read."""
        return self._layout.names

    @property
    def fields(self) -> int:
        """How many columns there are."""
        return self._layout.fields

    def first_rows(self, most: int) -> list[list[str]]:
        """Return the cells of the first rows, of all columns, without reading anything more."""
        sample = self._sample()
        text = sample.lines[self._header_bytes - sample.mark_bytes :]
        text = squeeze(text) if self._padded else text
        lines = io.StringIO(cells.decode(text, self.name, 1 + self._header_lines), newline="")
        rows = (row for row in csv.reader(lines, delimiter=self._layout.delimiter) if row)
        with long_cells():
            return list(islice(rows, most))

    def _cutter(self, delimiter: str) -> LineCutter:
        return LineCutter(
            self.name, delimiter, self._line_end, self.block_bytes, self.longest_line_bytes
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
        if self._lists.values is not None:
            return f"{place}: {self._layout.column(self._layout.texts[0])}{list(index[1:])}"
        return f"{place}: {self._layout.column(self._layout.values[index[1]])}"

    def kept(self) -> "CsvSource":
        """Return the same text in a file that is read more than once: itself, or a copy of it."""
        if self._data.seekable:
            return self
        kept = restored(CsvSource, vars(self))
        kept._read_from(self._data.spooled())
        return kept

    def blocks(self, rows: int) -> Iterator[Block]:  # noqa: ARG002
        """Cut at line ends, by bytes."""
        if self._data.seekable:
            self._data.rewind()
        start = 0
        cutter = self._cutter(self._layout.delimiter)
        for lines, count, found in cutter.cut(
            self._data, self._header_bytes, 1 + self._header_lines
        ):
            if found != count:
                self._lines_are_rows = False
                # Rows that an open quote swallows would be missed before the block is parsed.
                cells.check_quotes(lines.text or b"", self._layout.delimiter, self.name, lines.line)
            content = lines if self.carries_bytes else lines._replace(text=None)
            yield Block(start, found, content=content)
            start += found
        if start == 0:
            raise InputError(f"{self.name}: there is a header but no row")

    def carried(self, block: Block) -> Block:
        """Return the block with its bytes, where no reference leads to the file."""
        if self.reference is not None or block.content.text is not None:
            return block
        return block._replace(content=block.content._replace(text=self._text(block.content)))

    def _text(self, lines: BlockLines) -> bytes:
        """Return whole lines, read from the file where the block does not carry them."""
        if lines.text is not None:
            return lines.text
        text = self._data.bytes_at(lines.offset, lines.size)
        return text if text.endswith(self._line_end) else text + self._line_end

    def decode(self, block: Block) -> Table:
        """Parse whole lines."""
        try:
            text = self._text(block.content)
            return self._table(self._parse(text, block), text, block)
        except InputError:
            self.check_unchanged()  # lines that were written meanwhile are no mistakes
            raise

    def _parse(self, text: bytes, block: Block) -> Parsed:
        line, layout = block.content.line, self._layout
        text = squeeze(text) if self._padded else text
        if len(text) > 2 * self.block_bytes:
            check_cell_count(text, self._line_end, layout, block.rows, self.name, line)
        text = fill_missing(text, layout.delimiter) if self._missing else text
        text = fill_flags(text, layout.delimiter) if self._flags else text
        rows = range(block.start, block.start + block.rows)
        parsed = parse(text, layout, self.name, line, rows, is_small=self._is_small)
        if len(parsed.numbers) != block.rows:
            other, what = rb"\r(?!\n)", "a carriage return"
            if self._line_end == b"\r":
                other, what = rb"\n", "a line feed"
            found = re.search(other, text)
            line += text.count(self._line_end, 0, found.start()) if found else 0
            raise InputError(f"{self.name}:{line}: {what}, and other lines end otherwise")
        return parsed

    def _table(self, parsed: Parsed, text: bytes, block: Block) -> Table:
        """Hand out what each column is."""
        numbers, texts = parsed
        ids = None if self.id_column is None else texts[-1]
        if self._only_names:
            return Table(texts[0], None, ids)
        values, labels = self._lists.values, self._lists.labels
        if values is not None or labels is not None:
            return self._table_of_lists(parsed, text, block)._replace(ids=ids)
        if self._label_names:
            return Table(numbers, texts[0], ids)
        if self.labelled:
            return Table(numbers[:, :-1], numbers[:, -1], ids)
        return Table(numbers[:, 0] if self._one_column else numbers, None, ids)

    def _table_of_lists(self, parsed: Parsed, text: bytes, block: Block) -> Table:
        """Hand out values or labels, or both, whose cells are lists."""
        numbers, texts = parsed[0], iter(parsed.texts)
        fields = iter(self._layout.texts)

        def arrays(row: Shape) -> NDArray[np.float64]:
            column = self._layout.column(next(fields))
            text_of = squeeze(text) if self._padded else text

            def place(i: int) -> str:
                line = cells.line_of_row(text_of, self._layout, block.content.line, i)
                return f"{self.name}:{line}: {column}"

            return to_array(next(texts), row, place)

        rows, labels = self._lists.values, self._lists.labels
        values = numbers if rows is None else arrays(rows)
        if labels is not None:
            return Table(values, arrays(labels).reshape(-1, *self.label_row))
        if self._label_names:
            return Table(values, next(texts))
        return Table(values, numbers[:, -1] if self.labelled else None)
