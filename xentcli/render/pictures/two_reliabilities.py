"""The reliability of two models, or of one at two temperatures, in one picture."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from xentcli.render.pictures.canvas import (
    COLORS,
    headline,
    short_number,
    words,
)
from xentcli.render.pictures.reliability import (
    MOST_BINS,
    draw_intervals,
    label_axes,
    square_above_rows,
)
from xentcli.results.calibration import Bin

_BOTTOM = 78.0
_STYLES: tuple[dict[str, Any], ...] = (
    {"color": COLORS["right"], "marker": "o"},
    {"color": COLORS["wrong"], "marker": "s"},
)


class Side(NamedTuple):
    """The name of one of the two, its bins, and its ECE."""

    name: str
    bins: Sequence[Bin]
    ece: float | None


def two_reliabilities(sides: tuple[Side, Side], which: str = "", *, binary: bool = False) -> Figure:
    """Return the diagram of the bins that hold rows, with both sides in one square.

    The headline begins with `which` rows they are.
    """
    most = max(len(each.bins) for each in sides)
    if most > MOST_BINS:
        return words(f"{most:,} bins are more than a picture shows ({MOST_BINS}).")
    figure, square, below = square_above_rows(_BOTTOM)
    square.plot([0.0, 1.0], [0.0, 1.0], color=COLORS["muted"], linewidth=1.0, dashes=(4.0, 3.0))
    for each, style in zip(sides, _STYLES, strict=True):
        filled = [one for one in each.bins if one.rows]
        _draw_points(square, filled, style)
        _draw_rows(below, filled, style)
    label_axes(square, below, binary=binary)
    below.set_ylim(0.0, None)
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
        f"{which}ECE {numbers[0]} with {sides[0].name}, {numbers[1]} with {sides[1].name}",
        "bars are intervals of 95 %; on the dashed line a model is calibrated",
    )
    return figure


def _draw_points(axes: Axes, filled: Sequence[Bin], style: dict[str, Any]) -> None:
    means = [(each.confidence or 0.0, each.accuracy or 0.0) for each in filled]
    draw_intervals(axes, filled, edgecolor=style["color"], linewidth=1.0, alpha=0.7)
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
