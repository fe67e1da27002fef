"""Logits and the labels of their rows, step by step: whoever computes asks nothing more."""

import math
from collections.abc import Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned_rows import AlignedRows
from xentcli.alignment.axes import Axes
from xentcli.alignment.by_number import note_of_flags, note_of_labels
from xentcli.alignment.class_names import ClassNames
from xentcli.alignment.cutting import chosen, steps
from xentcli.alignment.followers import Follower, matched, matchings_of, places_of, read
from xentcli.alignment.misfits import labels_of_one_row
from xentcli.alignment.steps import Step
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Problem, row_index
from xentcli.core.labels import NO_LABEL, LossOptions
from xentcli.core.shapes import rows_of, without_axis
from xentcli.errors import InputError
from xentcli.formats.base import BLOCK_ELEMENTS, Block, Source, Table, read_whole

if TYPE_CHECKING:
    from xentcli.alignment.ids import Matching

Array = NDArray[Any]
_RowsOfStep = tuple[Array | TiledRows, Array, Array | None, tuple[int, ...], Array | None]
_TEXT = ("csv", "tsv", "json")  # formats that do not tell integers from floats


class Aligned:
    """Logits, the labels of their rows, and what `align` decided about both.

    Parameters
    ----------
    logits : Source
        The leader.
    followers : sequence of Follower
        The labels, unless each row of logits has its own beside it in the file or none has one; a
        factor for each row; and a name of its group and of its cluster for each row, or for each
        slice of the first axis.
    axes : Axes
        Where the classes lie, what labels are, and the shift.
    names : ClassNames
        What labels that are names mean.
    tiled : bool
        Whether logits are read a tile at a time, where they are computed.
    note : str, optional
        What was decided about the shape of the labels.

    Attributes
    ----------
    name : str
        The name of the logits.
    labels : Source or None
        The labels, if they are a source of their own.
    unlabelled : bool
        Whether rows have no labels; all labels that are handed out are then 0.
    labels_in_text : bool
        Whether labels stand in a file of text, which does not tell integers from floats.
    shareable : bool
        Whether forked processes can read the steps on their own.
    sources : tuple of Source or None
        The files that are read.
    shape : Shape
        The shape of one number for each row of logits.
    rows_of_a_slice : int
        How many rows with a label a slice of the first axis has.
    """

    def __init__(
        self,
        logits: Source,
        followers: Sequence[Follower],
        axes: Axes,
        names: ClassNames,
        *,
        tiled: bool = False,
        note: str | None = None,
    ) -> None:
        self._labels = next((each for each in followers if each.what == "labels"), None)
        self._beside = [each for each in followers if each is not self._labels]
        self.logits, self.name = logits, logits.name
        self.labels = labels = self._labels.source if self._labels else None
        self.axes, self.names, self.tiled, self._note = axes, names, tiled, note
        self.unlabelled = labels is None and not logits.labelled
        self.labels_in_text = (labels or logits).format in _TEXT
        self.shareable = logits.shareable and (labels is None or labels.shareable)
        self.sources = logits, *(each.source for each in followers)
        self.followers = tuple(followers)
        self.shape, self.rows_of_a_slice = axes.rows, math.prod(axes.inner)
        self._gapless = axes.lead[1:] == axes.rows[1:]

    @property
    def matchings(self) -> "tuple[Matching, ...]":
        """Those that find labels, weights or names by id, where both files have ids."""
        return matchings_of(self.followers)

    @property
    def notes(self) -> list[str]:
        """Notes that tell the user what was decided."""
        named, axes = self.names.where == "--classes", self.axes
        by_number = None if named else note_of_labels(self.logits, self.labels)
        dtype = self.labels.dtype if self.labels else self.logits.label_dtype
        where, soft = (self.labels or self.logits).name, axes.probabilities
        flags = None if soft else note_of_flags(where, dtype, axes.num_classes)
        of_names = self.names.notes_on(dtype, probabilities=soft)
        return [*filter(None, (self._note, axes.note, by_number, flags)), *of_names]

    def in_memory(self) -> "Aligned":
        """Return the same rows, whole blocks of which are read into memory."""
        other = copy(self)
        other.tiled = False
        return other

    def steps(
        self,
        elements: int = BLOCK_ELEMENTS,
        rows: slice | None = None,
        more: Sequence[Follower] = (),
    ) -> Iterator[Step]:
        """Cut logits into blocks of about `elements` numbers, each with the labels of its rows.

        If `rows` is given, blocks without any of these slices are left out. In each step, the parts
        of `more` come after those of labels, weights and names.
        """
        axis = self.axes.cut_axis
        followers = [*filter(None, [self._labels]), *self._beside, *more]
        if axis is None:
            return chosen(iter([Step(Block(0, 1), 1)]), rows)
        return steps(self.logits, followers, axis, elements, rows=rows, tiled=self.tiled)

    def read(self, step: Step, options: LossOptions, keep: slice | None = None) -> AlignedRows:
        """Return the rows of a step that have a label, or only those in the slice `keep`."""
        read_rows = self._tiles if self.goes_by_tiles(step) else self._arrays
        logits, labels, ids, lead, places = read_rows(step)
        beside, places_of = self._read_beside(step, lead, ids) if self._beside else ({}, {})
        if places is not None:
            places_of["labels"] = places
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
        names = beside.get("groups"), beside.get("clusters")
        return AlignedRows(logits, labels, lead, options, problems, ids, places_of, weights, *names)

    def _tiles(self, step: Step) -> _RowsOfStep:
        """Return the rows of a step, which are read when they are computed."""
        lead = (step.rows, *self.axes.inner)
        count = math.prod(lead)
        labels, ids = np.zeros(count, np.int64), None
        if not self.unlabelled:
            labels, _, ids = self._read_labels(step, None)
        ids = ids if len(lead) == 1 else None  # of slices, and not of their rows
        first = step.block.start * self.axes.slice_rows
        return TiledRows(self.logits, first, count), labels.reshape(-1), ids, lead, None

    def _arrays(self, step: Step) -> _RowsOfStep:
        """Return the rows of a step in memory."""
        axes = self.axes
        whole = axes.cut_axis is None
        table = Table(read_whole(self.logits)) if whole else self.logits.decode(step.block)
        labels, places, ids = table.labels, None, table.ids
        if self._labels:
            labels, places, ids = self._read_labels(step, ids)
        values = axes.shift.logits_with_a_label(table.values, axes.last_row_axis, step.rows)
        if labels is None and self.unlabelled:
            labels = np.zeros(without_axis(values.shape, axes.class_axis), np.int64)
        if labels is None:
            raise AssertionError("a file of logits and labels has labels in each block")
        rows = rows_of(values, labels, axes.class_axis, one_hot=axes.probabilities)
        ids = None if ids is None else ids[: step.rows]
        return rows.values, rows.labels, ids, rows.lead, places

    def _read_labels(
        self, step: Step, ids: Array | None
    ) -> tuple[Array, Array | None, Array | None]:
        """Return the labels of a step, their places if ids found them elsewhere, and the ids.

        Rows without ids of their own have those of their labels.
        """
        if self._labels is None:
            raise AssertionError("labels stand beside the logits")
        if self.axes.cut_axis is None:
            return labels_of_one_row(self._labels.source, self.logits), None, ids
        there = read(self._labels, step.parts[0])
        labels, places = places_of(self._labels, there, ids, step.block.start)
        labels = self.axes.shift.labels_of_a_row(labels, self.axes.last_label_axis)
        return labels, places, there.ids if ids is None else ids

    def _read_beside(
        self, step: Step, lead: tuple[int, ...], ids: Array | None
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the weights and names of a step's rows, and their places if found by id."""
        axes, found, places_of = self.axes, {}, {}
        for i, follower in enumerate(self._beside, 1 if self._labels else 0):
            if axes.cut_axis is None:
                values = read_whole(follower.source)
            else:
                values, places = matched(follower, step.parts[i], ids, step.block.start)
                if places is not None:
                    places_of[follower.what] = places
                if len(follower.source.shape) == len(axes.rows):
                    values = axes.shift.labels_of_a_row(values, len(axes.rows) - 1)
                else:
                    values = np.repeat(values.reshape(-1), math.prod(lead[1:]))
            found[follower.what] = values.reshape(-1)
        return found, places_of

    def rows_of_slices(self, keep: slice | None) -> slice | None:
        """Return the rows of a step that lie in the slices `keep` of the first axis."""
        if keep is None:
            return None
        inner = self.rows_of_a_slice
        return slice((keep.start or 0) * inner, None if keep.stop is None else keep.stop * inner)

    def rows_before(self, step: Step, keep: slice | None = None) -> int:
        """Return how many rows with a label stand before the first row of a step that is kept."""
        start = step.block.start + ((keep.start or 0) if keep else 0)
        return start * self.rows_of_a_slice

    def goes_by_tiles(self, step: Step) -> bool:
        """Whether a step is read by tiles, which needs labelled rows without gaps between them."""
        return self.tiled and (self._gapless or step.rows == 1)

    def place(self, problem: Problem) -> str:
        """Name the place of a problem in its input."""
        labels = self._labels if problem.input == "labels" else None
        index = [*row_index(problem.row, self.axes.inner)] if self.axes.lead else []
        if problem.input == "labels":
            index = self.axes.shift.label_index(index)
            if labels is not None and labels.matching is not None and index:
                index[0] = labels.matching.place_of(index[0])
        elif problem.column is not None:
            index.insert(self.axes.class_axis, problem.column)
        return (labels.source if labels else self.logits).place(tuple(index))

    def error(self, problem: Problem, _rows: int = 0) -> InputError:
        """Return the error of a problem, for `collect`, which tells how many rows were read."""
        return self.names.with_hint(problem).at(self.place(problem))
