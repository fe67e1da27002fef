"""Reads the logits of other models in step with those of a first: the same rows and classes.

Rows are matched by place or by id, whatever the shards, formats and dtypes. Classes are matched by
the names in the headers, if both have some.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.by_number import check_one_order
from xentcli.alignment.class_order import class_order
from xentcli.alignment.followers import Follower, following, leader_of_ids, matchings_of, read
from xentcli.alignment.misfits import check_shape_of_model
from xentcli.alignment.steps import Step, rows_of_table
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Problem, row_index
from xentcli.core.shapes import as_rows
from xentcli.errors import InputError
from xentcli.formats.base import BLOCK_ELEMENTS, Shape, Source, Table, indexed, read_whole

if TYPE_CHECKING:
    from xentcli.alignment.ids import Matching

Array = NDArray[Any]


class OtherModel(NamedTuple):
    """The logits of another model.

    Attributes
    ----------
    follower : Follower
        Its file or files, whose rows belong to those of the first model.
    order : tuple of int or None
        The column of each class of the first model; None if the order is the same.
    number : int
        The number of the model among the others, from 1.
    note : str or None
        A note for the user about its classes.
    """

    follower: Follower
    order: tuple[int, ...] | None = None
    number: int = 1
    note: str | None = None

    @property
    def source(self) -> Source:
        """Its file or files."""
        return self.follower.source

    @property
    def input(self) -> str:
        """The name of this input in problems and matchings."""
        return _input(self.number)

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
    def matchings(self) -> "tuple[Matching, ...]":
        """The matchings that find labels and rows by id."""
        of_others = matchings_of(other.follower for other in self.others)
        return *self.first.matchings, *of_others

    def check_order(self) -> None:
        """Raise InputError if ids show two orders, and a model has no ids that tell its own."""
        placed = next((each for each in self.others if each.follower.matching is None), None)
        moved = (each for each in self.matchings if each.inputs not in ("groups", "clusters"))
        found = next((each for each in moved if each.in_another_order), None)
        if placed is not None and found is not None:
            raise found.unknown_order_of(placed.source.name)

    @property
    def shape(self) -> Shape:
        """The shape of one number for each row of logits."""
        return self.first.shape

    @property
    def name(self) -> str:
        """The name of the first model's logits."""
        return self.first.name

    def steps(self, elements: int = BLOCK_ELEMENTS, rows: slice | None = None) -> Iterator[Step]:
        """Cut the first model's logits into blocks, each with what belongs to the same rows.

        If `rows` is given, blocks without any of these slices are left out.
        """
        return self.first.steps(elements, rows, [other.follower for other in self.others])

    def read(
        self, step: Step, ids: Array | None, count: int, keep: slice | None = None
    ) -> Iterator[tuple[Array | TiledRows, Array | None]]:
        """Yield the rows of each other model, and their places if ids found them elsewhere.

        Their classes are in the order of the first model's.

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
                values, places = self._arrays(other, step, parts[i] if parts else None, ids, keep)
                yield other.in_order(values), places

    def _arrays(
        self, other: OtherModel, step: Step, part: Any, ids: Array | None, keep: slice | None
    ) -> tuple[Array, Array | None]:
        """Return the rows of another model in memory, with its classes as they are stored."""
        axes = self.first.axes
        if axes.cut_axis is None:
            values = read_whole(other.source)
            return as_rows(values, axes.class_axis), None
        there = read(other.follower, part)
        matching = other.follower.matching
        if matching is not None:
            if keep is not None:
                there = rows_of_table(Table(there.values, None, there.ids), keep.start, keep.stop)
            values, places = matching.labels_of(ids, there, step.block.start)
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
        if other.follower.matching is not None:
            index[0] = other.follower.matching.place_of(index[0])
        if problem.column is not None:
            column = problem.column if other.order is None else other.order[problem.column]
            index.insert(axes.class_axis, column)
        return other.source.place(tuple(index))

    def error(self, problem: Problem, _rows: int = 0) -> InputError:
        """Return the error of a problem, for `collect`, which tells how many rows were read."""
        return self.first.names.with_hint(problem).at(self.place(problem))


def _input(number: int) -> str:
    return f"logits {number}"


def with_models(first: Aligned, others: Sequence[Source]) -> AlignedModels:
    """Decide how the logits of other models belong to those of the first.

    Raises
    ------
    InputError
        If their shapes or their classes are not those of the first.
    """
    axes, found = first.axes, []
    if not first.names.names and axes.class_axis == len(axes.logits) - 1:
        named = filter(None, (first.labels, *others))
        check_one_order(first.name, ((each.name, each.columns) for each in named))
    leader = leader_of_ids(first.logits, first.labels)
    for number, given in enumerate(others, 1):
        source = indexed(given) if axes.cut_axis else given
        axis = axes.cut_axis or 0
        there = following(
            leader,
            source,
            "rows",
            axis=axis,
            inputs=_input(number),
            in_shards=False,
            only_by_place=axes.only_by_place,
        )
        check_shape_of_model(first.logits, there.source, axes, by_id=there.matching is not None)
        order = class_order(first, there.source)
        found.append(OtherModel(there, order.columns, number, order.note))
    tiled = all(
        each.follower.matching is None and each.order is None and each.source.tileable
        for each in found
    )
    return AlignedModels(first if tiled else first.in_memory(), tuple(found))
