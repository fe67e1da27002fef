"""What all pictures share: style, colours, text, sizes and files."""

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from xentcli.render.number_columns import short_names

COLORS = {
    "ink": "#1b1f24",
    "muted": "#57606a",
    "line": "#c9d1d9",
    "right": "#2f6fbf",
    "wrong": "#c4501b",
    "paper": "#ffffff",
}
"""The colours by their names on a page, as they are where no page changes them."""

_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": COLORS["muted"],
    "axes.facecolor": "none",
    "axes.labelcolor": COLORS["ink"],
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 72,
    "figure.facecolor": COLORS["paper"],
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib
    "font.size": 10,
    "hatch.color": COLORS["wrong"],
    "hatch.linewidth": 0.8,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": COLORS["ink"],
    "path.simplify": False,
    "pdf.fonttype": 42,
    "savefig.dpi": 160,
    "svg.fonttype": "none",  # text stays text: it can be searched, and is small
    "svg.hashsalt": "xent",
    "text.color": COLORS["ink"],
    "text.parse_math": False,  # a $ in the name of a class is a $
    "text.usetex": False,
    "xtick.color": COLORS["muted"],
    "xtick.labelcolor": COLORS["ink"],
    "xtick.labelsize": 9,
    "ytick.color": COLORS["muted"],
    "ytick.labelcolor": COLORS["ink"],
    "ytick.labelsize": 9,
}
_NO_DATE = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}, "png": {}}
_POINTS_PER_INCH = 72.0

Box = tuple[float, float, float, float]
"""Left, right, lower and upper edge of a rectangle."""


@contextmanager
def in_own_style() -> Iterator[None]:
    """Draw with the style of this package, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def saved(figure: Figure, form: str) -> bytes:
    """Return a figure as a file: for the same figure, the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form, metadata=_NO_DATE[form])
    return buffer.getvalue()


def paper(width: float, height: float) -> Figure:
    """Return an empty figure of so many points."""
    return Figure(figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH))


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return axes at a place of a figure, in points."""
    whole_width, whole_height = (side * _POINTS_PER_INCH for side in figure.get_size_inches())
    return figure.add_axes(
        (left / whole_width, bottom / whole_height, width / whole_width, height / whole_height)
    )


def words(text: str) -> Figure:
    """Return a figure that holds only words."""
    figure = paper(400, 120)
    figure.text(0.5, 0.5, text, ha="center", va="center", color=COLORS["ink"])
    return figure


def headline(figure: Figure, text: str, below: str = "") -> None:
    """Write a line at the top, and a smaller one below it."""
    width, height = (side * _POINTS_PER_INCH for side in figure.get_size_inches())
    left = 8.0 / width
    figure.text(left, 1.0 - 9.0 / height, text, va="top", size=11, weight="bold")
    if below:
        muted = COLORS["muted"]
        figure.text(left, 1.0 - 25.0 / height, below, va="top", size=9, color=muted)


def rectangles(axes: Axes, boxes: Iterable[Box], **style: Any) -> None:
    """Draw rectangles as one path, which takes a fifth of the bytes of single ones.

    Each picture sets the limits of its axes: to let them grow with every corner took a tenth of all
    the time.
    """
    corners: list[tuple[float, float]] = []
    codes: list[Any] = []
    for left, right, low, high in boxes:
        corners += [(left, low), (left, high), (right, high), (right, low), (left, low)]
        codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    if corners:
        axes.add_artist(PathPatch(Path(corners, codes), **style))


def segments(
    axes: Axes, ends: Iterable[tuple[tuple[float, float], tuple[float, float]]], **style: Any
) -> None:
    """Draw lines from one point to another as one path."""
    points = [point for pair in ends for point in pair]
    if points:
        codes = [Path.MOVETO, Path.LINETO] * (len(points) // 2)
        axes.add_artist(PathPatch(Path(points, codes), fill=False, **style))


def short_number(value: float | None) -> str:
    """Return a number as people read it: four decimals, or three digits of small and large ones.

    Examples
    --------
    >>> short_number(0.156532615736313), short_number(0.0), short_number(1.23456e-7)
    ('0.1565', '0', '1.23e-07')
    >>> short_number(None), short_number(float("inf")), short_number(12345.678)
    ('–', '∞', '12,346')
    """
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0.0 else "−∞"
    size = abs(value)
    if size and not 1e-3 <= size < 1e6:
        return f"{value:.2e}"
    if value == int(value) and size >= 10.0:
        return f"{value:,.0f}"
    return "0" if not size else f"{value:,.{4 if size < 100.0 else 2 if size < 1e4 else 0}f}"


def short_count(count: int) -> str:
    """Return a number of rows in five characters.

    Examples
    --------
    >>> [short_count(n) for n in (0, 9999, 10_000, 123_456, 9_999_999, 12_345_678, 10**13)]
    ['0', '9999', '10k', '123k', '10M', '12M', '1e+13']
    """
    if count < 10_000:
        return str(count)
    for unit, name in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        if round(count / unit) < 1000:
            return f"{round(count / unit)}{name}"
    return f"{count:.0e}"


def class_texts(names: Sequence[str], width: int) -> list[str]:
    """Return the names of classes, cut but still different, without invisible characters."""
    return [name or "(empty)" for name in short_names(names, width)]
