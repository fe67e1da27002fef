"""Row facts: what is computed of each row, of which only what was asked for is computed.

While a tile of rows is in the cache, the functions of the facts are called that were asked for, so
that the rows are read once for all of them. `fact` says what a fact is.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core import facts as _all_of_them  # noqa: F401 - registers them
from xentcli.core.checks import Kind, Problem, check_finite
from xentcli.core.dtypes import computing_dtype
from xentcli.core.fact import Fact, Given, TileFacts, When, fact, forget, plan
from xentcli.core.labels import LossOptions
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.observer import Exponentials, Observer, Peaks
from xentcli.core.probability_rows import walk_probabilities
from xentcli.core.rows import LogitRows
from xentcli.errors import NonFiniteError

__all__ = ["Origin", "RowFacts", "fact", "forget", "row_facts"]

Array = NDArray[Any]
_EMPTY = Normalizer(np.zeros(0), np.zeros(0))


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
    needs = tuple(needs)
    given = Given(logits, labels, options, kind, _EMPTY, parameters)
    planned = plan(needs if kind == "logits" else (*needs, "picked"))
    for each in planned:
        if each.when == "labels":
            given.facts[each.name] = each.function(given)
    alone = all(each.alone or each.when == "labels" for each in planned)
    found = () if alone else _walk(given, planned)
    for each in planned:
        if each.when == "rows":
            given.facts[each.name] = each.function(given) if each.applies(given) else None
    problems = (given.checked.problems if given.checked else ()) + found
    wanted = {name: _as_fact(given[name]) for name in needs}
    rows, num_classes = logits.shape
    return RowFacts(rows, num_classes, wanted, problems)


def _as_fact(values: Any) -> Any:
    """Return float32 as float64; what was computed already loses nothing by it."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return values.astype(np.float64, copy=False)
    return values


def _walk(given: Given, planned: tuple[Fact, ...]) -> tuple[Problem, ...]:
    """Read the rows, compute what is computed tile by tile, and return what is wrong with them."""
    facts = _TileObserver(given, planned)
    if given.kind == "logits":
        given.norm = normalizer(given.logits, facts)
        return _not_finite(given)
    names = {each.name for each in planned}
    given.norm = walk_probabilities(
        given.logits,
        facts,
        logarithms=given.kind == "log-probabilities",
        peaks="peak" in names or facts.wants_peaks,
        terms="rest" in names or facts.wants_exponentials,
    )
    return _not_probable(given)


class _TileObserver(Observer):
    """Fills the arrays of facts that are computed of each tile while it is in the cache."""

    def __init__(self, given: Given, planned: tuple[Fact, ...]) -> None:
        self._given = given
        self._facts: dict[str, list[Fact]] = {"before": [], "peaks": [], "after": []}
        for each in planned:
            if each.when in self._facts:
                self._add(each)
        self.exp = given.exp_of_gaps
        self.wants_peaks = bool(self._facts["peaks"])
        self.wants_exponentials = bool(self._facts["after"])

    def _add(self, each: Fact) -> None:
        given = self._given
        given.facts[each.name] = None
        if each.applies(given):
            dtype = each.dtype or computing_dtype(given.logits.dtype)
            rows, num_classes = given.logits.shape
            made = np.empty if num_classes else np.zeros  # there are no tiles without classes
            given.facts[each.name] = made(rows, dtype)
            self._facts[each.when].append(each)
            self.wants_gaps = self.wants_gaps or each.gaps

    def _fill(self, when: When, tile: slice, found: Any) -> None:
        view = TileFacts(self._given, tile)
        for each in self._facts[when]:
            view[each.name][...] = each.function(view, found)

    def before(self, tile: slice, rows: Array) -> None:
        self._fill("before", tile, rows)

    def peaks(self, tile: slice, found: Peaks) -> None:
        self._fill("peaks", tile, found)

    def after(self, tile: slice, found: Exponentials) -> None:
        self._fill("after", tile, found)


def _not_finite(given: Given) -> tuple[Problem, ...]:
    """Return what is wrong with logits: the first used row whose loss is NaN."""
    if not np.isnan(given.norm.rest.min(initial=0.0)):
        return ()
    bad = np.isnan(given.norm.rest)
    return check_finite(given.logits, given.checked.of_used(bad) if given.checked else bad)


def _not_probable(given: Given) -> tuple[Problem, ...]:
    """Return what is wrong with the probabilities of labels, or their logarithms."""
    checked, picked = given.checked, given["picked"]
    probs = given.kind == "probabilities"
    if checked is None:
        return _nan_losses(given)
    bad = checked.of_used(np.isnan(picked) | (picked == np.inf) | (probs & (picked < 0.0)))
    rows = np.flatnonzero(bad)
    if rows.size == 0:
        return ()
    row = int(rows[0])
    message = f"{'probability' if probs else 'log-probability'} {picked[row]:g}"
    hint = "--non-finite propagate computes on with it" if np.isnan(picked[row]) else None
    column = int(checked.index[row])
    return (Problem(NonFiniteError, row, message, len(rows), "logits", column, hint),)


def _nan_losses(given: Given) -> tuple[Problem, ...]:
    """Return which rows against class probabilities have no loss: they hold NaN."""
    rows = np.flatnonzero(np.isnan(given.nll_against_probabilities[0]))
    if rows.size == 0 or given.options.nan_of_zero:
        return ()
    row = int(rows[0])
    message = f"a {'probability' if given.kind == 'probabilities' else 'log-probability'} is NaN"
    hint = "--non-finite propagate computes on with it"
    return (Problem(NonFiniteError, row, message, rows.size, "logits", None, hint),)
