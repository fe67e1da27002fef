"""Results as rich tables, for people."""

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from xentcli.text import visible

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from xentcli.results.loss import LossSummary

_ERROR_DIGITS = 3  # of a standard error in a headline
_MOST_DECIMALS = 9  # of a number in a headline
_HUGE = 1e7  # errors from here on have an exponent
_LARGE = 1e4  # from here on, numbers have four digits and an exponent
_HELD = "\ue000"  # a character of private use stands for a space, as visible text has none


FEWEST = 6
"""Of so many rows or clusters, all alike, chance explains 1 in 32 cases; fewer prove nothing."""


def grid(title: str) -> Table:
    """Return an empty table of two columns: what something is called, and what it is."""
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
    """Return a number with four decimals or, where these say too little, with four digits.

    0 is exact: what is only rounded to it has digits.
    """
    return f"{value:.4f}" if 1e-3 <= abs(value) < _LARGE else f"{value or 0.0:.4g}"


def row_word(count: float) -> str:
    """Return the word that follows a number of rows."""
    return word_of(count, "row")


def word_of(count: float, what: str) -> str:
    """Return the word for so many of something: the word itself for one, else its plural."""
    return what if count == 1 else what + ("es" if what.endswith("s") else "s")


def too_few(rows: int, clusters: int | None, fewest: int = FEWEST) -> str:
    """Return how few rows or clusters say something of others, or empty text if there are enough.

    Examples
    --------
    >>> too_few(5, None), too_few(200, 1), too_few(200, None)
    ('5 rows say', 'one cluster says', '')
    """
    n, what = (rows, "row") if clusters is None or clusters >= rows else (clusters, "cluster")
    if n >= fewest:
        return ""
    return f"one {what} says" if n == 1 else f"{counted(n, what)} say"


def counted(count: int, what: str) -> str:
    """Return a number with the word for so many of something."""
    return f"{count:,} {word_of(count, what)}"


class Sentence:
    """A sentence for a terminal, in which no line breaks within ``86.4 % -> 96.9 %`` or ``3 rows``.

    Nor does one after the sign of a bound.

    Parameters
    ----------
    text : str
        The sentence, made visible.
    style : str
        How it is shown.
    """

    def __init__(self, text: str, style: str) -> None:
        for sign in (" %", " -> ", " ± ", ">= ", " row"):
            text = text.replace(sign, sign.replace(" ", _HELD))
        self.text = Text(text, style)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Yield its lines; rich itself would break at a no-break space too."""
        for line in self.text.wrap(console, options.max_width):
            line.plain = line.plain.replace(_HELD, " ")
            yield line


def headline(value: float, error: float, digits: int = _ERROR_DIGITS) -> str:
    """Return a number and its standard error, rounded to the digits that the error supports.

    The error is shown with `digits` digits.
    """
    if not (math.isfinite(value) and math.isfinite(error)):
        return short(value)
    if error == 0:
        return f"{short(value)} ± 0" if value else "0"
    decimals = digits - 1 - math.floor(math.log10(error))
    if decimals > _MOST_DECIMALS:
        return f"{value:.4g} ± {error:.{digits}g}"
    if error >= _HUGE:
        more = math.floor(math.log10(max(abs(value) / error, 1.0)))
        return f"{value:.{digits + more}g} ± {error:.{digits}g}"
    return f"{value:.{max(decimals, 0)}f} ± {error:.{max(decimals, 0)}f}"


def ends(low: float, high: float, error: float, least: int = 4) -> str:
    """Return both ends of an interval, with the decimals of the error's second digit at least.

    Examples
    --------
    >>> ends(-1.883e-05, 0.00029729, 8.06e-05), ends(-0.0418, 0.5251, 0.0205), ends(2e-9, 3e8, 8e7)
    ('-0.000019 to 0.000297', '-0.0418 to 0.5251', '2e-09 to 3e+08')
    """
    decimals = least
    if math.isfinite(error) and error > 0.0:
        decimals = max(least, 1 - math.floor(math.log10(error)))

    def end(value: float) -> str:
        if decimals > _MOST_DECIMALS or not abs(value) < _LARGE:
            return short(value)
        text = f"{value:.{decimals}f}"
        return text if float(text) else short(value)

    return f"{end(low)} to {end(high)}"


def loss_table(result: "LossSummary") -> Table:
    """Return a loss and what goes with it."""
    title = "cross entropy" if result.command == "loss" else "negative log likelihood"
    table = grid("binary cross entropy" if result.binary else title)
    divisor = full(result.weight_sum) + " (weights)"
    if result.weight_sum == result.used:
        divisor = f"{result.used:,} {row_word(result.used)}"
    is_sum = result.reduction == "sum"
    shown = short(result.loss) if is_sum else headline(result.loss, result.standard_error)
    table.add_row("loss", Text(shown, "bold green"))
    how = {
        "mean": f"= {full(result.loss_sum)} / {divisor}",
        "sum": "sum over rows",
        "none": "mean; each row's loss is in the output",
    }
    table.add_row("", Text.assemble(full(result.loss), " ", (how[result.reduction], "dim")))
    table.add_row("perplexity", full(result.perplexity))
    table.add_row("bits", full(result.bits))
    table.add_row(
        "standard error",
        "undefined" if math.isnan(result.standard_error) else full(result.standard_error),
    )
    if result.accuracy is not None:
        table.add_row("accuracy", _accuracy(result))
    for name, measured in result.metrics.items():
        table.add_row(visible(name), Text(visible(str(getattr(measured, "value", measured)))))
    table.add_row("rows", f"{result.rows:,} ({result.used:,} used, {result.ignored:,} ignored)")
    if result.unpaired:
        left = f"{result.unpaired:,} {row_word(result.unpaired)}"
        table.add_row("left out", f"{left} that the shift leaves no label")
    if result.num_classes:
        table.add_row("classes", f"{result.num_classes:,}")
    return table


def _accuracy(result: "LossSummary") -> str:
    """Return a share of rows, rounded to the digits that its interval supports."""
    low, high = result.accuracy_low or 0.0, result.accuracy_high or 0.0
    return (
        f"{result.accuracy:.4f} ({result.hits:,} of {result.used:,}; 95 % {low:.6f} to {high:.6f})"
    )
