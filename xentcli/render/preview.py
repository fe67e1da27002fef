"""The first and the last rows of an array as a rich table, for people."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.text import Text

from xentcli.render.matrix import Matrix, columns_that_fit, matrix_table
from xentcli.render.ordered_sink import OrderedSink
from xentcli.text import plain_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console

    from xentcli.formats.base import ArrayHeader

HEAD_ROWS, TAIL_ROWS = 10, 5
"""Rows shown at the top and the bottom of an array that does not fit."""

_LABEL_WIDTH = 10  # columns of the terminal that the label of a row may always take


class _PreviewRow(NamedTuple):
    """A row to show: its place, its numbers, and its id if it has one."""

    place: int
    values: "NDArray[Any]"
    name: str | None


class Preview(OrderedSink):
    """A sink that keeps the first and the last rows of an array, to show what fits."""

    def __init__(self, title: str, column: str | None = None) -> None:
        self._title = title
        self._column = column or title  # for an array of one axis
        self._header: ArrayHeader | None = None
        self._head: list[_PreviewRow] = []
        self._tail: list[_PreviewRow] = []
        self._rows = 0

    def open(self, header: "ArrayHeader") -> None:
        """Begin an array."""
        self._header = header

    def write(self, rows: "NDArray[Any]", ids: "NDArray[Any] | None" = None) -> None:
        """Keep what may be shown."""
        rows = rows.reshape(1) if rows.ndim == 0 else rows
        width = rows.shape[-1] if rows.ndim > 1 else 1
        flat = rows.reshape(math.prod(rows.shape[:-1]) if rows.ndim > 1 else rows.size, width)
        wanted = HEAD_ROWS + TAIL_ROWS - len(self._head)
        first = max(0, len(flat) - TAIL_ROWS)

        def kept(i: int) -> _PreviewRow:
            at = i * (0 if ids is None else len(ids)) // len(flat)
            name = None if ids is None else str(plain_cells(ids[at : at + 1])[0])
            return _PreviewRow(self._rows + i, flat[i].copy(), name)

        self._head += [kept(i) for i in range(min(wanted, len(flat)))]
        self._tail = [*self._tail, *(kept(i) for i in range(first, len(flat)))][-TAIL_ROWS:]
        self._rows += len(flat)

    def show(self, console: "Console", hint: str) -> None:
        """Print the table, and a line that says what it leaves out."""
        if self._header is None or not self._head:
            console.print(Text(f"{self._title}: no rows", "dim"))
            return
        fits = self._rows <= HEAD_ROWS + TAIL_ROWS
        shown = self._head if fits else self._head[:HEAD_ROWS] + self._tail
        lead = self._header.shape[1:-1]
        labels = [_row_label(i, lead) if name is None else name for i, _, name in shown]
        names = self._header.columns or None
        if names is None and len(self._header.shape) == 1:
            names = (self._column,)
        matrix = Matrix(
            self._title,
            [row.values for row in shown],
            labels,
            names,
            label_header=self._header.id_column or "row",
            label_width=max(_LABEL_WIDTH, console.width // 2),
            gap_after=None if fits else HEAD_ROWS,
        )
        columns = columns_that_fit([matrix], console.width)
        if len(columns) < matrix.count:
            matrix = replace(matrix, label_width=max(_LABEL_WIDTH, console.width // 4))
            columns = columns_that_fit([matrix], console.width)
        console.print(matrix_table(matrix, columns, console.width))
        self._say_what_is_missing(console, hint, columns, matrix.count, fits=fits)

    def _say_what_is_missing(
        self, console: "Console", hint: str, columns: list[int], width: int, *, fits: bool
    ) -> None:
        left_out = []
        if not fits:
            left_out.append(f"{HEAD_ROWS + TAIL_ROWS} of {self._rows:,} rows")
        if len(columns) < width:
            left_out.append(f"{len(columns)} of {width:,} columns")
        header = self._header
        if header is not None and header.dtype.kind == "f":
            left_out.append("numbers rounded")
        if left_out:
            console.print(Text(f"{', '.join(left_out)}; in full: {hint}", "dim"))


def _row_label(place: int, lead: Sequence[int | None]) -> str:
    """Name a row of an array whose leading axes after the first have these lengths."""
    parts: list[int] = []
    for length in reversed(lead):
        place, part = divmod(place, length or 1)
        parts.append(part)
    return ", ".join(str(i) for i in [place, *reversed(parts)])
