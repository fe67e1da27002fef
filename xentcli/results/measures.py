"""What can be said of one model's outputs: measures with their errors, and tables."""

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xentcli.results.provenance import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Measure:
    """A number, how sure it is, and of how many rows it is; None is what does not apply.

    Attributes
    ----------
    value, standard_error : float or None
        The number, and its error.
    low, high : float or None
        Its interval of 95 %: by Wilson for a share, by Student's t for a mean.
    n : int or None
        The rows, or classes, that it is of.
    """

    value: float | None = None
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


NOTHING = Measure()


@dataclass(frozen=True)
class RowCounts:
    """How many rows there are, how many are not ignored, and how many are finite besides."""

    rows: int = 0
    used: int = 0
    measured: int = 0


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


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How well one class is told from the others.

    Attributes
    ----------
    index : int
        The class, from 0.
    support, predicted, hits : int
        Rows that have this label, that are predicted to have it, and that both hold for.
    precision, recall, f1 : float
        0 where they are 0 / 0.
    undefined : tuple of str
        Which of them are 0 / 0.
    """

    index: int
    support: int
    predicted: int
    hits: int
    precision: float
    recall: float
    f1: float
    undefined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Confusions:
    """How often each class is predicted where each label stands, as far as that occurs.

    Attributes
    ----------
    labels, predictions, rows : ndarray of int64 of shape (pairs,)
        In the order of labels, then of predictions.
    num_classes : int
        How many classes there are.
    """

    labels: "Counts"
    predictions: "Counts"
    rows: "Counts"
    num_classes: int

    def most_confused(self, count: int) -> list[tuple[int, int, int]]:
        """Return the label, prediction and rows of the most frequent mistakes, ties in order."""
        wrong = (self.labels != self.predictions).nonzero()[0]
        rows = self.rows[wrong]
        if wrong.size > count:
            least = rows.copy()
            least.partition(wrong.size - count)
            wrong = wrong[rows >= least[wrong.size - count]] if count else wrong[:0]
        chosen = wrong[(-self.rows[wrong]).argsort(kind="stable")][:count]
        return [(int(self.labels[i]), int(self.predictions[i]), int(self.rows[i])) for i in chosen]

    def rows_of_labels(self, labels: "Iterable[int]") -> dict[int, int]:
        """Return how many rows some labels have."""
        return {label: int(self.rows[self.labels == label].sum()) for label in labels}

    @property
    def confused_pairs(self) -> int:
        """How many pairs of a label and another prediction occur."""
        return int((self.labels != self.predictions).sum())

    def dense(self) -> "Counts":
        """Return the matrix (C, C): rows true, columns predicted; for up to 2,000 classes."""
        if self.num_classes > MOST_DENSE_CLASSES:
            raise ValueError(f"a matrix of {self.num_classes:,} classes is too large")
        counts = self.rows[:0].copy()
        counts.resize(self.num_classes * self.num_classes)
        counts[self.labels * self.num_classes + self.predictions] = self.rows
        return counts.reshape(self.num_classes, self.num_classes)


MOST_DENSE_CLASSES = 2000


@dataclass(frozen=True)
class Classes:
    """What the confusions say about classes: those that are a label or a prediction of some row.

    Attributes
    ----------
    scores : tuple of ClassScores
        In the order of the classes.
    averages : dict of str to Measure
        ``balanced_accuracy``, and ``macro_`` and ``weighted_`` precision, recall and f1.
    confusions : Confusions or None
        None where no row has a label.
    """

    scores: tuple[ClassScores, ...] = ()
    averages: dict[str, Measure] = field(default_factory=dict)
    confusions: Confusions | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose confidence is in a bin.

    Attributes
    ----------
    low, high : float
        The edges; the upper one belongs to the bin.
    rows : int
        How many there are; what follows is None of none.
    confidence, accuracy : float or None
        The mean confidence, and the share that came true.
    accuracy_low, accuracy_high : float or None
        The interval of 95 % of that share.
    """

    low: float
    high: float
    rows: int
    confidence: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None


@dataclass(frozen=True)
class Calibration:
    """How far confidence is from how often it is right, in bins of equal width.

    Attributes
    ----------
    ece, ece_by_chance, mce, rmsce, rmsce_debiased, mean_confidence : Measure
        The n of `mce` is how many rows its bin has.
    bins : tuple of Bin
        All of them, empty ones too.
    """

    ece: Measure = NOTHING
    ece_by_chance: Measure = NOTHING
    mce: Measure = NOTHING
    rmsce: Measure = NOTHING
    rmsce_debiased: Measure = NOTHING
    mean_confidence: Measure = NOTHING
    bins: tuple[Bin, ...] = ()


@dataclass(frozen=True, slots=True)
class LossBin:
    """The rows whose loss is in a bin.

    Attributes
    ----------
    low, high : float
        The edges; the lower one belongs to the bin.
    rows : int
        How many there are.
    hits : int or None
        How many of them are predicted to be what they are; None where rows have no one label.
    """

    low: float
    high: float
    rows: int
    hits: int | None = None


@dataclass(frozen=True)
class LossHistogram:
    """How the losses are distributed, in four bins for each factor of 2.

    Attributes
    ----------
    n : int
        How many losses there are.
    zero, infinite : LossBin
        Those of 0, or below, and those that are infinite.
    bins : tuple of LossBin
        All others: from the lowest to the highest bin with rows, empty ones between them too.
    """

    n: int = 0
    zero: LossBin = LossBin(0.0, 0.0, 0)
    infinite: LossBin = LossBin(math.inf, math.inf, 0)
    bins: tuple[LossBin, ...] = ()


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
    """

    row: int
    loss: float
    label: int | None = None
    prediction: int | None = None
    label_probability: float | None = None
    confidence: float | None = None
    id: str | None = None


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
    """

    row: int
    label: int
    suggestion: int
    label_probability: float
    id: str | None = None


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


@dataclass(frozen=True, slots=True)
class Group:
    """The measures of the rows of one group, by name: loss, accuracy, brier, ece.

    Binary ones of several labels have auroc and average_precision too.
    """

    name: str
    rows: int
    metrics: dict[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True)
class Groups:
    """The rows of each value of a column, or of each slice of an axis, in order."""

    groups: tuple[Group, ...] = ()


@dataclass(frozen=True)
class ClusterErrors:
    """Errors of means where the rows of a cluster are not independent of one another.

    Attributes
    ----------
    clusters : int
        How many there are.
    metrics : dict of str to Measure
        The means, with these errors, and intervals by Student's t of clusters - 1 degrees.
    """

    clusters: int = 0
    metrics: dict[str, Measure] = field(default_factory=dict)


class Names:
    """What names the classes and the rows of a result."""

    class_names: tuple[str, ...] | None
    lead: tuple[int, ...]

    def class_name(self, index: int) -> str:
        """Return the name of a class: its column's, or its number."""
        if self.class_names is None or index >= len(self.class_names):
            return str(index)
        return self.class_names[index]

    def row_index(self, row: int) -> tuple[int, ...]:
        """Return the index of a row among those that have a label: (3,), or (0, 3)."""
        index: list[int] = []
        for length in self.lead[:0:-1]:
            row, place = divmod(row, max(1, length))
            index.append(place)
        return (row, *index[::-1])


@dataclass(frozen=True)
class Measures(Names):
    """What ``xent eval`` reports of one model's outputs.

    Attributes
    ----------
    metrics : dict of str to Measure
        By name, those that were asked for; a value of None does not apply.
    rows, used, measured : int
        How many have a label, are not ignored, and are finite besides: the last ones count in
        every measure but the loss.
    num_classes : int
        The length of a row.
    tied : int or None
        Rows in which another class has the label's very value.
    tables : tuple of str
        The names of the tables that were asked for.
    classes, confusions, bins, losses, worst_rows, suspects, groups, labels
        The tables that were asked for; empty or None where they do not apply. `labels` are the
        measures of each of several labels of a row.
    clusters : int or None
        How many clusters the errors of the means come from.
    class_names : tuple of str or None
        The names of the classes.
    binary : bool
        Whether each number is a row by itself, of two classes.
    lead : tuple of int
        The shape of one number for each row.
    looks_like : str
        What the first rows look like: logits, log-probabilities, probabilities or unknown.
    missing_rows, missing_most : int, float
        Rows of probabilities that do not sum to 1, and by how much at most.
    notes : tuple of str
        What the user should know.
    inapplicable : dict of str to str
        Measures and tables that were asked for and do not apply, and why.
    others : dict
        The results of metrics that are added from outside, by name.
    provenance : Provenance
        The files that were read.
    """

    metrics: dict[str, Measure]
    rows: int
    used: int
    measured: int
    num_classes: int
    tied: int | None = None
    tables: tuple[str, ...] = ()
    classes: tuple[ClassScores, ...] = ()
    confusions: Confusions | None = None
    bins: tuple[Bin, ...] = ()
    losses: LossHistogram | None = None
    worst_rows: tuple[WorstRow, ...] = ()
    suspects: Suspects | None = None
    groups: tuple[Group, ...] = ()
    labels: tuple[Group, ...] = ()
    clusters: int | None = None
    class_names: tuple[str, ...] | None = None
    lead: tuple[int, ...] = ()
    binary: bool = False
    looks_like: str = "unknown"
    missing_rows: int = 0
    missing_most: float = 0.0
    notes: tuple[str, ...] = ()
    inapplicable: dict[str, str] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

    def __getitem__(self, name: str) -> Measure:
        """Return a measure by its name."""
        return self.metrics[name]

    def __getattr__(self, name: str) -> Measure:
        """Return a measure as an attribute: ``result.accuracy``."""
        metrics: dict[str, Measure] = self.__dict__.get("metrics", {})
        if name not in metrics:
            raise AttributeError(f"no measure {name!r}: there are {', '.join(metrics)}")
        return metrics[name]

    def of(self, provenance: Provenance) -> "Measures":
        """Return the same, of these files."""
        return replace(self, provenance=provenance)

    def only(self, names: "Iterable[str]") -> "Measures":
        """Return the same, with these measures and tables alone to be shown."""
        wanted = {*names}
        metrics = {name: each for name, each in self.metrics.items() if name in wanted}
        tables = tuple(name for name in self.tables if name in wanted)
        return replace(self, metrics=metrics, tables=tables)

    def to_json(self) -> str:
        """Return everything that was measured as JSON, as the command prints it."""
        from xentcli.render.evaluation_json import evaluation_object
        from xentcli.render.json import to_json

        return to_json(evaluation_object(self))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from xentcli.render.notebook import evaluation_html

        return evaluation_html(self)

    def class_name(self, index: int) -> str:
        """Return the name of a class: its column's, or its number."""
        return str(index) if self.binary else super().class_name(index)
