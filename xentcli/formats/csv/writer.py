"""Rows of numbers as CSV, in the shortest text that reads back to the same bits."""

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from xentcli.errors import OutputError
from xentcli.formats.base import ArrayHeader, SequentialWriter
from xentcli.storage.outputs import Output
from xentcli.text import plain_cells, shortest

_FORMATTED_CELLS = 2**16  # how many are formatted at a time


class CsvWriter(SequentialWriter):
    """Writes an array of one axis as one number a line, of two axes as one row a line.

    Rows must come in order: a line has no length before it is written.
    """

    def __init__(self, output: Output, header: ArrayHeader, delimiter: str) -> None:
        if len(header.shape) > 2:
            shape = "×".join("N" if n is None else str(n) for n in header.shape)
            raise OutputError(
                f"{output.name}: an array of shape {shape} does not fit in CSV",
                hint="-o FILE.npy, or --to npy",
            )
        if header.dtype.kind not in "fiub":
            raise OutputError(f"{output.name}: CSV does not hold {header.dtype}")
        self._output = output
        self._delimiter = delimiter
        self._columns = header.columns
        self._id_column = header.id_column
        self._width = (header.shape[1] or 0) if len(header.shape) > 1 else 1
        self._begun = False

    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Write rows, or one number, each after its id."""
        table = rows.reshape(len(rows) if rows.ndim else 1, rows.shape[1] if rows.ndim > 1 else 1)
        if table.size == 0:
            return
        if not self._begun and ids is None and self._counts(table[0]):
            self._output.write(b"+")  # +0 is a number to every reader, and no name
        self._begin()
        if table.shape[1] > _FORMATTED_CELLS:
            for i, row in enumerate(table):
                self._write_wide(row, None if ids is None else plain_cells(ids[i : i + 1]))
            return
        step = max(1, _FORMATTED_CELLS // table.shape[1])
        for start in range(0, len(table), step):
            part = slice(start, start + step)
            names = None if ids is None else plain_cells(ids[part])
            self._output.write(format_rows(table[part], self._delimiter, names))

    def _write_wide(self, row: NDArray[Any], name: list[Any] | None) -> None:
        """Write a row whose text is too long to be held."""
        for start in range(0, len(row), _FORMATTED_CELLS):
            text = format_rows(row[None, start : start + _FORMATTED_CELLS], self._delimiter, name)
            more = start + _FORMATTED_CELLS < len(row)
            self._output.write(text[:-1] + self._delimiter.encode() if more else text)
            name = None

    def close(self) -> None:
        """Write the header, if there was no row."""
        self._begin()

    def _counts(self, first: NDArray[Any]) -> bool:
        """Whether a first row, without a header above it, might be taken for one: 0, 1, 2, ..."""
        if self._columns or len(first) < 2 or first.dtype.kind not in "iub":
            return False
        numbers = range(len(first))
        return first.tolist() in ([*numbers], sorted(numbers, key=str))

    def _begin(self) -> None:
        """Write the header before the first row."""
        if self._begun:
            return
        self._begun = True
        columns = self._columns
        if self._id_column is not None:  # without a header, the ids' name would be lost
            columns = (self._id_column, *(columns or map(str, range(self._width))))
        if not columns:
            return
        cells = [*quoted(columns, self._delimiter)]
        if cells[0].startswith("# ") or cells == [""]:  # a comment's mark, an empty line
            cells[0] = f'"{cells[0]}"'
        self._output.write(self._delimiter.join(cells).encode() + b"\n")


def format_rows(table: NDArray[Any], delimiter: str, ids: Iterable[Any] | None = None) -> bytes:
    """Return rows (N, C) as text, a line each, after their ids."""
    between = delimiter.encode()
    lines = [between.join(cells) for cells in shortest(table).tolist()]
    if ids is not None:
        names = (cell.encode() for cell in quoted(ids, delimiter))
        lines = [name + between + line for name, line in zip(names, lines, strict=True)]
    return b"\n".join([*lines, b""])


def quoted(cells: Iterable[Any], delimiter: str) -> list[str]:
    """Return texts as cells, in quotes where they hold what ends a cell, or marks a file."""
    texts = ["" if cell is None else str(cell) for cell in cells]
    together = "".join(texts)  # most hold nothing of the kind
    special = [character for character in f'"\r\n\ufeff{delimiter}' if character in together]
    if not special:
        return texts
    return [
        '"' + text.replace('"', '""') + '"' if any(c in text for c in special) else text
        for text in texts
    ]
