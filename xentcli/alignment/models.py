"""Reads the logits of other models in step with those of a first: the same rows and classes.

Rows are matched by place or by id, whatever the shards, formats and dtypes. Classes are matched by
the names in the headers, if both have some.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.axes import Axes
from xentcli.alignment.class_order import class_order
from xentcli.alignment.ids import Matching, by_id, check_by_id
from xentcli.alignment.steps import Follower, Step, read, rows_of_table
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Problem, row_index
from xentcli.core.shapes import as_rows, show_shape
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import BLOCK_ELEMENTS, Source, Table, indexed, read_whole

Array = NDArray[Any]


class OtherModel(NamedTuple):
    """The logits of another model.

    Attributes
    ----------
    source : Source
        Its file or files.
    order : tuple of int or None
        The column of each class of the first model; None if the order is the same.
    matching : Matching or None
        The matching that finds its rows by id.
    number : int
        The number of the model among the others, from 1.
    note : str or None
        A note for the user about its classes.
    """

    source: Source
    order: tuple[int, ...] | None = None
    matching: Matching | None = None
    number: int = 1
    note: str | None = None

    @property
    def input(self) -> str:
        """The name of this input in problems and matchings."""
        return f"logits {self.number}"

    def in_order(self, rows: Array) -> Array:
        """Return rows (N, C) with the classes in the order of the first model's."""
        return rows if self.order is None else rows[:, self.order]


class AlignedModels(NamedTuple):
    """Logits and labels, and the logits of other models on the same rows.

    Attributes
    ----------
    first : Aligned
        The first model's logits, and the labels of all.
    others : tuple of OtherModel
        The other models.
    """

    first: Aligned
    others: tuple[OtherModel, ...]

    @property
    def notes(self) -> list[str]:
        """Notes that tell the user what was decided."""
        return [*self.first.notes, *(other.note for other in self.others if other.note)]

    @property
    def sources(self) -> tuple[Source | None, ...]:
        """The files that are read."""
        return *self.first.sources, *(other.source for other in self.others)

    @property
    def shareable(self) -> bool:
        """Whether forked processes can read the steps on their own."""
        return self.first.shareable and all(other.source.shareable for other in self.others)

    @property
    def matchings(self) -> list[Matching]:
        """The matchings that find labels and rows by id."""
        of_others = (other.matching for other in self.others)
        return [*self.first.matchings, *(each for each in of_others if each is not None)]

    def steps(self, elements: int = BLOCK_ELEMENTS) -> Iterator[Step]:
        """Cut the first model's logits into blocks, each with what belongs to the same rows."""
        axis = self.first.axes.cut_axis or 0
        return self.first.steps(elements, more=[_follower(other, axis) for other in self.others])

    def read(
        self, step: Step, ids: Array | None, count: int, keep: slice | None = None
    ) -> Iterator[tuple[Array | TiledRows, Array | None]]:
        """Yield the rows of each other model, and their places if ids found them elsewhere.

        Parameters
        ----------
        step : Step
            The step whose rows are read.
        ids : ndarray of shape (N,), optional
            The ids of the first model's rows that are kept.
        count : int
            How many rows of the first model have a label.
        keep : slice, optional
            Which of the rows are kept.
        """
        parts = step.parts[max(0, len(step.parts) - len(self.others)) :]
        for i, other in enumerate(self.others):
            if self.first.goes_by_tiles(step):
                start = step.block.start * self.first.axes.slice_rows
                tiled = TiledRows(other.source, start, count)
                yield tiled if keep is None else np.array(tiled[keep]), None
            else:
                yield self._arrays(other, step, parts[i] if parts else None, ids, keep)

    def _arrays(
        self, other: OtherModel, step: Step, part: Any, ids: Array | None, keep: slice | None
    ) -> tuple[Array, Array | None]:
        """Return the rows of another model in memory."""
        axes = self.first.axes
        if axes.cut_axis is None:
            values = read_whole(other.source)
            return as_rows(values, axes.class_axis), None
        there = read(_follower(other, axes.cut_axis), part)
        if other.matching is not None:
            if keep is not None:
                there = rows_of_table(Table(there.values, None, there.ids), keep.start, keep.stop)
            values, places = other.matching.labels_of(ids, there, step.block.start)
            return as_rows(values, axes.class_axis), places
        values = axes.shift.logits_with_a_label(there.values, axes.last_row_axis, step.rows)
        rows = as_rows(values, axes.class_axis)
        return (rows if keep is None else rows[keep]), None

    def place(self, problem: Problem) -> str:
        """Name the place of a problem in its input."""
        other = next((each for each in self.others if each.input == problem.input), None)
        if other is None:
            return self.first.place(problem)
        axes = self.first.axes
        index = [*row_index(problem.row, axes.inner)] if axes.lead else []
        if other.matching is not None:
            index[0] = other.matching.place_of(index[0])
        if problem.column is not None:
            column = problem.column if other.order is None else other.order[problem.column]
            index.insert(axes.class_axis, column)
        return other.source.place(tuple(index))

    def error(self, problem: Problem, _rows: int = 0) -> InputError:
        """Return the error of a problem, for `collect`, which tells how many rows were read."""
        return self.first.names.with_hint(problem).at(self.place(problem))


def _follower(other: OtherModel, axis: int) -> Follower:
    return Follower(other.source, axis, 0, "rows", other.matching, in_shards=False)


def with_models(first: Aligned, others: Sequence[Source]) -> AlignedModels:
    """Decide how the logits of other models belong to those of the first.

    Raises
    ------
    InputError
        If their shapes or their classes are not those of the first.
    """
    found = []
    for number, given in enumerate(others, 1):
        source = indexed(given) if first.axes.cut_axis else given
        there, matching = by_id(first.logits, source, f"logits {number}", "row")
        _check_shape(first.logits, there, first.axes, by_id=matching is not None)
        if matching is not None:
            check_by_id(first.logits, first.axes)
        order = class_order(first, there)
        found.append(OtherModel(there, order.columns, matching, number, order.note))
    tiled = all(other.matching is None and other.source.tileable for other in found)
    return AlignedModels(first if tiled else first.in_memory(), tuple(found))


def _check_shape(first: Source, other: Source, axes: Axes, *, by_id: bool) -> None:
    """Raise a ShapeError that names the axis if shapes differ, as far as headers tell."""
    one, two = first.shape, other.shape
    if len(one) != len(two):
        raise ShapeError(
            f"{other.name}: shape {show_shape(two)}, and {first.name} has {show_shape(one)}",
            hint="labels go by name: --labels FILE" if len(two) == len(one) - 1 else None,
        )
    for axis, (here, there) in enumerate(zip(one, two, strict=True)):
        if None in (here, there) or here == there or (by_id and axis == 0):
            continue
        if axis == axes.class_axis:
            raise ShapeError(f"{other.name}: {there} classes, and {first.name} has {here}")
        if axis == axes.cut_axis and len(one) == 2:
            raise ShapeError(f"{other.name}: {there} rows, and {first.name} has {here}")
        raise ShapeError(
            f"{other.name}: {there} along axis {axis} of shape {show_shape(two)}, and "
            f"{first.name} has {here} of {show_shape(one)}"
        )
