"""Logits and labels to one temperature, and what it changes."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from xentcli.errors import InputError, UsageError
from xentcli.formats.base import Source
from xentcli.metrics.slope_sums import SlopesOfRows
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import measured, states_of_rows
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.measures.measure_plan import Options, Plan, check_bins
from xentcli.pipeline.measures.measure_report import Report
from xentcli.pipeline.run import Run
from xentcli.pipeline.spool import Spools
from xentcli.pipeline.temperatures.calibrate_report import (
    Tested,
    before_and_after,
    held_out_criterion,
    notes_of_classes,
    report_of,
)
from xentcli.pipeline.temperatures.curve import curve_of
from xentcli.pipeline.temperatures.temperature import Fit, fit
from xentcli.pipeline.temperatures.temperature_start import (
    TemperatureRows,
    numbers_of_clusters,
    rows_of,
    slopes_criterion,
    start_of,
)
from xentcli.results.measure import NOTHING
from xentcli.results.measures import Measures
from xentcli.results.temperature import CurvePoint, FittedTemperature, TestedTemperature

MOST_FOLDS = 20_000
_MEASURED = ("loss", "ece", "ece_by_chance", "brier", "bins")


class CalibrateOptions(NamedTuple):
    """How a temperature is fitted and reported.

    Attributes
    ----------
    folds : int
        How many parts of the rows are each left out of one fit; 0 for none.
    bins : int
        The number of bins for the calibration error.
    curve : bool
        Whether the loss is computed at other temperatures too, to be drawn.
    """

    folds: int = 5
    bins: int = 15
    curve: bool = False

    def check(self) -> None:
        """Raise UsageError if a number makes no sense."""
        if self.folds != 0 and self.folds not in range(2, MOST_FOLDS + 1):
            most = f"2 to {MOST_FOLDS} folds"
            raise UsageError(f"there are {most}, or 0 for none, not {self.folds}")
        check_bins(self.bins)


class OtherRows(NamedTuple):
    """Rows that a temperature is reported on, and their loss.

    Their classes may stand in another order than those of the rows that were fitted, and so may
    the class weights of the criterion.
    """

    logits: Source
    labels: Source | None
    criterion: Criterion


def calibrate(
    logits: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    options: CalibrateOptions = CalibrateOptions(),  # noqa: B008 - a named tuple
    *,
    sample_weight: Source | None = None,
    cluster: Source | str | None = None,
    tested: OtherRows | None = None,
) -> FittedTemperature:
    """Return the temperature that minimises the cross entropy of logits divided by it.

    Parameters
    ----------
    logits, labels : Source
        Labels are None where the file of the logits holds them too.
    criterion : Criterion
        The loss.
    run : Run
        Threads and progress.
    options : CalibrateOptions
        Folds and bins.
    sample_weight : Source, optional
        A factor for each row.
    cluster : Source or 'axis0' or 'rows', optional
        Which rows depend on one another, as for `measure`. The rows of a source's cluster are in
        the same fold.
    tested : OtherRows, optional
        Rows that the temperature is reported on, too.

    Raises
    ------
    InputError
        If there is no temperature, or as `evaluate` says.

    Examples
    --------
    >>> import numpy as np
    >>> from xentcli.formats.base import MemorySource
    >>> from xentcli.pipeline.run import Run
    >>> logits = MemorySource("logits", np.array([[4.0, 0.0]] * 3 + [[0.0, 4.0]]))
    >>> labels = MemorySource("labels", np.array([0, 0, 1, 1]))
    >>> found = calibrate(logits, labels, Criterion(), Run(jobs=1), CalibrateOptions(folds=0))
    >>> bool(np.isclose(found.temperature.value, 4.0 / np.log(3.0), rtol=1e-15))
    True
    """
    options.check()
    if criterion.temperature != 1.0:
        raise UsageError("a temperature is fitted to logits that no other one has divided")
    rows = rows_of(logits, labels, sample_weight, cluster)
    if rows.clusters is not None:
        cluster = rows.clusters
        criterion = criterion._replace(numbers=numbers_of_clusters(cluster))
    folds = max(1, options.folds)
    start = start_of(rows, criterion)
    first = slopes_criterion(criterion, (start,), folds, fine=False, ends=True)
    before, found = _measures(rows, criterion, run, options, first, cluster=cluster)
    of_start: SlopesOfRows = found.results["slopes"]
    if not all(of_start.fold_rows):  # nothing is out of fold, which more reads would not change
        folds, of_start = 1, of_start.without_folds()
    read = _reader_of_slopes(rows, criterion, run, folds)
    try:
        fitted = fit(logits.name, of_start, start, read, folds)
    except InputError as error:
        if before.looks_like == "probabilities" and not criterion.from_probs:
            error.hint = "these look like probabilities, not logits: --input probs"
        raise
    cooled = criterion._replace(temperature=fitted.temperature)
    weight = found.results["loss"].weight_sum
    if before.clusters is not None:
        fitted = _with_error_of_clusters(fitted, rows, criterion, run, weight)
    curve: tuple[CurvePoint, ...] = ()
    if options.curve:
        curve = curve_of(fitted.beta, before["loss"].value, weight, read)
    clustered = before.clusters is not None
    held_out = held_out_criterion(fitted, options.bins, of_start.widest, clustered=clustered)
    after, again = _measures(rows, cooled, run, options, held_out, cluster=cluster)
    at_1, best = before["loss"].value, after["loss"].value
    if at_1 is not None and best is not None:
        fitted = fitted._replace(gain=weight * (at_1 - best))
    of_others: Tested = (None, ())
    if tested is not None:
        of_others = _tested(tested, fitted.temperature, before, run, options, cluster)
    counted = of_start.counts.rows
    return report_of(fitted, before, after, again, of_others, curve, options.folds, counted)


def _reader_of_slopes(
    rows: TemperatureRows, criterion: Criterion, run: Run, folds: int
) -> Callable[..., SlopesOfRows]:
    """Return what reads the slopes of all rows at some betas, for `fit` and `curve_of`."""

    def read(betas: tuple[float, ...], *, fine: bool, **more: Any) -> SlopesOfRows:
        wanted = slopes_criterion(criterion, betas, folds, fine=fine, **more)
        states = states_of_rows(rows.logits, rows.labels, wanted, run, rows.beside)
        slopes: SlopesOfRows = states.compute()["slopes"]
        return slopes

    return read


def _measures(
    rows: TemperatureRows,
    criterion: Criterion,
    run: Run,
    options: CalibrateOptions,
    more: Criterion | None = None,
    *,
    cluster: Source | str | None,
) -> tuple[Measures, Measured]:
    """Return what `eval` reports of rows, and what else is measured in the same read."""
    asked = Options((*_MEASURED, "accuracy"), bins=options.bins)
    plan = Plan(
        asked.names(binary=criterion.binary is not None),
        asked,
        criterion,
        rows.logits.shape,
        None,
        cluster,
    )
    wanted = plan.criterion()
    if more is not None:
        wanted = wanted._replace(
            metrics=(*wanted.metrics, *more.metrics),
            parameters={**wanted.parameters, **more.parameters},
        )
    spools = Spools(())
    found = measured(rows.logits, rows.labels, wanted, run, None, rows.beside)
    return Report(plan, found, spools, None).measures(), found


def _with_error_of_clusters(
    fitted: Fit, rows: TemperatureRows, criterion: Criterion, run: Run, weight: float
) -> Fit:
    """Return a fit with the error that the clusters' summed slopes give, by one more pass."""
    parameters = {"slope_clusters": {"beta": fitted.beta, "fine": True}}
    wanted = criterion._replace(metrics=("slope_clusters",), parameters=parameters)
    found = states_of_rows(rows.logits, rows.labels, wanted, run, rows.beside).compute()
    mean = found["slope_clusters"].metrics.get("loss", NOTHING)
    error = math.nan
    if mean.standard_error is not None and fitted.curvature > 0.0:
        error = mean.standard_error * weight / (fitted.curvature * fitted.beta)
    return fitted._replace(log_error=error, passes=fitted.passes + 1, clusters=mean.n)


def _tested(
    others: OtherRows,
    temperature: float,
    fitted: Measures,
    run: Run,
    options: CalibrateOptions,
    cluster: Source | str | None,
) -> Tested:
    """Return what the temperature does to other rows, whose clusters no source names."""
    if isinstance(cluster, Source):
        cluster = "rows"
    labels = None if others.labels is None else others.labels.kept()
    rows = TemperatureRows(others.logits.kept(), labels)
    cooled = others.criterion._replace(temperature=temperature)
    before, _ = _measures(rows, others.criterion, run, options, cluster=cluster)
    after, _ = _measures(rows, cooled, run, options, cluster=cluster)
    both, bins = before_and_after(before, after), (before.bins, after.bins)
    found = TestedTemperature(
        both,
        before.rows,
        before.used,
        *bins,
        before.clusters,
        before.num_classes,
        before.looks_like,
    )
    return found, (*before.notes, *notes_of_classes(fitted, before, others.logits.name))
