"""Results as rich tables, for people."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from xentcli.text import human_bytes, shortest, visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xentcli.results.info import ArraySummary
    from xentcli.results.loss import LossSummary

_GAP = 3  # columns of the terminal that the mark of left-out columns takes
_CELL = 10  # columns of the terminal that a number takes
_BETWEEN = 2
LABEL = 4
"""Columns of the terminal that the label of a row may always take."""


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
    title = "cross entropy" if result.command == "loss" else "negative log likelihood"
    table = _grid("binary cross entropy" if result.binary else title)
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
    if result.accuracy is not None:
        table.add_row("accuracy", _accuracy(result))
    table.add_row("rows", f"{result.rows:,} ({result.used:,} used, {result.ignored:,} ignored)")
    if result.unpaired:
        table.add_row("left out", f"{result.unpaired:,} rows that the shift leaves no label")
    if result.num_classes:
        table.add_row("classes", f"{result.num_classes:,}")
    return table


def _accuracy(result: "LossSummary") -> str:
    """Return a share of rows to the digits that its interval gives a meaning to."""
    low, high = result.accuracy_low or 0.0, result.accuracy_high or 0.0
    return (
        f"{result.accuracy:.4f} ({result.hits:,} of {result.used:,}; 95 % {low:.6f} to {high:.6f})"
    )


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


def cell_width(names: Sequence[str] | None) -> int:
    """Return how wide a column is: a number, or a longer name up to twice as wide."""
    longest = max((len(visible(name)) for name in names or ()), default=0)
    return min(max(longest, _CELL), 2 * _CELL)


def columns_that_fit(
    count: int, width: int, also: Sequence[int] = (), names: Sequence[str] | None = None
) -> list[int]:
    """Return the columns to show of `count`: `also` and the first and last, as many as fit."""
    cell = cell_width(names) + _BETWEEN
    if count <= (width - LABEL) // cell:
        return list(range(count))
    most = max(1, (width - LABEL - _GAP) // cell)
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
    label: tuple[str, int | None] = ("row", None),
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
    label : pair of str and int or None
        What stands above the labels of the rows, and their greatest width.
    marked : sequence of int, optional
        One column for each row to stand out.
    extra : pair of str and sequence of str, optional
        A last column: its header, and a text for each row.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column(
        Text(label[0], overflow="ellipsis"),
        style="dim",
        justify="right",
        no_wrap=True,
        overflow="ellipsis",
        max_width=label[1],
    )
    places = list(_with_gaps(columns, len(rows[0])))
    _add_classes(table, places, names)
    if extra:
        table.add_column(Text(extra[0], "bold"), justify="right", no_wrap=True)
    for i, (row_label, row) in enumerate(zip(row_labels, rows, strict=True)):
        if i == gap_after:
            table.add_row("…", *("…" for _ in places), style="dim")
        mark = marked[i] if marked is not None else None
        cells = [_cell(row, place, marked=place == mark) for place in places]
        last = [Text(visible(extra[1][i]), "bold")] if extra else []
        table.add_row(row_label, *cells, *last)
    return table


def _add_classes(table: Table, places: Sequence[int | None], names: Sequence[str] | None) -> None:
    """Add a column for each place, and an ellipsis for None."""
    width = cell_width(names)
    for place in places:
        if place is None:
            table.add_column("…", style="dim", min_width=1, no_wrap=True)
            continue
        name = visible(names[place]) if names else str(place)
        header = Text(name, "cyan", overflow="ellipsis", no_wrap=True)
        table.add_column(header, justify="right", no_wrap=True, min_width=width, max_width=width)


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
