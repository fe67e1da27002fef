"""What ``xent compare`` reports: how another model's outputs differ from those of a first one."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from xentcli.results.measure import NOTHING, ByName, Measure
from xentcli.results.names import Names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xentcli.results.groups import Group
    from xentcli.results.pair_pictures import PairPictures


class PairedLoss(NamedTuple):
    """The losses of two models on the same rows.

    Attributes
    ----------
    base, new, difference : Measure
        The means, and that of new - base with its paired error.
    correlation : Measure
        Pearson's, of the losses by row.
    worse : Measure
        The share of rows whose loss is larger.
    """

    base: Measure = NOTHING
    new: Measure = NOTHING
    difference: Measure = NOTHING
    correlation: Measure = NOTHING
    worse: Measure = NOTHING


class PairedHits(NamedTuple):
    """How many rows each of two models predicts right.

    Attributes
    ----------
    both, only_base, only_new, neither : int
        The 2 x 2 table.
    base, new, difference : Measure
        The accuracies, and new - base with its paired error.
    p : float
        McNemar's, exact and two-sided.
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
        Means over the rows in which they are finite.
    infinite : int
        Rows in which the divergence is infinite one way or the other.
    agreement : Measure
        The share of rows that both predict alike.
    delta_p, rms_delta_p : Measure
        By how much the probability of the label changes: the mean, and the root mean square.
    n : int
        How many rows are measured.
    """

    kl: Measure = NOTHING
    kl_reverse: Measure = NOTHING
    js: Measure = NOTHING
    infinite: int = 0
    agreement: Measure = NOTHING
    delta_p: Measure = NOTHING
    rms_delta_p: Measure = NOTHING
    n: int = 0


@dataclass(frozen=True)
class ChangedRow:
    """A row that changed much.

    Attributes
    ----------
    row : int
        Its number among all rows, from 0.
    change : float
        What rows are ordered by: the difference of the losses, or without labels KL(base || new).
    loss_base, loss_new : float or None
        In nats.
    kl : float
        KL(base || new).
    label, prediction_base, prediction_new : int or None
        Classes.
    label_probability_base, label_probability_new : float or None
        Of the label.
    id : str or None
        What the file names the row.
    place : str or None
        Where it is, of several files: the name of its file, and its index there.
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
    """The rows that changed most, the first most of all."""

    rows: tuple[ChangedRow, ...] = ()


class Percentile(NamedTuple):
    """So many percent of the rows are not above these numbers; None where they do not apply."""

    percent: float
    kl: float | None = None
    delta_p: float | None = None


@dataclass(frozen=True)
class Comparison(ByName, Names):
    """How the outputs of one model differ from those of the first.

    Attributes
    ----------
    base, new : str
        The names of both, with their temperatures where these are not 1.
    metrics : dict of str to Measure
        By name; a value of None does not apply.
    rows, used, measured : int
        How many there are, are not ignored, and are finite in both besides.
    num_classes : int
        The length of a row.
    labelled : bool
        Whether there are labels.
    percentiles, changed_rows, groups : tuple
        The tables.
    temperature_base, temperature_new : float
        What the logits of both were divided by.
    clusters : int or None
        How many clusters the errors of the means come from.
    class_names : tuple of str or None
        The names of the classes.
    lead : tuple of int
        The shape of one number for each row.
    pictures : PairPictures or None
        What is drawn, where that was asked for.
    notes : tuple of str
        What the user should know.
    """

    base: str
    new: str
    metrics: dict[str, Measure]
    rows: int = 0
    used: int = 0
    measured: int = 0
    num_classes: int = 0
    labelled: bool = True
    percentiles: tuple[Percentile, ...] = ()
    changed_rows: tuple[ChangedRow, ...] = ()
    groups: "Sequence[Group]" = ()
    temperature_base: float = 1.0
    temperature_new: float = 1.0
    clusters: int | None = None
    class_names: tuple[str, ...] | None = None
    lead: tuple[int, ...] = ()
    pictures: "PairPictures | None" = field(default=None, repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    def to_json(self) -> str:
        """Return everything that was measured as JSON, as the command prints it."""
        from xentcli.render.comparison_text import comparison_object
        from xentcli.render.json import to_json

        return to_json(comparison_object([self]))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from xentcli.render.notebook import comparison_html

        return comparison_html(self)
