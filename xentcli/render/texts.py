"""The loss of whole texts as a table, for people."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.tables import full, grid, headline, short
from xentcli.results.texts import NAMES
from xentcli.text import visible

if TYPE_CHECKING:
    from xentcli.results.texts import TextLoss


def texts_tables(result: "TextLoss") -> Iterator[RenderableType]:
    """Yield the loss per byte with what goes with it, and the loss of each task."""
    table = grid("negative log likelihood of texts, by byte")
    error = result.metrics["loss"].standard_error
    shown = headline(result.loss, math.nan if error is None else error)
    table.add_row("loss", Text(shown, "bold green"))
    how = f"= {full(result.loss_sum)} / {result.bytes:,} bytes"
    table.add_row("", Text.assemble(full(result.loss), " ", (how, "dim")))
    for name in NAMES[1:]:
        value = result.metrics[name].value if name in result.metrics else None
        if value is not None:
            table.add_row(name.replace("_", " "), full(value))
    told = "undefined" if error is None else full(error)
    table.add_row("standard error", Text.assemble(told, " ", ("by document", "dim")))
    table.add_row("documents", f"{result.documents:,}")
    if result.words is not None:
        table.add_row("words", f"{result.words:,}")
    yield table
    if result.groups:
        yield Text()
        yield _tasks(result)


def _tasks(result: "TextLoss") -> Table:
    table = Table(box=None, header_style="dim")
    names = [name for name in NAMES if any(name in group.metrics for group in result.groups)]
    table.add_column("task", overflow="fold")
    for name in ("documents", *names):
        table.add_column(name.replace("_", " "), justify="right")
    for group in result.groups:
        values = [group.metrics[name].value if name in group.metrics else None for name in names]
        cells = ["" if value is None else short(value) for value in values]
        table.add_row(visible(group.name), f"{group.rows:,}", *cells)
    return table
