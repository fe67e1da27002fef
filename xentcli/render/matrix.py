"""Matrices as tables that fit a terminal: all columns, or the first and the last."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from xentcli.render.number_columns import choose, number_texts, short_name, short_names
from xentcli.text import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MARK = "…"
"""Marks where columns or rows are left out; it takes one column of the terminal."""


class _Style(NamedTuple):
    """How closely a table is set."""

    name_width: int
    """Columns of the terminal that a name may take though the numbers below it take fewer."""
    gap: int
    """Columns of the terminal between two columns of the table."""
    decimals: int


_EXTRA_WIDTH = 16  # columns of the terminal that the last column may always take
_LOOSE = tuple(_Style(name_width, 2, 4) for name_width in (96, 64, 48, 32, 24, 16, 12))
_CLOSE = (_Style(12, 1, 4), _Style(8, 1, 4), _Style(6, 1, 4), _Style(6, 1, 3), _Style(5, 1, 2))


@dataclass(frozen=True)
class Matrix:
    """Rows of numbers to show.

    Attributes
    ----------
    title : str
        What stands above it.
    rows : sequence of arrays
        The rows, of one length.
    row_labels : sequence of str
        What stands before each row.
    names : sequence of str, optional
        The names of all columns; without them they are numbered.
    label_header : str
        What stands above the labels of the rows.
    label_width : int, optional
        The most columns of the terminal that these labels take.
    gap_after : int, optional
        After this many rows, some are left out.
    marked : sequence of int, optional
        One column for each row to stand out.
    extra : pair of str and sequence of str, optional
        A last column: its header, and a text for each row.
    """

    title: str
    rows: "Sequence[NDArray[Any]]"
    row_labels: Sequence[str]
    names: Sequence[str] | None = None
    label_header: str = "row"
    label_width: int | None = None
    gap_after: int | None = None
    marked: Sequence[int] | None = None
    extra: tuple[str, Sequence[str]] | None = None
    _texts: dict[tuple[int, int], list[str]] = field(default_factory=dict, repr=False)

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self.rows[0])

    def numbers(self, column: int, decimals: int) -> list[str]:
        """Return the numbers of a column as text."""
        key = column, decimals
        if key not in self._texts:
            values = [row[column] for row in self.rows]
            self._texts[key] = number_texts(values, decimals)
        return self._texts[key]

    def labels(self) -> list[str]:
        """Return the header above the labels of the rows, and the labels."""
        texts = [self.label_header, *self.row_labels]
        return [short_name(text, self.label_width or 1000) for text in texts]


class _ShownColumn(NamedTuple):
    """A column of a table: its header, its cells, and the width that both fit into."""

    header: str
    cells: list[str]

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.header, *self.cells)))


def columns_that_fit(matrices: Sequence[Matrix], width: int, also: Sequence[int] = ()) -> list[int]:
    """Return the columns to show of matrices of one size that stand below each other.

    These are all columns if each matrix fits, else `also` and as many first and last ones as fit.
    """
    count = matrices[0].count
    most = min(count, max(1, width // 2))
    if most == count and all(_style(m, range(count), width, _LOOSE + _CLOSE) for m in matrices):
        return list(range(count))
    for few in range(most, 1, -1):
        columns = choose(count, few, also)
        if all(_style(matrix, columns, width, _LOOSE) for matrix in matrices):
            return columns
    return choose(count, 1, also)


def _style(
    matrix: Matrix, columns: Sequence[int], width: int, styles: Sequence[_Style]
) -> _Style | None:
    """Return the first style in which these columns fit, or None."""
    return next((s for s in styles if _width(matrix, columns, s) <= width), None)


def _width(matrix: Matrix, columns: Sequence[int], style: _Style) -> int:
    widths = [column.width for column in _columns(matrix, columns, style)]
    return sum(widths) + style.gap * (len(widths) - 1)


def _columns(matrix: Matrix, columns: Sequence[int], style: _Style) -> list[_ShownColumn]:
    """Return the columns of a table: labels, numbers with marks at gaps, and the extra column."""
    header, *labels = matrix.labels()
    built = [_ShownColumn(header, labels)]
    numbers = [matrix.numbers(column, style.decimals) for column in columns]
    widest = max((cell_len(cell) for cells in numbers for cell in cells), default=0)
    names = [str(column) for column in columns]
    if matrix.names:
        names = short_names(
            [matrix.names[column] for column in columns], max(style.name_width, widest)
        )
    expected = 0
    for column, name, cells in zip(columns, names, numbers, strict=True):
        if column != expected:
            built.append(_ShownColumn(_MARK, [_MARK] * len(cells)))
        built.append(_ShownColumn(name, cells))
        expected = column + 1
    if expected < matrix.count:
        built.append(_ShownColumn(_MARK, [_MARK] * len(labels)))
    if matrix.extra:
        header, texts = matrix.extra
        most = max(_EXTRA_WIDTH, style.name_width)
        built.append(_ShownColumn(header, [short_name(text, most) for text in texts]))
    return built


def matrix_table(matrix: Matrix, columns: Sequence[int], width: int) -> Group:
    """Return a title and a table of some columns for a terminal of this width."""
    style = _style(matrix, columns, width, _LOOSE + _CLOSE) or _CLOSE[-1]
    table = Table(box=None, pad_edge=False, padding=(0, style.gap, 0, 0))
    built = _columns(matrix, columns, style)
    last = len(built) - 1
    for i, column in enumerate(built):
        is_extra = matrix.extra is not None and i == last
        plain = i == 0 or is_extra or column.header == _MARK
        table.add_column(
            Text(column.header, "bold" if plain else "cyan"),
            style="bold" if is_extra else "dim" if plain else "",
            justify="right",
            no_wrap=True,
            min_width=column.width,
        )
    places = _places(columns)
    for i in range(len(matrix.row_labels)):
        if i == matrix.gap_after:
            table.add_row(*(_MARK for _ in built), style="dim")
        mark = None if matrix.marked is None else matrix.marked[i]
        cells = [Text(column.cells[i]) for column in built]
        for place in (place for place, column in places.items() if column == mark):
            cells[place].stylize("bold green")
        table.add_row(*cells)
    return Group(Text(visible(matrix.title), "bold"), table)


def _places(columns: Sequence[int]) -> dict[int, int]:
    """Return which column of the matrix each column of its table shows."""
    places, expected, place = {}, 0, 1
    for column in columns:
        place += column != expected
        places[place] = column
        expected, place = column + 1, place + 1
    return places
