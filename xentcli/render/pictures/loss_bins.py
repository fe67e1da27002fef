"""How the losses of the rows are distributed."""

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from xentcli.render.pictures.canvas import (
    COLORS,
    Box,
    axes_at,
    headline,
    paper,
    rectangles,
    short_count,
    short_number,
)
from xentcli.render.tables import row_word
from xentcli.results.histogram import LossBin, LossHistogram
from xentcli.results.measures import Measures

_WIDTH, _HEIGHT = 520.0, 300.0
_LEFT, _BOTTOM, _RIGHT, _TOP = 58.0, 70.0, 16.0, 50.0
_STEEP_RATIO = 30.0  # how many times a typical bin the largest must be for a log axis
_END_DECADES = 0.28  # decades, of the bars of 0 and of infinity
_ALL_STYLE: dict[str, Any] = {"facecolor": COLORS["right"], "alpha": 0.5, "linewidth": 0}
_WRONG_STYLE: dict[str, Any] = {"facecolor": COLORS["wrong"], "alpha": 0.75, "linewidth": 0}

Span = tuple[float, float]


def losses(measures: Measures) -> Figure:
    """Return the histogram over the logarithm of the loss."""
    assert measures.losses is not None  # noqa: S101 - there is something to draw
    found = measures.losses
    figure = paper(_WIDTH, _HEIGHT)
    axes = axes_at(figure, _LEFT, _BOTTOM, _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BOTTOM - _TOP)
    spans, ticks = places_of(found)
    bars = [(each, span) for each, span in spans if each.rows]
    steep = _is_steep([each.rows for each, _ in bars])
    floor = 0.5 if steep else 0.0
    rectangles(axes, [_box(span, floor, each.rows) for each, span in bars], **_ALL_STYLE)
    has_hits = all(each.hits is not None for each, _ in bars)
    if has_hits:
        missed = [(each.rows - (each.hits or 0), span) for each, span in bars]
        wrong = [_box(span, floor, rows) for rows, span in missed if rows]
        rectangles(axes, wrong, **_WRONG_STYLE)
    set_axes(axes, [span for _, span in spans], ticks, max(each.rows for each, _ in bars), steep)
    loss = measures.metrics.get("loss")
    mean = loss.value if loss is not None else None
    below = f"mean {short_number(mean)}"
    if mean is not None and 0.0 < mean < math.inf:
        below += ", the dashed line"
        axes.axvline(math.log10(mean), color=COLORS["ink"], linewidth=1.2, dashes=(4.0, 2.0))
    headline(figure, f"Losses of {found.n:,} {row_word(found.n)}", below)
    if has_hits:
        figure.legend(
            handles=[Patch(**_ALL_STYLE), Patch(**_WRONG_STYLE)],
            labels=["all rows", "of these, predicted wrongly"],
            loc="lower left",
            ncols=2,
            bbox_to_anchor=(0.1, 0.0),
        )
    return figure


def _is_steep(counts: list[int]) -> bool:
    counts = sorted(counts)
    return counts[-1] > _STEEP_RATIO * counts[len(counts) // 2]


def _box(span: Span, floor: float, rows: int) -> Box:
    return (*span, floor, float(rows))


def places_of(found: LossHistogram) -> tuple[list[tuple[LossBin, Span]], dict[float, str]]:
    """Return the place of each bin, in powers of ten, and the labels below the axis."""
    inner = [each for each in found.bins if each.low > 0.0 and each.high < math.inf]
    spans = [(each, (math.log10(each.low), math.log10(each.high))) for each in inner]
    low = spans[0][1][0] if spans else 0.0
    high = spans[-1][1][1] if spans else 0.0
    span = high - low
    ticks = _ticks(low, high) if spans else {}
    width = max(_END_DECADES, 0.045 * span)
    for each, text in ((_first_small(found), "<1e-9"), (found.zero, "0")):
        if each is not None and each.rows:
            low -= 2.0 * width
            spans.insert(0, (each, (low, low + width)))
            ticks[low + width / 2.0] = text
    for each, text in ((_last_large(found), ">1e6"), (found.infinite, "∞")):
        if each is not None and each.rows:
            high += 2.0 * width
            spans.append((each, (high - width, high)))
            ticks[high - width / 2.0] = text
    return spans, ticks


def _ticks(low: float, high: float) -> dict[float, str]:
    """Return the labels below an axis between two powers of ten."""
    step = next((step for step in (1, 2, 3) if high - low <= 8 * step), 6)
    powers = range(math.floor(low), math.ceil(high) + 1)
    if high - low < 2.0:
        steps = (1, 2, 5) if high - low > 0.5 else range(1, 10)
        numbers = [digit * 10.0**i for i in powers for digit in steps]
        return {
            math.log10(number): f"{number:.1g}"
            for number in numbers
            if low <= math.log10(number) <= high
        }
    return {float(i): power(i) for i in powers if low <= i <= high and i % step == 0}


def _first_small(found: LossHistogram) -> LossBin | None:
    return found.bins[0] if found.bins and found.bins[0].low == 0.0 else None


def _last_large(found: LossHistogram) -> LossBin | None:
    return found.bins[-1] if found.bins and found.bins[-1].high == math.inf else None


def power(exponent: int) -> str:
    """Return a power of ten, without the markup of formulas."""
    if -3 <= exponent <= 3:
        return f"{10.0**exponent:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def set_axes(
    axes: Axes, spans: list[Span], ticks: dict[float, str], largest: int, steep: bool
) -> None:
    """Label the axes of a histogram over the logarithm of a loss."""
    margin = 0.03 * max(1.0, spans[-1][1] - spans[0][0])
    axes.set_xlim(spans[0][0] - margin, spans[-1][1] + margin)
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_xlabel("loss of a row, in nats (log scale)")
    axes.set_ylabel("rows (log scale)" if steep else "rows")
    if steep:
        axes.set_yscale("log")
        axes.set_ylim(0.5, largest * 1.6)
        powers = [10**i for i in range(len(str(largest)))]
        axes.set_yticks(powers, [short_count(count) for count in powers])
        axes.set_yticks([], minor=True)
    else:
        axes.set_ylim(0.0, largest * 1.08)
        axes.yaxis.set_major_formatter(lambda value, _: short_count(round(value)))
        axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.grid(axis="y", color=COLORS["line"], linewidth=0.6)
