"""The steps from logits to loss, as a page to read."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.tables import columns_that_fit, full, matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xentcli.results.explain import Explanation


def explanation(result: "Explanation", width: int) -> Group:
    """Return the steps for a terminal of this width; the label of each row stands out."""
    return Group(*_steps(result, width))


def _steps(result: "Explanation", width: int) -> Iterator[RenderableType]:
    labels = [int(i) for i in result.labels]
    rows = [str(result.first_row + i) for i in range(len(labels))]
    count = result.logits.shape[1]
    columns = columns_that_fit(count, width - 15, labels, result.columns)

    def step(title: str, values: "NDArray[Any]", header: str = "", extra: Any = None) -> Group:
        last = (header, extra) if extra else None
        shown = list(values)
        table = matrix(None, shown, rows, columns, result.columns, marked=labels, extra=last)
        return Group(Text(title, "bold"), table, Text())

    yield step("1. logits z", result.logits)
    sums = [f"{value:.6g}" for value in result.softmax_sums]
    yield step("2. softmax p = exp(z) / sum(exp(z)), and its sum", result.softmax, "sum", sums)
    names = [result.name(label) for label in labels]
    yield step("3. one-hot y of the labels", result.one_hot, "label", names)
    losses = [f"{value:.6f}" for value in result.textbook_losses]
    yield step("4. -y * log(p), and its sum, the row's loss", result.terms, "row loss", losses)
    gaps = [f"{value:.3g}" for value in result.log_differences]
    title = "5. log_softmax(z), and how far off log(p) is at most"
    yield step(title, result.log_softmax, "log(p) off by", gaps)
    if len(columns) < count:
        left_out = f"{len(columns)} of {count:,} columns; in full: --json, or | cat"
        yield Text(f"{left_out}\n", "dim")
    yield Text("6. the mean of the row losses, by three routes", "bold")
    yield _routes(result)
    yield Text()
    yield Text(_lesson(result), "yellow" if result.underflows else "dim")


def _routes(result: "Explanation") -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for route in result.routes:
        table.add_row(Text(route.formula, "cyan"), Text(full(route.loss), "bold green"))
    table.add_row(Text("largest difference", "dim"), Text(full(result.difference), "dim"))
    return table


def _lesson(result: "Explanation") -> str:
    if result.underflows or math.isnan(result.routes[0].loss):
        if not result.underflows:
            return "A logit of -inf has probability 0, and the textbook's 0 * -inf is NaN."
        return (
            f"In {result.underflows} places softmax is too small for float64, and becomes 0: its "
            "logarithm is -inf, and the textbook's route is lost (0 * inf is NaN). log_softmax "
            "never leaves the logarithm's scale, which is why losses are computed from it."
        )
    gap = max(result.log_differences)
    return (
        f"log(softmax) and log_softmax differ by at most {gap:.3g}: here both routes work. Where "
        "a probability underflows to 0, only log_softmax does."
    )
