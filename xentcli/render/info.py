"""What files hold, as tables for people."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from xentcli.render.number_columns import told_apart
from xentcli.render.tables import full, grid
from xentcli.text import human_bytes, shape_text, visible

if TYPE_CHECKING:
    from xentcli.results.info import ArraySummary

_SHOWN_NAMES = 12  # names of columns that a line shows
_MOST_COMMANDS, _FEW_COMMANDS = 8, 3  # if there are more than the first, the second are shown
_NARROWEST_NAME, _GAP = 12, 2  # columns of the terminal
_LABELS = ("labels", "one-hot labels", "ids")


def info_page(results: "Sequence[ArraySummary]", width: int) -> list[Any]:
    """Return a table of all that is known of one array, or a table with a line for each array."""
    if len(results) == 1:
        return [_one(results[0])]
    files = list(dict.fromkeys(result.file for result in results))
    page: list[Any] = []
    if len(files) == 1:
        size = results[0].bytes
        told = results[0].format + (f", {human_bytes(size)}" if size is not None else "")
        page.append(Text.assemble((visible(files[0]), "bold"), f"  {told}"))
    table = _several(results, width, name_files=len(files) > 1)
    if table is None:
        return [_one(result) for result in results]
    page.append(table)
    commands = dict.fromkeys(result.fits for result in results if result.fits)
    complete = [each for each in commands if not {"LOGITS", "LABELS"} & set(each.split())]
    shown = complete or [*commands]
    page += [Text()] if shown else []
    few = shown if len(shown) <= _MOST_COMMANDS else shown[:_FEW_COMMANDS]
    page += [
        Text.assemble(("fits: ", "dim"), (visible(command), "cyan"), overflow="fold")
        for command in few
    ]
    if len(few) < len(shown):
        page.append(Text(f"and {len(shown) - len(few):,} more commands; all: --json", "dim"))
    return page


def _one(result: "ArraySummary") -> Table:
    table = grid(visible(result.file))
    if result.name is not None:
        table.add_row("name", Text(visible(result.name)))
    table.add_row("format", result.format)
    table.add_row("shape", shape_text(result.shape))
    table.add_row("dtype", result.dtype)
    if result.columns:
        table.add_row("columns", Text(_columns(result.columns)))
    if result.dtype != "text":
        table.add_row("range", " to ".join(_ends(result)))
        if not math.isnan(result.mean):
            table.add_row("mean", full(result.mean))
        infinities = (result.positive_infinities, result.negative_infinities)
        table.add_row("NaN", f"{result.nan:,}")
        table.add_row("inf, -inf", ", ".join(f"{count:,}" for count in infinities))
    table.add_row("looks like", result.looks_like)
    if result.bytes is not None:
        table.add_row("file size", human_bytes(result.bytes))
    if result.memory is not None:
        memory = human_bytes(result.memory)
        table.add_row("memory", f"about {memory} for a loss or a softmax of it")
    if result.fits:
        table.add_row("fits", Text(visible(result.fits), "cyan"))
    return table


def _ends(result: "ArraySummary") -> list[str]:
    labels = result.looks_like in _LABELS
    ends = (result.minimum, result.maximum)
    return [str(int(end)) if isinstance(end, int) or labels else full(end) for end in ends]


def _is_exact(number: float) -> bool:
    """Whether a number is a whole one whose digits are those of the file, and not rounded."""
    return number.is_integer() and abs(number) < 2**53


def _columns(columns: Sequence[str]) -> str:
    more = ", ..." if len(columns) > _SHOWN_NAMES else ""
    return visible(", ".join(columns[:_SHOWN_NAMES]) + more)


def _several(results: "Sequence[ArraySummary]", width: int, *, name_files: bool) -> Table | None:
    """Return a table with a line for each array, or None if the terminal is too narrow for it."""
    heads = ["name", "shape", "dtype", "range", "looks like", "odd"]
    rows = [_row(result) for result in results]
    if not any(row[-1] for row in rows):
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    files = [visible(result.file) for result in results]
    if name_files and any(row[0] for row in rows):
        heads, rows = ["file", *heads], [[f, *row] for f, row in zip(files, rows, strict=True)]
    elif name_files:
        heads[0], rows = "file", [[f, *row[1:]] for f, row in zip(files, rows, strict=True)]
    names = heads.index("shape")  # so many columns are names, which may be cut
    widths = [max(map(cell_len, column)) + _GAP for column in zip(heads, *rows, strict=True)]
    room = (width + _GAP - sum(widths[names:])) // names - _GAP
    if room < min(_NARROWEST_NAME, max(widths[:names]) - _GAP):
        return None
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for head in heads:
        table.add_column(Text(head, "dim"), no_wrap=True)
    cut = [told_apart([row[i] for row in rows], room) for i in range(names)]
    for i, row in enumerate(rows):
        table.add_row(*(Text(cell) for cell in (*(column[i] for column in cut), *row[names:])))
    return table


def _row(result: "ArraySummary") -> list[str]:
    name = result.name
    if name is None:
        name = _columns(result.columns) if result.columns else ""
    some = math.isfinite(result.minimum) or math.isfinite(result.maximum)
    ends = [
        f"{int(end):,}" if isinstance(end, int) or _is_exact(end) else f"{end:.4g}"
        for end in (result.minimum, result.maximum)
    ]
    span = " to ".join(ends) if some else ""
    return [
        visible(name),
        shape_text(result.shape) if result.shape else "",
        visible(result.dtype),
        span,
        result.looks_like,
        ", ".join(_odd(result)),
    ]


def _odd(result: "ArraySummary") -> Iterator[str]:
    counts = (result.nan, result.positive_infinities, result.negative_infinities)
    for count, what in zip(counts, ("NaN", "inf", "-inf"), strict=True):
        if count:
            yield f"{count:,} {what}"
