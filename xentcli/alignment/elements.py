"""What belongs to numbers that are rows by themselves, of --binary and --picked: decided once."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from xentcli.alignment.by_number import note_of_labels
from xentcli.alignment.cutting import steps
from xentcli.alignment.followers import (
    Follower,
    RowSources,
    followers_of,
    matchings_of,
    notes_of_place,
)
from xentcli.alignment.shard_counts import shard_note
from xentcli.alignment.steps import Step
from xentcli.core.checks import Problem, row_index
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Shape, Source

if TYPE_CHECKING:
    from xentcli.alignment.ids import Matching


class Elements(NamedTuple):
    """Numbers, and what belongs to each: a label, and a weight of its row.

    Attributes
    ----------
    values : Source
        The leader.
    followers : tuple of Follower
        The labels, unless there are none or they stand beside the values; and weights, groups and
        clusters, one for each slice of the first axis.
    note : str or None
        How several files of labels belong to those of the values.
    """

    values: Source
    followers: tuple[Follower, ...] = ()
    note: str | None = None

    @property
    def name(self) -> str:
        """The name of the numbers."""
        return self.values.name

    @property
    def shape(self) -> Shape:
        """The shape of the numbers."""
        return self.values.shape

    @property
    def matchings(self) -> "tuple[Matching, ...]":
        """They find labels, weights or names by their ids, where both files have ids."""
        return matchings_of(self.followers)

    @property
    def notes(self) -> "Iterator[str]":
        """Notes that tell the user how labels and what stands beside numbers were found."""
        yield from [self.note] if self.note else []
        yield from (matching.note for matching in self.matchings if matching.note)
        yield from notes_of_place(self.values, self.followers)
        labels = next((each.source for each in self.followers if each.what == "labels"), None)
        note = note_of_labels(self.values, labels)
        yield from [note] if note else []

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files that are read."""
        return self.values, *(each.source for each in self.followers)

    @property
    def shareable(self) -> bool:
        """Whether other processes can read the steps."""
        return self.values.shareable and all(each.source.shareable for each in self.followers)

    def steps(self, elements: int, rows: slice | None = None) -> Iterator[Step]:
        """Cut the values into blocks, each with what belongs to it, or those that hold `rows`."""
        return steps(self.values, self.followers, 0, elements, rows=rows)

    def place(self, problem: Problem) -> str:
        """Name the place of a problem in its input."""
        inner = tuple(n or 0 for n in self.values.shape[1:])
        row, *index = row_index(problem.row, inner)
        labels = (each for each in self.followers if problem.input == each.what == "labels")
        found = next(labels, None)
        if found is not None and found.matching is not None:
            row = found.matching.place_of(row)
        return (found.source if found else self.values).place((row, *index))

    def error(self, problem: Problem, _rows: int = 0) -> InputError:
        """Return the error of a problem, for `collect`, which tells how many rows were read."""
        return problem.at(self.place(problem))


def elements_of(
    values: Source, labels: Source | None, beside: RowSources, *, picked: bool
) -> Elements:
    """Decide what belongs to each number, which is its label's if `picked`.

    Raises
    ------
    InputError
        If shapes do not fit.
    """
    if not values.shape:
        raise ShapeError(f"{values.name}: a single number; --binary and --picked take (N,)")
    if picked and (labels is not None or values.labelled):
        raise ShapeError(f"{values.name}: --picked takes no labels: each number is its label's")
    several = math.prod(n or 1 for n in values.shape[1:]) != 1
    if not picked and labels is None and several and values.label_row != values.shape[1:]:
        raise ShapeError(
            f"{values.name}: one column of labels, and {values.shape[-1]} of values",
            hint="choose the column of class 1: --columns NAME",
        )
    note = None
    if labels is not None and None in (values.id_column, labels.id_column):
        note = shard_note(values, labels, 0)
    rows = values.shape[:1]
    followers = followers_of(values, labels, beside, rows, label_shape=values.shape)
    return Elements(values, followers, note)
