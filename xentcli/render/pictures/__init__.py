"""Pictures of measures: which there are, what each needs, and how one becomes a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, get_args

from xentcli.errors import OutputError, missing_library
from xentcli.results.measures import Measures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PictureKind = Literal["reliability", "confusion", "losses"]
PICTURE_KINDS: tuple[PictureKind, ...] = get_args(PictureKind)
PICTURE_FORMATS = ("png", "svg", "pdf")
EXTRA = "report"

NEEDS: dict[str, tuple[str, ...]] = {
    "reliability": ("bins", "accuracy", "mean_confidence", "ece", "ece_by_chance"),
    "confusion": ("confusions",),
    "losses": ("losses", "loss"),
}
"""For each kind, the names of the measures and tables that it shows."""


def check_matplotlib(what: str) -> None:
    """Raise now if the library of the pictures is not installed.

    Parameters
    ----------
    what : str
        What needs it, such as ``--plot``.
    """
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise missing_library(what, "matplotlib", EXTRA, OutputError)


def is_drawn(kind: PictureKind, measures: Measures) -> bool:
    """Whether there is anything of this kind to be drawn."""
    if kind == "reliability":
        return any(each.rows for each in measures.bins)
    if kind == "confusion":
        return measures.confusions is not None
    return measures.losses is not None and measures.losses.n > 0


DESCRIPTIONS: dict[str, str] = {
    "reliability": "Reliability diagram: for each bin of confidence its accuracy, with an interval "
    "of 95 %, the gap to its mean confidence, and its number of rows.",
    "confusion": "How many rows of each label are predicted to be which class.",
    "losses": "Histogram of the losses of the rows, on a logarithmic axis.",
}
_WHY_NOTHING = {
    "reliability": "There are no rows whose confidence can be judged.",
    "confusion": "There are no rows with one label each.",
    "losses": "There are no rows with a loss.",
}


def picture(kind: PictureKind, measures: Measures, form: str) -> bytes:
    """Return a picture as a file of one of `PICTURE_FORMATS`, the same bytes for the same measures.

    Where there is nothing to be drawn, it says so.
    """
    with _quietly():
        from xentcli.render.pictures.canvas import in_own_style, saved

        with in_own_style():
            return saved(_figure_of(kind, measures), form)


def inline_picture(kind: PictureKind, measures: Measures) -> str:
    """Return a picture as an SVG element to stand within a page, which gives it its colours."""
    from xentcli.render.pictures.inline import inline_svg

    return inline_svg(picture(kind, measures, "svg"), kind, DESCRIPTIONS[kind])


def _figure_of(kind: PictureKind, measures: Measures) -> "Figure":
    if not is_drawn(kind, measures):
        from xentcli.render.pictures.canvas import words

        return words(_WHY_NOTHING[kind])
    if kind == "reliability":
        from xentcli.render.pictures.reliability import reliability

        return reliability(measures)
    if kind == "confusion":
        from xentcli.render.pictures.confusion import confusion

        return confusion(measures)
    from xentcli.render.pictures.losses import losses

    return losses(measures)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what matplotlib says of fonts and of folders for them from standard error.

    A font without some character, or one that is looked for for the first time, changes no number.
    """
    import logging
    import warnings

    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
