"""The reliability of two models, or of one at two temperatures, in one picture."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from xentcli.render.pictures.canvas import (
    COLORS,
    axes_at,
    headline,
    paper,
    segments,
    short_count,
    short_number,
    words,
)
from xentcli.render.pictures.reliability import MOST_BINS
from xentcli.results.measures import Bin

_WIDTH, _SIDE, _HISTOGRAM_HEIGHT = 400.0, 326.0, 74.0
_LEFT, _BOTTOM, _GAP, _TOP = 58.0, 78.0, 12.0, 48.0
_STYLES: tuple[dict[str, Any], ...] = (
    {"color": COLORS["right"], "marker": "o"},
    {"color": COLORS["wrong"], "marker": "s"},
)


class Side(NamedTuple):
    """What one of the two is called, its bins, and its ECE."""

    name: str
    bins: Sequence[Bin]
    ece: float | None


def two_reliabilities(sides: tuple[Side, Side], *, binary: bool = False) -> Figure:
    """Return the diagram of the bins that hold rows, of both in the same square."""
    most = max(len(each.bins) for each in sides)
    if most > MOST_BINS:
        return words(f"{most:,} bins are more than a picture shows ({MOST_BINS}).")
    figure = paper(_WIDTH, _BOTTOM + _HISTOGRAM_HEIGHT + _GAP + _SIDE + _TOP)
    square = axes_at(figure, _LEFT, _BOTTOM + _HISTOGRAM_HEIGHT + _GAP, _SIDE, _SIDE)
    below = axes_at(figure, _LEFT, _BOTTOM, _SIDE, _HISTOGRAM_HEIGHT)
    square.plot([0.0, 1.0], [0.0, 1.0], color=COLORS["muted"], linewidth=1.0, dashes=(4.0, 3.0))
    for each, style in zip(sides, _STYLES, strict=True):
        filled = [one for one in each.bins if one.rows]
        _draw_points(square, filled, style)
        _draw_rows(below, filled, style)
    for axes in (square, below):
        axes.set_xlim(0.0, 1.0)
        axes.set_xticks([i / 5 for i in range(6)])
    square.set_ylim(0.0, 1.0)
    square.set_yticks([i / 5 for i in range(6)])
    square.tick_params(labelbottom=False)
    square.grid(color=COLORS["line"], linewidth=0.6)
    below.set_xlabel("predicted probability of class 1" if binary else "confidence")
    square.set_ylabel("share that is class 1" if binary else "accuracy")
    below.set_ylabel("rows")
    below.set_ylim(0.0, None)
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    below.yaxis.set_major_formatter(lambda value, _: short_count(round(value)))
    for axes in (square, below):
        axes.yaxis.set_label_coords(-0.13, 0.5)
    figure.legend(
        handles=[Line2D([], [], markersize=4.0, linewidth=1.2, **style) for style in _STYLES],
        labels=[each.name for each in sides],
        loc="lower left",
        ncols=2,
        bbox_to_anchor=(0.08, 0.0),
    )
    numbers = [short_number(each.ece) for each in sides]
    headline(
        figure,
        f"ECE {numbers[0]} with {sides[0].name}, {numbers[1]} with {sides[1].name}",
        "bars are intervals of 95 %; on the dashed line a model is calibrated",
    )
    return figure


def _draw_points(axes: Axes, filled: Sequence[Bin], style: dict[str, Any]) -> None:
    means = [(each.confidence or 0.0, each.accuracy or 0.0) for each in filled]
    reach = [
        ((mean[0], each.accuracy_low), (mean[0], each.accuracy_high))
        for each, mean in zip(filled, means, strict=True)
        if each.accuracy_low is not None and each.accuracy_high is not None
    ]
    segments(axes, reach, edgecolor=style["color"], linewidth=1.0, alpha=0.7)
    if means:
        x, y = zip(*means, strict=True)
        axes.plot(x, y, linewidth=1.2, markersize=4.0, clip_on=False, **style)


def _draw_rows(axes: Axes, filled: Sequence[Bin], style: dict[str, Any]) -> None:
    """Draw how many rows each bin holds, as a line."""
    x: list[float] = []
    y: list[float] = []
    for each in filled:
        if not x or x[-1] != each.low:
            x += [x[-1], each.low] if x else [each.low]
            y += [0.0, 0.0] if y else [0.0]
        x += [each.low, each.high]
        y += [float(each.rows)] * 2
    if x:
        axes.plot([*x, x[-1]], [*y, 0.0], color=style["color"], linewidth=1.2)
