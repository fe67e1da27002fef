"""Row facts: what is computed of each row, of which only what was asked for is computed.

While a tile of rows is in the cache, the functions of the facts are called that were asked for, so
that the rows are read once for all of them. `fact` says what a fact is.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import Kind, Problem
from xentcli.core.fact import fact, forget
from xentcli.core.fact_walk import FactWalk
from xentcli.core.labels import LossOptions
from xentcli.core.tiled_rows import LogitRows

__all__ = ["Origin", "RowFacts", "fact", "facts_of", "forget", "row_facts"]

Array = NDArray[Any]


class Origin(NamedTuple):
    """Where some rows stand among all, and what names them or puts them together.

    Attributes
    ----------
    first_row : int
        How many rows stand before them.
    inner : int
        How many consecutive rows are one slice of the first axis.
    ids, groups, clusters : ndarray of shape (N,) or None
        The name of each row, the group that it is measured with, and the rows that it depends on.
    numbers : ndarray of int64 of shape (N,) or None
        What says which fold each row belongs to; else its place on the first axis does.
    """

    first_row: int = 0
    inner: int = 1
    ids: Array | None = None
    groups: Array | None = None
    clusters: Array | None = None
    numbers: NDArray[np.int64] | None = None

    def folds(self, rows: int) -> NDArray[np.int64]:
        """Return what says which fold each of so many rows belongs to, by the remainder."""
        return self.slices(rows) if self.numbers is None else self.numbers

    def slices(self, rows: int) -> NDArray[np.int64]:
        """Return the place of each of so many rows on the first axis."""
        return np.arange(self.first_row, self.first_row + rows) // max(1, self.inner)


NOWHERE = Origin()


class RowFacts:
    """What was asked for of some rows.

    Attributes
    ----------
    rows, num_classes : int
        The shape of the rows.
    facts : mapping of str to ndarray of shape (N,) or None
        float64, bool or int64; None where a fact does not apply, or is not there.
    problems : tuple of Problem
        Labels outside the classes, and rows that are not finite.
    origin : Origin
        Where the rows stand, and what names them.
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
        """Return the same facts of rows that stand elsewhere."""
        return RowFacts(self.rows, self.num_classes, self.facts, self.problems, origin)


def row_facts(
    logits: LogitRows,
    labels: Array,
    options: LossOptions,
    needs: Iterable[str],
    *,
    kind: Kind = "logits",
    parameters: Mapping[str, Any] | None = None,
) -> RowFacts:
    """Return what is needed of rows (N, C) with class indices (N,) or class probabilities (N, C).

    Parameters
    ----------
    logits : ndarray of shape (N, C), or LogitRows that read from a file
        Logits, or what `kind` says.
    labels : ndarray of shape (N,) or (N, C)
        Class indices, or class probabilities.
    options : LossOptions
        Of the loss; which rows are ignored holds for all facts.
    needs : iterable of str
        The names of facts.
    kind : {'logits', 'log-probabilities', 'probabilities'}
        What the rows hold. Probabilities are used as they are, whatever they sum to.
    parameters : mapping of str, optional
        What facts are to be computed with, where they say so.

    Raises
    ------
    LabelError
        If labels are of a dtype that holds no integers.
    KeyError
        If there is no such fact.
    """
    walk = FactWalk(logits, labels, options, needs, kind=kind, parameters=parameters)
    walk.read_all()
    return facts_of(walk)


def facts_of(walk: FactWalk) -> RowFacts:
    """Return what was asked for of rows that have been read."""
    found = {name: _as_fact(values) for name, values in walk.found().items()}
    rows, num_classes = walk.given.logits.shape
    return RowFacts(rows, num_classes, found, walk.problems)


def _as_fact(values: Any) -> Any:
    """Return float32 as float64; what was computed already loses nothing by it."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return values.astype(np.float64, copy=False)
    return values
