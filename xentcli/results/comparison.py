"""The result of ``xent compare``: how another model's outputs differ from those of a first."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from xentcli.results.measure import NOTHING, ByName, Measure
from xentcli.results.row_names import Names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xentcli.results.groups import Group
    from xentcli.results.pair_pictures import PairPictures


class PairedLoss(NamedTuple):
    """The losses of two models on the same rows.

    Attributes
    ----------
    base, new, difference : Measure
        The mean losses, and the mean of new - base with its paired error.
    correlation : Measure
        Pearson's correlation of the losses of the rows.
    worse : Measure
        The share of rows whose loss is larger.
    uneven : int
        How many rows have class probabilities for labels that do not sum to 1.
    """

    base: Measure = NOTHING
    new: Measure = NOTHING
    difference: Measure = NOTHING
    correlation: Measure = NOTHING
    worse: Measure = NOTHING
    uneven: int = 0


class PairedHits(NamedTuple):
    """How many rows each of two models predicts right.

    Attributes
    ----------
    both, only_base, only_new, neither : int
        How many rows both models, only one of them, or neither predicts right.
    base, new, difference : Measure
        The accuracies, and new - base with its paired error.
    p : float
        The p-value of McNemar's test, exact and two-sided.
    """

    both: int = 0
    only_base: int = 0
    only_new: int = 0
    neither: int = 0
    base: Measure = NOTHING
    new: Measure = NOTHING
    difference: Measure = NOTHING
    p: float | None = None


class PairedDivergences(NamedTuple):
    """How far the probabilities of two models are apart.

    Attributes
    ----------
    kl, kl_reverse, js : Measure
        The mean divergences over the rows in which they are finite.
    infinite : int
        How many rows have an infinite divergence in either direction.
    agreement : Measure
        The share of rows that both predict alike.
    delta_p, rms_delta_p : Measure
        The change of the label's probability: its mean, and its root mean square.
    n : int
        How many rows are measured.
    largest : float or None
        The largest finite divergence of a row from base to new.
    """

    kl: Measure = NOTHING
    kl_reverse: Measure = NOTHING
    js: Measure = NOTHING
    infinite: int = 0
    agreement: Measure = NOTHING
    delta_p: Measure = NOTHING
    rms_delta_p: Measure = NOTHING
    n: int = 0
    largest: float | None = None


@dataclass(frozen=True)
class ChangedRow:
    """A row that changed much.

    Attributes
    ----------
    row : int
        Its number among all rows, from 0.
    change : float
        The difference of the losses or, without labels, KL(base || new); rows are ordered by it.
    loss_base, loss_new : float or None
        The losses in nats.
    kl : float
        KL(base || new).
    label, prediction_base, prediction_new : int or None
        The classes of the label and of both predictions.
    label_probability_base, label_probability_new : float or None
        The probabilities that the models give to the label.
    id : str or None
        The id of the row in its file.
    place : str or None
        The name of its file and its index there, if there are several files.
    """

    row: int
    change: float
    loss_base: float | None = None
    loss_new: float | None = None
    kl: float | None = None
    label: int | None = None
    prediction_base: int | None = None
    prediction_new: int | None = None
    label_probability_base: float | None = None
    label_probability_new: float | None = None
    id: str | None = None
    place: str | None = None


class ChangedRows(NamedTuple):
    """The rows that changed most, in the order of their change."""

    rows: tuple[ChangedRow, ...] = ()


class Percentile(NamedTuple):
    """The numbers that `percent` percent of the rows do not exceed; None if they do not apply."""

    percent: float
    kl: float | None = None
    delta_p: float | None = None


@dataclass(frozen=True)
class Comparison(ByName, Names):
    """How the outputs of one model differ from those of the first.

    Attributes
    ----------
    base, new : str
        The names of both models, with their temperatures if these are not 1.
    metrics : dict of str to Measure
        The measures by name; a value of None does not apply.
    rows, used, measured : int
        How many rows there are, are not ignored, and are also finite in both models.
    num_classes : int
        The length of a row.
    labelled : bool
        Whether there are labels.
    mean_losses : tuple of float or None
        The mean loss of each model, whatever measures were asked for: warnings tell of them.
    percentiles, changed_rows, groups : tuple
        The tables.
    temperature_base, temperature_new : float
        The numbers by which the logits of both were divided.
    clusters : int or None
        How many clusters the errors of the means come from.
    clusters_of_losses : int or None
        How many of these those of the losses come from: clusters that weigh 0 are in none.
    class_names : tuple of str or None
        The names of the classes.
    lead : tuple of int
        The shape of one number for each row.
    pictures : PairPictures or None
        The data of the pictures, if these were asked for.
    notes : tuple of str
        Notes for the user.
    """

    base: str
    new: str
    metrics: dict[str, Measure]
    rows: int = 0
    used: int = 0
    measured: int = 0
    num_classes: int = 0
    labelled: bool = True
    mean_losses: tuple[float | None, float | None] = field(default=(None, None), repr=False)
    percentiles: tuple[Percentile, ...] = ()
    changed_rows: tuple[ChangedRow, ...] = ()
    groups: "Sequence[Group]" = ()
    temperature_base: float = 1.0
    temperature_new: float = 1.0
    clusters: int | None = None
    clusters_of_losses: int | None = field(default=None, repr=False)
    class_names: tuple[str, ...] | None = None
    lead: tuple[int, ...] = ()
    pictures: "PairPictures | None" = field(default=None, repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    def only(self, names: "Sequence[str] | None") -> "Comparison":
        """Return the same result with only these measures; with all if `names` are None."""
        if names is None or "all" in names:
            return self
        metrics = {name: each for name, each in self.metrics.items() if name in names}
        return replace(self, metrics=metrics)

    def to_json(self) -> str:
        """Return everything that was measured as JSON, as the command prints it."""
        from xentcli.render.comparison_text import comparison_object
        from xentcli.render.json import to_json

        return to_json(comparison_object([self]))

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows."""
        from xentcli.render.notebook import comparison_html

        return comparison_html(self)
