"""Results as rich tables, for people."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from xentcli.text import human_bytes, shortest, visible

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console

    from xentcli.formats.interface import ArrayHeader
    from xentcli.results.info import ArraySummary
    from xentcli.results.loss import LossSummary

HEAD_ROWS, TAIL_ROWS = 10, 5
"""Rows shown at the top and the bottom of an array that does not fit."""

_GAP = 3  # columns of the terminal that the mark of left-out columns takes
_CELL = 10  # columns of the terminal that a number takes
_BETWEEN = 2


def _grid(title: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", show_header=False, box=None
    )
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="left", overflow="fold")
    return table


def full(value: float) -> str:
    """Return a number with every digit that it has."""
    return repr(float(value))


def short(value: float) -> str:
    """Return a number with the digits that fit a cell."""
    if value.is_integer() and abs(value) < 1e6:
        return f"{value:.0f}."
    return f"{value:.4f}" if 1e-4 <= abs(value) < 1e4 else f"{value:.4g}"


def loss_table(result: "LossSummary") -> Table:
    """Return a loss and what goes with it."""
    table = _grid("cross entropy" if result.command == "loss" else "negative log likelihood")
    divisor = full(result.weight_sum) + " (weights)"
    if result.weight_sum == result.used:
        divisor = f"{result.used:,} rows"
    table.add_row("loss", Text(full(result.loss), "bold green"))
    how = {
        "mean": f"mean: {full(result.loss_sum)} / {divisor}",
        "sum": "sum over rows",
        "none": "mean; each row's loss is in the output",
    }
    table.add_row("", Text(how[result.reduction], "dim"))
    table.add_row("perplexity", full(result.perplexity))
    table.add_row("bits", full(result.bits))
    table.add_row(
        "standard error",
        "undefined" if math.isnan(result.standard_error) else full(result.standard_error),
    )
    table.add_row("rows", f"{result.rows:,} ({result.used:,} used, {result.ignored:,} ignored)")
    if result.unpaired:
        table.add_row("left out", f"{result.unpaired:,} rows that the shift leaves no label")
    table.add_row("classes", f"{result.num_classes:,}")
    return table


def info_table(result: "ArraySummary") -> Table:
    """Return what a file holds."""
    table = _grid(visible(result.file))
    table.add_row("format", result.format)
    table.add_row("shape", " × ".join(f"{n:,}" for n in result.shape) or "one number")
    table.add_row("dtype", result.dtype)
    if result.columns:
        names = ", ".join(result.columns[:12]) + (", ..." if len(result.columns) > 12 else "")
        table.add_row("columns", Text(visible(names)))
    ends = [result.minimum, result.maximum]
    whole = result.looks_like == "labels"
    table.add_row("range", " to ".join(f"{end:.0f}" if whole else full(end) for end in ends))
    table.add_row("mean", full(result.mean))
    table.add_row("NaN", f"{result.nan:,}")
    table.add_row("inf, -inf", f"{result.positive_infinities:,}, {result.negative_infinities:,}")
    table.add_row("looks like", result.looks_like)
    if result.bytes is not None:
        table.add_row("file size", human_bytes(result.bytes))
    table.add_row("memory", f"about {human_bytes(result.memory)} for a loss or a softmax of it")
    return table


class Preview:
    """A sink that keeps the first and the last rows of an array, to show what fits."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._header: ArrayHeader | None = None
        self._head: list[tuple[int, NDArray[Any]]] = []
        self._tail: list[tuple[int, NDArray[Any]]] = []
        self._rows = 0

    def open(self, header: "ArrayHeader") -> None:
        """Begin an array."""
        self._header = header

    def write(self, rows: "NDArray[Any]", ids: "NDArray[Any] | None" = None) -> None:  # noqa: ARG002
        """Keep what may be shown."""
        rows = rows.reshape(1) if rows.ndim == 0 else rows
        width = rows.shape[-1] if rows.ndim > 1 else 1
        flat = rows.reshape(math.prod(rows.shape[:-1]) if rows.ndim > 1 else rows.size, width)
        wanted = HEAD_ROWS + TAIL_ROWS - len(self._head)
        self._head += [(self._rows + i, row.copy()) for i, row in enumerate(flat[:wanted])]
        first = max(0, len(flat) - TAIL_ROWS)
        self._tail += [(self._rows + first + i, row.copy()) for i, row in enumerate(flat[first:])]
        self._tail = self._tail[-TAIL_ROWS:]
        self._rows += len(flat)

    def show(self, console: "Console", hint: str) -> None:
        """Print the table, and a line that says what it leaves out."""
        if self._header is None or not self._head:
            console.print(Text(f"{self._title}: no rows", "dim"))
            return
        fits = self._rows <= HEAD_ROWS + TAIL_ROWS
        shown = self._head if fits else self._head[:HEAD_ROWS] + self._tail
        places, rows = [i for i, _ in shown], [row for _, row in shown]
        columns = columns_that_fit(len(rows[0]), console.width, names=self._header.columns)
        lead = self._header.shape[1:-1]
        labels = [_row_label(i, lead) for i in places]
        names = self._header.columns if self._header.columns else None
        table = matrix(self._title, rows, labels, columns, names)
        if not fits:
            table = matrix(self._title, rows, labels, columns, names, gap_after=HEAD_ROWS)
        console.print(table)
        self._say_what_is_missing(console, hint, columns, len(rows[0]), fits=fits)

    def _say_what_is_missing(
        self, console: "Console", hint: str, columns: list[int], width: int, *, fits: bool
    ) -> None:
        said = []
        if not fits:
            said.append(f"{HEAD_ROWS + TAIL_ROWS} of {self._rows:,} rows")
        if len(columns) < width:
            said.append(f"{len(columns)} of {width:,} columns")
        header = self._header
        if header is not None and header.dtype.kind == "f":
            said.append("numbers rounded")
        if said:
            console.print(Text(f"{', '.join(said)}; in full: {hint}", "dim"))


def _row_label(place: int, lead: Sequence[int | None]) -> str:
    """Name a row of an array whose leading axes after the first have these lengths."""
    parts: list[int] = []
    for length in reversed(lead):
        place, part = divmod(place, length or 1)
        parts.append(part)
    return ", ".join(str(i) for i in [place, *reversed(parts)])


def cell_width(names: Sequence[str] | None) -> int:
    """Return how wide a column is: a number, or a longer name up to twice as wide."""
    longest = max((len(visible(name)) for name in names or ()), default=0)
    return min(max(longest, _CELL), 2 * _CELL)


def columns_that_fit(
    count: int, width: int, also: Sequence[int] = (), names: Sequence[str] | None = None
) -> list[int]:
    """Return the columns to show of `count`: `also` and the first and last, as many as fit."""
    cell = cell_width(names) + _BETWEEN
    if count <= (width - 4) // cell:
        return list(range(count))
    most = max(1, (width - 4 - _GAP) // cell)
    kept = sorted(set(also))[:most]
    left = most - len(kept)
    rest = [i for i in _ends(count, most + len(kept)) if i not in kept]
    tail = max(left // 3, min(1, left - 1), 0)
    return sorted({*kept, *rest[: left - tail], *(rest[-tail:] if tail else [])})


def _ends(count: int, most: int) -> list[int]:
    """Return the first and the last columns, `most` of each."""
    return sorted({*range(min(most, count)), *range(max(0, count - most), count)})


def matrix(
    title: str | None,
    rows: Sequence["NDArray[Any]"],
    row_labels: Sequence[str],
    columns: Sequence[int],
    names: Sequence[str] | None,
    *,
    gap_after: int | None = None,
    marked: Sequence[int] | None = None,
    extra: tuple[str, Sequence[str]] | None = None,
) -> Table:
    """Return a table of numbers.

    Parameters
    ----------
    title : str, optional
        Above it.
    rows : sequence of arrays
        To show, of one length.
    row_labels : sequence of str
        One for each row.
    columns : sequence of int
        The places of each row to show; an ellipsis stands where some are left out.
    names : sequence of str, optional
        Of all columns.
    gap_after : int, optional
        After this many rows, some are left out.
    marked : sequence of int, optional
        One column for each row to stand out.
    extra : pair of str and sequence of str, optional
        A last column: its header, and a text for each row.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("row", style="dim", justify="right", no_wrap=True)
    width = cell_width(names)
    places = list(_with_gaps(columns, len(rows[0])))
    for place in places:
        if place is None:
            table.add_column("…", style="dim", min_width=1, no_wrap=True)
            continue
        name = visible(names[place]) if names else str(place)
        header = Text(name, "cyan", overflow="ellipsis", no_wrap=True)
        table.add_column(header, justify="right", no_wrap=True, min_width=width, max_width=width)
    if extra:
        table.add_column(Text(extra[0], "bold"), justify="right", no_wrap=True)
    for i, (label, row) in enumerate(zip(row_labels, rows, strict=True)):
        if i == gap_after:
            table.add_row("…", *("…" for _ in places), style="dim")
        mark = marked[i] if marked is not None else None
        cells = [_cell(row, place, marked=place == mark) for place in places]
        last = [Text(visible(extra[1][i]), "bold")] if extra else []
        table.add_row(label, *cells, *last)
    return table


def _with_gaps(columns: Sequence[int], count: int) -> Iterator[int | None]:
    """Yield columns, and None where some of all `count` are left out."""
    expected = 0
    for column in columns:
        if column != expected:
            yield None
        yield column
        expected = column + 1
    if expected < count:
        yield None


def _cell(row: "NDArray[Any]", place: int | None, *, marked: bool) -> Text:
    if place is None:
        return Text("…")
    value = row[place]
    text = short(float(value)) if value.dtype.kind == "f" else shortest(value).item().decode()
    return Text(text, "bold green" if marked else "")
