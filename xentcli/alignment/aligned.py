"""Logits and the labels of their rows: decided once, then handed out step by step."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.axes import Axes, axes_alone, find_axes, fitting
from xentcli.alignment.class_names import ClassNames, class_names
from xentcli.alignment.naming import Naming
from xentcli.alignment.shard_counts import ShardCounts, shard_note
from xentcli.alignment.steps import BESIDE_ROWS, Follower, Step, read, rows_before, steps
from xentcli.alignment.tiled import TiledRows, can_be_tiled, elements_of_a_block
from xentcli.core.checks import Problem, unravel
from xentcli.core.labels import NO_LABEL, LossOptions
from xentcli.core.shapes import rows_of, without_axis
from xentcli.errors import InputError
from xentcli.formats.base import BLOCK_ELEMENTS, Block, Source, Table, indexed, read_whole

if TYPE_CHECKING:
    from xentcli.alignment.ids import Matching

Array = NDArray[Any]


class AlignedRows(NamedTuple):
    """Some rows of logits and their labels, laid out as the formulas take them.

    Attributes
    ----------
    logits : (N, C)
        An array, or what reads rows from the file.
    labels : (N,) or (N, C)
        Class indices or class probabilities.
    lead : tuple of int
        The shape that N stands for.
    options : LossOptions
        Those of the loss, as they are to be read with these labels.
    problems : tuple of Problem
        Labels that name no class.
    ids : array of shape (N,), optional
        What names the rows.
    matched : dict of str to array of int
        The places of the labels, weights or names, where ids led to others than those of the rows.
    sample_weight : array of shape (N,), optional
        A factor for each row.
    groups, clusters : array of shape (N,), optional
        The group that each row is measured with, and the rows that it depends on.
    """

    logits: Array | TiledRows
    labels: Array
    lead: tuple[int, ...]
    options: LossOptions
    problems: tuple[Problem, ...] = ()
    ids: Array | None = None
    matched: Mapping[str, Array] = {}
    sample_weight: Array | None = None
    groups: Array | None = None
    clusters: Array | None = None


class Aligned(NamedTuple):
    """Logits, the labels of their rows, and what was decided about both.

    Attributes
    ----------
    logits, labels : Source
        Labels are None where each row of logits has its own beside it in the file, or none has one.
    axes : Axes
        Where the classes lie, what labels are, and the shift.
    names : ClassNames
        What labels that are names mean.
    tiled : bool
        Whether logits are read a tile at a time, where they are computed.
    matchings : tuple of Matching
        What finds labels, weights or names by their ids, where both files have some.
    sample_weight : Source, optional
        A factor for each row.
    groups, clusters : Source, optional
        A name for each row, or for each slice of the first axis.
    note : str, optional
        What was decided about the shape of the labels.
    """

    logits: Source
    labels: Source | None
    axes: Axes
    names: ClassNames
    tiled: bool = False
    matchings: "tuple[Matching, ...]" = ()
    sample_weight: Source | None = None
    groups: Source | None = None
    clusters: Source | None = None
    note: str | None = None

    @property
    def unlabelled(self) -> bool:
        """Whether rows have no labels; those that are handed out are all 0."""
        return self.labels is None and not self.logits.labelled

    @property
    def notes(self) -> list[str]:
        """What the user should know of what was decided."""
        return [*(each for each in (self.note, self.axes.note) if each), *self.names.notes]

    @property
    def sources(self) -> tuple[Source | None, ...]:
        """The files that are read."""
        return self.logits, self.labels, self.sample_weight, self.groups, self.clusters

    @property
    def labels_in_text(self) -> bool:
        """Whether labels stand in a file of text, which does not tell integers from floats."""
        return (self.labels or self.logits).format in ("csv", "tsv", "json")

    @property
    def shareable(self) -> bool:
        """Whether forked processes can read the steps on their own."""
        return self.logits.shareable and (self.labels is None or self.labels.shareable)

    @property
    def _follower(self) -> Follower | None:
        if self.labels is None:
            return None
        axis, offset = self.axes.labels_cut_axis, self.axes.shift.offset
        return Follower(self.labels, axis, offset, matching=self.matching_of("labels"))

    def matching_of(self, inputs: str) -> "Matching | None":
        """Return what finds the labels, weights, ... by their ids, if something does."""
        return next((each for each in self.matchings if each.inputs == inputs), None)

    @property
    def _of_rows(self) -> list[Follower]:
        """What hands out weights and names of rows: those of a shifted row are its label's."""
        offset = self.axes.shift.offset
        sources = (self.sample_weight, self.groups, self.clusters)
        return [
            Follower(source, 0, offset, what, self.matching_of(what))
            for source, what in zip(sources, BESIDE_ROWS, strict=True)
            if source is not None
        ]

    def steps(
        self, elements: int = BLOCK_ELEMENTS, more: Sequence[Follower] = ()
    ) -> Iterator[Step]:
        """Cut logits into blocks of about so many numbers, each with the labels of its rows.

        Parts of what else follows come behind those of labels, weights and names.
        """
        if self.axes.cut_axis is None:
            return iter([Step(Block(0, 1), 1)])
        if self.tiled:
            elements = elements_of_a_block(self.logits, elements)
        labels = [self._follower] if self._follower else []
        followers = [*labels, *self._of_rows, *more]
        return steps(self.logits, followers, self.axes.cut_axis, elements)

    def read(self, step: Step, options: LossOptions, keep: slice | None = None) -> AlignedRows:
        """Return the rows of a step that have a label, or those of them that `keep` says."""
        rows = self._tiles(step) if self.goes_by_tiles(step) else self._arrays(step)
        logits, labels, ids, lead, places = rows
        beside, matched = self._beside(step, lead, ids) if self._of_rows else ({}, {})
        if places is not None:
            matched["labels"] = places
        if keep is not None:
            logits, labels, ids = logits[keep], labels[keep], None if ids is None else ids[keep]
            beside = {what: values[keep] for what, values in beside.items()}
            whole, rest = divmod(len(labels), max(1, math.prod(lead[1:])))
            lead = (len(labels),) if rest else (whole, *lead[1:])
        problems: tuple[Problem, ...] = ()
        if self.unlabelled:
            options = LossOptions(ignore_index=NO_LABEL)
        elif labels.ndim == 1:
            labels, options, problems = self.names.indices(labels, options)
        weights = beside["weights"].astype(np.float64) if "weights" in beside else None
        return AlignedRows(
            logits,
            labels,
            lead,
            options,
            problems,
            ids,
            matched,
            weights,
            beside.get("groups"),
            beside.get("clusters"),
        )

    @property
    def rows_of_a_slice(self) -> int:
        """How many rows with a label a slice of the first axis has."""
        return math.prod(n or 0 for n in self.axes.lead[1:])

    def rows_of_slices(self, keep: slice | None) -> slice | None:
        """Return which rows of a step some slices of the first axis are."""
        if keep is None:
            return None
        inner = self.rows_of_a_slice
        return slice((keep.start or 0) * inner, None if keep.stop is None else keep.stop * inner)

    def rows_before(self, step: Step, keep: slice | None = None) -> int:
        """Return how many rows with a label stand before those of a step that are kept."""
        start = step.block.start + ((keep.start or 0) if keep else 0)
        return rows_before(start, self.axes.lead[1:])

    def goes_by_tiles(self, step: Step) -> bool:
        """Whether no gap is between the rows of a step that have a label."""
        whole = self.axes.lead[1:] == self.axes.rows[1:] or step.rows == 1
        return self.tiled and whole

    def _tiles(self, step: Step) -> tuple[TiledRows, Array, None, tuple[int, ...], None]:
        lead = (step.rows, *(n or 0 for n in self.axes.lead[1:]))
        first = rows_before(step.block.start, self.axes.rows[1:])
        count = math.prod(lead)
        labels = np.zeros(count, np.int64)
        if not self.unlabelled:
            labels = self._labels_of(step, None)[0].reshape(-1)
        return TiledRows(self.logits, first, count), labels, None, lead, None

    def _labels_of(self, step: Step, ids: Array | None) -> tuple[Array, Array | None]:
        """Return the labels of a step, and their places where ids led to others."""
        follower = self._follower
        if follower is None:
            raise AssertionError("labels stand beside the logits")
        if self.axes.cut_axis is None:
            return read_whole(follower.source), None
        there = read(follower, step.parts[0])
        labels, matched = there.values, None
        if follower.matching is not None:
            labels, matched = follower.matching.labels_of(ids, there, step.block.start)
        return self.axes.shift.labels_of_a_row(labels, self.axes.last_label_axis), matched

    def _beside(
        self, step: Step, lead: tuple[int, ...], ids: Array | None
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the weights and names of the rows of a step, and where ids led for them."""
        found, matched = {}, {}
        parts = step.parts[1 if self.labels is not None else 0 :]
        for i, follower in enumerate(self._of_rows):
            if self.axes.cut_axis is None:
                values = read_whole(follower.source)
            else:
                there = read(follower, parts[i])
                values = there.values
                if follower.matching is not None:
                    values, places = follower.matching.labels_of(ids, there, step.block.start)
                    if places is not None:
                        matched[follower.what] = places
                if len(follower.source.shape) == len(self.axes.rows):
                    last = len(self.axes.rows) - 1
                    values = self.axes.shift.labels_of_a_row(values, last)
                else:
                    values = np.repeat(values.reshape(-1), math.prod(lead[1:]))
            found[follower.what] = values.reshape(-1)
        return found, matched

    def _arrays(
        self, step: Step
    ) -> tuple[Array, Array, Array | None, tuple[int, ...], Array | None]:
        """Return the rows of a step in memory."""
        axes = self.axes
        if axes.cut_axis is None:
            table = Table(read_whole(self.logits))
        else:
            table = self.logits.decode(step.block)
        labels, matched = table.labels, None
        if self.labels is not None:
            labels, matched = self._labels_of(step, table.ids)
        values = axes.shift.logits_with_a_label(table.values, axes.last_row_axis, step.rows)
        if labels is None and self.unlabelled:
            labels = np.zeros(without_axis(values.shape, axes.class_axis), np.int64)
        if labels is None:
            raise AssertionError("a file of logits and labels has labels in each block")
        rows = rows_of(values, labels, axes.class_axis, one_hot=axes.probabilities)
        ids = None if table.ids is None else table.ids[: step.rows]
        return rows.values, rows.labels, ids, rows.lead, matched

    def place(self, problem: Problem, rows: int) -> str:
        """Name the place of a problem in its input, of which `rows` rows were read."""
        source = self.labels if problem.input == "labels" and self.labels else self.logits
        inner = tuple(n or 0 for n in self.axes.lead[1:])
        lead = (max(rows, problem.row // max(1, math.prod(inner)) + 1), *inner)
        lead = lead if self.axes.lead else ()
        index = list(unravel(problem.row, lead))
        if problem.input == "labels":
            index = self.axes.shift.label_index(index)
            matching = self.matching_of("labels")
            if matching is not None and index:
                index[0] = matching.place_of(index[0])
        elif problem.column is not None:
            index.insert(self.axes.class_axis, problem.column)
        return source.place(tuple(index))

    def error(self, problem: Problem, rows: int) -> InputError:
        """Return the error of a problem, `rows` rows of the logits having been read."""
        return self.names.with_hint(problem).at(self.place(problem, rows))


def align(
    logits: Source,
    labels: Source | None,
    *,
    class_axis: int | None = None,
    shift: int = 0,
    naming: Naming = Naming(),  # noqa: B008 - a named tuple
    tiles: bool = False,
    sample_weight: Source | None = None,
    groups: Source | None = None,
    clusters: Source | None = None,
    labelled: bool = True,
) -> Aligned:
    """Decide how labels belong to logits.

    Parameters
    ----------
    logits, labels : Source
        Labels are None where each row of logits has its own beside it in the file.
    class_axis : int, optional
        The axis of the classes; else PyTorch's 1, unless only the last one fits.
    shift : int
        How far further on the label of a row stands.
    naming : Naming
        What the user says about the names of classes.
    tiles : bool
        Whether the computation can read logits a tile at a time.
    sample_weight : Source, optional
        A factor for each row, or for each label.
    groups, clusters : Source, optional
        A name for each row, or for each slice of the first axis.
    labelled : bool
        Whether it is an error if there are no labels.

    Raises
    ------
    ShapeError
        If labels do not fit logits, all of them or those of one shard, as far as their headers say.
    """
    note: str | None = None
    axis_of_rows = 1 if len(logits.shape) == 1 or class_axis in (0, -len(logits.shape)) else 0
    by_id = labels is not None and None not in (logits.id_column, labels.id_column)
    if labels is not None and not by_id:
        ShardCounts(logits, Follower(labels), axis_of_rows).check()
        logits, labels, note = fitting(logits, labels, class_axis)
        note = note or shard_note(logits, labels)
    if labels is None and not (labelled or logits.labelled):
        axes = axes_alone(logits, class_axis)
    else:
        axes = find_axes(logits, labels, class_axis, shift, by_id=by_id)
    beside = (sample_weight, groups, clusters)
    matchings: tuple[Matching, ...] = ()
    if any(beside):
        from xentcli.alignment.beside import beside_rows

        beside, matchings = beside_rows(logits, beside, axes.rows)
    if axes.cut_axis:
        logits = indexed(logits)
    if labels is not None and axes.labels_cut_axis:
        labels = indexed(labels)
    names = class_names(logits, axes, naming)
    if labels is not None and by_id:
        from xentcli.alignment import ids

        labels, matching = ids.by_id(logits, labels, "labels")
        matchings = (*((matching,) if matching else ()), *matchings)
    if matchings:
        from xentcli.alignment.ids import check_by_id

        check_by_id(logits, axes)
    tiled = tiles and can_be_tiled(logits, axes) and not matchings
    return Aligned(
        logits,
        labels,
        axes,
        names,
        tiled,
        matchings,
        *beside,
        note,
    )
