"""Which classes are taken for which: a matrix, or for many classes the most frequent mistakes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xentcli.render.pictures.canvas import (
    COLORS,
    axes_at,
    class_texts,
    headline,
    paper,
    rectangles,
    short_count,
)
from xentcli.results.classes import Confusions
from xentcli.results.measures import Measures

MOST_CLASSES = 20
"""With more classes, a matrix would show neither names nor counts."""
_MOST_PAIRS = 20
_LETTER_POINTS = 5.6  # points, on average
_STRONGEST_SHADE = 0.6  # of a colour, so that text on it can be read


class Words(NamedTuple):
    """The words in a picture of pairs of classes.

    Attributes
    ----------
    title, row, column : str
        The title of a matrix, and what the two classes of a pair are.
    nothing, pairs : str
        What to say if no pair is of two different classes, and what such pairs are called.
    """

    title: str
    row: str
    column: str
    nothing: str
    pairs: str


OF_LABELS = Words(
    "Labels and predictions", "label", "prediction", "No row is mistaken", "confused pairs"
)


OF_PREDICTIONS = Words(
    "Predictions of both models",
    "first prediction",
    "new prediction",
    "No row is predicted otherwise",
    "pairs of different predictions",
)


def confusion(measures: Measures) -> Figure:
    """Return the matrix of up to 20 classes, or else the most frequent mistakes."""
    assert measures.confusions is not None  # noqa: S101 - there is something to draw
    return pairs_of_classes(measures.confusions, measures.class_name, OF_LABELS)


def pairs_of_classes(
    confusions: Confusions, class_name: Callable[[int], str], words: Words
) -> Figure:
    """Return a matrix of up to 20 classes, or else the most frequent pairs of different ones."""
    if confusions.num_classes > MOST_CLASSES:
        return _pairs(confusions, class_name, words)
    return _matrix(confusions, class_name, words)


def _matrix(confusions: Confusions, class_name: Callable[[int], str], words: Words) -> Figure:
    count = confusions.num_classes
    names = class_texts([class_name(i) for i in range(count)], 16)
    cell = 34.0 if count <= 10 else 26.0
    side = cell * count
    longest = max(map(len, names)) * _LETTER_POINTS
    upright = longest <= cell
    left, top = (
        max(34.0, longest + 12.0) + 22.0,
        (18.0 if upright else longest + 12.0) + 20.0 + 44.0,
    )
    width = max(left + side + 10.0, 400.0)
    figure = paper(width, side + top + 12.0)
    axes = axes_at(figure, left, 12.0, side, side)
    axes.set_xlim(0.0, count)
    axes.set_ylim(count, 0.0)
    _draw_cells(axes, confusions.dense().tolist())
    places = [i + 0.5 for i in range(count)]
    axes.set_xticks(places, names, rotation=0 if upright else 90)
    axes.set_yticks(places, names)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(words.column)
    axes.set_ylabel(words.row)
    axes.tick_params(length=0)
    for side_name in ("left", "bottom", "right", "top"):
        axes.spines[side_name].set_visible(False)
    headline(
        figure,
        words.title,
        f"rows; the stronger the colour, the larger the share of its {words.row}",
    )
    return figure


def _draw_cells(axes: Axes, counts: Sequence[Sequence[int]]) -> None:
    """Draw a square and a number where there are rows, and a faint line around all."""
    size = len(counts)
    frame = [(float(j), j + 1.0, float(i), i + 1.0) for i in range(size) for j in range(size)]
    rectangles(
        axes, frame, facecolor="none", edgecolor=COLORS["line"], linewidth=0.5, clip_on=False
    )
    for i, row in enumerate(counts):
        support = sum(row)
        for j, rows in enumerate(row):
            if not rows:
                continue
            color = COLORS["right" if i == j else "wrong"]
            # The square root shows mistakes too, which are rare if a model is any good.
            alpha = _STRONGEST_SHADE * (0.08 + 0.92 * (rows / support) ** 0.5)
            box = (float(j), j + 1.0, float(i), i + 1.0)
            rectangles(axes, [box], facecolor=color, alpha=round(alpha, 3), linewidth=0)
            text = short_count(rows)
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", size=8.5)


def _pairs(confusions: Confusions, class_name: Callable[[int], str], words: Words) -> Figure:
    pairs = confusions.most_confused(_MOST_PAIRS)
    total = confusions.confused_pairs
    width, row_height, top, names_width = 560.0, 17.0, 76.0, 252.0
    figure = paper(width, top + max(1, len(pairs)) * row_height + 10.0)
    what = words.nothing
    if pairs:
        what = f"The {len(pairs)} most frequent of {total:,} {words.pairs}"
    classes = f"a matrix of {confusions.num_classes:,} classes would be too large"
    headline(figure, what, f"in rows, and as a share of their {words.row}'s; {classes}")
    if not pairs:
        return figure
    height = len(pairs) * row_height
    axes = axes_at(figure, names_width, 10.0, width - names_width - 96.0, height)
    axes.set_axis_off()
    axes.set_ylim(len(pairs), 0.0)
    axes.set_xlim(0.0, max(rows for *_, rows in pairs))
    boxes = [(0.0, float(rows), i + 0.15, i + 0.85) for i, (*_, rows) in enumerate(pairs)]
    rectangles(axes, boxes, facecolor=COLORS["wrong"], alpha=0.6, linewidth=0)
    to_points = 1.0 / (top + height + 10.0)
    for column, title in enumerate((words.row, words.column)):
        x = (column * 124.0 + 8.0) / width
        names = class_texts([class_name(pair[column]) for pair in pairs], 16)
        for i, name in enumerate(names):
            y = (height - (i + 0.5) * row_height + 10.0) * to_points
            figure.text(x, y, name, va="center", size=9)
        y = (height + 18.0) * to_points
        figure.text(x, y, title, va="center", size=9, color=COLORS["muted"])
    _write_counts(axes, confusions, pairs)
    return figure


def _write_counts(
    axes: Axes, confusions: Confusions, pairs: Sequence[tuple[int, int, int]]
) -> None:
    """Write beside each bar its number of rows, and their share of the label's rows."""
    supports = confusions.rows_of_labels({label for label, *_ in pairs})
    for i, (label, _, rows) in enumerate(pairs):
        share = f" ({100.0 * rows / supports[label]:.1f} %)" if supports.get(label) else ""
        axes.annotate(
            f"{rows:,}{share}",
            (rows, i + 0.5),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            size=9,
            annotation_clip=False,
        )
