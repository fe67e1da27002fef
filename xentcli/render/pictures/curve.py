"""The loss over the temperature, and where it is least."""

import math
from itertools import pairwise

from matplotlib.figure import Figure

from xentcli.render.pictures.canvas import COLORS, axes_at, headline, paper, short_number
from xentcli.results.temperature import CurvePoint, FittedTemperature

_WIDTH, _HEIGHT = 520.0, 300.0
_LEFT, _BOTTOM, _RIGHT, _TOP = 62.0, 52.0, 16.0, 50.0
_PARTS_OF_A_LINE = 8  # parts of a line between two points that were computed


def curve(found: FittedTemperature) -> Figure:
    """Return the curve between the temperatures that were computed."""
    figure = paper(_WIDTH, _HEIGHT)
    axes = axes_at(figure, _LEFT, _BOTTOM, _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BOTTOM - _TOP)
    points = smooth(found.curve)
    places = [math.log10(each.temperature) for each in points]
    axes.plot(places, [each.loss for each in points], color=COLORS["right"], linewidth=1.6)
    best, loss = found.metrics["temperature"].value, found.metrics["loss_after"].value
    before = found.metrics["loss_before"].value
    if best is not None and loss is not None:
        place = math.log10(best)
        axes.axvline(place, color=COLORS["wrong"], linewidth=1.2, dashes=(4.0, 2.0))
        axes.plot([place], [loss], marker="o", markersize=5.0, color=COLORS["wrong"])
    if before is not None and places[0] <= 0.0 <= places[-1]:
        axes.plot([0.0], [before], marker="s", markersize=5.0, color=COLORS["ink"])
    ticks = _ticks(places[0], places[-1])
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_xlim(places[0], places[-1])
    axes.set_xlabel("temperature (log scale)")
    axes.set_ylabel("loss, in nats")
    axes.grid(color=COLORS["line"], linewidth=0.6)
    headline(
        figure,
        f"The loss is least at T = {short_number(best)}",
        f"{short_number(loss)} there, the dashed line; {short_number(before)} at T = 1, the square",
    )
    return figure


def smooth(points: tuple[CurvePoint, ...]) -> list[CurvePoint]:
    """Return more points, on the cubics with the losses and the slopes of those given."""
    found = [points[0]]
    for one, two in pairwise(points):
        start, end = 1.0 / one.temperature, 1.0 / two.temperature
        span = end - start
        for i in range(1, _PARTS_OF_A_LINE + 1):
            t = i / _PARTS_OF_A_LINE
            u = 1.0 - t
            loss = (
                u * u * (1.0 + 2.0 * t) * one.loss
                + t * t * (3.0 - 2.0 * t) * two.loss
                + span * t * u * (u * one.slope - t * two.slope)
            )
            found.append(CurvePoint(1.0 / (start + span * t), loss, 0.0))
    return found


def _ticks(low: float, high: float) -> dict[float, str]:
    """Return the labels below an axis between two powers of ten."""
    steps = (1, 2, 5) if high - low > 0.5 else (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
    powers = range(math.floor(low), math.ceil(high) + 1)
    numbers = [digit * 10.0**i for i in powers for digit in steps]
    return {math.log10(n): f"{n:.2g}" for n in numbers if low <= math.log10(n) <= high}
