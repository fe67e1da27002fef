"""Times as names of groups, written as pandas writes them into CSV: one name in both."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xentcli.text import is_missing

_UNITS: tuple[Literal["D", "s", "ms", "us", "ns"], ...] = ("D", "s", "ms", "us", "ns")
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
_FINENESS = (_DAY, _SECOND, 10**3, 1)
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
    if names.dtype.kind == "M":
        return _times(names)
    if names.dtype.kind == "m" and np.datetime_data(names.dtype)[0] in _NANOSECONDS:
        return np.array([*_durations(names.reshape(-1))], object).reshape(names.shape)
    return names


def _from_objects(names: NDArray[Any]) -> NDArray[Any]:
    """Return times without a zone, or durations, as NumPy's, if names are all such or missing."""
    values = names.reshape(-1).tolist()
    there = [each for each in values if not is_missing(each)]
    for kind, of_numpy, of_pandas in _KINDS:
        if there and all(isinstance(e, kind) and not getattr(e, "tzinfo", None) for e in there):
            found = [
                of_numpy("NaT")
                if is_missing(each)
                else getattr(each, of_pandas, partial(of_numpy, each))()
                for each in values
            ]
            return np.array(found).reshape(names.shape)
    return names


def _times(times: NDArray[Any]) -> NDArray[Any]:
    """Return times as fine as all of them need."""
    missing = np.isnat(times)
    there = times[~missing]
    units = (each for each in _UNITS if bool((there == there.astype(f"M8[{each}]")).all()))
    texts = np.datetime_as_string(times, unit=next(units, _UNITS[-1]), casting="unsafe")
    return np.where(missing, "", np.strings.replace(texts, "T", " "))


def _durations(durations: NDArray[Any]) -> Iterator[str]:
    """Yield each as days and, unless all are whole days, hours to seconds; as fine as all need."""
    unit, count = np.datetime_data(durations.dtype)
    lost = np.isnat(durations).tolist()
    step = count * _NANOSECONDS[unit]
    parts = [divmod(n * step, _DAY) for n in durations.astype("i8").tolist()]
    rests = [rest for (_, rest), missing in zip(parts, lost, strict=True) if not missing]
    fineness = next(each for each in _FINENESS if not any(rest % each for rest in rests))
    for (days, rest), missing in zip(parts, lost, strict=True):
        yield "" if missing else f"{days} days{_of_day(days, rest, fineness)}"


def _of_day(days: int, nanoseconds: int, fineness: int) -> str:
    if fineness == _DAY:
        return ""
    seconds, fraction = divmod(nanoseconds, _SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f" {'+' if days < 0 else ''}{hours:02}:{minutes:02}:{seconds:02}"
    digits = len(str(_SECOND // fineness)) - 1
    return f"{text}.{fraction // fineness:0{digits}}" if digits else text
