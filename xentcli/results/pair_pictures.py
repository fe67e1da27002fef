"""What pictures of two models show."""

from dataclasses import dataclass, field

from xentcli.results.calibration import Calibration
from xentcli.results.classes import Confusions
from xentcli.results.histogram import LossHistogram


@dataclass(frozen=True, slots=True)
class LossCell:
    """How many rows have a loss in one cell with the first model, in another with the new one.

    A cell is a factor of 2 wide: `octave_edge` of the losses' metric says which.
    """

    base: int
    new: int
    rows: int


@dataclass(frozen=True)
class PairPictures:
    """What pictures of two models show.

    Attributes
    ----------
    changes : LossHistogram
        By how much the losses of rows changed; hits are those that became smaller. Without labels,
        KL(base || new), and no hits.
    losses : tuple of LossCell
        Both losses of the rows.
    base, new : Calibration
        Of both models.
    predictions : Confusions or None
        What the first model predicts, as labels, and what the new one does.
    """

    changes: LossHistogram = field(default_factory=LossHistogram)
    losses: tuple[LossCell, ...] = ()
    base: Calibration = field(default_factory=Calibration)
    new: Calibration = field(default_factory=Calibration)
    predictions: Confusions | None = None
