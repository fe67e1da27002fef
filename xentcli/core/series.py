"""A function as the series of its derivatives at a place: its value, its root, what is left."""

import math
from collections.abc import Sequence

_MOST_STEPS = 200
_ROUNDED = 2.0**-50  # share of a step below which its changes are only rounding


def root_of_series(derivatives: Sequence[float]) -> float:
    """Return the step to the root by all derivatives; NaN if the series has no root nearby."""
    terms = [each / math.factorial(k) for k, each in enumerate(derivatives)]
    step = 0.0
    for _ in range(_MOST_STEPS):
        value = slope = 0.0
        for term in reversed(terms):
            slope = slope * step + value
            value = value * step + term
        if not slope > 0.0:
            return math.nan
        change = -value / slope
        step += change
        if abs(change) <= _ROUNDED * abs(step):
            return step
    return math.nan


def value_of_series(terms: Sequence[float], step: float) -> float:
    """Return the sum of terms times powers of a step."""
    total = 0.0
    for term in reversed(terms):
        total = total * step + term
    return total


def left_of_series(step: float, place: float, scale: float, count: int) -> float:
    """Return about how much a step by `count` derivatives leaves over, as a share of the root.

    A derivative may exceed the one before it by the factor `scale` times its number.
    """
    root, size = place + step, abs(step) * scale
    if not (root > 0.0 and size < 1.0):  # the series does not converge
        return math.inf
    known = count - 1
    return abs(step) * size**known * (known + 2) / 2.0 / min(place, root)
