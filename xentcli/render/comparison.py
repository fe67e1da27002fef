"""What ``xent compare`` shows at a terminal: a verdict and a table, or what was asked for."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.columns import short_name
from xentcli.render.comparison_verdict import difference_of, percent, signed, verdict
from xentcli.render.evaluation_tables import empty_table, left_out
from xentcli.render.measures import measure_table, short_number
from xentcli.render.tables import full, grid, headline, short
from xentcli.results.measure import NOTHING
from xentcli.text import visible

if TYPE_CHECKING:
    from xentcli.results.comparison import ChangedRow, Comparison
    from xentcli.results.measure import Measure

_CHANGED_ON_SCREEN = 5
_GROUPS_ON_SCREEN = 10
_NAME_WIDTH = 24  # columns of the terminal
_STYLES = {"better": "bold green", "worse": "bold red", "unclear": "bold"}


def comparison_screen(comparisons: "Sequence[Comparison]", width: int) -> Iterator[RenderableType]:
    """Yield what to see first: a sentence for each model, and the numbers behind it."""
    for each in comparisons:
        sentence, word = verdict(each)
        yield Text(visible(sentence), _STYLES[word])
    yield Text()
    if len(comparisons) > 1:
        yield _all_models(comparisons, width)
        return
    (found,) = comparisons
    yield _headlines(found)
    if found.changed_rows:
        yield Text()
        shown = found.changed_rows[:_CHANGED_ON_SCREEN]
        note = _more(len(found.changed_rows), len(shown), "changed_rows")
        yield Text.assemble(("rows that changed most", "bold"), (note, "dim"))
        yield _changed_table(found, shown, width)
    if found.groups:
        yield Text()
        note = _more(len(found.groups), _GROUPS_ON_SCREEN, "groups")
        yield Text.assemble(("groups", "bold"), (note, "dim"))
        yield _group_table(found, _GROUPS_ON_SCREEN)


def comparison_tables(
    comparisons: "Sequence[Comparison]", names: Sequence[str], width: int
) -> Iterator[RenderableType]:
    """Yield the measures and tables that were asked for, of each model."""
    for found in comparisons:
        if len(comparisons) > 1:
            yield Text(visible(found.new), "bold")
        if found.metrics:
            yield measure_table(found.metrics)
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
                yield _percentile_table(found)
            elif name == "changed_rows":
                yield _changed_table(found, found.changed_rows, width)
            else:
                yield _group_table(found, len(found.groups))


def _more(count: int, shown: int, name: str) -> str:
    return f"  {shown} of {count:,}; all: --metric {name}" if count > shown else ""


def _headlines(found: "Comparison") -> Table:
    """Return the numbers that matter most, a line for each subject."""
    table = grid("")
    table.title = None
    for name, parts in _subjects(found):
        for i, part in enumerate(part for part in parts if part):
            table.add_row(name if i == 0 else "", part)
    return table


def _subjects(found: "Comparison") -> Iterator[tuple[str, list[str]]]:
    of = found.metrics
    difference = of.get("loss_difference")
    if difference is not None and difference.value is not None:
        yield (
            "loss",
            [
                _pair(of.get("loss_base"), of.get("loss_new"), headline_of),
                f"difference {difference_of(difference)}{_interval(difference)}",
                _joined(
                    ("{} of the rows worse", of.get("share_worse"), percent),
                    ("correlation {}", of.get("loss_correlation"), short),
                ),
            ],
        )
    ratio = of.get("perplexity_ratio")
    if ratio is not None and ratio.value is not None:
        yield (
            "perplexity",
            [
                _pair(of.get("perplexity_base"), of.get("perplexity_new"), headline_of),
                f"ratio {headline_of(ratio)}{_interval(ratio)}",
            ],
        )
    gain = of.get("accuracy_difference")
    if gain is not None and gain.value is not None:
        yield (
            "accuracy",
            [
                _pair(of.get("accuracy_base"), of.get("accuracy_new"), share_of),
                f"difference {difference_of(gain)}{_interval(gain)}",
                _table_of_rows(found),
            ],
        )
    yield (
        "KL",
        [
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
        ],
    )
    yield (
        "predictions",
        [
            _joined(
                ("the same in {} of the rows", of.get("agreement"), percent),
                ("p(label) {} on average", of.get("delta_p"), signed),
            )
        ],
    )
    yield "rows", [_rows(found)]


def headline_of(measure: "Measure") -> str:
    """Return a measure and its error to the digits that matter."""
    if measure.value is None:
        return "-"
    return headline(
        measure.value, math.nan if measure.standard_error is None else measure.standard_error
    )


def share_of(measure: "Measure") -> str:
    """Return a share of rows in percent."""
    return "-" if measure.value is None else percent(measure.value)


def _pair(base: "Measure | None", new: "Measure | None", shown: object) -> str:
    if base is None or new is None or not callable(shown):
        return ""
    return f"{shown(base)} -> {shown(new)}"


def _interval(measure: "Measure") -> str:
    if measure.low is None or measure.high is None:
        return ""
    return f", 95 % {short(measure.low)} to {short(measure.high)}"


def _joined(*parts: "tuple[str, Measure | None, object]") -> str:
    texts = []
    for text, measure, shown in parts:
        if measure is not None and measure.value is not None:
            number = shown(measure.value) if callable(shown) else headline_of(measure)
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
    chance = "" if p is None or p.value is None else f"; p = {p.value:.2g}"
    return f"both right {both}, lost {lost}, won {won}, neither {neither}{chance}"


def _rows(found: "Comparison") -> str:
    counts = [f"{found.used:,} used", f"{found.rows - found.used:,} ignored"]
    if found.used > found.measured:
        counts.append(f"{found.used - found.measured:,} not finite")
    if not found.labelled:
        counts = ["no labels"]
    clusters = f", {found.clusters:,} clusters" if found.clusters is not None else ""
    return f"{found.rows:,} ({', '.join(counts)}), {found.num_classes:,} classes{clusters}"


def _all_models(comparisons: "Sequence[Comparison]", width: int) -> Table:
    """Return a line for each model, and its differences from the first."""
    first = comparisons[0]
    headers = ["model"]
    headers += ["loss", "difference", "accuracy", "lost", "won"] if first.labelled else []
    headers += ["KL", "same"]
    rows = [_first_line(first), *map(_line, comparisons)]
    others = [max(map(len, column)) + 2 for column in zip(headers, *rows, strict=True)][1:]
    room = max(8, min(_NAME_WIDTH, width - sum(others)))
    table = empty_table(*headers)
    for name, *cells in rows:
        table.add_row(short_name(name, room), *cells)
    return table


def _first_line(found: "Comparison") -> list[str]:
    if not found.labelled:
        return [found.base, "", ""]
    loss, accuracy = _number(found, "loss_base", short), _number(found, "accuracy_base", percent)
    return [found.base, loss, "", accuracy, "", "", "", ""]


def _line(found: "Comparison") -> list[str]:
    apart = [_number(found, "kl", _three_digits), _number(found, "agreement", percent)]
    if not found.labelled:
        return [found.new, *apart]
    return [
        found.new,
        _number(found, "loss_new", short),
        difference_of(found.metrics.get("loss_difference", NOTHING)),
        _number(found, "accuracy_new", percent),
        _number(found, "only_base_right", _count),
        _number(found, "only_new_right", _count),
        *apart,
    ]


def _three_digits(value: float) -> str:
    return f"{value:.3g}"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _number(found: "Comparison", name: str, shown: object) -> str:
    measure = found.metrics.get(name)
    if measure is None or measure.value is None or not callable(shown):
        return ""
    return str(shown(measure.value))


def _changed_table(found: "Comparison", rows: "Sequence[ChangedRow]", width: int) -> Table:
    ids = any(each.id is not None for each in rows)
    labelled = found.labelled
    room = max(6, min(_NAME_WIDTH, (width - 36) // (3 + ids)))
    headers = ["row", *(["id"] if ids else [])]
    headers += ["loss", "was", "now"] if labelled else ["KL"]
    headers += ["label"] if labelled else []
    table = empty_table(*headers, "predicted", "predicts")
    for each in rows:
        cells = [",".join(map(str, found.row_index(each.row)))]
        cells += [short_name(each.id or "", room)] if ids else []
        if labelled:
            cells += [
                signed(each.change),
                short_number(each.loss_base),
                short_number(each.loss_new),
            ]
            cells.append(_name(found, each.label, room))
        else:
            cells.append(short_number(each.kl))
        predictions = (each.prediction_base, each.prediction_new)
        table.add_row(*cells, *(_name(found, one, room) for one in predictions))
    return table


def _name(found: "Comparison", index: int | None, room: int) -> str:
    return "" if index is None else short_name(found.class_name(index), room)


def _percentile_table(found: "Comparison") -> Table:
    table = empty_table("percent", "KL", "change of p(label)", left=0)
    for each in found.percentiles:
        cells = ("" if number is None else full(number) for number in (each.kl, each.delta_p))
        table.add_row(f"{each.percent:g}", *cells)
    return table


def _group_table(found: "Comparison", most: int) -> RenderableType:
    from rich.console import Group as Lines

    shown = found.groups[:most]
    columns = ("loss_base", "loss_new", "loss_difference", "accuracy_base", "accuracy_new", "kl")
    there = [name for name in columns if any(name in group.metrics for group in shown)]
    heads = [name.replace("_difference", " ±").replace("_", " ") for name in there]
    table = empty_table("group", "rows", *heads)
    for group in shown:
        cells = []
        for name in there:
            measure = group.metrics.get(name)
            if measure is None:
                cells.append("")
            elif name == "loss_difference":
                cells.append(difference_of(measure))
            else:
                cells.append(short_number(measure.value))
        table.add_row(short_name(group.name, _NAME_WIDTH) or "(missing)", f"{group.rows:,}", *cells)
    return Lines(table, *left_out(len(shown), len(found.groups), "groups"))
