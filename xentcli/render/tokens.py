"""The loss of tokens as a table, for people."""

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from xentcli.render.tables import full, grid, headline, short

if TYPE_CHECKING:
    from xentcli.results.tokens import TokenLoss

_TITLES = {
    "prompt": "negative log likelihood of the prompts' tokens",
    "generated": "mean NLL of the generated tokens, and no loss of a text",
}


def tokens_table(result: "TokenLoss") -> Table:
    """Return the loss of tokens and what goes with it, under the names used for tokens."""
    table = grid(_TITLES[result.part])
    name, perplexity, bits, bits_per_byte = result.names
    error = result.metrics[name].standard_error
    is_sum = result.reduction == "sum"
    shown = short(result.total) if is_sum else headline(result.total, _or_nan(error))
    how = "sum over tokens" if is_sum else f"= {full(result.total_sum)} / {result.used:,} tokens"
    table.add_row(name, Text(shown, "bold green"))
    table.add_row("", Text.assemble(full(result.total), " ", (how, "dim")))
    for other in (perplexity, bits, bits_per_byte):
        value = result.metrics[other].value
        if value is not None:
            table.add_row(other, full(value))
    told = "undefined" if error is None else full(error)
    table.add_row("standard error", Text.assemble(told, " ", ("by sequence", "dim")))
    table.add_row("tokens", f"{result.used + result.ignored:,} ({result.used:,} used)")
    table.add_row("sequences", f"{result.sequences:,}")
    failed = f" ({result.failed:,} failed)" if result.failed else ""
    table.add_row("requests", f"{result.requests:,}{failed}")
    if result.bytes is not None:
        table.add_row("bytes", f"{result.bytes:,}")
    table.add_row("answers", result.dialect)
    return table


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
