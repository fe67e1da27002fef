"""Logits of several models, and the labels of their rows, to how each differs from the first."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.align import align
from xentcli.alignment.axes import class_axis_of
from xentcli.alignment.followers import RowSources, notes_of_place
from xentcli.alignment.models import AlignedModels, with_models
from xentcli.errors import UsageError
from xentcli.metrics.interface import States
from xentcli.pipeline.chance import all_above_chance
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Remark, Total
from xentcli.pipeline.numbering import Numbering
from xentcli.pipeline.opening import Source
from xentcli.pipeline.pairs.pair_errors import of_pairs
from xentcli.pipeline.pairs.pair_plan import PairOptions, PairPlan
from xentcli.pipeline.pairs.pair_report import PairedRows, comparisons_of
from xentcli.pipeline.pairs.pair_work import CompareWork, PairStates
from xentcli.pipeline.rounding import ROUNDED, notes_of_rounding
from xentcli.pipeline.run import Run
from xentcli.pipeline.saved_states.state_rows import rows_of
from xentcli.pipeline.spool import Spools
from xentcli.results.comparison import Comparison

Array = NDArray[Any]

__all__ = ["Compared", "Model", "PairOptions", "compare"]


class Model(NamedTuple):
    """A model's outputs, and a criterion without metrics that says what they hold."""

    source: Source
    criterion: Criterion


class Compared(NamedTuple):
    """What was found of all models.

    Attributes
    ----------
    comparisons : tuple of Comparison
        How each model but the first differs from the first.
    looks : tuple of str
        What the first rows of each look like.
    sums : tuple of Remark or None
        For each model, the rows of probabilities that miss a sum of 1.
    notes : tuple of str
        What the user should know.
    found : PairsFound or None
        What all rows came to; None for merged states.
    """

    comparisons: tuple[Comparison, ...]
    looks: tuple[str, ...]
    sums: tuple[Remark | None, ...]
    notes: tuple[str, ...]
    found: "PairsFound | None" = None


class PairsFound(NamedTuple):
    """What all rows of all models came to.

    Attributes
    ----------
    states : tuple of States
        The states of each model but the first with the first.
    rows : PairedRows
        The rows that were compared.
    length, unpaired : int
        Rows along the first axis; rows without a label.
    labelled : bool
        Whether there are labels.
    """

    states: tuple[States, ...]
    rows: PairedRows
    length: int
    unpaired: int
    labelled: bool


def compare(
    models: Sequence[Model],
    labels: Source | None,
    run: Run,
    options: PairOptions = PairOptions(),  # noqa: B008 - a named tuple
    *,
    by: Source | str | None = None,
    cluster: Source | str | None = None,
    keep: bool = False,
) -> Compared:
    """Return how each model differs from the first, in one read of all.

    Parameters
    ----------
    models : sequence of Model
        At least two. Options on labels and rows are taken from the criterion of the first.
    labels : Source, optional
        If there are none, and none beside the first model's logits, only divergences are measured.
    run : Run
        Threads and progress.
    options : PairOptions
        What is measured.
    by, cluster : Source, or a word that `measure` says
        The group of each row, and which rows depend on one another.
    keep : bool
        Whether the states keep what pictures show, so that a page can be made of them later.

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
    (1, 0.6666666666666666)
    """
    options.check()
    if by == "rows":
        raise UsageError("each row by itself is no group")
    with of_pairs():
        together = _together(models, labels, by, cluster)
    first = together.first
    plan = PairPlan(
        options,
        by,
        cluster,
        labelled=not first.unlabelled,
        several_axes=len(first.axes.logits) > 2,
        shifted=bool(first.axes.shift.by),
    )
    states = plan.states(pictures=keep or options.pictures)
    work = CompareWork(together, tuple(model.criterion for model in models), states, by == "axis0")
    spools = Spools(plan.kept(len(models) - 1))
    try:
        with of_pairs():
            rows = models[0].criterion.rows
            total = run.total(together, work.part_of, rows, watch=spools.watch)
        together.check_order()
        found = _found(work, total)
        comparisons = comparisons_of(plan, found.rows, found.states, spools)
    finally:
        spools.close()
    told = (
        *_notes(models, together, total),
        *first.axes.shift.notes(first.logits, first.labels, found.unpaired),
        *plan.notes(comparisons),
    )
    doubts = all_above_chance(comparisons, found.rows.num_classes, labels, work.criteria, told)
    return Compared(
        comparisons,
        tuple(_looks(total.remarks, i) for i in range(len(models))),
        tuple(total.remarks.get(f"sums {i}") for i in range(len(models))),
        tuple(dict.fromkeys([*told, *doubts])),
        found,
    )


def _notes(
    models: Sequence[Model], together: AlignedModels, total: Total[PairStates]
) -> Iterator[str]:
    """Say what was decided about rows, and what was odd about their numbers."""
    yield from (*together.notes, *total.notes)
    for i, model in enumerate(models):
        yield from notes_of_rounding(model.source.name, total.remarks, f"{ROUNDED} {i}")
    weight = models[0].criterion.options.weight
    if weight is not None and (negative := np.count_nonzero(weight < 0)):
        yield f"classes of a negative weight: {negative:,}"
    yield from (matching.note for matching in together.matchings if matching.note)
    followers = (*together.first.followers, *(each.follower for each in together.others))
    yield from notes_of_place(together.first.logits, followers)


def _found(work: CompareWork, total: Total[PairStates]) -> PairsFound:
    """Return what all rows came to."""
    first, others = work.models
    axes = first.axes
    states = (total.state or PairStates((work.states,) * len(others))).pairs
    several = len(first.logits.files) > 1
    files = rows_of(first.logits, (), work.criteria[0].rows, total.rows) if several else ()
    rows = PairedRows(
        tuple(source.name for source in (first.logits, *(other.source for other in others))),
        tuple(criterion.temperature for criterion in work.criteria),
        axes.logits[axes.class_axis] or total.num_classes,
        first.names.names or None,
        (total.rows, *(n or 0 for n in axes.lead[1:])) if axes.lead else (),
        Numbering(tuple(files)),
    )
    every = total.rows * math.prod(n or 0 for n in axes.rows[1:])
    unpaired = every - states[0].result_of("rows").rows
    return PairsFound(states, rows, total.rows, unpaired, not first.unlabelled)


def _together(
    models: Sequence[Model],
    labels: Source | None,
    by: Source | str | None,
    cluster: Source | str | None,
) -> AlignedModels:
    """Decide which rows of all models, labels and names belong together."""
    base, *others = models
    first = align(
        base.source,
        labels,
        class_axis=class_axis_of([each.source for each in models], base.criterion.class_axis),
        shift=base.criterion.shift,
        naming=base.criterion.naming,
        tiles=all(model.criterion.kind == "logits" for model in models),
        beside=RowSources(
            groups=None if isinstance(by, str) else by,
            clusters=None if isinstance(cluster, str) else cluster,
        ),
        labelled=False,
    )
    return with_models(first, [model.source for model in others])


def _looks(remarks: Mapping[str, Remark], number: int) -> str:
    start = f"looks {number} "
    return next((name[len(start) :] for name in remarks if name.startswith(start)), "unknown")
