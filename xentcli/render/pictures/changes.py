"""How the losses of rows changed from one model to another: by how much, and from where."""

import math
from typing import Any

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
)
from xentcli.render.pictures.loss_bins import places_of, power
from xentcli.render.tables import row_word
from xentcli.results.comparison import Comparison
from xentcli.results.pair_pictures import LossCell

_WIDTH, _HEIGHT = 520.0, 320.0
_LEFT, _BOTTOM, _RIGHT, _TOP = 62.0, 74.0, 16.0, 50.0
_WORSE: dict[str, Any] = {"facecolor": COLORS["wrong"], "alpha": 0.75, "linewidth": 0}
_BETTER: dict[str, Any] = {"facecolor": COLORS["right"], "alpha": 0.65, "linewidth": 0}
_SIDE = 340.0
_OPACITY_OF_GREY = 0.6  # the line is seen on it
_SHADES = (0.12, 0.24, 0.38, 0.54, 0.74, 0.95)
_FIRST_EXPONENT = -31  # the first cell of losses begins at this power of 2
_LAST_CELL = 51  # it holds all losses above 2**20, infinite ones too
_LN_10_OVER_LN_2 = math.log2(10.0)


def changes(found: Comparison) -> Figure:
    """Draw how many rows changed by how much, with worse rows upwards and better ones downwards."""
    assert found.pictures is not None  # noqa: S101 - there is something to draw
    histogram = found.pictures.changes
    figure = paper(_WIDTH, _HEIGHT)
    axes = axes_at(figure, _LEFT, _BOTTOM, _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BOTTOM - _TOP)
    spans, ticks = places_of(histogram)
    same = histogram.zero.rows
    moved = [(each, span) for each, span in spans if each.rows and each.high > 0.0]
    better = [(each.hits or 0, span) for each, span in moved]
    worse = [(each.rows - (each.hits or 0), span) for each, span in moved]
    rectangles(axes, [(*span, 0.0, float(rows)) for rows, span in worse if rows], **_WORSE)
    rectangles(axes, [(*span, -float(rows), 0.0) for rows, span in better if rows], **_BETTER)
    _frame(axes, [span for each, span in spans if each.high > 0.0], ticks, worse, better)
    axes.axhline(0.0, color=COLORS["muted"], linewidth=0.8)
    counts = [sum(rows for rows, _ in side) for side in (worse, better)]
    if found.labelled:
        axes.set_xlabel("change of a row's loss, in nats (log scale)")
        below = (
            f"{counts[0]:,} {row_word(counts[0])} worse, {counts[1]:,} better, {same:,} the same"
        )
        headline(figure, "How much the losses of rows changed", below)
        handles = [Patch(**_WORSE), Patch(**_BETTER)]
        names = ["larger with the new model", "smaller with the new model"]
        figure.legend(handles, names, loc="lower left", ncols=2, bbox_to_anchor=(0.1, 0.0))
    else:
        axes.set_xlabel("KL(base || new) of a row, in nats (log scale)")
        below = f"{counts[0]:,} {row_word(counts[0])} not the same, {same:,} the same"
        headline(figure, "How far the probabilities of rows are apart", below)
    return figure


def _frame(axes: Any, spans: Any, ticks: dict[float, str], *sides: Any) -> None:
    if spans:
        low, high = spans[0][0], spans[-1][1]
        margin = 0.03 * max(1.0, high - low)
        axes.set_xlim(low - margin, high + margin)
        kept = {place: text for place, text in ticks.items() if low - margin <= place}
        axes.set_xticks(list(kept), list(kept.values()))
    up, down = (max((rows for rows, _ in side), default=0) for side in sides)
    axes.set_ylim(-1.08 * down if down else 0.0, 1.08 * up if up else max(1.0, 0.05 * down))
    axes.yaxis.set_major_formatter(lambda value, _: short_count(abs(round(value))))
    axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.set_ylabel("rows")
    axes.grid(axis="y", color=COLORS["line"], linewidth=0.6)


def both_losses(found: Comparison) -> Figure:
    """Draw the losses of rows with both models, in squares that span a factor of 2.

    The more rows a square has, the stronger is its colour.
    """
    assert found.pictures is not None  # noqa: S101 - there is something to draw
    figure = paper(_SIDE + _LEFT + 24.0, _SIDE + _BOTTOM + _TOP - 22.0)
    axes = axes_at(figure, _LEFT, _BOTTOM - 22.0, _SIDE, _SIDE)
    cells = found.pictures.losses
    most = max(each.rows for each in cells)
    for color, most_opaque in (("wrong", 1.0), ("right", 1.0), ("muted", _OPACITY_OF_GREY)):
        of_color = [each for each in cells if _color(each) == color]
        for i, alpha in enumerate(_SHADES):
            shown = [_box(each) for each in of_color if _shade(each, most) == i]
            style = {"facecolor": COLORS[color], "alpha": alpha * most_opaque, "linewidth": 0}
            rectangles(axes, shown, **style)
    places = [place for each in cells for place in (each.base, each.new)]
    low, high = min(places), max(places) + 1
    axes.set_xlim(low - 0.5, high + 0.5)
    axes.set_ylim(low - 0.5, high + 0.5)
    line = {"color": COLORS["muted"], "linewidth": 1.0, "dashes": (4.0, 3.0)}
    axes.plot([low, high], [low, high], **line)  # type: ignore[arg-type]
    ticks = _ticks(low, high)
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.set_xlabel("loss with the first model, in nats (log scale)")
    axes.set_ylabel("loss with the new model")
    axes.grid(color=COLORS["line"], linewidth=0.6)
    rows = sum(each.rows for each in cells)
    shades = f"strongest: {most:,} {row_word(most)}"
    if any(_LAST_CELL in (each.base, each.new) for each in cells):
        shades = "far edge: infinite or above 10⁶"
    below = f"above the line: worse; grey: within a factor of 2; {shades}"
    headline(figure, f"Losses of {rows:,} {row_word(rows)} with both models", below)
    return figure


def _color(each: LossCell) -> str:
    """Return the colour of a cell; on the diagonal it holds better rows and worse ones."""
    return "muted" if each.new == each.base else "wrong" if each.new > each.base else "right"


def _box(each: LossCell) -> Box:
    return (float(each.base), each.base + 1.0, float(each.new), each.new + 1.0)


def _shade(each: LossCell, most: int) -> int:
    """Return the shade of a cell, by the logarithm of its rows."""
    share = math.log1p(each.rows) / math.log1p(most)
    return min(len(_SHADES) - 1, int(share * len(_SHADES)))


def _ticks(low: int, high: int) -> dict[float, str]:
    """Return the labels at powers of ten between two cells, whose edges are powers of 2."""
    first, last = ((place + _FIRST_EXPONENT) / _LN_10_OVER_LN_2 for place in (low, high))
    step = next((step for step in (1, 2, 3) if last - first <= 6 * step), 5)
    powers = [i for i in range(math.ceil(first), math.floor(last) + 1) if i % step == 0]
    return {i * _LN_10_OVER_LN_2 - _FIRST_EXPONENT: power(i) for i in powers}
