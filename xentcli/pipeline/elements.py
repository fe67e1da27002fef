"""What belongs to numbers that are rows by themselves, of --binary and --picked: decided once."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from xentcli.alignment.beside import matched_beside
from xentcli.alignment.cutting import steps
from xentcli.alignment.ids import Matching, by_id
from xentcli.alignment.reshaped import in_shape
from xentcli.alignment.steps import BESIDE_ROWS, Follower, Step
from xentcli.core.binary import BinaryOptions, check_binary_weights
from xentcli.core.checks import Problem, row_index
from xentcli.core.shapes import show_shape
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Shape, Source
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.opening import RowSources

__all__ = ["BinaryOptions", "Elements", "elements_of"]


class Elements(NamedTuple):
    """Numbers, and what belongs to each: a label, and a weight of its row.

    Attributes
    ----------
    values, labels : Source
        `labels` is None where there are none, or where they stand beside the values.
    beside : RowSources
        Weights, groups and clusters, one for each slice of the first axis.
    matchings : tuple of Matching
        They find labels, weights or names by their ids, where both files have ids.
    """

    values: Source
    labels: Source | None = None
    beside: RowSources = RowSources()
    matchings: tuple[Matching, ...] = ()

    @property
    def followers(self) -> list[Follower]:
        """What is read in step with the values."""
        by_id = {matching.inputs: matching for matching in self.matchings}
        return [
            Follower(source, what=what, matching=by_id.get(what))
            for what, source in zip(
                ("labels", *BESIDE_ROWS), (self.labels, *self.beside), strict=True
            )
            if source is not None
        ]

    @property
    def shape(self) -> Shape:
        """The shape of the numbers."""
        return self.values.shape

    @property
    def sources(self) -> tuple[Source | None, ...]:
        """The files that are read."""
        return self.values, self.labels, *self.beside

    @property
    def shareable(self) -> bool:
        """Whether other processes can read the steps."""
        return self.values.shareable and all(each.source.shareable for each in self.followers)

    def steps(self, elements: int, rows: slice | None = None) -> Iterator[Step]:
        """Cut the values into blocks, each with what belongs to it, or those that hold `rows`."""
        return steps(self.values, self.followers, 0, elements, rows=rows)

    def place(self, problem: Problem) -> str:
        """Name the place of a problem in its input."""
        source = self.labels if problem.input == "labels" and self.labels else self.values
        inner = tuple(n or 0 for n in self.values.shape[1:])
        return source.place(row_index(problem.row, inner))

    def error(self, problem: Problem, _rows: int = 0) -> InputError:
        """Return the error of a problem, for `collect`, which tells how many rows were read."""
        return problem.at(self.place(problem))


def elements_of(
    values: Source, labels: Source | None, criterion: Criterion, beside: RowSources
) -> Elements:
    """Decide what belongs to each number.

    Raises
    ------
    InputError
        If shapes do not fit.
    """
    if not values.shape:
        raise ShapeError(f"{values.name}: a single number; --binary and --picked take (N,)")
    if criterion.binary is not None:
        labels = _labels_of(values, labels)
        if None not in values.shape[1:]:
            check_binary_weights(criterion.binary, values.shape)
    elif labels is not None or values.labelled:
        raise ShapeError(f"{values.name}: --picked takes no labels: each number is its label's")
    sources, found = matched_beside(values, beside, values.shape[:1])
    matching = None
    if labels is not None:
        labels, matching = by_id(values, labels, "labels")
    matchings = (*([matching] if matching else []), *found)
    return Elements(values, labels, RowSources(*sources), matchings)


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
