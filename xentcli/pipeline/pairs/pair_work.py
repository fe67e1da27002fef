"""The work on the rows of a step that several models have, which any worker can do."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned_rows import AlignedRows
from xentcli.alignment.models import AlignedModels, OtherModel
from xentcli.alignment.steps import Step, kept, rows_chosen
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Kind, Problem, check_options
from xentcli.core.divergences import Divergences
from xentcli.core.dtypes import computing_dtype
from xentcli.core.fact_walk import FactWalk
from xentcli.core.pair_facts import OF_A_MODEL, OF_LABELS, pair_facts
from xentcli.core.pair_walk import read_together
from xentcli.core.row_facts import Origin, RowFacts, facts_of
from xentcli.errors import ShapeError
from xentcli.formats.coming import coming
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Part, Remark, begin_of, in_groups
from xentcli.pipeline.kept_rows import Keys
from xentcli.pipeline.loss_work import looks_of
from xentcli.pipeline.oddities import first_notes, oddities
from xentcli.pipeline.of_probabilities import of_probabilities
from xentcli.pipeline.opening import Source
from xentcli.pipeline.rounding import ROUNDED
from xentcli.pipeline.stray_columns import notes_of_strays

Array = NDArray[Any]


class PairStates(NamedTuple):
    """The states of each model but the first with the first."""

    pairs: tuple[States, ...]

    def merge(self, other: Self) -> "PairStates":
        """Return the states of both states' rows."""
        both = zip(self.pairs, other.pairs, strict=True)
        return PairStates(tuple(one.merge(two) for one, two in both))


class CompareWork(NamedTuple):
    """The work on a step, which any worker can do."""

    models: AlignedModels
    criteria: tuple[Criterion, ...]
    states: States
    by_slices: bool = False

    def place_of(self, step: Step) -> str:
        """Name the first row of a step."""
        return begin_of(step.block, self.models.first.logits)

    def coming(self, steps: Sequence[Step]) -> AbstractContextManager[None]:
        """Have storage fetch the rows of these steps, and no others, where they are elsewhere."""
        return coming(filter(None, self.models.sources), (step.block for step in steps))

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
        strays = tuple(notes_of_strays(rows, first.logits, criterion)) if is_first else ()
        before = first.rows_before(step, keep)
        origin = Origin(before, first.rows_of_a_slice, rows.ids, rows.groups, rows.clusters)
        problems, remarks = [*rows.problems], []
        matched = dict(rows.matched)
        models = list(self._each_model(step, rows, keep_rows, matched))
        walks = self._walks(models, rows)
        divergences = read_together(walks)
        facts = [facts_of(walk) for walk in walks]
        for i, ((criterion, other, stored), found) in enumerate(zip(models, facts, strict=True)):
            in_text = first.labels_in_text
            odd, said = oddities(stored, rows.labels, found, criterion, in_text=in_text)
            of_facts = of_probabilities(found.problems, stored, criterion)
            problems += _of_model((*odd, *of_facts), criterion, other)
            remarks += [_renamed(remark, i) for remark in said]
            if is_first:
                remarks.append(Remark(f"looks {i} {looks_of(stored)}", 1))
        values = [walk.given.logits for walk in walks]
        states, numbers = self._states([each.at(origin) for each in facts], values, divergences)
        noted = is_first and not first.unlabelled
        return Part(
            rows_chosen(step, self.criteria[0].rows),
            None,
            states,
            tuple(problem.shifted(before) for problem in problems),
            None,
            rows.logits.shape[1],
            rows.ids,
            matched,
            tuple(remarks),
            (*strays, *(first_notes(rows, first, criterion) if noted else ())),
            numbers,
        )

    def _walks(
        self, models: Sequence[tuple[Criterion, OtherModel | None, Any]], rows: AlignedRows
    ) -> list[FactWalk]:
        """Return the walk over the rows of each model, all in float64 if they are not alike."""
        alike = _alike(
            [_prepared(stored, criterion) for criterion, _, stored in models],
            [criterion.kind for criterion, *_ in models],
        )
        narrow = any(criterion.narrow(stored.dtype) for criterion, _, stored in models)
        return [
            self._walk(values, rows, criterion, same_bits=narrow)
            for values, (criterion, *_) in zip(alike, models, strict=True)
        ]

    def _each_model(
        self, step: Step, rows: AlignedRows, keep_rows: slice | None, matched: dict[str, Any]
    ) -> Iterator[tuple[Criterion, OtherModel | None, Any]]:
        """Yield the rows of each model; the places where ids were found are put into `matched`."""
        models, shape = self.models, rows.logits.shape
        yield self.criteria[0], None, rows.logits
        count = models.first.rows_of_a_slice * step.rows
        others = models.read(step, rows.ids, count, keep_rows)
        for criterion, other, found in zip(self.criteria[1:], models.others, others, strict=True):
            stored, places = found
            if places is not None:
                matched[other.input] = places
            if stored.shape != shape:
                raise _misfit(models.first.logits, other.source, shape, stored.shape)
            yield criterion, other, stored

    def _states(
        self,
        facts: list[RowFacts],
        prepared: list[Any],
        divergences: Sequence[Divergences | None],
    ) -> tuple[PairStates, dict[str, Keys]]:
        """Return the states of each model with the first, and the numbers of rows that are kept."""
        states: list[States] = []
        numbers: dict[str, Keys] = {}
        for i in range(1, len(facts)):
            kinds = self.criteria[0].kind, self.criteria[i].kind
            pair = pair_facts(
                facts[0], facts[i], (prepared[0], prepared[i]), kinds, divergences[i - 1]
            )
            states.append(self.states.from_rows(in_groups(pair, self.by_slices)))
            numbers |= _numbers_of(pair, i)
        return PairStates(tuple(states)), numbers

    def _walk(
        self, values: Any, rows: AlignedRows, criterion: Criterion, *, same_bits: bool
    ) -> FactWalk:
        needs = OF_A_MODEL if self.models.first.unlabelled else (*OF_A_MODEL, *OF_LABELS)
        if criterion.kind != "logits":
            needs = (*needs, "zeroed")
        return FactWalk(
            values,
            rows.labels,
            rows.options,
            needs,
            kind=criterion.kind,
            parameters={"same_bits": same_bits},
        )


def _prepared(stored: Array | TiledRows, criterion: Criterion) -> Array | TiledRows:
    """Return the numbers that the formulas work on, made from those stored."""
    if isinstance(stored, TiledRows):
        return stored.as_prepared(criterion.prepared)
    return criterion.prepared(stored)


def _alike(models: list[Array | TiledRows], kinds: list[Kind]) -> list[Array | TiledRows]:
    """Return all models' rows in float64, unless all are computed by the same kernel.

    Otherwise the rounding of float32 would seem to be a difference of the models.
    """
    each = zip(models, kinds, strict=True)
    if len({(computing_dtype(rows.dtype), kind) for rows, kind in each}) == 1:
        return models
    return [
        rows.widened() if isinstance(rows, TiledRows) else rows.astype(np.float64)
        for rows in models
    ]


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
    of_model = remark.name in ("sums", ROUNDED)
    return remark._replace(name=f"{remark.name} {number}") if of_model else remark


def _misfit(base: Source, other: Source, wanted: Any, found: Any) -> ShapeError:
    """Return the error of models whose rows differ in number or length, as reading them showed."""
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
