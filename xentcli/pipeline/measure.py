"""Logits and labels to everything that is measured of one model."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from xentcli.alignment.followers import RowSources
from xentcli.errors import InputError, UsageError
from xentcli.formats.base import Source
from xentcli.metrics.interface import States
from xentcli.pipeline.chance import above_chance
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import measured
from xentcli.pipeline.inputs.clustering import clusters_of_rows
from xentcli.pipeline.language.samples import CHOICES, choices_of, with_choices
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.measures.measure_plan import Options, Plan
from xentcli.pipeline.measures.measure_report import Report
from xentcli.pipeline.numbering import Numbering, with_places
from xentcli.pipeline.run import Run
from xentcli.pipeline.saved_states.state_rows import rows_of
from xentcli.pipeline.spool import Spools
from xentcli.results.measures import Measures
from xentcli.results.rows import Suspects

if TYPE_CHECKING:
    from xentcli.metrics.hits_of_choices import ChoicesState

__all__ = ["Keeping", "Options", "measure"]


class Keeping(NamedTuple):
    """What a state needs of a run.

    Attributes
    ----------
    names : tuple of str
        Measures and tables that are computed for the state, whatever is reported.
    tell : callable
        Called with what all rows came to.
    """

    names: tuple[str, ...]
    tell: Callable[[Measured], None]


def measure(
    logits: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    options: Options = Options(),  # noqa: B008 - a named tuple
    *,
    sample_weight: Source | None = None,
    by: Source | str | None = None,
    cluster: Source | str | None = None,
    keep: Keeping | None = None,
) -> Measures:
    """Return everything that is measured of one model's outputs, in one read.

    Parameters
    ----------
    logits, labels : Source
        `labels` is None where the file of the logits holds them too.
    criterion : Criterion
        What the rows hold, and the loss. Its metrics are chosen here.
    run : Run
        Threads and progress.
    options : Options
        What is measured.
    sample_weight : Source, optional
        A factor for each row, which concerns the loss alone.
    by : Source or 'axis0', optional
        The group of each row or of each slice of the first axis; 'axis0' makes each slice a group.
    cluster : Source or 'axis0' or 'rows', optional
        Which rows depend on one another: those with the same name, or those of a slice of the
        first axis, which is the default where rows have several axes; or none.
    keep : Keeping, optional
        What a state needs of the run.

    Raises
    ------
    UsageError
        If there is no such measure.
    InputError
        As `evaluate` says.

    Examples
    --------
    >>> import numpy as np
    >>> from xentcli.formats.base import MemorySource
    >>> from xentcli.pipeline.criterion import Criterion
    >>> from xentcli.pipeline.run import Run
    >>> logits = MemorySource("logits", np.array([[2.0, 0.0], [1.0, 3.0], [0.0, 1.0]]))
    >>> labels = MemorySource("labels", np.array([0, 1, 0]))
    >>> found = measure(logits, labels, Criterion(), Run(jobs=1))
    >>> found["accuracy"].value, found["accuracy"].n
    (0.6666666666666666, 3)
    >>> found.worst_rows[0].row, found.worst_rows[0].prediction
    (2, 1)
    """
    options.check()
    if by == "rows":
        raise UsageError("each row by itself is no group: --reduction none gives the loss of each")
    binary = criterion.binary is not None
    names = options.names(binary=binary)
    plan = Plan(names, options, criterion, logits.shape, by, cluster)
    read = plan
    if keep is not None:
        more = tuple(dict.fromkeys([*names, *keep.names]))
        read = Plan(more, options, criterion, logits.shape, by, cluster)
    beside = RowSources(
        sample_weight,
        None if isinstance(by, str) else by,
        None if isinstance(cluster, str) else cluster,
    )
    twice = "suspects" in names and not binary
    of_docs = logits.of_samples and labels is None
    if twice or of_docs:
        logits, labels = logits.kept(), None if labels is None else labels.kept()
        beside = RowSources(*(None if each is None else each.kept() for each in beside))
        cluster = beside.clusters or cluster
    with closing(Spools(read.kept)) as spools, _of_eval():
        found = measured(logits, labels, read.criterion(), run, None, beside, spools.watch)
        choices = None
        if of_docs:
            by_cluster = plan.clustering.applies
            clusters = clusters_of_rows(logits, labels, criterion, cluster) if by_cluster else None
            choices = choices_of(logits, clusters, criterion, complete=isinstance(cluster, str))
        if keep is not None:
            keep.tell(_with_states(found, read, choices))
            found = found._replace(results=plan.results_of_states(found.results))
        suspects = _suspects(plan, found, logits, labels, run) if twice else None
        measures = Report(plan, found, spools, suspects).measures()
        loss, classes = found.results["loss"], found.num_classes
        accuracy = found.results.get("accuracy")
        doubts = above_chance(loss, classes, labels, criterion, measures.notes, accuracy)
        measures = replace(measures, notes=(*measures.notes, *doubts))
    if len(logits.files) > 1:
        files = Numbering(tuple(rows_of(logits, (), criterion.rows, found.total.rows)))
        measures = with_places(measures, files)
    return with_choices(measures, choices, names)


def _with_states(found: Measured, plan: Plan, choices: "ChoicesState | None") -> Measured:
    """Return what was read with the plan's states, which are those of no rows if there are none.

    The state of choices, which no rows make by themselves, stands beside them.
    """
    states = found.total.state or plan.criterion().states
    if choices is not None:
        states = States({**states.states, CHOICES: choices})
    return found._replace(total=found.total._replace(state=states))


def _suspects(
    plan: Plan, found: Measured, logits: Source, labels: Source | None, run: Run
) -> Suspects | None:
    """Read the rows once more for those whose label may be wrong, if there are thresholds."""
    thresholds = found.results["class_confidence"].thresholds
    if not thresholds:
        return None
    again = measured(logits, labels, plan.criterion_of_suspects(thresholds), run)
    suspects: Suspects = again.results["suspects"]
    return suspects


@contextmanager
def _of_eval() -> Iterator[None]:
    """Reword the hint of an error: what fits logits is the same command without --probs."""
    try:
        yield
    except InputError as error:
        error.hint = error.hint and error.hint.replace("xent loss ", "xent eval ")
        raise
