"""Logits of several models, and the labels of their rows, to how each differs from the first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned import align
from xentcli.alignment.models import AlignedModels, OtherModel, with_models
from xentcli.alignment.steps import Step, chosen, kept
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Problem
from xentcli.core.pair_facts import OF_A_MODEL, OF_LABELS, pair_facts
from xentcli.core.row_facts import Origin, RowFacts, row_facts
from xentcli.core.shapes import check_options
from xentcli.errors import InputError, ShapeError, UsageError
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Keys, Part, Remark, Total, begin_of, collect, in_groups
from xentcli.pipeline.inputs import RowSources, Source
from xentcli.pipeline.judgement import first_notes, oddities
from xentcli.pipeline.loss_work import looks_of
from xentcli.pipeline.pair_plan import PairOptions, PairPlan
from xentcli.pipeline.pair_report import PairReport
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


class PairStates(NamedTuple):
    """The states of each model but the first with it."""

    pairs: tuple[States, ...]

    def merge(self, other: Self) -> "PairStates":
        """Return the states of both states' rows."""
        both = zip(self.pairs, other.pairs, strict=True)
        return PairStates(tuple(one.merge(two) for one, two in both))


class CompareWork(NamedTuple):
    """What is done with a step, by whoever does it."""

    models: AlignedModels
    criteria: tuple[Criterion, ...]
    states: States
    by_slices: bool = False

    def place_of(self, step: Step) -> str:
        """Name the first row of a step."""
        return begin_of(step.block, self.models.first.logits)

    def part_of(self, step: Step) -> Part[PairStates]:
        """Read the rows of a step in all models, and measure how these differ."""
        first, criterion = self.models.first, self.criteria[0]
        keep = None if criterion.rows is None else kept(step, criterion.rows)
        keep_rows = first.rows_of_slices(keep)
        rows = first.read(step, criterion.options, keep_rows)
        is_first = step.block.start == 0
        if is_first:
            probabilities = rows.labels.ndim == 2
            check_options(criterion.options, rows.logits.shape[1], probabilities=probabilities)
        before = first.rows_before(step, keep)
        origin = Origin(before, first.rows_of_a_slice, rows.ids, rows.groups, rows.clusters)
        count = first.rows_of_a_slice * step.rows
        facts, prepared, problems, remarks = [], [], [*rows.problems], []
        matched = dict(rows.matched)
        others = self.models.read(step, rows.ids, count, keep_rows)
        for i, criterion in enumerate(self.criteria):
            stored, other = rows.logits, None
            if i:
                other = self.models.others[i - 1]
                stored, places = next(others)
                if places is not None:
                    matched[other.input] = places
                if stored.shape != rows.logits.shape:
                    raise _misfit(first.logits, other.source, rows.logits.shape, stored.shape)
            values = _prepared(stored, criterion, other)
            found = self._facts(values, rows.labels, rows.options, criterion)
            odd, said = oddities(stored, rows.labels, found, criterion)
            problems += _of_model((*odd, *found.problems), criterion, other)
            remarks += [_renamed(remark, i) for remark in said]
            if is_first:
                remarks.append(Remark(f"looks {i} {looks_of(stored)}", 1))
            facts.append(found.at(origin))
            prepared.append(values)
        states: list[States] = []
        numbers: dict[str, Keys] = {}
        for i in range(1, len(facts)):
            kinds = self.criteria[0].kind, self.criteria[i].kind
            pair = pair_facts(facts[0], facts[i], (prepared[0], prepared[i]), kinds)
            states.append(self.states.from_rows(in_groups(pair, self.by_slices)))
            numbers |= _numbers_of(pair, i)
        return Part(
            step.block.rows if keep is None else len(range(step.rows)[keep]),
            None,
            PairStates(tuple(states)),
            tuple(problem.shifted(before) for problem in problems),
            None,
            rows.logits.shape[1],
            rows.ids,
            matched,
            tuple(remarks),
            tuple(first_notes(rows, first, self.criteria[0]))
            if is_first and not first.unlabelled
            else (),
            numbers,
        )

    def _facts(self, values: Any, labels: Array, options: Any, criterion: Criterion) -> RowFacts:
        needs = OF_A_MODEL if self.models.first.unlabelled else (*OF_A_MODEL, *OF_LABELS)
        if criterion.kind != "logits":
            needs = (*needs, "zeroed")
        return row_facts(values, labels, options, needs, kind=criterion.kind)


def _prepared(
    stored: Array | TiledRows, criterion: Criterion, other: OtherModel | None
) -> Array | TiledRows:
    """Return what the formulas see of what is stored."""
    if other is None or other.order is None:
        if isinstance(stored, TiledRows):
            return stored.as_prepared(criterion.prepared)
        return criterion.prepared(stored)
    if isinstance(stored, TiledRows):
        return stored.as_prepared(lambda rows: criterion.prepared(other.in_order(rows)))
    return criterion.prepared(other.in_order(stored))


def _of_model(
    problems: Sequence[Problem], criterion: Criterion, other: OtherModel | None
) -> Iterator[Problem]:
    """Yield the problems that end the run; those of labels are told of the first model alone."""
    for problem in problems:
        if not criterion.is_error(problem):
            continue
        if other is None:
            yield problem
        elif problem.input != "labels":
            yield problem._replace(input=other.input)


def _renamed(remark: Remark, number: int) -> Remark:
    return remark._replace(name=f"sums {number}") if remark.name == "sums" else remark


def _misfit(base: Source, other: Source, wanted: Any, found: Any) -> ShapeError:
    """Return the error of rows whose number or length only reading them told."""
    i = 1 if wanted[0] == found[0] else 0
    what = ("rows", "classes")[i]
    return ShapeError(f"{other.name}: {found[i]} {what}, and {base.name} has {wanted[i]}")


def _numbers_of(pair: RowFacts, number: int) -> dict[str, Keys]:
    """Return what is kept of every row until all have been seen."""
    keep = np.isfinite(pair["kl"])
    if pair["measured"] is not None:
        keep &= pair["measured"]
    found = {f"{number} kl": _keys(pair["kl"][keep])}
    delta = pair["probability_difference"]
    if delta is not None:
        delta = delta if pair["measured"] is None else delta[pair["measured"]]
        found[f"{number} delta_p"] = _keys(delta)
    return found


def _keys(values: Array) -> Keys:
    return Keys(values, np.zeros(values.shape, np.bool_))


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
