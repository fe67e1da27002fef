"""Logits and labels to the temperature that minimises their cross entropy."""

import math
from typing import NamedTuple, Protocol

import numpy as np

from xentcli.core.root import RootSearch
from xentcli.core.series import left_of_series, value_of_series
from xentcli.core.slopes import FINE_ORDERS
from xentcli.errors import InputError
from xentcli.metrics.slope_sums import SlopeEnds, SlopesOfBeta, SlopesOfRows
from xentcli.pipeline.temperatures.no_temperature import check_counts, has_root, is_doubtful
from xentcli.pipeline.temperatures.temperature_start import float32_holds

_FARTHEST = 1e32  # whose ninth power float64 holds: that of most derivatives and their squares
_FOLD_TOLERANCE = 1e-15  # of a fold's temperature, as a share of it
_MOST_PLACES = 16  # in one read, since there are derivatives of each row at each place
_MOST_ORDERS_MORE = 5  # derivatives added at the place of all rows take less time than another read


class Pass(Protocol):
    """Reads all rows."""

    def __call__(
        self,
        betas: tuple[float, ...],
        *,
        fine: bool,
        ends: bool = False,
        more: int = 0,
        left_out: tuple[int, ...] = (),
    ) -> SlopesOfRows:
        """Return slopes at inverse temperatures, and those at 0 if the `ends` are wanted.

        `more` says how many derivatives are added to the fine ones. At the last inverse
        temperatures, they are those of all rows but the ones of the fold that is `left_out`.
        """


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
    clusters : int or None
        How many clusters the error is of; None if it is of rows.
    gain : float
        By how much the summed loss is lower than at a temperature of 1.
    """

    beta: float
    log_error: float
    passes: int
    folds: tuple[float, ...] = ()
    fold_rows: tuple[int, ...] = ()
    curvature: float = math.nan
    clusters: int | None = None
    gain: float = math.nan

    @property
    def temperature(self) -> float:
        """What logits are divided by."""
        return 1.0 / self.beta


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
    doubtful = any(map(is_doubtful, first.ends_without_fold))
    search, found, folds_of, passes = _search(name, first, start, read, doubtful=doubtful)
    at = found.betas[0]
    curvature = _curvature(at, search.last_step)
    error = _log_error(at, search, curvature)
    ends = Fit(search.place, error, passes, curvature=curvature)
    if folds < 2 or min(found.fold_rows) == 0:
        return ends
    without = found.ends_without_fold if doubtful else first.ends_without_fold
    searches = {i: folds_of[i] for i in range(folds) if has_root(without[i])}
    return _with_folds(ends, searches, read, folds)._replace(fold_rows=found.fold_rows)


def _search(
    name: str, first: SlopesOfRows, start: float, read: Pass, *, doubtful: bool
) -> tuple[RootSearch, SlopesOfRows, list[RootSearch], int]:
    """Return the search of all rows with its last slopes, that of each fold, and the reads."""
    most = FINE_ORDERS + _MOST_ORDERS_MORE
    search = RootSearch(start, reach=first.reach, limit=first.limit, most_fine=most)
    found, passes = first, 1
    fourth: list[float] = []
    beside: dict[int, RootSearch] = {}
    while True:
        at = found.betas[0]
        if not search.fine:
            fourth = [each[3] for each in at.without_fold]
        search.step(at.derivatives)
        _check_reach(name, search.place)
        if search.done:
            break
        if search.lost:
            raise InputError(
                f"{name}: there is no temperature: none is found from {1 / search.place:g} on"
            )
        if not search.fine:
            search.place = float(np.float32(search.place))
            if not float32_holds(search.place):
                search.begin_fine()
        more = search.orders - FINE_ORDERS
        places: dict[int, float] = {}
        if search.fine and not beside:
            of_folds, places = _for_folds(search, at, first.ends_without_fold)
            more = max(more, of_folds)
        ends_too = search.fine and doubtful
        betas = (search.place, *places.values())
        found = read(betas, fine=search.fine, ends=ends_too, more=more, left_out=tuple(places))
        for (i, place), of_place in zip(places.items(), found.betas[1:], strict=True):
            beside[i] = RootSearch(place, fine=True, reach=search.reach)
            beside[i].accept(of_place.derivatives, _FOLD_TOLERANCE)
        passes += 1
    folds = [
        beside.get(i) or _fold_search(search, *each)
        for i, each in enumerate(zip(at.without_fold, fourth, strict=True))
    ]
    return search, found, folds, passes


def _check_reach(name: str, beta: float) -> None:
    """Raise InputError at an inverse temperature whose powers float64 does not hold."""
    if not 1.0 / _FARTHEST < beta < _FARTHEST:
        raise InputError(
            f"{name}: no temperature from {1.0 / _FARTHEST:g} to {_FARTHEST:g} is the best, and "
            "others are not computed",
            hint="multiply or divide the logits by a number: the temperature changes by the same",
        )


def _for_folds(
    search: RootSearch, at: SlopesOfBeta, ends: tuple[SlopeEnds, ...]
) -> tuple[int, dict[int, float]]:
    """Return how many derivatives to add for the temperatures without each fold, and other places.

    Where a series from the temperature of all rows converges fast, there is no other place. Else
    the derivatives are computed at a place near the temperature without the fold, unless the rows
    must be read once more anyway.
    """
    rough = {}
    for i, (derivatives, its) in enumerate(zip(at.without_fold, ends, strict=True)):
        if has_root(its):
            rough[i] = RootSearch(search.before, reach=search.reach, limit=its.limit)
            rough[i].step(derivatives)

    def enough(offs: list[float], tolerance: float) -> int | None:
        for more in range(_MOST_ORDERS_MORE + 1):
            count = FINE_ORDERS + max(more, 1)  # a fourth derivative is known from nearby
            left = [left_of_series(each, search.place, search.scale, count) for each in offs]
            if max(left, default=0.0) <= tolerance:
                return more
        return None

    def of_all(i: int) -> float:
        return rough[i].place - search.place

    far = [i for i in rough if enough([of_all(i)], _FOLD_TOLERANCE / 4.0) is None]
    more = enough([of_all(i) for i in rough.keys() - far], _FOLD_TOLERANCE / 4.0) or 0
    of_far = enough([rough[i].left * rough[i].place for i in far], _FOLD_TOLERANCE)
    if of_far is None or len(far) > _MOST_PLACES:
        return more, {}
    return max(more, of_far), {i: rough[i].place for i in far}


def _with_folds(found: Fit, searches: dict[int, RootSearch], read: Pass, folds: int) -> Fit:
    """Add to a fit the inverse temperature without each fold, where there is one."""
    passes = found.passes
    while waiting := [i for i, each in searches.items() if not (each.done or each.lost)]:
        waiting = waiting[:_MOST_PLACES]
        places = tuple(searches[i].place for i in waiting)
        slopes = read(places, fine=True, left_out=tuple(waiting))
        passes += 1
        for i, at in zip(waiting, slopes.betas, strict=True):
            searches[i].accept(at.derivatives, _FOLD_TOLERANCE)
    done = {i: each.place for i, each in searches.items() if each.done}
    betas = tuple(done.get(i, math.nan) for i in range(folds))
    return found._replace(passes=passes, folds=betas)


def _fold_search(search: RootSearch, derivatives: tuple[float, ...], fourth: float) -> RootSearch:
    """Search the temperature without a fold, starting from the temperature of all rows."""
    found = RootSearch(search.before, fine=True, reach=search.reach)
    found.remember_fourth(search.before, fourth)
    found.accept(derivatives, _FOLD_TOLERANCE)
    return found


def _log_error(at: SlopesOfBeta, search: RootSearch, curvature: float) -> float:
    """Return the sandwich estimate of the error of the temperature's logarithm.

    It is the root of the summed squares of the first derivative, divided by the second derivative
    and the inverse temperature, all taken at the root: one step on from where they were computed.
    """
    squares = value_of_series(at.squares, search.last_step)
    if not curvature > 0.0 or not squares >= 0.0:
        return math.nan
    return math.sqrt(squares) / (curvature * search.place)


def _curvature(at: SlopesOfBeta, step: float) -> float:
    """Return the second derivative one step on."""
    terms = [each / math.factorial(k) for k, each in enumerate(at.derivatives[1:])]
    return value_of_series(terms, step)
