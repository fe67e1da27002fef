"""The terminal output of ``xent eval``: one screen, or the measures and tables asked for."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.evaluation_tables import TABLES, worst_rows_table
from xentcli.render.measures import MeasureTable, group_tables, is_number, short_number
from xentcli.render.number_columns import fitted
from xentcli.render.reliability_bars import legend, picture_width, reliability_picture
from xentcli.render.row_tables import line_table, side_by_side, titled
from xentcli.render.tables import counted, full, grid, headline, short

if TYPE_CHECKING:
    from xentcli.results.measure import Measure
    from xentcli.results.measures import Measures

_LEAST_WORST = 3
_LINES_BESIDE = 13  # of the screen besides numbers and worst rows, prompt included
_SUBJECT_WIDTH = 15  # columns of the terminal before the numbers, and after them
_PAIRS_ON_SCREEN = 7
_PAIRS_WIDTH = 24  # columns of the terminal that a list of confused pairs takes at least
_GROUPS_ON_SCREEN = 10


def evaluation_screen(found: "Measures", width: int, height: int) -> Iterator[RenderableType]:
    """Yield what to see first on one screen; a higher screen shows more worst rows."""
    numbers = _headlines(found, width)
    yield numbers
    yield from _pictures(found, width)
    if found.worst_rows:
        yield Text()
        rest = height - numbers.row_count - _LINES_BESIDE
        shown = found.worst_rows[: max(_LEAST_WORST, rest)]
        yield titled("worst rows", len(shown), len(found.worst_rows), "worst_rows")
        yield worst_rows_table(found, shown, width)
    for name, groups in (("groups", found.groups), ("labels", found.labels)):
        if groups:
            yield Text()
            yield titled(name, _GROUPS_ON_SCREEN, len(groups), name)
            yield TABLES[name](found, width, _GROUPS_ON_SCREEN)


def evaluation_tables(
    found: "Measures", names: Sequence[str], width: int
) -> Iterator[RenderableType]:
    """Yield the measures that were asked for, also of groups, and the tables of these names."""
    if found.metrics:
        yield MeasureTable(found.metrics)
    for name in names:
        if not (getattr(found, name) or len(names) == 1):
            continue
        yield Text()
        yield Text(name.replace("_", " "), "bold")
        yield TABLES[name](found, width, None)
    if found.groups and "groups" not in names:
        yield Text()
        yield Text("groups", "bold")
        yield from group_tables(found.groups, width)


def _headlines(found: "Measures", width: int) -> Table:
    """Return the numbers that matter most, a line for each subject."""
    table = grid("")
    table.title = None
    for name, parts in _subjects(found, width):
        texts = [part for part in parts if part]
        for i, part in enumerate(texts):
            table.add_row(name if i == 0 else "", part)
    return table


def _subjects(found: "Measures", width: int) -> Iterator[tuple[str, list[Text | None]]]:
    loss = found.metrics.get("loss")
    if loss is not None and loss.value is not None:
        shown = headline(loss.value, loss.standard_error or float("nan"))
        more = [("perplexity", "perplexity"), ("bits", "bits"), ("Brier", "brier"), ("KL", "kl")]
        yield (
            "loss",
            [
                Text.assemble((shown, "bold green"), (f"  {full(loss.value)}", "dim")),
                _listed(found, more),
            ],
        )
    yield "accuracy", [_share(found.metrics.get("accuracy")), _listed(found, _ranks(found))]
    macro = [("F1", "macro_f1"), ("precision", "macro_precision"), ("recall", "macro_recall")]
    yield "macro", [_listed(found, macro)]
    yield "calibration", [_calibration(found, width)]
    order = [("AUROC", "auroc"), ("average precision", "average_precision")]
    yield "order", [_listed(found, order)]
    yield "rows", [Text(_rows(found))]


def _ranks(found: "Measures") -> list[tuple[str, str]]:
    tops = [name for name in found.metrics if name.startswith("top")]
    named = [(f"top {name[3:].removesuffix('_accuracy')}", name) for name in tops]
    of_choices = [(name, name) for name in ("acc_norm", "acc_bytes", "acc_mutual_info")]
    return [*named, *of_choices, ("MRR", "mrr"), ("balanced", "balanced_accuracy")]


def _listed(found: "Measures", names: Sequence[tuple[str, str]]) -> Text | None:
    """Return the measures that there are, each after the words for it."""
    measures = [(words, found.metrics.get(name)) for words, name in names]
    parts = [
        f"{words} {short(each.value)}"
        for words, each in measures
        if each and each.value is not None
    ]
    return Text(", ".join(parts)) if parts else None


def _share(accuracy: "Measure | None") -> Text | None:
    """Return a share of rows with its interval."""
    if accuracy is None or accuracy.value is None or accuracy.n is None:
        return None
    hits = round(accuracy.value * accuracy.n)
    interval = ""
    if accuracy.low is not None and accuracy.high is not None:
        interval = f"  95 % {accuracy.low:.4f} to {accuracy.high:.4f}"
    return Text.assemble(
        (short(accuracy.value), "bold green"), interval, f" ({hits:,} of {accuracy.n:,})"
    )


def _calibration(found: "Measures", width: int) -> Text | None:
    ece, chance = found.metrics.get("ece"), found.metrics.get("ece_by_chance")
    if ece is None or not is_number(ece.value):
        return None
    text = Text.assemble((f"ECE {short_number(ece.value)}", "bold"))
    if chance is not None:
        text.append(f" ({short_number(chance.value)} by chance)")
    mce, rmsce = found.metrics.get("mce"), found.metrics.get("rmsce")
    if mce is not None and mce.value is not None:
        text.append(f", MCE {short_number(mce.value)} ({counted(mce.n or 0, 'row')})")
    more = f", RMSCE {short_number(rmsce.value)}" if rmsce is not None else ""
    if len(text) + len(more) <= width - _SUBJECT_WIDTH:  # only if it needs no further line
        text.append(more)
    return text


def _rows(found: "Measures") -> str:
    counts = [f"{found.used:,} used", f"{found.rows - found.used:,} ignored"]
    if found.used > found.measured:
        counts.append(f"{found.used - found.measured:,} not finite")
    classes = "" if found.binary else f", {counted(found.num_classes, 'class')}"
    clusters = "" if found.clusters is None else f", {counted(found.clusters, 'cluster')}"
    return f"{found.rows:,} ({', '.join(counts)}){classes}{clusters}"


def _pictures(found: "Measures", width: int) -> Iterator[RenderableType]:
    """Yield the picture of calibration, with the most confused pairs beside it."""
    filled = any(each.rows for each in found.bins)
    room = width - (picture_width(len(found.bins)) if filled else 0) - 2
    picture = (
        list(reliability_picture(found.bins, binary=found.binary)) if filled and room >= -2 else []
    )
    beside = bool(picture) and room >= _PAIRS_WIDTH
    pairs = list(_confused(found, room if beside else width))
    if picture:
        meaning = (f"  {legend(binary=found.binary)}", "dim")
        picture.insert(0, Text.assemble(("reliability", "bold"), meaning))
    elif not pairs:
        return
    yield Text()
    if not beside:
        yield from [*picture, *([Text()] if picture and pairs else []), *pairs]
        return
    yield side_by_side(picture, pairs, gap=2)


def _confused(found: "Measures", width: int) -> Iterator[Text | Table]:
    """Yield a title and a line for each of the most confused pairs."""
    pairs = found.confusions.most_confused(_PAIRS_ON_SCREEN) if found.confusions else []
    if not pairs:
        return
    yield Text("most confused", "bold")
    names = [[found.class_name(pair[side]) for pair in pairs] for side in (0, 1)]
    columns = fitted(names, width - 12, least=6)
    first, last = (max(map(cell_len, column)) for column in columns)
    for label, predicted, (_, _, rows) in zip(*columns, pairs, strict=True):
        before, after = " " * (first - cell_len(label)), " " * (last - cell_len(predicted))
        yield line_table(f"{before}{label} as {predicted}{after}  {rows:,}")
