"""Computes facts of rows, and only those that are asked for.

While a tile of rows is in the cache, the functions of these facts are called, so that the rows are
read once for all of them. `fact` explains what a fact is.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import Kind, Problem
from xentcli.core.fact import fact, forget
from xentcli.core.fact_walk import FactWalk
from xentcli.core.labels import LossOptions
from xentcli.core.tiled_rows import LogitRows
from xentcli.records import Record

__all__ = ["Origin", "RowFacts", "fact", "facts_of", "forget", "row_facts"]

Array = NDArray[Any]


class Origin(Record):
    """The place of some rows among all rows, and their ids, groups and clusters.

    Attributes
    ----------
    first_row : int
        How many rows stand before them.
    inner : int
        How many consecutive rows are one slice of the first axis.
    ids, groups, clusters : ndarray of shape (N,) or None
        The id of each row, the group in which it is measured, and the cluster of dependent rows.
    numbers : ndarray of int64 of shape (N,) or None
        Numbers that tell the fold of each row; without them, its place on the first axis does.
    """

    first_row: int = 0
    inner: int = 1
    ids: Array | None = None
    groups: Array | None = None
    clusters: Array | None = None
    numbers: NDArray[np.int64] | None = None

    def id_of(self, row: int) -> str | None:
        """Return the id of one of these rows as text, if rows have ids."""
        return None if self.ids is None else str(self.ids[row])

    def folds(self, rows: int) -> NDArray[np.int64]:
        """Return a number for each of `rows` rows, whose remainder by the folds is its fold."""
        return self.slices(rows) if self.numbers is None else self.numbers

    def slices(self, rows: int) -> NDArray[np.int64]:
        """Return the place of each of `rows` rows on the first axis."""
        return np.arange(self.first_row, self.first_row + rows) // max(1, self.inner)


NOWHERE = Origin()


class RowFacts:
    """The facts of some rows that were asked for.

    Attributes
    ----------
    rows, num_classes : int
        The shape of the rows.
    facts : mapping of str to ndarray of shape (N,) or None
        The facts as float64, bool or int64; None if a fact does not apply, or is not there.
    problems : tuple of Problem
        Labels outside the classes, and rows that are not finite.
    origin : Origin
        The place of the rows among all rows, and their names.
    """

    def __init__(
        self,
        rows: int,
        num_classes: int,
        facts: Mapping[str, Any],
        problems: tuple[Problem, ...] = (),
        origin: Origin = NOWHERE,
    ) -> None:
        self.origin = origin
        self.rows = rows
        self.num_classes = num_classes
        self.facts = facts
        self.problems = problems

    def __getitem__(self, name: str) -> Any:
        return self.facts.get(name)

    def at(self, origin: Origin) -> "RowFacts":
        """Return the same facts with another origin of the rows."""
        return RowFacts(self.rows, self.num_classes, self.facts, self.problems, origin)

    def some(self, rows: slice) -> "RowFacts":
        """Return the facts of some of the rows; raise TypeError if a fact is no array of them."""
        facts = {name: _some(values, self.rows, rows) for name, values in self.facts.items()}
        names = [_some(each, self.rows, rows) for each in self.origin[2:]]
        origin = Origin(self.origin.first_row + rows.start, self.origin.inner, *names)
        return RowFacts(rows.stop - rows.start, self.num_classes, facts, self.problems, origin)

    def having(self, found: Mapping[str, Any]) -> "RowFacts":
        """Return the same rows with these facts too, which may take the place of others."""
        facts = {**self.facts, **found}
        return RowFacts(self.rows, self.num_classes, facts, self.problems, self.origin)


def _some(values: Any, count: int, rows: slice) -> Any:
    if values is None:
        return None
    if not isinstance(values, np.ndarray) or values.shape[:1] != (count,):
        raise TypeError(f"{type(values).__name__} has no value for each row")
    return values[rows]


def row_facts(
    logits: LogitRows,
    labels: Array,
    options: LossOptions,
    needs: Iterable[str],
    *,
    kind: Kind = "logits",
    parameters: Mapping[str, Any] | None = None,
) -> RowFacts:
    """Return facts of rows (N, C) with class indices (N,) or class probabilities (N, C).

    Parameters
    ----------
    logits : ndarray of shape (N, C), or LogitRows that read from a file
        Logits, or numbers of another `kind`.
    labels : ndarray of shape (N,) or (N, C)
        Class indices, or class probabilities.
    options : LossOptions
        The options of the loss; rows that they ignore are ignored by all facts.
    needs : iterable of str
        The names of the facts.
    kind : {'logits', 'log-probabilities', 'probabilities'}
        The kind of numbers in the rows. Probabilities are used as they are, whatever their sum is.
    parameters : mapping of str, optional
        The parameters of facts that have some.

    Raises
    ------
    LabelError
        If the dtype of the labels cannot hold integers.
    KeyError
        If there is no such fact.
    """
    walk = FactWalk(logits, labels, options, needs, kind=kind, parameters=parameters)
    walk.read_all()
    return facts_of(walk)


def facts_of(walk: FactWalk) -> RowFacts:
    """Return the facts that were asked for, of rows that have been read."""
    found = {name: _as_fact(values) for name, values in walk.found().items()}
    rows, num_classes = walk.given.logits.shape
    return RowFacts(rows, num_classes, found, walk.problems)


def _as_fact(values: Any) -> Any:
    """Return float32 as float64, which changes no value."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        wide = values.astype(np.float64, copy=False)
        wide.flags.writeable = False  # several metrics read it
        return wide
    return values
