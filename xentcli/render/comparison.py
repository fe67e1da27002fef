"""The terminal output of ``xent compare``: a verdict and a table, or what was asked for."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.comparison_tables import (
    all_models,
    changed_table,
    group_table,
    percentile_table,
)
from xentcli.render.comparison_verdict import (
    difference_in_points,
    difference_of,
    infinite_rows,
    interval_in_points,
    percent,
    signed,
    verdict,
)
from xentcli.render.measures import MeasureTable, group_tables
from xentcli.render.row_tables import titled
from xentcli.render.tables import Sentence, counted, ends, grid, headline, short
from xentcli.text import visible

if TYPE_CHECKING:
    from xentcli.results.comparison import Comparison
    from xentcli.results.measure import Measure

_BESIDE_WIDTH = len(" predictions   ")  # columns around what is said of a subject
_CHANGED_ON_SCREEN = 5
_GROUPS_ON_SCREEN = 10
_STYLES = {"better": "bold green", "worse": "bold red", "unclear": "bold"}


def comparison_screen(comparisons: "Sequence[Comparison]", width: int) -> Iterator[RenderableType]:
    """Yield what to see first: a sentence for each model, and the numbers behind it."""
    for each in comparisons:
        sentence, word = verdict(each)
        yield Sentence(visible(sentence), _STYLES[word])
    yield Text()
    if len(comparisons) > 1:
        yield all_models(comparisons, width)
        yield Text("differences are from the first model; compare two others by themselves", "dim")
        if comparisons[0].groups:
            yield Text("\ngroups of each model: --metric groups", "dim")
        return
    (found,) = comparisons
    yield _headlines(found, width)
    if found.changed_rows:
        yield Text()
        shown = found.changed_rows[:_CHANGED_ON_SCREEN]
        count = len(found.changed_rows)
        yield titled("rows that changed most", len(shown), count, "changed_rows")
        yield changed_table(found, shown, width)
    if found.groups:
        yield Text()
        yield titled("groups", _GROUPS_ON_SCREEN, len(found.groups), "groups")
        yield group_table(found, _GROUPS_ON_SCREEN, width)


def comparison_tables(
    comparisons: "Sequence[Comparison]", names: Sequence[str], width: int
) -> Iterator[RenderableType]:
    """Yield the measures that were asked for, also of groups, and tables, of each model."""
    for found in comparisons:
        if len(comparisons) > 1:
            yield Text(visible(found.new), "bold")
        if found.metrics:
            yield MeasureTable(found.metrics)
        everything = "all" in names
        for name, there in (
            ("percentiles", found.percentiles),
            ("changed_rows", found.changed_rows),
            ("groups", found.groups),
        ):
            if not (name in names or (everything and there)):
                continue
            yield Text()
            yield Text(name.replace("_", " "), "bold")
            if name == "percentiles":
                yield percentile_table(found)
            elif name == "changed_rows":
                yield changed_table(found, found.changed_rows, width)
            else:
                yield group_table(found, len(found.groups), width)
        if found.groups and not everything and "groups" not in names:
            yield Text()
            yield Text("groups", "bold")
            yield from group_tables(found.groups, width)


def _headlines(found: "Comparison", width: int) -> Table:
    """Return the numbers that matter most, a line for each subject."""
    table = grid("")
    table.title = None
    for name, parts in _subjects(found):
        lines = [line for part in parts if part for line in _lines(part, width - _BESIDE_WIDTH)]
        for i, line in enumerate(lines):
            table.add_row(name if i == 0 else "", line)
    return table


def _lines(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text, which end between two numbers and not within one."""
    while len(text) > width:
        end = max(text.rfind(mark, 0, width) for mark in (", ", "; "))
        if end < 0:
            break
        yield text[: end + 1]
        text = text[end + 2 :]
    yield text


def _subjects(found: "Comparison") -> Iterator[tuple[str, list[str]]]:
    of = found.metrics
    difference = of.get("loss_difference")
    if difference is not None and difference.value is not None:
        yield "loss", _of_losses(of, difference)
    ratio = of.get("perplexity_ratio")
    if ratio is not None and ratio.value is not None:
        pair = _pair(of.get("perplexity_base"), of.get("perplexity_new"), headline_of)
        yield "perplexity", [pair, f"ratio {headline_of(ratio)}{_interval(ratio)}"]
    gain = of.get("accuracy_difference")
    if gain is not None and gain.value is not None:
        points = interval_in_points(gain)
        interval = f", 95 % {points}" if points else ""
        pair = _pair(of.get("accuracy_base"), of.get("accuracy_new"), share_of)
        changed = f"difference {difference_in_points(gain)}{interval}"
        yield "accuracy", [pair, changed, _table_of_rows(found)]
    yield "KL", _of_divergences(of)
    predictions = _joined(
        ("the same in {} of the rows", of.get("agreement"), percent),
        ("p(label) {} on average", of.get("delta_p"), signed),
    )
    yield "predictions", [predictions]
    yield "rows", [_rows(found)]


def _of_losses(of: "Mapping[str, Measure]", difference: "Measure") -> list[str]:
    """Return the line on losses: both, their difference, and how they correlate."""
    return [
        _pair(of.get("loss_base"), of.get("loss_new"), headline_of),
        f"difference {difference_of(difference)}{_interval(difference)}",
        _joined(
            ("{} of the rows worse", of.get("share_worse"), percent),
            ("correlation {}", of.get("loss_correlation"), short),
        ),
    ]


def _of_divergences(of: "Mapping[str, Measure]") -> list[str]:
    """Return the lines on divergences: their means, and percentiles of one of them."""
    infinite = ", ".join(infinite_rows(of))
    return [
        _joined(
            ("base to new {}", of.get("kl"), None),
            ("back {}", of.get("kl_reverse"), short),
            ("JS {}", of.get("js"), short),
        ),
        _joined(
            ("median {}", of.get("kl_median"), short),
            ("90 % {}", of.get("kl_p90"), short),
            ("99 % {}", of.get("kl_p99"), short),
            ("largest {}", of.get("kl_max"), short),
        ),
        f"{infinite}, left out there" if infinite else "",
    ]


def headline_of(measure: "Measure") -> str:
    """Return a measure and its error, rounded to the digits that matter."""
    if measure.value is None:
        return "-"
    return headline(
        measure.value, math.nan if measure.standard_error is None else measure.standard_error
    )


def share_of(measure: "Measure") -> str:
    """Return a share of rows in percent."""
    return "-" if measure.value is None else percent(measure.value)


def _pair(base: "Measure | None", new: "Measure | None", shown: "Callable[[Measure], str]") -> str:
    if base is None or new is None:
        return ""
    return f"{shown(base)} -> {shown(new)}"


def _interval(measure: "Measure") -> str:
    if measure.low is None or measure.high is None or measure.low == measure.high:
        return ""
    return f", 95 % {ends(measure.low, measure.high, measure.standard_error or 0.0)}"


def _joined(*parts: "tuple[str, Measure | None, Callable[[float], str] | None]") -> str:
    """Return the texts with their numbers; a number without a format comes with its error."""
    texts = []
    for text, measure, shown in parts:
        if measure is not None and measure.value is not None:
            number = headline_of(measure) if shown is None else shown(measure.value)
            texts.append(text.format(number))
    return ", ".join(texts)


def _table_of_rows(found: "Comparison") -> str:
    names = ("both_right", "only_base_right", "only_new_right", "neither_right")
    counts = [found.metrics.get(name) for name in names]
    p = found.metrics.get("mcnemar_p")
    if any(each is None or each.value is None for each in counts):
        return ""
    both, lost, won, neither = (
        f"{each.value:,.0f}" for each in counts if each and each.value is not None
    )
    chance = "" if p is None or p.value is None else f"; McNemar p {_p_value(p.value)}"
    return f"both right {both}, lost {lost}, won {won}, neither {neither}{chance}"


def _p_value(p: float) -> str:
    """Return a probability as it is read; one that float64 rounds to 0 is smaller than any."""
    return f"= {p:.2g}" if p else "< 1e-300"


def _rows(found: "Comparison") -> str:
    counts = [f"{found.used:,} used", f"{found.rows - found.used:,} ignored"]
    if found.used > found.measured:
        counts.append(f"{found.used - found.measured:,} not finite")
    if not found.labelled:
        counts = ["no labels"]
    clusters = "" if found.clusters is None else f", {counted(found.clusters, 'cluster')}"
    classes = counted(found.num_classes, "class")
    return f"{found.rows:,} ({', '.join(counts)}), {classes}{clusters}"
