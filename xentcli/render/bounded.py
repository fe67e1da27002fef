"""Shows a loss that is exact or only bounded: a table for people, and one line."""

import math
from typing import TYPE_CHECKING

from rich.text import Text

from xentcli.render.comparison_verdict import percent
from xentcli.render.measures import MeasureTable
from xentcli.render.tables import Sentence, counted, full, grid, headline, short
from xentcli.results.bounds import told_exact, told_shares
from xentcli.results.measure import NOTHING
from xentcli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xentcli.results.bounds import BoundedLoss, TopMeasures
    from xentcli.results.comparison import Comparison
    from xentcli.results.measure import Measure


def bounded_tables(found: "BoundedLoss") -> "Iterator[object]":
    """Yield a loss and what goes with it; a number that is only bounded begins with a sign."""
    title = "cross entropy" if found.command == "loss" else "negative log likelihood"
    table = grid(title)
    table.add_row("loss", Text(_headline(found), "bold green"))
    for name, measure in (("", found.loss), ("perplexity", found.perplexity), ("bits", found.bits)):
        table.add_row(name, measure.text or "nan")
    if not found.loss.is_bound and found.reduction != "sum":
        error = found.loss.standard_error
        table.add_row("standard error", "undefined" if error is None else full(error))
    if found.rounding:
        table.add_row("rounding", f"±{found.rounding:.2g}, as the log-probabilities are stored")
    ignored = found.rows - found.used
    table.add_row("rows", f"{found.rows:,} ({found.used:,} used, {ignored:,} ignored)")
    if found.num_classes is not None:
        table.add_row("classes", f"{found.num_classes:,}")
    yield table
    if found.measures:
        yield MeasureTable(found.measures)


def _headline(found: "BoundedLoss") -> str:
    loss = found.loss
    if loss.is_bound:
        return f">= {below(loss.lower_bound or 0.0)} ({told_shares(found)})"
    value = math.nan if loss.value is None else loss.value
    if found.reduction == "sum":
        return short(value)
    return headline(value, math.nan if loss.standard_error is None else loss.standard_error)


def below(value: float) -> str:
    """Return a lower bound rounded for reading, and never rounded up."""
    if 1e-4 <= abs(value) < 1e4:
        return f"{math.floor(value * 1e4) / 1e4:.4f}"
    return full(value)


def lists_tables(found: "TopMeasures", shown: "Mapping[str, Measure]") -> "Iterator[object]":
    """Yield a line on how much of some lists is exact, and what was measured of them."""
    classes = "" if found.num_classes is None else f" of {found.num_classes:,}"
    clusters = "" if found.clusters is None else f", in {counted(found.clusters, 'cluster')}"
    told = f"{found.used:,} rows that list {found.listed:,}{classes} classes{clusters}"
    if found.exact is not None and found.exact < 1.0:
        told += f" (loss: {told_exact(found.exact, found.why)})"
    yield Sentence(told, "bold")
    yield MeasureTable(shown)


def bases_sentence(found: "Comparison") -> Sentence:
    """Return a line on how far apart two models are whose rows are known in part."""
    kl, same = found["kl"], found["agreement"].value or 0.0
    name = "perplexity" if "perplexity_base" in found.metrics else "loss"
    ratio = found.metrics.get("perplexity_ratio", NOTHING)
    paired = "" if ratio.value is None else f" (ratio {_told(ratio)})"
    told = (
        f"{found.new} against {found.base}: KL {_told(kl)}, {name} "
        f"{_told(found[f'{name}_base'])} -> {_told(found[f'{name}_new'])}{paired}, "
        f"the same prediction in {percent(same)} of {found.rows:,} rows"
    )
    return Sentence(visible(told), "bold")


def _told(measure: "Measure") -> str:
    if measure.value is not None:
        return headline(measure.value, measure.standard_error or math.nan)
    bound = getattr(measure, "lower_bound", None)
    return "unknown" if bound is None else f">= {below(bound)}"
