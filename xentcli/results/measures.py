"""The result of ``xent eval``: measures of one model's outputs with their errors, and tables."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xentcli.results.calibration import Bin
from xentcli.results.classes import ClassScores, Confusions
from xentcli.results.groups import Group
from xentcli.results.histogram import LossHistogram
from xentcli.results.measure import ByName, Measure
from xentcli.results.provenance import Provenance
from xentcli.results.row_names import Names
from xentcli.results.rows import Suspects, WorstRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Measures(ByName, Names):
    """The measures and tables of one model's outputs, as ``xent eval`` reports them.

    Attributes
    ----------
    metrics : dict of str to Measure
        The measures that were asked for, by name; a value of None does not apply.
    rows, used, measured : int
        How many rows have a label, are not ignored, and are also finite. All measures but the loss
        are over the last.
    num_classes : int
        The length of a row.
    tied : int or None
        How many rows give another class exactly the label's value.
    tables : tuple of str
        The names of the tables that were asked for.
    classes, confusions, bins, losses, worst_rows, suspects, groups, labels
        The tables that were asked for; empty or None if they do not apply. `labels` has the
        measures of each label, if rows have several.
    clusters : int or None
        How many clusters the errors of the means come from.
    class_names : tuple of str or None
        The names of the classes.
    binary : bool
        Whether each number is a row by itself, with two classes.
    lead : tuple of int
        The shape of one number for each row.
    looks_like : str
        What the first rows look like: logits, log-probabilities, probabilities or unknown.
    missing_rows, missing_most : int, float
        How many rows of probabilities do not sum to 1, and by how much at most.
    notes : tuple of str
        Notes for the user.
    mean_loss : float or None
        The mean loss, whatever measures were asked for: warnings tell of it.
    inapplicable : dict of str to str
        Why measures and tables that were asked for do not apply, by name.
    others : dict
        The results of metrics from outside that are no measures, by name.
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
    groups: "Sequence[Group]" = ()
    labels: tuple[Group, ...] = ()
    clusters: int | None = None
    class_names: tuple[str, ...] | None = None
    lead: tuple[int, ...] = ()
    binary: bool = False
    looks_like: str = "unknown"
    missing_rows: int = 0
    missing_most: float = 0.0
    notes: tuple[str, ...] = ()
    mean_loss: float | None = field(default=None, repr=False)
    inapplicable: dict[str, str] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

    def of(self, provenance: Provenance) -> "Measures":
        """Return the same result with the files that it comes from."""
        return replace(self, provenance=provenance)

    def only(self, names: "Iterable[str]") -> "Measures":
        """Return the same result with only these measures and tables."""
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
        """Return the HTML that a notebook shows."""
        from xentcli.render.notebook import evaluation_html

        return evaluation_html(self)

    def class_name(self, index: int) -> str:
        """Return the name of a class, which is that of its column or its number."""
        return str(index) if self.binary else super().class_name(index)
