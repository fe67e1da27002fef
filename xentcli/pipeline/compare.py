"""Logits of several models, and the labels of their rows, to how each differs from the first."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from xentcli.alignment.aligned import align
from xentcli.alignment.models import AlignedModels, with_models
from xentcli.alignment.steps import chosen
from xentcli.errors import InputError, UsageError
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Remark, Total, collect
from xentcli.pipeline.inputs import RowSources, Source
from xentcli.pipeline.pair_plan import PairOptions, PairPlan
from xentcli.pipeline.pair_report import PairReport
from xentcli.pipeline.pair_work import CompareWork, PairStates
from xentcli.pipeline.run import Run
from xentcli.pipeline.spool import Spools
from xentcli.results.comparison import Comparison

Array = NDArray[Any]

__all__ = ["Compared", "Model", "PairOptions", "compare"]


class Model(NamedTuple):
    """A model's outputs, and what they hold: a criterion without metrics."""

    source: Source
    criterion: Criterion


class Compared(NamedTuple):
    """What was found of all models.

    Attributes
    ----------
    comparisons : tuple of Comparison
        Of each model but the first with it.
    looks : tuple of str
        What the first rows of each look like.
    sums : tuple of Remark or None
        Of each, the rows of probabilities that miss a sum of 1.
    notes : tuple of str
        What the user should know.
    """

    comparisons: tuple[Comparison, ...]
    looks: tuple[str, ...]
    sums: tuple[Remark | None, ...]
    notes: tuple[str, ...]


def compare(
    models: Sequence[Model],
    labels: Source | None,
    run: Run,
    options: PairOptions = PairOptions(),  # noqa: B008 - a named tuple
    *,
    by: Source | str | None = None,
    cluster: Source | str | None = None,
) -> Compared:
    """Return how each model differs from the first, in one read of all.

    Parameters
    ----------
    models : sequence of Model
        Two at least. What concerns labels and rows is taken from the criterion of the first.
    labels : Source, optional
        Without labels, also beside the first model's logits, only the divergences are measured.
    run : Run
        Threads and progress.
    options : PairOptions
        What is measured.
    by, cluster : Source, or a word that `measure` says
        The group of each row, and which rows depend on one another.

    Raises
    ------
    UsageError
        If there is no such measure.
    InputError
        If shapes or classes differ, or as `evaluate` says.

    Examples
    --------
    >>> from xentcli.formats.base import MemorySource
    >>> base = MemorySource("base", np.array([[2.0, 0.0], [1.0, 3.0], [0.0, 1.0]]))
    >>> new = MemorySource("new", np.array([[3.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    >>> labels = MemorySource("labels", np.array([0, 1, 0]))
    >>> models = [Model(each, Criterion()) for each in (base, new)]
    >>> found = compare(models, labels, Run(jobs=1)).comparisons[0]
    >>> found["only_base_right"].value, found["agreement"].value
    (1.0, 0.6666666666666666)
    """
    options.check()
    if by == "rows":
        raise UsageError("each row by itself is no group")
    base, *others = models
    criterion = base.criterion
    beside = RowSources(
        None,
        None if isinstance(by, str) else by,
        None if isinstance(cluster, str) else cluster,
    )
    first = align(
        base.source,
        labels,
        class_axis=criterion.class_axis,
        shift=criterion.shift,
        naming=criterion.naming,
        tiles=all(model.criterion.kind == "logits" for model in models),
        groups=beside.groups,
        clusters=beside.clusters,
        labelled=False,
    )
    together = with_models(first, [model.source for model in others])
    first = together.first
    plan = PairPlan(options, first, by, cluster, labelled=not first.unlabelled)
    states = plan.states()
    by_slices = by == "axis0"
    criteria = tuple(model.criterion for model in models)
    work = CompareWork(together, criteria, states, by_slices)
    spools = Spools(plan.kept(len(others)))
    try:
        total = _total(together, work, run, criterion.rows, spools)
        if criterion.rows is not None and total.state is None:
            raise InputError(f"{base.source.name}: there is no row {criterion.rows.start or 0}")
        pairs = (total.state or PairStates((states,) * len(others))).pairs
        comparisons = tuple(
            PairReport(
                plan,
                together,
                pair.compute(),
                total,
                spools,
                i,
                [each.temperature for each in criteria],
            ).comparison()
            for i, pair in enumerate(pairs, 1)
        )
    finally:
        spools.close()
    notes = [*together.notes, *total.notes]
    notes += [matching.note for matching in together.matchings if matching.note]
    return Compared(
        comparisons,
        tuple(_looks(total.remarks, i) for i in range(len(models))),
        tuple(total.remarks.get(f"sums {i}") for i in range(len(models))),
        (*notes, *plan.notes()),
    )


def _total(
    models: AlignedModels, work: CompareWork, run: Run, rows: slice | None, spools: Spools
) -> Total[PairStates]:
    """Return what all rows come to."""
    steps = chosen(models.steps(run.block_elements), rows)
    parts = run.map(work.part_of, steps, shareable=models.shareable)
    for matching in models.matchings if rows is None else ():
        parts = matching.watch(parts)
    progress = run.progress_of(models.first.axes.rows)
    return collect(spools.watch(parts), None, progress, models.error, models.sources)


def _looks(remarks: Mapping[str, Remark], number: int) -> str:
    start = f"looks {number} "
    return next((name[len(start) :] for name in remarks if name.startswith(start)), "unknown")
