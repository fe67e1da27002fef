"""What is done with a step of numbers that are rows by themselves."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.class_names import IGNORED, ClassNames
from xentcli.alignment.elements import Elements
from xentcli.alignment.followers import places_of, read
from xentcli.alignment.steps import Step, kept, rows_before, rows_chosen
from xentcli.core.binary import binary_facts
from xentcli.core.binary_options import BinaryOptions
from xentcli.core.checks import Problem, RowKind
from xentcli.core.labels import LossOptions
from xentcli.core.picked import picked_facts, zeros_at_ends
from xentcli.core.row_facts import Origin, RowFacts
from xentcli.core.sample_weight import weighted
from xentcli.errors import InputError
from xentcli.formats.base import ArrayHeader, Shape
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Part, Total, begin_of, in_groups
from xentcli.pipeline.kept_rows import kept_of
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.oddities import element_notes, negative_weights, padding_of
from xentcli.pipeline.rounding import rounding

__all__ = ["BINARY_FACTS", "BinaryOptions", "ElementWork"]

Array = NDArray[Any]

BINARY_FACTS = frozenset(
    {
        *("label", "prediction", "label_probability", "confidence"),
        *("forecast", "outcome", "brier", "entropy", "score"),
    }
)
"""The facts of elements that are computed besides the loss and hits, where something needs them."""


class ElementWork(NamedTuple):
    """What is done with a step, by whoever does it."""

    rows: Elements
    criterion: Criterion
    keeps_losses: bool = False

    @property
    def header(self) -> ArrayHeader:
        """The header of an array of one loss for each number."""
        values, chosen = self.rows.values, self.criterion.rows
        shape: Shape = values.shape if chosen is None else (None, *values.shape[1:])
        ids, columns = values.id_column, values.columns if len(values.shape) == 2 else None
        if ids is not None and columns is None:
            columns = ("loss",)
        return ArrayHeader(shape, np.dtype(np.float64), columns, ids, name="losses")

    def place_of(self, step: Step) -> str:
        """Name the first row of a step."""
        return begin_of(step.block, self.rows.values)

    def part_of(self, step: Step) -> Part[States]:
        """Read the numbers of a step and measure them."""
        criterion = self.criterion
        keep = kept(step, criterion.rows)
        read_in = self._read(step)
        stored = read_in.values[keep]
        labels, ids = (None if x is None else x[keep] for x in (read_in.labels, read_in.ids))
        values = criterion.prepared(stored)
        states = criterion.states
        first = step.block.start + (keep.start or 0)
        options = self._options_of(slice(first, first + len(values)), values.shape[1:])
        before = rows_before(first, values.shape[1:])
        inner = math.prod(values.shape[1:])
        beside = {what: np.repeat(each[keep], inner) for what, each in read_in.beside.items()}
        names = (beside.get("groups"), beside.get("clusters"))
        numbers = criterion.numbers_of(names[1])
        repeated = None if ids is None else np.repeat(ids, inner)
        origin = Origin(before, inner, repeated, *names, numbers)
        facts = self._facts(values, labels, options, (*states.needs, *criterion.kept))
        facts = _with_slopes(facts, values, labels, options, states, origin)
        if "weights" in beside:
            facts = weighted(facts, beside["weights"].astype(np.float64))
        facts = facts.at(origin)
        problems = facts.problems
        if criterion.from_probs:
            problems = tuple(_of_probability(each, stored) for each in problems)
        zeros = criterion.picked and not (criterion.from_probs or "weights" in beside)
        padding = padding_of(zeros_at_ends(values)) if zeros else ()
        return Part(
            rows_chosen(step, criterion.rows),
            facts["loss"].reshape(values.shape) if self.keeps_losses else None,
            states.from_rows(in_groups(facts, criterion.by_slices)),
            tuple(p.shifted(before) for p in problems if criterion.is_error(p)),
            _looks_of(stored) if step.block.start == 0 else None,
            criterion.classes_of_elements,
            ids,
            read_in.matched,
            (*rounding(stored, criterion.dtype), *negative_weights(facts), *padding),
            kept=kept_of(facts, criterion.kept),
        )

    def measured(self, total: Total[States]) -> Measured:
        """Return what is measured of all numbers."""
        criterion, shape = self.criterion, self.rows.shape
        if criterion.binary is not None:
            # As a step does, if there is one; only now is it known how many rows text has.
            whole = shape if criterion.rows else (total.rows, *shape[1:])
            criterion.binary.check(whole)
        return Measured(
            (total.state or criterion.states).compute(),
            total,
            criterion.classes_of_elements,
            0,
            (total.rows, *(n or 0 for n in shape[1:])),
            self._label_names,
            list(element_notes(self.rows, total, criterion)),
        )

    @property
    def _label_names(self) -> tuple[str, ...] | None:
        """The names of several labels of a row."""
        values = self.rows.values
        if len(values.shape) != 2 or values.shape[1] == 1:
            return None
        return self.criterion.naming.of(values.shape[1]) or values.columns

    def _read(self, step: Step) -> "_Read":
        elements, start = self.rows, step.block.start
        table = elements.values.decode(step.block)
        labels, ids = table.labels, table.ids
        found_at: dict[str, Array] = {}
        beside: dict[str, Array] = {}
        for follower, part in zip(elements.followers, step.parts, strict=True):
            there = read(follower, part)
            values, places = places_of(follower, there, ids, start)
            if places is not None:
                found_at[follower.what] = places
            if follower.what == "labels":  # the first, whose ids are those of rows without any
                labels, ids = values, there.ids if ids is None else ids
            else:
                beside[follower.what] = values.reshape(-1)
        return _Read(table.values, labels, ids, found_at, beside)

    def _options_of(self, rows: slice, row: Shape) -> BinaryOptions | None:
        """Return the options of some rows: a factor for each row is that of these rows."""
        options = self.criterion.binary
        return None if options is None else options.of_rows(rows, (*self.rows.shape[:1], *row))

    def _facts(
        self,
        values: Array,
        labels: Array | None,
        options: BinaryOptions | None,
        needs: tuple[str, ...],
    ) -> RowFacts:
        if options is None:
            return picked_facts(values, probs=self.criterion.kind == "probabilities")
        if labels is None:
            raise AssertionError("elements of a binary loss have labels")
        labels, options, problems = _as_numbers(labels.reshape(values.shape), options)
        facts = binary_facts(values, labels, options)
        facts.problems = (*problems, *facts.problems)
        if BINARY_FACTS.isdisjoint(needs):
            return facts
        from xentcli.core.binary_measures import with_measures

        return with_measures(facts, values, labels, probs=options.probs)


def _with_slopes(
    facts: RowFacts,
    values: Array,
    labels: Array | None,
    options: BinaryOptions | None,
    states: States,
    origin: Origin,
) -> RowFacts:
    """Return facts with what a temperature is fitted by, where something needs it."""
    parameters = states.parameters
    if options is None or labels is None or not {"slopes", "scales"} & parameters.keys():
        return facts
    from xentcli.core.held_out import binary_held_out
    from xentcli.core.slopes import binary_slopes

    labels, options, _ = _as_numbers(labels.reshape(values.shape), options)
    found: dict[str, Any] = {}
    if "slopes" in parameters:
        used = facts["used"]
        known = labels if used is None else np.where(used.reshape(labels.shape), labels, 0)
        found["slopes"] = binary_slopes(values, known, options, parameters["slopes"])
    if "scales" in parameters:
        scales = np.array(parameters["scales"])
        scale = scales[origin.folds(facts.rows) % scales.size]
        found["held_out"] = binary_held_out(values, labels, options, scale)
    return facts.having(found)


class _Read(NamedTuple):
    """The numbers of a step, their labels and ids, and what stands beside them.

    `matched` has, by input, the places of what ids found elsewhere than at the rows.
    """

    values: Array
    labels: Array | None
    ids: Array | None
    matched: dict[str, Array]
    beside: dict[str, Array]


def _looks_of(stored: Array) -> RowKind:
    """Say whether values that are said to be logits can be probabilities only."""
    numbers = stored.astype(np.float64)
    share = stored.size > 1 and bool(((numbers >= 0.0) & (numbers <= 1.0)).all())
    whole = share and bool((numbers == np.floor(numbers)).all())
    return "probabilities" if share and not whole else "unknown"


def _as_numbers(
    labels: Array, options: BinaryOptions
) -> tuple[Array, BinaryOptions, tuple[Problem, ...]]:
    """Return labels as numbers, the options that read these, and the labels that are none.

    Text may be 0, 1, true or false.
    """
    if labels.dtype.kind not in "OUST":
        return labels, options, ()
    ignore = LossOptions(ignore_index=options.ignored or -100)
    found, _, problems = ClassNames(("0", "1")).indices(labels, ignore)
    hint = "labels of a binary loss are 0 and 1, or false and true: write them so"
    named = tuple(problem._replace(hint=hint) for problem in problems)
    return found, options._replace(ignored=(IGNORED,)), named


def _of_probability(problem: Problem, stored: Array) -> Problem:
    """Return a problem of a logit as a problem of the probability that it was made from."""
    if problem.input != "logits":
        return problem
    value = stored.reshape(-1)[problem.row]
    problem = problem._replace(message=f"probability {value:g}")
    if np.isnan(value):
        return problem
    hint = "if these are logits: xent calibrate --binary LOGITS LABELS"
    return problem._replace(error=InputError, hint=hint)
