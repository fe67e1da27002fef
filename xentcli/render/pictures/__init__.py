"""Pictures of measures: which exist, what each needs, and how one becomes a file."""

from typing import TYPE_CHECKING

from xentcli.errors import OutputError, missing_library
from xentcli.render.picture_kinds import PictureKind
from xentcli.render.pictures.pictures import Pictures
from xentcli.results.measures import Measures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def is_drawn(kind: str, measures: Measures) -> bool:
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
_NOTHING = {
    "reliability": "There are no rows whose confidence can be judged.",
    "confusion": "There are no rows with one label each.",
    "losses": "There are no rows with a loss.",
}


def _figure_of(kind: str, measures: Measures) -> "Figure":
    if kind == "reliability":
        from xentcli.render.pictures.reliability import reliability

        return reliability(measures)
    if kind == "confusion":
        from xentcli.render.pictures.confusion import confusion

        return confusion(measures)
    from xentcli.render.pictures.loss_bins import losses

    return losses(measures)


OF_MEASURES = Pictures(DESCRIPTIONS, _NOTHING, is_drawn, _figure_of)


def picture(kind: PictureKind, measures: Measures, form: str) -> bytes:
    """Return a picture as a file of one of `PICTURE_FORMATS`, the same bytes for the same measures.

    Where there is nothing to draw, the picture says so.
    """
    return OF_MEASURES.picture(kind, measures, form)
