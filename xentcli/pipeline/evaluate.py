"""Logits and labels to a loss, and what else is measured of the same rows."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from xentcli.alignment.align import align
from xentcli.alignment.followers import RowSources
from xentcli.core.checks import Kind, RowKind
from xentcli.core.labels import LossOptions
from xentcli.formats.base import Source
from xentcli.metrics.interface import States
from xentcli.pipeline.chance import above_chance
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Part, Remark, Sink, Total
from xentcli.pipeline.inputs.weights import check_mean_weight
from xentcli.pipeline.loss_work import LossWork
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.oddities import missing_sums, summary_of
from xentcli.pipeline.run import Run
from xentcli.records import Record
from xentcli.results.loss import LossSummary

if TYPE_CHECKING:
    from xentcli.pipeline.element_work import ElementWork

    AnyWork = LossWork | ElementWork

Watch = Callable[[Iterable[Part[States]]], Iterable[Part[States]]]

__all__ = [
    "Criterion",
    "Evaluation",
    "Kind",
    "LossOptions",
    "evaluate",
]


class Evaluation(Record):
    """A loss, and what the user should know about how it came about."""

    summary: LossSummary
    notes: list[str]
    looks_like: RowKind
    """What the first rows of the logits look like."""
    missing: Remark | None
    """The rows of probabilities that miss a sum of 1, and by how much at most."""
    results: Mapping[str, Any]
    """The result of each metric, by its name."""
    found: Measured | None = None
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
    missing = missing_sums(criterion, found.total.remarks)
    loss, classes = found.results["loss"], found.num_classes
    accuracy = found.results.get("accuracy")
    doubts = above_chance(loss, classes, labels, criterion, found.notes, accuracy)
    notes = [*found.notes, *doubts]
    return Evaluation(summary, notes, found.total.looks_like, missing, found.results, found)


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
    work, total = _read_all(logits, labels, criterion, run, beside, sink, watch)
    found = work.measured(total)
    of_loss = (total.state or criterion.states).states["loss"]
    if beside.sample_weight is not None:
        check_mean_weight(of_loss, beside.sample_weight.name)
    elif criterion.options.weight is not None:
        check_mean_weight(of_loss, criterion.options.weight_name)
    return found


def states_of_rows(
    logits: Source, labels: Source | None, criterion: Criterion, run: Run, beside: RowSources
) -> States:
    """Read all rows and return the states of what is measured, which need not include a loss."""
    _, total = _read_all(logits, labels, criterion, run, beside)
    return total.state or criterion.states


def _read_all(
    logits: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    beside: RowSources,
    sink: Sink | None = None,
    watch: Watch = iter,
) -> "tuple[AnyWork, Total[States]]":
    """Return the work on all rows, and what they come to."""
    work: AnyWork
    keeps_losses = sink is not None
    if criterion.binary is not None or criterion.picked:
        from xentcli.alignment.elements import elements_of
        from xentcli.pipeline.element_work import ElementWork

        elements = elements_of(logits, labels, beside, picked=criterion.picked)
        work = ElementWork(elements, criterion, keeps_losses)
    else:
        rows = align(
            logits,
            labels,
            class_axis=criterion.class_axis,
            shift=criterion.shift,
            naming=criterion.naming,
            tiles=criterion.kind == "logits",
            beside=beside,
        )
        work = LossWork(rows, criterion, keeps_losses=keeps_losses)
    if sink:
        sink.open(work.header)
    return work, run.total(work.rows, work.part_of, criterion.rows, sink, watch)
