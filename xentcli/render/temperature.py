"""A fitted temperature at a terminal, and as an object of JSON."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.measures import short_number
from xentcli.render.reliability_bars import legend, picture_width, reliability_picture
from xentcli.render.row_tables import side_by_side
from xentcli.render.tables import counted, ends, full, grid, headline, row_word, too_few
from xentcli.results.measure import NOTHING

if TYPE_CHECKING:
    from xentcli.results.calibration import Bin
    from xentcli.results.measure import Measure
    from xentcli.results.provenance import Provenance
    from xentcli.results.temperature import FittedTemperature
    from xentcli.results.verdict import Verdict

_COUNTS = ("rows", "used", "num_classes", "binary", "clusters", "passes")
_SHOWN = {"loss": "loss", "ECE": "ece", "Brier": "brier"}
_GAP_WIDTH = 3  # columns of the terminal between two pictures


def temperature_object(
    found: "FittedTemperature",
    provenance: "Provenance | None" = None,
    verdicts: "Sequence[Verdict]" = (),
) -> dict[str, Any]:
    """Return everything that was found, with null for what does not apply."""
    return {
        "command": "calibrate",
        "temperature": found.metrics["temperature"].value,
        "metrics": found.metrics,
        **{name: getattr(found, name) for name in _COUNTS},
        "folds": found.folds or None,
        "bins_before": found.bins_before or None,
        "bins_after": found.bins_after or None,
        "tested": found.tested,
        **({"gates": list(verdicts)} if verdicts else {}),
        **({"files": list(provenance.files), "version": provenance.version} if provenance else {}),
    }


def temperature_screen(found: "FittedTemperature", width: int) -> Iterator[RenderableType]:
    """Yield the temperature, what it changes, and how reliable confidence is before and after."""
    yield _headline(found)
    yield Text()
    yield _changes(found.metrics)
    bins = found.bins_before, found.bins_after
    tested = found.tested
    if tested is not None:
        yield Text()
        yield Text.assemble(
            ("test files", "bold"), (f"  {tested.used:,} {row_word(tested.used)} used", "dim")
        )
        yield _changes(tested.metrics)
        bins = tested.bins_before, tested.bins_after
    of_what = "" if tested is None else ", test files"
    yield from _pictures(*bins, width, of_what, binary=found.binary)


def _headline(found: "FittedTemperature") -> Table:
    metrics = found.metrics
    each = metrics["temperature"]
    value, error = each.value or 0.0, each.standard_error
    shown = headline(value, float("nan") if error is None else error)
    table = grid("")
    table.title = None
    table.add_row("temperature", Text.assemble((shown, "bold green"), (f"  {full(value)}", "dim")))
    if interval := interval_in_words(found):
        table.add_row("", interval)
    ignored = found.rows - found.used
    clusters = "" if found.clusters is None else f", {counted(found.clusters, 'cluster')}"
    classes = "" if found.binary else f", {counted(found.num_classes, 'class')}"
    table.add_row(
        "rows", f"{found.rows:,} ({found.used:,} used, {ignored:,} ignored){classes}{clusters}"
    )
    if metrics["accuracy"].value is not None:
        same = f"{short_number(metrics['accuracy'].value)}, whatever the temperature"
        table.add_row("accuracy", same)
    return table


def interval_in_words(found: "FittedTemperature") -> str:
    """Return the interval of the temperature and what it says, or empty text if there is none."""
    each = found.metrics["temperature"]
    if each.low is None or each.high is None:
        return ""
    interval = ends(each.low, each.high, each.standard_error or 0.0)
    return f"95 % {interval}{_confidence(found)}"


def _confidence(found: "FittedTemperature") -> str:
    """Return what an interval of the temperature says of the logits as they are."""
    each = found.metrics["temperature"]
    value, low, high = (bound or 0.0 for bound in (each.value, each.low, each.high))
    if few := too_few(each.n or 0, found.clusters_fitted):
        return f", but {few} little of others"
    if not math.isfinite(found.loss_before.value or 0.0):  # it decides
        return ""
    inside = low <= 1.0 <= high
    if not found.surely_not_1:
        return f"{':' if inside else ', but'} it may as well be 1, which changes nothing"
    says = "the model is too confident" if value > 1.0 else "the model is not confident enough"
    return f", but surely not 1: {says}" if inside else f": {says}"


def _changes(metrics: "Mapping[str, Measure]") -> Table:
    """Return the measures before and after, and out of fold where there are folds."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(no_wrap=True)
    whens = ["before", "after"]
    if metrics.get("loss_out_of_fold", NOTHING).value is not None:
        whens.append("out_of_fold")
    for when in whens:
        table.add_column(when.replace("_", " "), overflow="fold")
    for words, name in _SHOWN.items():
        cells = [metrics.get(f"{name}_{when}", NOTHING) for when in whens]
        if cells[0].value is None:
            continue
        texts = [_with_error(cell) for cell in cells]
        chance = metrics.get("ece_by_chance_after", NOTHING).value
        if name == "ece" and chance is not None:
            texts[1] += f" ({short_number(chance)} by chance)"
        table.add_row(words, *texts)
    return table


def _with_error(measure: "Measure") -> str:
    if measure.value is None:
        return ""
    if measure.standard_error is None:
        return short_number(measure.value)
    return headline(measure.value, measure.standard_error)


def _pictures(
    before: "Sequence[Bin]", after: "Sequence[Bin]", width: int, of_what: str, *, binary: bool
) -> Iterator[RenderableType]:
    """Yield the reliability before and after, beside each other where there is room."""
    if not any(each.rows for each in before):
        return
    one = picture_width(len(before))
    if one > width:
        return
    pictures = [
        [Text(f"reliability {when}{of_what}", "bold"), *reliability_picture(bins, binary=binary)]
        for when, bins in (("before", before), ("after", after))
    ]
    yield Text()
    if 2 * one + _GAP_WIDTH <= width:
        yield side_by_side(*pictures, gap=_GAP_WIDTH)
    else:
        for picture in pictures:
            yield from picture
    yield Text(legend(binary=binary), "dim")
