"""Logits and the labels of their rows: decided once, then handed out step by step."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from xentcli.alignment.aligned_rows import AlignedRows, read_rows
from xentcli.alignment.axes import Axes, axes_alone, find_axes, fitting
from xentcli.alignment.class_names import ClassNames, class_names
from xentcli.alignment.cutting import steps
from xentcli.alignment.naming import Naming
from xentcli.alignment.shard_counts import ShardCounts, shard_note
from xentcli.alignment.steps import BESIDE_ROWS, Follower, Step, rows_before
from xentcli.alignment.tiled import can_be_tiled, elements_of_a_block
from xentcli.core.checks import Problem, unravel
from xentcli.core.labels import LossOptions
from xentcli.errors import InputError
from xentcli.formats.base import BLOCK_ELEMENTS, Block, Source, indexed

if TYPE_CHECKING:
    from xentcli.alignment.ids import Matching

Array = NDArray[Any]


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
        Those that find labels, weights or names by id, where both files have ids.
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
        """Whether rows have no labels; all labels that are handed out are then 0."""
        return self.labels is None and not self.logits.labelled

    @property
    def notes(self) -> list[str]:
        """Notes that tell the user what was decided."""
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
    def labels_follower(self) -> Follower | None:
        """The follower that hands out labels, if they have a file of their own."""
        if self.labels is None:
            return None
        axis, offset = self.axes.labels_cut_axis, self.axes.shift.offset
        return Follower(self.labels, axis, offset, matching=self.matching_of("labels"))

    def matching_of(self, inputs: str) -> "Matching | None":
        """Return the matching that finds labels, weights, ... by id, or None."""
        return next((each for each in self.matchings if each.inputs == inputs), None)

    @property
    def row_followers(self) -> list[Follower]:
        """The followers that hand out weights and names; a shifted row has those of its label."""
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
        """Cut logits into blocks of about `elements` numbers, each with the labels of its rows.

        In each step, the parts of `more` come after those of labels, weights and names.
        """
        if self.axes.cut_axis is None:
            return iter([Step(Block(0, 1), 1)])
        if self.tiled:
            elements = elements_of_a_block(self.logits, elements)
        labels = [self.labels_follower] if self.labels_follower else []
        followers = [*labels, *self.row_followers, *more]
        return steps(self.logits, followers, self.axes.cut_axis, elements)

    def read(self, step: Step, options: LossOptions, keep: slice | None = None) -> AlignedRows:
        """Return the rows of a step that have a label, or only those in the slice `keep`."""
        return read_rows(self, step, options, keep)

    @property
    def rows_of_a_slice(self) -> int:
        """How many rows with a label a slice of the first axis has."""
        return math.prod(n or 0 for n in self.axes.lead[1:])

    def rows_of_slices(self, keep: slice | None) -> slice | None:
        """Return the rows of a step that lie in the slices `keep` of the first axis."""
        if keep is None:
            return None
        inner = self.rows_of_a_slice
        return slice((keep.start or 0) * inner, None if keep.stop is None else keep.stop * inner)

    def rows_before(self, step: Step, keep: slice | None = None) -> int:
        """Return how many rows with a label stand before the first row of a step that is kept."""
        start = step.block.start + ((keep.start or 0) if keep else 0)
        return rows_before(start, self.axes.lead[1:])

    def goes_by_tiles(self, step: Step) -> bool:
        """Whether a step is read by tiles, which needs labelled rows without gaps between them."""
        whole = self.axes.lead[1:] == self.axes.rows[1:] or step.rows == 1
        return self.tiled and whole

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
        """Return the error of a problem, after `rows` rows of the logits have been read."""
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
        The axis of the classes; by default PyTorch's 1, unless only the last one fits.
    shift : int
        How many rows further on the label of a row stands.
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
        If the labels, or those of one shard, do not fit the logits, as far as headers tell.
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
    return Aligned(logits, labels, axes, names, tiled, matchings, *beside, note)
