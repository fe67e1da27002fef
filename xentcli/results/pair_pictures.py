"""The data of pictures of two models."""

from dataclasses import dataclass, field

from xentcli.results.calibration import Calibration
from xentcli.results.classes import Confusions
from xentcli.results.histogram import LossHistogram


@dataclass(frozen=True, slots=True)
class LossCell:
    """How many rows have a loss in cell `base` with the first model and `new` with the new one.

    A cell is a factor of 2 wide, as `octaves_of` of the losses' metric numbers them.
    """

    base: int
    new: int
    rows: int


@dataclass(frozen=True)
class PairPictures:
    """The data of pictures of two models.

    Attributes
    ----------
    changes : LossHistogram
        The changes of the rows' losses; hits are losses that became smaller. Without labels, these
        are KL(base || new), without hits.
    losses : tuple of LossCell
        How many rows have which pair of losses.
    base, new : Calibration
        The calibration of both models.
    predictions : Confusions or None
        The predictions of the first model, in place of labels, and those of the new one.
    """

    changes: LossHistogram = field(default_factory=LossHistogram)
    losses: tuple[LossCell, ...] = ()
    base: Calibration = field(default_factory=Calibration)
    new: Calibration = field(default_factory=Calibration)
    predictions: Confusions | None = None
