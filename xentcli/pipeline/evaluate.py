"""Logits and labels to a loss, and what else is measured of the same rows."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from xentcli.alignment.align import align
from xentcli.alignment.aligned import Aligned
from xentcli.core.checks import Kind, RowKind
from xentcli.core.labels import LossOptions, as_weight
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Part, Remark, Sink, Total, collect, joined
from xentcli.pipeline.judgement import element_notes, missing_sums, row_notes, summary_of
from xentcli.pipeline.loss_work import LossWork
from xentcli.pipeline.opening import RowSources
from xentcli.pipeline.run import Run
from xentcli.records import Record
from xentcli.results.loss import LossSummary

if TYPE_CHECKING:
    from xentcli.pipeline.element_work import ElementWork
    from xentcli.pipeline.elements import Elements

    AnyRows = Aligned | Elements
    AnyWork = LossWork | ElementWork

Watch = Callable[[Iterable[Part[States]]], Iterable[Part[States]]]

__all__ = [
    "Criterion",
    "Evaluation",
    "Kind",
    "LossOptions",
    "as_weight",
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
    missing = missing_sums(criterion, found.total.remarks)
    return Evaluation(summary, found.notes, found.total.looks_like, missing, found.results, found)


class Measured(Record):
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
    rows, total = _read_all(logits, labels, criterion, run, sink=sink, beside=beside, watch=watch)
    if isinstance(rows, Aligned):
        axes = rows.axes
        num_classes = axes.num_classes or total.num_classes
        unpaired = total.rows * axes.slice_rows
        unpaired -= (total.state or States.empty(("loss",))).result_of("loss").rows
        notes = list(row_notes(rows, total, unpaired, propagate=criterion.propagate))
        lead = (total.rows, *axes.inner) if axes.lead else ()
        names, probabilities = rows.names.names or None, axes.probabilities
    else:
        num_classes, unpaired = criterion.classes_of_elements, 0
        notes = list(element_notes(rows, total, criterion))
        lead = (total.rows, *(n or 0 for n in logits.shape[1:]))
        names, probabilities = _label_names(logits, criterion), False
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
    _, total = _read_all(logits, labels, criterion, run, sink=None, beside=beside, watch=iter)
    return total.state or criterion.states


def _read_all(
    logits: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    *,
    sink: Sink | None,
    beside: RowSources,
    watch: Watch,
) -> "tuple[AnyRows, Total[States]]":
    """Return what was decided about all rows, and what they come to."""
    rows: AnyRows
    work: AnyWork
    if criterion.binary is not None or criterion.picked:
        from xentcli.pipeline.element_work import ElementWork
        from xentcli.pipeline.elements import elements_of

        rows = elements_of(logits, labels, criterion, beside)
        work = ElementWork(rows, criterion, keeps_losses=sink is not None)
    else:
        rows = align(
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
        work = LossWork(rows, criterion, keeps_losses=sink is not None)
    if sink:
        sink.open(work.header)
    steps = rows.steps(run.block_elements, criterion.rows)
    progress = run.progress_of(rows.shape)
    parts = run.map(work.part_of, steps, shareable=rows.shareable, join=joined)
    for matching in rows.matchings if criterion.rows is None else ():
        parts = matching.watch(parts)
    return rows, collect(watch(parts), sink, progress, rows.error, rows.sources)
