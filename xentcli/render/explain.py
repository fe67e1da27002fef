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
_IGNORED = "(ignored)"
_LABEL_SHARE = 4  # at a wide terminal, the name may take a quarter


def explanation(result: "Explanation", width: int) -> Group:
    """Return the steps for a terminal of this width; the label of each row stands out."""
    return Group(*_page(result, width))


def _page(result: "Explanation", width: int) -> Iterator[RenderableType]:
    *steps, gradient = _steps(result, max(_LABEL_WIDTH, width // _LABEL_SHARE))
    labels = [label for label in _labels(result) if label >= 0]
    columns = columns_that_fit([*steps, gradient], width, labels)
    for step in steps:
        yield matrix_table(step, columns, width)
        yield Text()
    yield Text(f"6. {_mean(result)}, by three routes", "bold")
    yield _routes(result)
    yield Text()
    yield matrix_table(gradient, columns, width)
    yield Text()
    if len(columns) < gradient.count:
        left_out = f"{len(columns)} of {gradient.count:,} columns"
        yield Text(f"{left_out}; in full: --json, or | cat\n", "dim")
    if result.others:
        rows = f"{result.first_row}:{result.first_row + len(result.logits)}"
        yield Text(f"All of this is of rows {rows} alone; --rows : takes every row.\n", "dim")
    yield Text(_lesson(result), "yellow" if result.underflows else "dim")


def _labels(result: "Explanation") -> list[int]:
    """Return the classes of the rows; nothing if labels are class probabilities."""
    return [] if result.labels is None else [int(i) for i in result.labels]


def _steps(result: "Explanation", label_width: int) -> Iterator[Matrix]:
    labels = _labels(result)
    rows = [result.row_name(i) for i in range(len(result.logits))]

    def step(title: str, values: Any, header: str = "", extra: list[str] | None = None) -> Matrix:
        last = (header, extra) if extra else None
        marked = labels or None
        return Matrix(title, list(values), rows, result.columns, marked=marked, extra=last)

    if result.scaled_logits is None:
        yield step("1. logits z", result.logits)
    else:
        yield step("logits", result.logits)
        yield step(f"1. z = logits / T, with T = {full(result.temperature)}", result.scaled_logits)
    sums = [f"{value:.6g}" for value in result.softmax_sums]
    yield step("2. softmax p = exp(z) / sum(exp(z)), and its sum", result.softmax, "sum", sums)
    names = [result.name(label) or _IGNORED for label in labels]
    if result.columns:
        short = short_names(result.columns, label_width)
        names = [short[label] if label >= 0 else _IGNORED for label in labels]
    hot = "labels" if result.one_hot is None else "one-hot"
    title = "3. labels y" if result.one_hot is None else "3. one-hot y of the labels"
    if share := result.label_smoothing:
        title = f"3. smoothed labels y = {1 - share:g} {hot} + {share:g} / {len(result.targets[0])}"
    targets = result.targets if share or result.one_hot is None else result.one_hot
    yield step(title, targets, "label", names)
    weighted = result.weight is not None
    if result.weight is not None:
        yield Matrix("weights w of the classes", [result.weight], ["w"], result.columns, "")
    losses = [f"{value:.6f}" for value in result.textbook_losses]
    title = f"4. {'-w * y' if weighted else '-y'} * log(p), and its sum, the row's loss"
    yield step(title, result.terms, "row loss", losses)
    gaps = [f"{value:.1e}" if value else "0" for value in result.log_differences]
    title = "5. log_softmax(z), and how far off log(p) is at most"
    yield step(title, result.log_softmax, "off by", gaps)
    slope = "(sum(w y) p - w y)" if weighted else "(p - y)"
    if not weighted and result.one_hot is None:
        slope = "(sum(y) p - y)"
    over = "" if result.scaled_logits is None else " / T"
    title = f"7. the gradient of that mean, {slope} / {result.weight_sum:.6g}{over}"
    yield step(title, result.gradient)


def _mean(result: "Explanation") -> str:
    """Return what the sum of the row losses is divided by, in words."""
    if result.weight is not None:
        what = "the number of rows" if result.labels is None else "the sum of w[label]"
        return f"the sum of the row losses / {result.weight_sum:.6g}, {what}"
    used = int(result.used.sum())
    if used == len(result.used):
        return "the mean of the row losses"
    return f"the sum of the row losses / {used:,}, the rows that are not ignored"


def _routes(result: "Explanation") -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for route in result.routes:
        table.add_row(Text(route.formula, "cyan"), Text(full(route.loss), "bold green"))
    table.add_row(Text("largest difference", "dim"), Text(full(result.difference), "dim"))
    return table


def _lesson(result: "Explanation") -> str:
    if not result.weight_sum:
        return "Nothing counts: the mean is 0 / 0, which is NaN."
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
