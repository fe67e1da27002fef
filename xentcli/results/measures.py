"""What can be said of one model's outputs: measures with their errors, and tables."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xentcli.results.calibration import Bin
from xentcli.results.classes import ClassScores, Confusions
from xentcli.results.groups import Group
from xentcli.results.histogram import LossHistogram
from xentcli.results.measure import ByName, Measure
from xentcli.results.names import Names
from xentcli.results.provenance import Provenance
from xentcli.results.rows import Suspects, WorstRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Measures(ByName, Names):
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
    inapplicable: dict[str, str] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

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
