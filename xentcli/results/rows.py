"""What can be said of rows: their ranks, the worst and the suspect ones."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xentcli.results.measure import NOTHING, Measure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Ranks:
    """At which place of its row the label comes.

    Attributes
    ----------
    top : dict of int to Measure
        For each k, the share of rows whose label is among the first k.
    mrr : Measure
        The mean of 1 / place, the first place being 1.
    tied : int
        Rows in which another class has the label's very value.
    """

    top: dict[int, Measure] = field(default_factory=dict)
    mrr: Measure = NOTHING
    tied: int = 0


@dataclass(frozen=True)
class WorstRow:
    """A row with one of the largest losses.

    Attributes
    ----------
    row : int
        Its number among all rows, from 0.
    loss : float
        In nats.
    label, prediction : int or None
        Classes.
    label_probability, confidence : float or None
        The probabilities of both.
    id : str or None
        What the file names the row.
    place : str or None
        Where it is, of several files: the name of its file, and its index there.
    """

    row: int
    loss: float
    label: int | None = None
    prediction: int | None = None
    label_probability: float | None = None
    confidence: float | None = None
    id: str | None = None
    place: str | None = None


@dataclass(frozen=True)
class WorstRows:
    """The rows with the largest losses, the worst first."""

    rows: tuple[WorstRow, ...] = ()


@dataclass(frozen=True)
class Suspect:
    """A row whose label may be wrong: another class reaches its threshold, and leads.

    Attributes
    ----------
    row : int
        Its number among all rows, from 0.
    label, suggestion : int
        The label, and the class that it should perhaps be.
    label_probability : float
        Of the label.
    id : str or None
        What the file names the row.
    place : str or None
        Where it is, of several files: the name of its file, and its index there.
    """

    row: int
    label: int
    suggestion: int
    label_probability: float
    id: str | None = None
    place: str | None = None


@dataclass(frozen=True)
class Suspects:
    """Rows whose labels may be wrong (confident learning).

    Attributes
    ----------
    count, n : int
        How many there are, of how many rows.
    rows : tuple of Suspect
        Those of the lowest probability of their label, the lowest first.
    """

    count: int = 0
    n: int = 0
    rows: tuple[Suspect, ...] = ()
