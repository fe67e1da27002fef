"""Computes the facts of rows tile by tile, while each tile is in the cache."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core import facts as _all_of_them  # noqa: F401 - registers them
from xentcli.core.checks import Kind, Problem, check_finite
from xentcli.core.dtypes import computing_dtype, widen
from xentcli.core.fact import Fact, When, plan
from xentcli.core.fact_values import check_cast, locked, misfit
from xentcli.core.given import Given, TileFacts
from xentcli.core.labels import LossOptions
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.observer import Exponentials, Observer, Peaks
from xentcli.core.tiled_rows import LogitRows
from xentcli.errors import NonFiniteError

Array = NDArray[Any]
_EMPTY = Normalizer(np.zeros(0), np.zeros(0))


class FactWalk:
    """Reads rows and computes their facts; the parameters are those of `row_facts`.

    Attributes
    ----------
    given : Given
        The rows, and the facts that have been computed.
    """

    def __init__(
        self,
        logits: LogitRows,
        labels: Array,
        options: LossOptions,
        needs: Iterable[str],
        *,
        kind: Kind = "logits",
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.given = given = Given(logits, labels, options, kind, _EMPTY, parameters)
        self._needs = tuple(needs)
        self._planned = plan(self._needs if kind == "logits" else (*self._needs, "picked"))
        self._problems: tuple[Problem, ...] = ()
        for each in self._planned:
            if each.when == "labels":
                given.facts[each.name] = locked(each.function(given))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Labels outside the classes, and rows that are not finite."""
        checked = self.given.checked
        return (checked.problems if checked else ()) + self._problems

    def read_all(self) -> None:
        """Read the rows, and compute the facts that are computed tile by tile."""
        if not all(each.alone or each.when == "labels" for each in self._planned):
            self._problems = _walk(self.given, self._planned)

    def observer(self) -> "TileObserver":
        """Return what computes facts while the rows are read in another way than by `read_all`."""
        return TileObserver(self.given, self._planned)

    def end(self) -> None:
        """End such a reading of logits, whose normalizer is there."""
        self._problems = _not_finite(self.given)

    def found(self) -> dict[str, Any]:
        """Return the facts that were asked for, after all rows have been read."""
        given = self.given
        for name, values in given.facts.items():
            given.facts[name] = locked(values)
        for each in self._planned:
            if each.when == "rows":
                found = each.function(given) if each.applies(given) else None
                given.facts[each.name] = locked(found)
        return {name: given[name] for name in self._needs}


def _walk(given: Given, planned: tuple[Fact, ...]) -> tuple[Problem, ...]:
    """Read the rows, compute facts tile by tile, and return the problems of the rows."""
    facts = TileObserver(given, planned)
    if given.kind == "logits":
        given.norm = normalizer(given.logits, facts)
        return _not_finite(given)
    from xentcli.core.probability_rows import walk_probabilities

    names = {each.name for each in planned}
    given.norm = walk_probabilities(
        given.logits,
        facts,
        logarithms=given.kind == "log-probabilities",
        peaks="peak" in names or facts.wants_peaks,
        terms="rest" in names or facts.wants_exponentials,
    )
    return _not_probable(given)


class TileObserver(Observer):
    """Fills the arrays of facts that are computed from each tile while it is in the cache."""

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
            self.wants_classes = self.wants_classes or each.classes

    def _fill(self, when: When, tile: slice, found: Any) -> None:
        view = TileFacts(self._given, tile)
        for each in self._facts[when]:
            place, values = view[each.name], each.function(view, found)
            if getattr(values, "shape", None) != place.shape:  # NumPy would repeat one number
                raise misfit(each.name, values, len(place))
            if values.dtype != place.dtype:  # not if 2.7 would be 2, and a complex number real
                check_cast(each.name, values.dtype, place.dtype)
            place[...] = values

    def before(self, tile: slice, rows: Array) -> None:
        """Compute the facts that need the rows themselves."""
        shown = rows.view()
        shown.flags.writeable = False  # a fact that changed them would change the loss
        self._fill("before", tile, shown)

    def peaks(self, tile: slice, found: Peaks) -> None:
        """Compute the facts of maxima."""
        self._fill("peaks", tile, found)

    def after(self, tile: slice, found: Exponentials) -> None:
        """Compute the facts of exponentials."""
        self._fill("after", tile, found)


def _not_finite(given: Given) -> tuple[Problem, ...]:
    """Return the problem of logits: the first used row whose loss is NaN."""
    if not np.isnan(given.norm.rest.min(initial=0.0)):
        return ()
    bad = np.isnan(given.norm.rest)
    return check_finite(given.logits, given.checked.of_used(bad) if given.checked else bad)


def _not_probable(given: Given) -> tuple[Problem, ...]:
    """Return the problem of the labels' probabilities, or of their logarithms."""
    checked, picked = given.checked, given["picked"]
    probs = given.kind == "probabilities"
    if checked is None:
        return _nan_losses(given)
    bad = checked.of_used(np.isnan(picked) | (picked == np.inf) | (probs & (picked < 0.0)))
    rows = np.flatnonzero(bad)
    if rows.size == 0:
        return ()
    row = int(rows[0])
    return (_odd_value(given, row, int(checked.index[row]), picked[row], len(rows)),)


def _nan_losses(given: Given) -> tuple[Problem, ...]:
    """Return the problem of rows with class probabilities that hold NaN or +inf.

    The loss of other rows may be NaN too, and is PyTorch's: of a weight of 0 and a loss of inf.
    """
    loss = given.nll_against_probabilities[0]
    bad = np.isnan(loss) | (loss == -np.inf)
    if given.options.nan_of_zero or not bad.any():
        return ()
    values = widen(given.logits[: len(bad)])
    odd = (np.isnan(values) | (values == np.inf)) & bad[:, None]
    rows = np.flatnonzero(odd.any(axis=1))
    if rows.size == 0:
        return ()
    row, column = int(rows[0]), int(odd[rows[0]].argmax())
    return (_odd_value(given, row, column, values[row, column], rows.size),)


def _odd_value(given: Given, row: int, column: int, value: float, rows: int) -> Problem:
    """Return the problem of a probability, or of its logarithm, that none can be."""
    what = "probability" if given.kind == "probabilities" else "log-probability"
    hint = "--non-finite propagate computes on with it" if np.isnan(value) else None
    return Problem(NonFiniteError, row, f"{what} {value:g}", rows, "logits", column, hint)
