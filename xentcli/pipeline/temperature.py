"""Logits and labels to the temperature that minimises their cross entropy."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

import numpy as np

from xentcli.core.root import RootSearch
from xentcli.errors import InputError, XentError
from xentcli.formats.base import IndexedSource, MemorySource, Source, Table
from xentcli.metrics.slopes import SlopeCounts, SlopesOfBeta, SlopesOfRows
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import states_of_rows
from xentcli.pipeline.inputs import RowSources
from xentcli.pipeline.run import Run

_SAMPLE_ROWS = 2048
_SAMPLE_ELEMENTS = 2**22
_FEWEST_SAMPLE_ROWS = 64
_RUN_ROWS = 8  # of a sample that are read at a time
_ZERO_SHARE = 2.0**-44  # of a sum that rounding may make of 0
_LEAST_ROUGH = 1e-30  # of an inverse temperature for float32
_FOLD_TOLERANCE = 1e-11  # of a fold's temperature, as a share of it


class Pass(Protocol):
    """Reads all rows."""

    def __call__(self, betas: tuple[float, ...], *, fine: bool, ends: bool = False) -> SlopesOfRows:
        """Return slopes at inverse temperatures, and those at 0 where the ends are wanted."""


class Rows(NamedTuple):
    """What a temperature is fitted on, of which any row can be read at any time."""

    logits: Source
    labels: Source | None
    sample_weight: Source | None = None
    clusters: Source | None = None

    @property
    def beside(self) -> RowSources:
        """What stands beside the rows."""
        return RowSources(self.sample_weight, None, self.clusters)


class Fit(NamedTuple):
    """A temperature, and how sure it is.

    Attributes
    ----------
    beta : float
        The inverse temperature.
    log_error : float
        The standard error of the temperature's logarithm; NaN where undefined.
    passes : int
        How often the rows were read.
    folds : tuple of float
        The inverse temperature without each fold; NaN where there is none.
    fold_rows : tuple of int
        How many rows each fold has.
    curvature : float
        The second derivative of the summed loss along the inverse temperature.
    """

    beta: float
    log_error: float
    passes: int
    folds: tuple[float, ...] = ()
    fold_rows: tuple[int, ...] = ()
    curvature: float = math.nan

    @property
    def temperature(self) -> float:
        """What logits are divided by."""
        return 1.0 / self.beta


def slopes_criterion(
    criterion: Criterion, betas: tuple[float, ...], folds: int, *, fine: bool, ends: bool = False
) -> Criterion:
    """Return what reads nothing but slopes."""
    parameters = {"betas": betas, "fine": fine, "ends": ends, "folds": folds}
    return criterion._replace(metrics=("slopes",), parameters={"slopes": parameters})


def start_of(rows: Rows, criterion: Criterion) -> float:
    """Return the inverse temperature of a few evenly spaced rows; 1 where that cannot be had.

    It is one that float32 holds.
    """
    sample = _sample(rows._replace(clusters=None), criterion)
    if sample is None:
        return 1.0
    search = RootSearch(1.0)
    with suppress(XentError):  # what is wrong with rows is said when all are read
        while not search.fine:
            beta = float(np.float32(search.place))
            if not _holds(beta) or search.lost:
                return 1.0
            search.place = beta
            wanted = slopes_criterion(criterion, (beta,), 1, fine=False, ends=True)
            states = states_of_rows(sample.logits, sample.labels, wanted, Run(1), sample.beside)
            found: SlopesOfRows = states.compute()["slopes"]
            counts = found.counts
            if not counts.rows or counts.infinite or counts.at_peak == counts.rows:
                return 1.0
            search.step(found.betas[0].derivatives)
        beta = float(np.float32(search.place))
        return beta if _holds(beta) else 1.0
    return 1.0


def _holds(beta: float) -> bool:
    """Whether float32 can compute with an inverse temperature."""
    return _LEAST_ROUGH < beta < 1.0 / _LEAST_ROUGH


def _sample(rows: Rows, criterion: Criterion) -> Rows | None:
    """Return a few evenly spaced rows, where all parts of them stand at the same place."""
    sources = [each for each in rows if each is not None]
    shape = rows.logits.shape
    length = shape[0] if shape else 0
    by_place = all(
        isinstance(each, IndexedSource) and each.shape[:1] == (length,) and each.id_column is None
        for each in sources
    )
    first_axis = criterion.class_axis in (0, -len(shape)) or (
        len(shape) < 2 and not criterion.binary
    )
    if not by_place or first_axis or criterion.shift or criterion.rows is not None or not length:
        return None
    slice_elements = max(1, math.prod(n or 0 for n in shape[1:]))
    count = min(_SAMPLE_ROWS, _SAMPLE_ELEMENTS // slice_elements)
    if count >= length:
        return rows
    if count < _FEWEST_SAMPLE_ROWS:
        return None
    runs = count // _RUN_ROWS
    starts = [i * (length - _RUN_ROWS) // (runs - 1) for i in range(runs)]
    labels, weight = (None if s is None else _rows_of(s, starts) for s in rows[1:3])
    return Rows(_rows_of(rows.logits, starts), labels, weight)


def _rows_of(source: Source, starts: Sequence[int]) -> MemorySource:
    """Return runs of rows as an array in memory."""
    if not isinstance(source, IndexedSource):
        raise TypeError("only of an indexed source any rows are read")
    table = Table.joined([source.read(start, _RUN_ROWS).copied() for start in starts])
    return MemorySource(
        source.name, table.values, source.columns, labels=table.labels, origin=source
    )


def check_counts(name: str, found: SlopesOfRows, at_zero: Callable[[], SlopesOfRows]) -> None:
    """Raise InputError if there is no temperature, and say why.

    Parameters
    ----------
    name : str
        The file of the logits.
    found : SlopesOfRows
        Of all rows, at any inverse temperature.
    at_zero : callable
        Returns the same with fine ends.
    """
    counts = found.counts
    why = _why_not(counts)
    if why is None and math.isnan(found.at_zero):
        why = "the loss is NaN: rows hold NaN or +inf, or nothing but -inf"
    if why is None and found.at_zero >= -1e-3 * found.scale:  # rough ones may be wrong by less
        fine = at_zero()
        if fine.at_zero >= -_ZERO_SHARE * fine.scale:
            why = (
                "the higher the temperature, the lower the loss, and none is the best: what the "
                "logits say of the labels is wrong as often as right"
            )
    if why is not None:
        raise InputError(f"{name}: there is no temperature: {why}")


def _why_not(counts: SlopeCounts) -> str | None:
    if counts.negative:
        return f"rows of a negative weight: {counts.negative:,}"
    if not counts.rows:
        return "no row is used, or has a weight above 0"
    if counts.infinite:
        return (
            "the loss is infinite at any temperature: rows whose label has a logit of -inf: "
            f"{counts.infinite:,} of {counts.rows:,}"
        )
    if counts.flat == counts.rows:
        return "any is as good as any other: the logits of each row are all equal"
    if counts.at_peak == counts.rows:
        return (
            "the lower the temperature, the lower the loss, and none is the best: every label is "
            "at the largest logit of its row"
        )
    return None


def fit(name: str, first: SlopesOfRows, start: float, read: Pass, folds: int) -> Fit:
    """Return the temperature, given the slopes of all rows at a start.

    Parameters
    ----------
    name : str
        The file of the logits.
    first : SlopesOfRows
        Rough slopes at `start`.
    start : float
        An inverse temperature.
    read : callable
        Reads all rows again, for slopes at others.
    folds : int
        How many folds there are, if more than 1.
    """
    check_counts(name, first, lambda: read((start,), fine=True, ends=True))
    search, found, passes = RootSearch(start), first, 1
    fourth: list[float] = []
    fine = False
    while True:
        at = found.betas[0]
        if not fine:
            fourth = [each[3] for each in at.without_fold]
        search.step(at.derivatives)
        if search.done:
            break
        if search.lost:
            raise InputError(
                f"{name}: there is no temperature: none is found from {1 / search.place:g} on"
            )
        if not search.fine:
            search.place = float(np.float32(search.place))
            if not _holds(search.place):
                search.begin_fine()
        fine = search.fine
        found = read((search.place,), fine=fine)
        passes += 1
    curvature = at.derivatives[1] + search.last_step * at.derivatives[2]
    ends = Fit(search.place, _log_error(at, search), passes, curvature=curvature)
    if folds < 2 or min(found.fold_rows) == 0:
        return ends
    searches = [_fold_search(search, at.without_fold[i], fourth[i]) for i in range(folds)]
    while waiting := [i for i in range(folds) if not (searches[i].done or searches[i].lost)]:
        found = read(tuple(searches[i].place for i in waiting), fine=True)
        passes += 1
        for j, i in enumerate(waiting):
            searches[i].accept(found.betas[j].without_fold[i], _FOLD_TOLERANCE)
    betas = tuple(each.place if each.done else math.nan for each in searches)
    return ends._replace(passes=passes, folds=betas, fold_rows=found.fold_rows)


def _fold_search(search: RootSearch, derivatives: tuple[float, ...], fourth: float) -> RootSearch:
    """Return the search of the temperature without a fold, from where that of all was found."""
    place = search.place - search.last_step
    found = RootSearch(place, fine=True)
    found.remember_fourth(place, fourth)
    found.accept(derivatives, _FOLD_TOLERANCE)
    return found


def _log_error(at: SlopesOfBeta, search: RootSearch) -> float:
    """Return the sandwich estimate of the error of the temperature's logarithm.

    It is the root of the summed squares of the first derivative, over the second and the inverse
    temperature; all at the root, one step further on than they were taken.
    """
    step = search.last_step
    squares = at.squares + 2.0 * step * at.changes
    slope = at.derivatives[1] + step * at.derivatives[2]
    if not slope > 0.0 or not squares >= 0.0:
        return math.nan
    return math.sqrt(squares) / (slope * search.place)
