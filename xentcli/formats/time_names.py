"""Times as names of groups, written as pandas writes them into CSV: one name in both."""

from datetime import datetime, timedelta
from functools import partial
from itertools import compress
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xentcli.text import is_missing

_SECOND = 10**9
_DAY = 86_400 * _SECOND
_NANOSECONDS = {
    "W": 7 * _DAY,
    "D": _DAY,
    "h": 3600 * _SECOND,
    "m": 60 * _SECOND,
    "s": _SECOND,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}
_TIMES: tuple[Literal["D", "s", "ms", "us", "ns"], ...] = ("D", "s", "ms", "us", "ns")
_DURATIONS = (_DAY, _SECOND, 10**3, 1)  # in nanoseconds
"""How fine texts are, from coarse to fine."""
_KINDS = (
    (datetime, np.datetime64, "to_datetime64"),
    (timedelta, np.timedelta64, "to_timedelta64"),
)


def with_times(names: NDArray[Any], *, of_list: bool) -> NDArray[Any]:
    """Return names, of which times and durations are text, if all are such or missing.

    Those `of_list`, objects of Python and of pandas, are what a column of pandas makes of them.
    """
    if of_list and names.dtype == object:
        names = _from_objects(names)
    if names.dtype.kind == "M" or (
        names.dtype.kind == "m" and np.datetime_data(names.dtype)[0] in _NANOSECONDS
    ):
        return texts_of(names, fineness_of(names))
    return names


def _is_plain(value: object, kind: type[datetime | timedelta]) -> bool:
    return isinstance(value, kind) and getattr(value, "tzinfo", None) is None


def fineness_of(times: NDArray[Any]) -> int:
    """Return how fine times or durations are: a larger number for finer ones."""
    there = times[~np.isnat(times)]
    if times.dtype.kind == "M":
        units = range(len(_TIMES) - 1)
        same = (i for i in units if bool((there == there.astype(f"M8[{_TIMES[i]}]")).all()))
        return next(same, len(units))
    rests = [rest for _, rest in _days_of(there)]
    return next(i for i, each in enumerate(_DURATIONS) if not any(rest % each for rest in rests))


def texts_of(times: NDArray[Any], fineness: int) -> NDArray[Any]:
    """Return times or durations as text that is so fine; where one is missing, no text."""
    missing = np.isnat(times)
    if times.dtype.kind == "M":
        texts = np.datetime_as_string(times, unit=_TIMES[fineness], casting="unsafe")
        return np.where(missing, "", np.strings.replace(texts, "T", " "))
    step = _DURATIONS[fineness]
    parts = _days_of(times.reshape(-1))
    found = np.array([f"{days} days{_of_day(days, rest, step)}" for days, rest in parts], object)
    return np.where(missing, "", found.reshape(times.shape))


def _days_of(durations: NDArray[Any]) -> list[tuple[int, int]]:
    """Return each as days and the nanoseconds that are left."""
    unit, count = np.datetime_data(durations.dtype)
    step = count * _NANOSECONDS[unit]
    return [divmod(n * step, _DAY) for n in durations.astype("i8").tolist()]


def _from_objects(names: NDArray[Any]) -> NDArray[Any]:
    """Return times without a zone, or durations, as NumPy's, if names are all such or missing."""
    values = names.reshape(-1).tolist()
    first = next((each for each in values if not is_missing(each)), None)
    for kind, of_numpy, of_pandas in _KINDS:
        if not isinstance(first, kind):
            continue
        known = [not is_missing(each) for each in values]
        there = [*compress(values, known)]
        if all(_is_plain(each, kind) for each in there):
            times = [getattr(each, of_pandas, partial(of_numpy, each))() for each in there]
            found = np.full(len(values), "NaT", np.array(times).dtype)
            found[known] = times
            return found.reshape(names.shape)
    return names


def _of_day(days: int, nanoseconds: int, step: int) -> str:
    if step == _DAY:
        return ""
    seconds, fraction = divmod(nanoseconds, _SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f" {'+' if days < 0 else ''}{hours:02}:{minutes:02}:{seconds:02}"
    digits = len(str(_SECOND // step)) - 1
    return f"{text}.{fraction // step:0{digits}}" if digits else text
