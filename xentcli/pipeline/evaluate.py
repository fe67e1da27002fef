"""Logits and labels to a loss, and what else is measured of the same rows."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.align import align
from xentcli.alignment.aligned import Aligned
from xentcli.alignment.steps import chosen
from xentcli.core.checks import Kind, RowKind
from xentcli.core.labels import LossOptions, as_weight
from xentcli.core.shapes import check_options
from xentcli.errors import InputError
from xentcli.formats.base import ArrayHeader, Source
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Part, Remark, Sink, Total, collect, joined
from xentcli.pipeline.inputs import RowSources
from xentcli.pipeline.judgement import element_notes, row_notes, summary_of
from xentcli.pipeline.loss_work import LossWork
from xentcli.pipeline.run import Run
from xentcli.results.loss import LossSummary

Array = NDArray[Any]
Watch = Callable[[Iterable[Part[States]]], Iterable[Part[States]]]

__all__ = [
    "Criterion",
    "Evaluation",
    "Kind",
    "LossOptions",
    "as_weight",
    "evaluate",
]


class Evaluation(NamedTuple):
    """A loss, and what the user should know about how it came about."""

    summary: LossSummary
    notes: list[str]
    looks_like: RowKind
    """What the first rows of the logits look like."""
    missing: Remark | None
    """The rows of probabilities that miss a sum of 1, and by how much at most."""
    results: Mapping[str, Any]
    """The result of each metric, by its name."""
    found: "Measured | None" = None
    """What all rows came to; None for merged states."""


def evaluate(
    logits: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    sink: Sink | None = None,
    sample_weight: Source | None = None,
) -> Evaluation:
    """Return the loss of logits and labels.

    Parameters
    ----------
    logits, labels : Source
        `labels` is None where the file of the logits holds them too.
    criterion : Criterion
        The loss.
    run : Run
        Threads and progress.
    sink : Sink, optional
        Gets one loss a row.
    sample_weight : Source, optional
        A factor for each row.

    Raises
    ------
    InputError
        If shapes do not fit, a label is no class or, unless the criterion propagates, a used
        logit is not finite. The message names the first place, after all rows were counted.
    """
    found = measured(logits, labels, criterion, run, sink, RowSources(sample_weight))
    summary = summary_of(criterion, found.results, found.num_classes, found.unpaired)
    missing = None if criterion.normalize else found.total.remarks.get("sums")
    return Evaluation(summary, found.notes, found.total.looks_like, missing, found.results, found)


class Measured(NamedTuple):
    """What all rows came to, and how they were read.

    Attributes
    ----------
    results : dict
        The result of each metric, by its name.
    total : Total
        What all blocks came to.
    num_classes, unpaired : int
        The length of a row; rows without a label.
    lead : tuple of int
        The shape of one number for each row.
    class_names : tuple of str or None
        The names of the classes, or of several labels of a row.
    notes : list of str
        What was decided about rows, and what is odd about them.
    probabilities : bool
        Whether labels are class probabilities.
    """

    results: dict[str, Any]
    total: Total[States]
    num_classes: int
    unpaired: int
    lead: tuple[int, ...]
    class_names: tuple[str, ...] | None
    notes: list[str]
    probabilities: bool = False


def measured(
    logits: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    sink: Sink | None = None,
    beside: RowSources = RowSources(),  # noqa: B008 - a named tuple
    watch: Watch = iter,
) -> Measured:
    """Read all rows and return what is measured of them; `evaluate` describes the parameters.

    The parts pass through `watch`, in order.
    """
    if criterion.binary is not None or criterion.picked:
        from xentcli.pipeline.elements import measure_elements

        total = measure_elements(logits, labels, criterion, run, sink, beside, watch)
        num_classes, unpaired, notes = total.num_classes, 0, list(element_notes(total, criterion))
        lead = (total.rows, *(n or 0 for n in logits.shape[1:]))
        names, probabilities = _label_names(logits, criterion), False
    else:
        aligned = _aligned(logits, labels, criterion, beside)
        total = _measure(aligned, criterion, run, sink, watch)
        axes = aligned.axes
        num_classes = axes.logits[axes.class_axis] or total.num_classes
        rows = total.rows * axes.slice_rows
        unpaired = rows - (total.state or States.empty(("loss",))).result_of("loss").rows
        notes = list(row_notes(aligned, total, unpaired, propagate=criterion.propagate))
        lead = (total.rows, *axes.inner) if axes.lead else ()
        names, probabilities = aligned.names.names or None, axes.probabilities
    if criterion.rows is not None and total.state is None:
        raise InputError(f"{logits.name}: there is no row {criterion.rows.start or 0}")
    results = (total.state or criterion.states).compute()
    return Measured(results, total, num_classes, unpaired, lead, names, notes, probabilities)


def _label_names(logits: Source, criterion: Criterion) -> tuple[str, ...] | None:
    """Return the names of several labels of a row."""
    if len(logits.shape) != 2 or logits.shape[1] == 1:
        return None
    return criterion.naming.of(logits.shape[1]) or logits.columns


def states_of_rows(
    logits: Source, labels: Source | None, criterion: Criterion, run: Run, beside: RowSources
) -> States:
    """Read all rows and return the states of what is measured, which need not include a loss."""
    if criterion.binary is not None:
        from xentcli.pipeline.elements import measure_elements

        total = measure_elements(logits, labels, criterion, run, None, beside)
    else:
        aligned = _aligned(logits, labels, criterion, beside)
        total = _measure(aligned, criterion, run, None, iter)
    return total.state or criterion.states


def _aligned(
    logits: Source, labels: Source | None, criterion: Criterion, beside: RowSources
) -> Aligned:
    return align(
        logits,
        labels,
        class_axis=criterion.class_axis,
        shift=criterion.shift,
        naming=criterion.naming,
        tiles=criterion.kind == "logits",
        sample_weight=beside.sample_weight,
        groups=beside.groups,
        clusters=beside.clusters,
    )


def _measure(
    aligned: Aligned,
    criterion: Criterion,
    run: Run,
    sink: Sink | None,
    watch: Watch,
) -> Total[States]:
    """Return what all rows come to."""
    axes, logits = aligned.axes, aligned.logits
    num_classes = axes.logits[axes.class_axis]
    if num_classes is not None:
        check_options(criterion.options, num_classes, probabilities=axes.probabilities)
    if sink:
        ids, float64 = logits.id_column, np.dtype(np.float64)
        columns = None if ids is None else ("loss",)
        lead = axes.lead if criterion.rows is None else (None, *axes.lead[1:])
        optional = not criterion.ids_wanted
        header = ArrayHeader(lead, float64, columns, ids, "losses", ids_optional=optional)
        sink.open(header)
    work = LossWork(aligned, criterion, keeps_losses=sink is not None)
    steps = chosen(aligned.steps(run.block_elements), criterion.rows)
    parts = run.map(work.part_of, steps, shareable=aligned.shareable, join=joined)
    for matching in aligned.matchings if criterion.rows is None else ():
        parts = matching.watch(parts)
    progress = run.progress_of(axes.rows)
    return collect(watch(parts), sink, progress, aligned.error, aligned.sources)
