"""How often each confidence is right: a reliability diagram, with the number of rows below."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from xentcli.render.pictures.canvas import (
    COLORS,
    axes_at,
    headline,
    paper,
    rectangles,
    segments,
    short_count,
    short_number,
    words,
)
from xentcli.render.tables import row_word
from xentcli.results.calibration import Bin
from xentcli.results.measures import Measures

MOST_BINS = 400
"""With more bins, bars would be finer than a screen can show."""
_WIDTH, _SIDE, _HISTOGRAM_HEIGHT = 400.0, 326.0, 74.0
_LEFT, _BOTTOM, _GAP, _TOP = 58.0, 92.0, 12.0, 48.0
_HIT_STYLE: dict[str, Any] = {"facecolor": COLORS["right"], "alpha": 0.45, "linewidth": 0}
_GAP_STYLE: dict[str, Any] = {
    "facecolor": "none",
    "edgecolor": COLORS["wrong"],
    "hatch": "////",
    "linewidth": 0.7,
}
_RANGE_STYLE: dict[str, Any] = {"edgecolor": COLORS["ink"], "linewidth": 1.2}


def reliability(measures: Measures) -> Figure:
    """Return the diagram of the bins that hold rows."""
    if len(measures.bins) > MOST_BINS:
        return words(f"{len(measures.bins):,} bins are more than a picture shows ({MOST_BINS}).")
    figure, square, below = square_above_rows(_BOTTOM)
    filled = [each for each in measures.bins if each.rows]
    _draw_bins(square, filled)
    _draw_rows(below, filled)
    _draw_means(square, below, measures)
    label_axes(square, below, binary=measures.binary)
    _legend(figure, measures)
    ece, chance = (short_number(_value(measures, name)) for name in ("ece", "ece_by_chance"))
    rows = sum(each.rows for each in filled)
    headline(
        figure,
        f"ECE {ece}; by chance alone {chance}",
        f"{rows:,} {row_word(rows)} in {len(filled)} of {len(measures.bins)} bins",
    )
    return figure


def square_above_rows(bottom: float) -> tuple[Figure, Axes, Axes]:
    """Return a figure, a square for the shares, and axes below it for the numbers of rows.

    `bottom` is the room below both, in points.
    """
    figure = paper(_WIDTH, bottom + _HISTOGRAM_HEIGHT + _GAP + _SIDE + _TOP)
    square = axes_at(figure, _LEFT, bottom + _HISTOGRAM_HEIGHT + _GAP, _SIDE, _SIDE)
    return figure, square, axes_at(figure, _LEFT, bottom, _SIDE, _HISTOGRAM_HEIGHT)


def label_axes(square: Axes, below: Axes, *, binary: bool) -> None:
    """Set the limits, ticks and labels of both axes of a reliability diagram."""
    for axes in (square, below):
        axes.set_xlim(0.0, 1.0)
        axes.set_xticks([i / 5 for i in range(6)])
        axes.yaxis.set_label_coords(-0.13, 0.5)
    square.set_ylim(0.0, 1.0)
    square.set_yticks([i / 5 for i in range(6)])
    square.tick_params(labelbottom=False)
    square.grid(color=COLORS["line"], linewidth=0.6)
    below.set_xlabel("predicted probability of class 1" if binary else "confidence")
    square.set_ylabel("share that is class 1" if binary else "accuracy")
    below.set_ylabel("rows")
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    below.yaxis.set_major_formatter(lambda value, _: short_count(round(value)))


def _value(measures: Measures, name: str) -> float | None:
    found = measures.metrics.get(name)
    return None if found is None else found.value


def _draw_bins(axes: Axes, filled: list[Bin]) -> None:
    """Draw each bin's accuracy, its gap to the mean confidence, and its interval."""
    means = [(each.confidence or 0.0, each.accuracy or 0.0) for each in filled]
    edges = [(each.low, each.high) for each in filled]
    both = list(zip(edges, means, strict=True))
    rectangles(axes, [(*edge, 0.0, hit) for edge, (_, hit) in both], **_HIT_STYLE)
    gaps = [(*edge, min(mean), max(mean)) for edge, mean in both if mean[0] != mean[1]]
    rectangles(axes, gaps, **_GAP_STYLE)
    axes.plot([0.0, 1.0], [0.0, 1.0], color=COLORS["muted"], linewidth=1.0, dashes=(4.0, 3.0))
    draw_intervals(axes, filled, **_RANGE_STYLE)
    x, y = zip(*means, strict=True)
    ink = COLORS["ink"]
    axes.plot(x, y, linestyle="none", marker="o", markersize=3.6, color=ink, clip_on=False)


def draw_intervals(axes: Axes, filled: Sequence[Bin], **style: Any) -> None:
    """Draw the interval of each bin's accuracy at its mean confidence."""
    ends = [
        ((each.confidence or 0.0, each.accuracy_low), (each.confidence or 0.0, each.accuracy_high))
        for each in filled
        if each.accuracy_low is not None and each.accuracy_high is not None
    ]
    segments(axes, ends, **style)


def _draw_rows(axes: Axes, filled: list[Bin]) -> None:
    """Draw how many rows each bin holds."""
    largest = max(each.rows for each in filled)
    boxes = [(each.low, each.high, 0.0, float(each.rows)) for each in filled]
    rectangles(axes, boxes, facecolor=COLORS["muted"], alpha=0.55, linewidth=0)
    axes.set_ylim(0.0, largest * 1.08)


def _draw_means(square: Axes, below: Axes, measures: Measures) -> None:
    """Draw lines at the mean confidence and, on the same axis, at the accuracy."""
    confidence, accuracy = (_value(measures, name) for name in ("mean_confidence", "accuracy"))
    for axes in (square, below):
        if confidence is not None:
            axes.axvline(confidence, color=COLORS["wrong"], linewidth=1.3)
        if accuracy is not None and not measures.binary:
            axes.axvline(accuracy, color=COLORS["right"], linewidth=1.3, dashes=(6.0, 2.0))


def _legend(figure: Figure, measures: Measures) -> None:
    share = "share of class 1" if measures.binary else "accuracy"
    confidence = "mean probability" if measures.binary else "mean confidence"
    entries: dict[str, Any] = {
        f"{share} in a bin": Patch(**_HIT_STYLE),
        f"gap to its {confidence}": Patch(**_GAP_STYLE),
        "95 % interval": Line2D(
            [], [], color=COLORS["ink"], marker="o", markersize=3.6, linewidth=1.2
        ),
        "perfectly calibrated": Line2D([], [], color=COLORS["muted"], dashes=(4.0, 3.0)),
    }
    value = _value(measures, "mean_confidence")
    if value is not None:
        entries[f"{confidence} {short_number(value)}"] = Line2D([], [], color=COLORS["wrong"])
    value = _value(measures, "accuracy")
    if value is not None and not measures.binary:
        line = Line2D([], [], color=COLORS["right"], dashes=(6.0, 2.0))
        entries[f"accuracy {short_number(value)}"] = line
    figure.legend(
        handles=list(entries.values()),
        labels=list(entries),
        loc="lower left",
        ncols=2,
        bbox_to_anchor=(0.08, 0.0),
        borderaxespad=0.4,
        columnspacing=2.0,
    )
