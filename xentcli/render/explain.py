"""The steps from logits to loss, as a page to read."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.matrix import Matrix, columns_that_fit, matrix_table
from xentcli.render.number_columns import short_names
from xentcli.render.tables import full

if TYPE_CHECKING:
    from xentcli.results.explain import Explanation

_LABEL_WIDTH = 16  # columns of the terminal that the name of a row's label may always take
_LABEL_SHARE = 4  # at a wide terminal, the name may take a quarter


def explanation(result: "Explanation", width: int) -> Group:
    """Return the steps for a terminal of this width; the label of each row stands out."""
    return Group(*_page(result, width))


def _page(result: "Explanation", width: int) -> Iterator[RenderableType]:
    *steps, gradient = _steps(result, max(_LABEL_WIDTH, width // _LABEL_SHARE))
    labels = [int(i) for i in result.labels]
    columns = columns_that_fit([*steps, gradient], width, labels)
    for step in steps:
        yield matrix_table(step, columns, width)
        yield Text()
    yield Text("6. the mean of the row losses, by three routes", "bold")
    yield _routes(result)
    yield Text()
    yield matrix_table(gradient, columns, width)
    yield Text()
    if len(columns) < gradient.count:
        left_out = f"{len(columns)} of {gradient.count:,} columns"
        yield Text(f"{left_out}; in full: --json, or | cat\n", "dim")
    yield Text(_lesson(result), "yellow" if result.underflows else "dim")


def _steps(result: "Explanation", label_width: int) -> Iterator[Matrix]:
    labels = [int(i) for i in result.labels]
    rows = [result.row_name(i) for i in range(len(labels))]

    def step(title: str, values: Any, header: str = "", extra: list[str] | None = None) -> Matrix:
        last = (header, extra) if extra else None
        return Matrix(title, list(values), rows, result.columns, marked=labels, extra=last)

    yield step("1. logits z", result.logits)
    sums = [f"{value:.6g}" for value in result.softmax_sums]
    yield step("2. softmax p = exp(z) / sum(exp(z)), and its sum", result.softmax, "sum", sums)
    names = [result.name(label) for label in labels]
    if result.columns:
        short = short_names(result.columns, label_width)
        names = [short[label] for label in labels]
    yield step("3. one-hot y of the labels", result.one_hot, "label", names)
    losses = [f"{value:.6f}" for value in result.textbook_losses]
    yield step("4. -y * log(p), and its sum, the row's loss", result.terms, "row loss", losses)
    gaps = [f"{value:.1e}" if value else "0" for value in result.log_differences]
    title = "5. log_softmax(z), and how far off log(p) is at most"
    yield step(title, result.log_softmax, "off by", gaps)
    yield step(f"7. the gradient of that mean, (p - y) / {len(labels)}", result.gradient)


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
