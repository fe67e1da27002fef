"""Logits and labels to a loss."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import Kind, Problem, RowKind, row_kind
from xentcli.core.dtypes import widen
from xentcli.core.labels import LossOptions, as_weight
from xentcli.core.row_facts import RowFacts, row_facts
from xentcli.core.row_losses import Reduction
from xentcli.core.shapes import check_options, rows_of
from xentcli.core.softmax import as_rows
from xentcli.errors import InputError, NonFiniteError, ShapeError
from xentcli.execution import ordered_map
from xentcli.formats.base import ArrayHeader, Source
from xentcli.metrics.interface import States
from xentcli.pipeline.classes import ClassNames, class_names
from xentcli.pipeline.flow import Part, Sink, pour
from xentcli.pipeline.inputs import Run
from xentcli.pipeline.labels import Pair, pairs, shareable
from xentcli.pipeline.layout import Layout, find_layout
from xentcli.pipeline.naming import Naming
from xentcli.pipeline.tiled import TiledRows, can_be_tiled
from xentcli.results.accuracy import Accuracy
from xentcli.results.loss import Loss, LossSummary

Array = NDArray[Any]
_SAMPLE = 256  # rows whose looks are judged, fewer if they are long
_SAMPLE_SIZE = 2**20


__all__ = ["Criterion", "Evaluation", "Kind", "LossOptions", "as_weight", "evaluate"]


class Criterion(NamedTuple):
    """Which loss, with which options."""

    kind: Kind = "logits"
    options: LossOptions = LossOptions()
    reduction: Reduction = "mean"
    class_axis: int | None = None
    dtype: np.dtype[Any] | None = None
    temperature: float = 1.0
    propagate: bool = False
    shift: int = 0
    """The row of logits at t predicts the label at t + shift."""
    naming: Naming = Naming()
    metrics: tuple[str, ...] = ("loss",)
    """What to measure; the loss is always one of them."""

    @property
    def command(self) -> str:
        """The command that computes this."""
        return "loss" if self.kind == "logits" else "nll"

    def is_error(self, problem: Problem) -> bool:
        """Whether a problem is an error."""
        return problem.error is not NonFiniteError or not self.propagate

    def facts(
        self, logits: Array | TiledRows, labels: Array, class_axis: int
    ) -> tuple[RowFacts, tuple[int, ...]]:
        """Return what is to be measured of some rows, and the shape that they stand for."""
        needs = States.empty(self.metrics).needs
        if isinstance(logits, TiledRows):
            prepared = logits.as_prepared(self.prepared)
            return row_facts(prepared, labels, self.options, needs), logits.lead
        rows = rows_of(self.prepared(logits), labels, self.options, class_axis)
        facts = row_facts(rows.values, rows.labels, self.options, needs, kind=self.kind)
        return facts, rows.lead

    def prepared(self, values: Array) -> Array:
        """Return what the formulas see of what is stored."""
        return prepare(values, self.dtype, self.temperature)


class Evaluation(NamedTuple):
    """A loss, and what the user should know about how it came about."""

    summary: LossSummary
    notes: list[str]
    looks_like: RowKind
    """What the first rows of the logits look like."""


def prepare(values: Array, dtype: np.dtype[Any] | None, temperature: float) -> Array:
    """Cast as PyTorch's ``dtype=`` does, then divide by the temperature, in float64."""
    with np.errstate(all="ignore"):
        if dtype is not None:
            values = values.astype(dtype)
        if temperature == 1.0:
            return values
        cooled = values.astype(np.float64) / temperature
    if np.count_nonzero(np.isinf(cooled)) > np.count_nonzero(np.isinf(values)):
        raise InputError(f"logits divided by the temperature {temperature} are too large")
    return cooled


def looks_of(values: Array | TiledRows, axis: int) -> RowKind:
    """Say what the first rows of a block look like, whose classes are along `axis`."""
    rows = values if isinstance(values, TiledRows) else as_rows(values, axis)
    count = max(1, min(_SAMPLE, _SAMPLE_SIZE // max(1, rows.shape[1])))
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
    layout = find_layout(logits, labels, criterion.class_axis, criterion.shift)
    if layout.probabilities and criterion.kind != "logits":
        raise ShapeError(f"{labels.name if labels else logits.name}: nll takes class indices")
    num_classes = layout.logits[layout.class_axis]
    if num_classes is not None:
        check_options(criterion.options, num_classes, probabilities=layout.probabilities)
    if sink:
        ids, float64 = logits.id_column, np.dtype(np.float64)
        columns = None if ids is None else ("loss",)
        sink.open(ArrayHeader(layout.lead, float64, columns, ids, name="losses"))
    names = class_names(logits, layout, criterion.naming)
    work = _Work(layout, criterion, names, keeps_losses=sink is not None)

    def error(problem: Problem, rows: int) -> InputError:
        label = problem.input == "labels"
        source = labels if label and labels else logits
        return names.with_hint(problem).at(layout.place(source, rows, problem, label=label))

    forks = shareable(logits, labels)
    tiled = criterion.kind == "logits" and can_be_tiled(logits, layout)
    work_items = pairs(logits, labels, layout, tiled=tiled)
    parts = ordered_map(work.part_of, work_items, run.jobs, forks=forks)
    total = pour(parts, sink, run.progress_of(layout.rows), error, (logits, labels))
    results = (total.state or States.empty(criterion.metrics)).compute()
    loss: Loss = results["loss"]
    unpaired = total.rows * math.prod(n or 0 for n in layout.rows[1:]) - loss.rows
    summary = _summary(criterion, results, num_classes or total.num_classes, unpaired)
    notes = list(_notes(layout, names, unpaired, loss.uneven))
    return Evaluation(summary, notes, total.looks_like)


def _summary(
    criterion: Criterion, results: dict[str, Any], num_classes: int, unpaired: int
) -> LossSummary:
    """Put together what the command reports."""
    loss: Loss = results["loss"]
    accuracy: Accuracy = results.get("accuracy", Accuracy())
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
        accuracy=accuracy.value,
        accuracy_low=accuracy.low,
        accuracy_high=accuracy.high,
        hits=accuracy.hits if accuracy.n else None,
    )


def _notes(layout: Layout, names: ClassNames, unpaired: int, uneven: int) -> Iterator[str]:
    if layout.note:
        yield layout.note
    yield from names.notes
    if unpaired:
        yield f"rows without a label {layout.shift} further on, left out: {unpaired:,}"
    if uneven:
        yield f"rows of class probabilities that do not sum to 1: {uneven:,}"


class _Work(NamedTuple):
    """What is done with a block, by whoever does it."""

    layout: Layout
    criterion: Criterion
    names: ClassNames
    keeps_losses: bool

    def part_of(self, pair: Pair) -> Part[States]:
        block, layout, criterion = pair.block, self.layout, self.criterion
        logits, labels, ids = pair.decode()
        unknown: tuple[Problem, ...] = ()
        if not layout.probabilities:
            labels, options, unknown = self.names.indices(labels, criterion.options)
            criterion = criterion._replace(options=options)
        facts, lead = criterion.facts(logits, labels, layout.class_axis)
        before = block.start * math.prod(n or 0 for n in layout.lead[1:])
        return Part(
            block.rows,
            facts["loss"].reshape(lead) if self.keeps_losses else None,
            States.empty(criterion.metrics).from_rows(facts),
            tuple(p.shifted(before) for p in unknown + facts.problems if criterion.is_error(p)),
            looks_of(logits, layout.class_axis) if block.start == 0 else None,
            logits.shape[-1 if isinstance(logits, TiledRows) else layout.class_axis],
            ids,
        )
