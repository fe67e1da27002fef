"""The result of ``xent calibrate``."""

from dataclasses import dataclass, field

from xentcli.results.calibration import Bin
from xentcli.results.measure import ByName, Measure


@dataclass(frozen=True)
class Fold:
    """Rows that a temperature was not fitted on: how many there are, and that temperature."""

    fold: int
    rows: int
    temperature: float


@dataclass(frozen=True)
class CurvePoint:
    """The mean loss at a temperature, and its derivative along the inverse temperature."""

    temperature: float
    loss: float
    slope: float


@dataclass(frozen=True)
class TestedTemperature(ByName):
    """The effect of a temperature on rows that it was not fitted on.

    Attributes
    ----------
    metrics : dict of str to Measure
        The measures by the names in `FittedTemperature`, as far as they apply.
    rows, used : int
        How many rows there are, and how many are not ignored.
    bins_before, bins_after : tuple of Bin
        The bins of confidence.
    clusters : int or None
        How many clusters of rows there are, if errors are those of clusters.
    num_classes : int
        The number of classes.
    looks_like : str
        What the first rows look like.
    """

    metrics: dict[str, Measure]
    rows: int
    used: int
    bins_before: tuple[Bin, ...] = ()
    bins_after: tuple[Bin, ...] = ()
    clusters: int | None = None
    num_classes: int = 0
    looks_like: str = "unknown"


@dataclass(frozen=True)
class FittedTemperature(ByName):
    """The temperature that minimises the cross entropy of logits divided by it.

    Attributes
    ----------
    metrics : dict of str to Measure
        ``temperature`` and the others by name; a value of None does not apply.
    rows, used : int
        How many rows have a label, and how many of these are not ignored.
    num_classes : int
        The length of a row.
    binary : bool
        Whether each number is a row by itself, with two classes.
    passes : int
        How many times the rows were read.
    folds : tuple of Fold
        The folds, each of rows that one fit left out.
    bins_before, bins_after : tuple of Bin
        The bins of confidence.
    tested : TestedTemperature or None
        The same measures for other rows.
    clusters : int or None
        How many clusters of rows the errors come from.
    clusters_fitted : int or None
        How many of these that of the temperature comes from: clusters that weigh 0 tell nothing.
    surely_not_1 : bool
        Whether the loss is higher at a temperature of 1 by more than chance explains.
    curve : tuple of CurvePoint
        The loss at several temperatures, if that was asked for.
    looks_like : str
        What the first rows look like.
    notes : tuple of str
        Notes for the user.
    """

    metrics: dict[str, Measure]
    rows: int
    used: int
    num_classes: int
    binary: bool = False
    passes: int = 0
    folds: tuple[Fold, ...] = ()
    bins_before: tuple[Bin, ...] = ()
    bins_after: tuple[Bin, ...] = ()
    tested: TestedTemperature | None = None
    clusters: int | None = None
    clusters_fitted: int | None = field(default=None, repr=False)
    surely_not_1: bool = False
    curve: tuple[CurvePoint, ...] = ()
    looks_like: str = "unknown"
    notes: tuple[str, ...] = field(default=(), repr=False)

    def to_json(self) -> str:
        """Return the JSON that ``xent calibrate --json`` prints, without the files."""
        from xentcli.render.json import to_json
        from xentcli.render.temperature import temperature_object

        return to_json(temperature_object(self))

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows."""
        from xentcli.render.notebook import measures_html

        return measures_html(self.metrics)
