"""Logits and labels to a loss, and what else is measured of the same rows."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned import Aligned, align
from xentcli.alignment.naming import Naming
from xentcli.alignment.steps import Step
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Kind, Problem, RowKind, row_kind
from xentcli.core.dtypes import widen
from xentcli.core.labels import LossOptions, as_weight
from xentcli.core.row_facts import row_facts
from xentcli.core.row_losses import Reduction
from xentcli.core.shapes import check_options
from xentcli.errors import NonFiniteError, ShapeError
from xentcli.execution import ordered_map
from xentcli.formats.base import ArrayHeader, Source
from xentcli.metrics.interface import States
from xentcli.pipeline.flow import Part, Sink, collect
from xentcli.pipeline.inputs import Run, prepare
from xentcli.results.loss import Loss, LossSummary

if TYPE_CHECKING:
    from xentcli.results.accuracy import Accuracy

Array = NDArray[Any]
_SAMPLE_ROWS = 256  # whose looks are judged, fewer if they are long
_SAMPLE_ELEMENTS = 2**20

__all__ = ["Criterion", "Evaluation", "Kind", "LossOptions", "as_weight", "evaluate"]


class Criterion(NamedTuple):
    """Which loss, with which options, and what else is measured of the same rows.

    Attributes
    ----------
    kind : str
        What the rows hold.
    options : LossOptions
        PyTorch's.
    reduction : str
        Of the row losses.
    class_axis : int, optional
        The axis of the classes.
    dtype : dtype, optional
        What logits are cast to.
    temperature : float
        What logits are divided by.
    propagate : bool
        Whether rows that are not finite give NaN, and are no error.
    shift : int
        The row of logits at t predicts the label at t + shift.
    naming : Naming
        What the user says about the names of classes.
    metrics : tuple of str
        The names of what is measured, the loss among them.
    ids_wanted : bool
        Whether the user asks for ids beside the losses: an output that holds none is an error.
    """

    kind: Kind = "logits"
    options: LossOptions = LossOptions()
    reduction: Reduction = "mean"
    class_axis: int | None = None
    dtype: np.dtype[Any] | None = None
    temperature: float = 1.0
    propagate: bool = False
    shift: int = 0
    naming: Naming = Naming()
    metrics: tuple[str, ...] = ("loss",)
    ids_wanted: bool = False

    @property
    def command(self) -> str:
        """The command that computes this."""
        return "loss" if self.kind == "logits" else "nll"

    def is_error(self, problem: Problem) -> bool:
        """Whether a problem ends the run."""
        return problem.error is not NonFiniteError or not self.propagate

    def prepared(self, values: Array) -> Array:
        """Return what the formulas see of what is stored."""
        return prepare(values, self.dtype, self.temperature)


class Evaluation(NamedTuple):
    """A loss, and what the user should know about how it came about."""

    summary: LossSummary
    notes: list[str]
    looks_like: RowKind
    """What the first rows of the logits look like."""


class LossWork(NamedTuple):
    """What is done with a step, by whoever does it."""

    aligned: Aligned
    criterion: Criterion
    keeps_losses: bool = False

    def part_of(self, step: Step) -> Part[States]:
        """Read the rows of a step and measure them."""
        aligned, criterion = self.aligned, self.criterion
        rows = aligned.read(step, criterion.options)
        stored = rows.logits
        if isinstance(stored, TiledRows):
            logits: Array | TiledRows = stored.as_prepared(criterion.prepared)
        else:
            logits = criterion.prepared(stored)
        if step.block.start == 0:
            probabilities = rows.labels.ndim == 2
            check_options(criterion.options, stored.shape[1], probabilities=probabilities)
        states = States.empty(criterion.metrics)
        facts = row_facts(logits, rows.labels, rows.options, states.needs, kind=criterion.kind)
        problems = (*rows.problems, *facts.problems)
        before = aligned.rows_before(step)
        return Part(
            step.block.rows,
            facts["loss"].reshape(rows.lead) if self.keeps_losses else None,
            states.from_rows(facts),
            tuple(p.shifted(before) for p in problems if criterion.is_error(p)),
            looks_of(stored) if step.block.start == 0 else None,
            stored.shape[1],
            rows.ids,
            rows.matched,
        )


def looks_of(rows: Array | TiledRows) -> RowKind:
    """Say what the first of some rows (N, C) look like."""
    count = max(1, min(_SAMPLE_ROWS, _SAMPLE_ELEMENTS // max(1, rows.shape[1])))
    return row_kind(widen(rows[:count]))


def evaluate(
    logits: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    sink: Sink | None = None,
) -> Evaluation:
    """Return the loss of logits and labels.

    Parameters
    ----------
    logits, labels : Source
        Labels are None where the file of the logits holds them too.
    criterion : Criterion
        The loss.
    run : Run
        Threads and progress.
    sink : Sink, optional
        Gets one loss a row.

    Raises
    ------
    InputError
        If shapes do not fit, a label is no class or, unless the criterion propagates, a used
        logit is not finite; names the first place, after all rows were seen and counted.
    """
    aligned = align(
        logits,
        labels,
        class_axis=criterion.class_axis,
        shift=criterion.shift,
        naming=criterion.naming,
        tiles=criterion.kind == "logits",
    )
    axes = aligned.axes
    if axes.probabilities and criterion.kind != "logits":
        raise ShapeError(f"{labels.name if labels else logits.name}: nll takes class indices")
    num_classes = axes.logits[axes.class_axis]
    if num_classes is not None:
        check_options(criterion.options, num_classes, probabilities=axes.probabilities)
    if sink:
        ids, float64 = logits.id_column, np.dtype(np.float64)
        columns = None if ids is None else ("loss",)
        optional = not criterion.ids_wanted
        header = ArrayHeader(axes.lead, float64, columns, ids, "losses", ids_optional=optional)
        sink.open(header)
    work = LossWork(aligned, criterion, keeps_losses=sink is not None)
    steps = aligned.steps(run.block_elements)
    parts = ordered_map(work.part_of, steps, run.jobs, shareable=aligned.shareable)
    if aligned.matching is not None:
        parts = aligned.matching.watch(parts)
    total = collect(parts, sink, run.progress_of(axes.rows), aligned.error, aligned.sources)
    results = (total.state or States.empty(criterion.metrics)).compute()
    loss: Loss = results["loss"]
    unpaired = total.rows * math.prod(n or 0 for n in axes.rows[1:]) - loss.rows
    summary = _summary(criterion, results, num_classes or total.num_classes, unpaired)
    notes = list(_notes(aligned, unpaired, loss.uneven))
    return Evaluation(summary, notes, total.looks_like)


def _summary(
    criterion: Criterion, results: dict[str, Any], num_classes: int, unpaired: int
) -> LossSummary:
    """Put together what the command reports."""
    loss: Loss = results["loss"]
    accuracy: Accuracy | None = results.get("accuracy")
    return LossSummary(
        command=criterion.command,
        loss=loss.loss_sum if criterion.reduction == "sum" else loss.mean,
        reduction=criterion.reduction,
        loss_sum=loss.loss_sum,
        weight_sum=loss.weight_sum,
        rows=loss.rows,
        used=loss.used,
        ignored=loss.ignored,
        unpaired=unpaired,
        num_classes=num_classes,
        perplexity=loss.perplexity,
        bits=loss.bits,
        standard_error=loss.standard_error,
        accuracy=accuracy.value if accuracy else None,
        accuracy_low=accuracy.low if accuracy else None,
        accuracy_high=accuracy.high if accuracy else None,
        hits=accuracy.hits if accuracy and accuracy.n else None,
    )


def _notes(aligned: Aligned, unpaired: int, uneven: int) -> Iterator[str]:
    yield from aligned.notes
    if aligned.matching is not None and aligned.matching.note:
        yield aligned.matching.note
    if unpaired:
        by = aligned.axes.shift.by
        yield f"rows without a label {by} further on, left out: {unpaired:,}"
    if uneven:
        yield f"rows of class probabilities that do not sum to 1: {uneven:,}"
