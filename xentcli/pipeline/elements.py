"""Losses of numbers that are rows by themselves: binary cross entropy, picked log-probabilities."""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.axes import show_shape
from xentcli.alignment.class_names import IGNORED, ClassNames
from xentcli.alignment.ids import Matching, matching_of, weights_by_id
from xentcli.alignment.reshaped import in_shape, weights_of_rows
from xentcli.alignment.steps import Follower, Step, chosen, kept, read, rows_before, steps
from xentcli.core.binary import BinaryOptions, binary_facts, check_binary_weights
from xentcli.core.checks import Problem, RowKind, unravel
from xentcli.core.labels import LossOptions
from xentcli.core.picked import picked_facts
from xentcli.core.row_facts import RowFacts
from xentcli.core.sample_weight import weighted
from xentcli.errors import InputError, ShapeError
from xentcli.execution import ordered_map
from xentcli.formats.base import ArrayHeader, Shape, Source
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Part, Sink, Total, collect
from xentcli.pipeline.inputs import Run

__all__ = ["BinaryOptions", "measure_elements"]

Array = NDArray[Any]


class Elements(NamedTuple):
    """Numbers, and what belongs to each: a label, and a weight of its row.

    Attributes
    ----------
    values, labels, sample_weight : Source
        Labels and weights are None where there are none; labels may stand beside the values.
    matching : Matching, optional
        What finds labels by their ids, where both files have some.
    weight_matching : Matching, optional
        What finds weights so.
    """

    values: Source
    labels: Source | None = None
    sample_weight: Source | None = None
    matching: Matching | None = None
    weight_matching: Matching | None = None

    @property
    def followers(self) -> list[Follower]:
        """What is read in step with the values."""
        labels = [Follower(self.labels, matching=self.matching)] if self.labels else []
        if self.sample_weight is None:
            return labels
        weights = Follower(self.sample_weight, what="weights", matching=self.weight_matching)
        return [*labels, weights]

    @property
    def shareable(self) -> bool:
        """Whether other processes can read the steps."""
        return self.values.shareable and all(each.source.shareable for each in self.followers)

    def place(self, problem: Problem, rows: int) -> str:
        """Name the place of a problem in its input, of which `rows` rows were read."""
        source = self.labels if problem.input == "labels" and self.labels else self.values
        inner = tuple(n or 0 for n in self.values.shape[1:])
        lead = (max(rows, problem.row // max(1, math.prod(inner)) + 1), *inner)
        return source.place(unravel(problem.row, lead))

    def error(self, problem: Problem, rows: int) -> InputError:
        """Return the error of a problem, `rows` rows of the values having been read."""
        return problem.at(self.place(problem, rows))


class ElementWork(NamedTuple):
    """What is done with a step, by whoever does it."""

    elements: Elements
    criterion: Criterion
    keeps_losses: bool = False

    def part_of(self, step: Step) -> Part[States]:
        """Read the numbers of a step and measure them."""
        criterion = self.criterion
        keep = kept(step, criterion.rows)
        stored, labels, weights, ids, matched, weights_matched = self._read(step)
        stored, ids = stored[keep], None if ids is None else ids[keep]
        values = criterion.prepared(stored)
        facts = self._facts(values, None if labels is None else labels[keep])
        if weights is not None:
            facts = weighted(facts, np.repeat(weights[keep], math.prod(values.shape[1:])))
        before = rows_before(step.block.start + (keep.start or 0), self.elements.values.shape[1:])
        return Part(
            step.block.rows,
            facts["loss"].reshape(values.shape) if self.keeps_losses else None,
            States.empty(criterion.metrics).from_rows(facts),
            tuple(p.shifted(before) for p in facts.problems if criterion.is_error(p)),
            self._looks_of(stored) if step.block.start == 0 else None,
            2 if criterion.binary else 0,
            ids,
            matched,
            matched_weights=weights_matched,
        )

    def _read(
        self, step: Step
    ) -> tuple[Array, Array | None, Array | None, Array | None, Array | None, Array | None]:
        """Return values, labels, weights, ids, and where labels and weights are by their ids."""
        elements = self.elements
        table = elements.values.decode(step.block)
        parts = [read(f, part) for f, part in zip(elements.followers, step.parts, strict=True)]
        weights, weights_matched = None, None
        if elements.sample_weight:
            there = parts.pop()
            weights = there.values
            if elements.weight_matching is not None:
                weights, weights_matched = elements.weight_matching.labels_of(
                    table.ids, there, step.block.start
                )
        labels, matched = parts[0].values if parts else table.labels, None
        if elements.matching is not None:
            labels, matched = elements.matching.labels_of(table.ids, parts[0], step.block.start)
        return table.values, labels, weights, table.ids, matched, weights_matched

    def _facts(self, values: Array, labels: Array | None) -> RowFacts:
        if self.criterion.binary is None:
            return picked_facts(values, probs=self.criterion.kind == "probabilities")
        if labels is None:
            raise AssertionError("elements of a binary loss have labels")
        options = self.criterion.binary
        labels, options, problems = _numbers(labels.reshape(values.shape), options)
        facts = binary_facts(values, labels, options)
        facts.problems = (*problems, *facts.problems)
        return facts

    def _looks_of(self, stored: Array) -> RowKind:
        """Say whether values that are said to be logits can be probabilities only."""
        numbers = stored.astype(np.float64)
        share = stored.size > 1 and bool(((numbers >= 0.0) & (numbers <= 1.0)).all())
        whole = share and bool((numbers == np.floor(numbers)).all())
        return "probabilities" if share and not whole else "unknown"


def _numbers(
    labels: Array, options: BinaryOptions
) -> tuple[Array, BinaryOptions, tuple[Problem, ...]]:
    """Return labels as numbers: text may be 0, 1, true or false; and what is none of these."""
    if labels.dtype.kind not in "OUST":
        return labels, options, ()
    ignore = LossOptions(ignore_index=options.ignored or -100)
    found, _, problems = ClassNames(("0", "1")).indices(labels, ignore)
    hint = "labels of a binary loss are 0 and 1, or false and true: write them so"
    named = tuple(replace(problem, hint=hint) for problem in problems)
    return found, options._replace(ignored=(IGNORED,)), named


def measure_elements(
    values: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    sink: Sink | None = None,
    sample_weight: Source | None = None,
) -> Total[States]:
    """Return what all elements come to; `evaluate` makes a result of it.

    Raises
    ------
    InputError
        If shapes do not fit, or something is no label, no probability or not finite.
    """
    if not values.shape:
        raise ShapeError(f"{values.name}: a single number; --binary and --picked take (N,)")
    if criterion.binary is not None:
        labels = _labels_of(values, labels)
        if None not in values.shape[1:]:
            check_binary_weights(criterion.binary, values.shape)
    elif labels is not None or values.labelled:
        raise ShapeError(f"{values.name}: --picked takes no labels: each number is its label's")
    weight_matching = None
    if sample_weight is not None:
        sample_weight, weight_matching = weights_by_id(values, sample_weight)
        if weight_matching is None:
            sample_weight = weights_of_rows(values, sample_weight, values.shape[:1])
    matching = matching_of(values, labels)
    elements = Elements(values, labels, sample_weight, matching, weight_matching)
    if sink:
        sink.open(_header(values, criterion.rows))
    work = ElementWork(elements, criterion, keeps_losses=sink is not None)
    cut = steps(values, elements.followers, 0, run.block_elements)
    parts = ordered_map(
        work.part_of, chosen(cut, criterion.rows), run.jobs, shareable=elements.shareable
    )
    matchings = [each for each in (matching, weight_matching) if each is not None]
    for each in matchings if criterion.rows is None else []:
        parts = each.watch(parts)
    sources = (values, labels, sample_weight)
    total = collect(parts, sink, run.progress_of(values.shape), elements.error, sources)
    notes = [note for each in matchings if (note := each.note)]
    return total._replace(notes=(*total.notes, *notes))


def _header(values: Source, rows: slice | None) -> ArrayHeader:
    shape: Shape = values.shape if rows is None else (None, *values.shape[1:])
    ids, columns = values.id_column, values.columns if len(values.shape) == 2 else None
    if ids is not None and columns is None:
        columns = ("loss",)
    return ArrayHeader(shape, np.dtype(np.float64), columns, ids, name="losses")


def _labels_of(values: Source, labels: Source | None) -> Source | None:
    """Return labels in the shape of the values."""
    if labels is None:
        if values.label_row and values.label_row == values.shape[1:]:
            return None
        if math.prod(n or 1 for n in values.shape[1:]) != 1:
            raise ShapeError(
                f"{values.name}: one column of labels, and {values.shape[-1]} of values",
                hint="choose the column of class 1: --columns NAME",
            )
        return None
    found = in_shape(labels, values.shape)
    if found is None:
        two = values.shape[-1] == 2 and len(values.shape) == 2
        classes = "two columns may be two classes, which need no --binary; else "
        raise ShapeError(
            f"{labels.name}: labels of shape {show_shape(labels.shape)} for values of shape "
            f"{show_shape(values.shape)} ({values.name}): with --binary each value has a label",
            hint=(classes if two else "") + "--columns NAME chooses the column of class 1",
        )
    return found
