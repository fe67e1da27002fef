"""The results for rows: the ranks of labels, the worst rows and the suspect ones."""

from dataclasses import dataclass, field

from xentcli.results.measure import NOTHING, Measure


@dataclass(frozen=True)
class Ranks:
    """The ranks of labels among the classes of their rows.

    Attributes
    ----------
    top : dict of int to Measure
        For each k, the share of rows whose label is among the first k.
    mrr : Measure
        The mean reciprocal rank; the first rank is 1.
    tied : int
        How many rows give another class exactly the label's value.
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
        The loss in nats.
    label, prediction : int or None
        The classes of the label and of the prediction.
    label_probability, confidence : float or None
        The probabilities of both.
    id : str or None
        The id of the row in its file.
    place : str or None
        The name of its file and its index there, if there are several files.
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
    """A row whose label may be wrong: of the classes that reach their thresholds, another leads.

    The threshold of a class is the mean of its probability over the rows that it is the label of.

    Attributes
    ----------
    row : int
        Its number among all rows, from 0.
    label, suggestion : int
        The label, and the class that may be right.
    label_probability : float
        The probability of the label.
    id : str or None
        The id of the row in its file.
    place : str or None
        The name of its file and its index there, if there are several files.
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
        How many suspects there are, and among how many rows.
    rows : tuple of Suspect
        The suspects whose labels have the lowest probabilities, the lowest first.
    """

    count: int = 0
    n: int = 0
    rows: tuple[Suspect, ...] = ()
