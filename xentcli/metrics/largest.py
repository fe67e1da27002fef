"""Finds the rows with the largest numbers."""

import math
from typing import Any

import numpy as np

from xentcli.core.dtypes import Doubles

_RUN_ROWS = 64


def largest_places(values: Doubles, measured: Any, most: int) -> list[int]:
    """Return the places of the `most` largest numbers, the first of equal ones, without NaN."""
    if measured is not None:
        values = np.where(measured, values, -np.inf)
    if not most or not values.size:
        return []
    if np.isnan(values.max()):
        values = np.where(np.isnan(values), -np.inf, values)
    places = np.flatnonzero(values >= _reached_by(values, most))
    if most < places.size:
        several = values[places]
        least = np.partition(several, several.size - most)[several.size - most]
        above = places[several > least]
        level = places[several == least][: most - above.size]
        places = np.concatenate([above, level])
    found: list[int] = places[values[places] > -np.inf].tolist()
    return found


def _reached_by(values: Doubles, most: int) -> float:
    """Return a number that at least `most` rows reach, and few more rows if there are many.

    This looks at each number once; finding the exact one takes ten times as long.
    """
    runs = values.size // _RUN_ROWS
    if runs < most:
        return -math.inf
    largest = values[: runs * _RUN_ROWS].reshape(_RUN_ROWS, runs).max(axis=0)
    return float(np.partition(largest, runs - most)[runs - most])


def number_at(values: Any, place: int, kind: type[Any]) -> Any:
    """Return the fact of one row as a Python number; None if the fact does not apply."""
    return None if values is None else kind(values[place])
