"""Rows of numbers as CSV, in the shortest text that reads back to the same bits."""

import csv
import io
from typing import Any

from numpy.typing import NDArray

from xentcli.errors import OutputError
from xentcli.formats.interface import ArrayHeader
from xentcli.storage.outputs import Output
from xentcli.text import shortest

_CELLS = 2**16  # formatted at a time


class CsvWriter:
    """Writes an array of one axis as one number a line, of two axes as one row a line."""

    def __init__(self, output: Output, header: ArrayHeader, delimiter: str) -> None:
        if len(header.shape) > 2:
            shape = "×".join("N" if n is None else str(n) for n in header.shape)
            raise OutputError(
                f"{output.name}: an array of shape {shape} does not fit in CSV",
                hint="-o FILE.npy, or --to npy",
            )
        self._output = output
        self._delimiter = delimiter
        if header.columns:
            line = io.StringIO()
            csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(header.columns)
            output.write(line.getvalue().encode())

    def write(self, rows: NDArray[Any]) -> None:
        """Write rows, or one number."""
        table = rows.reshape(len(rows), -1) if rows.ndim else rows.reshape(1, 1)
        step = max(1, _CELLS // max(1, table.shape[1]))
        for start in range(0, len(table), step):
            self._output.write(format_rows(table[start : start + step], self._delimiter))

    def close(self) -> None:
        """Do nothing: the last row ends the file."""


def format_rows(table: NDArray[Any], delimiter: str) -> bytes:
    """Return rows (N, C) as text, a line each."""
    between = delimiter.encode()
    lines = [between.join(cells) for cells in shortest(table).tolist()]
    return b"\n".join([*lines, b""])
