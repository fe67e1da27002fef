"""Sums numbers and their squares without rounding, by chunks of their bits.

A number is the sum of a few chunks, each a multiple of a power of two that is the same for all
numbers. A product of two chunks has so few bits that a sum of many does not round either, whatever
the order of its terms. This takes half the time of squares with what rounding leaves of each.
"""

import math

import numpy as np

from xentcli.core.dtypes import Doubles
from xentcli.core.scratch import scratch

MOST_VALUES = 2**15
"""Of how many numbers the products can be summed."""
_CHUNK_BITS = 19  # products have at most 38 bits, and sums of so many of them 53
_MOST_CHUNKS = 4  # more take longer than other ways
_MOST_EXPONENT, _LEAST_EXPONENT = 400, -450  # so that no square is too large, or loses bits
_MANTISSA_BITS = 53


def with_squares(values: Doubles, exponent: int, finest: float) -> tuple[list[float], list[float]]:
    """Return numbers whose exact sums are those of the values (N,), and of their squares.

    Parameters
    ----------
    values : ndarray of float64 of shape (N,)
        At most `MOST_VALUES` values, less than 2**exponent, and multiples of 2**finest.
    exponent, finest : int
        Of which `are_few` is true.
    """
    count = _chunks(exponent, finest)
    memory: Doubles = scratch("chunks", (count, values.size), np.float64)
    rest: Doubles = scratch("rest", values.shape, np.float64)
    left = values
    for i, chunk in enumerate(memory[:-1], 1):
        anchor = math.ldexp(1.5, exponent - i * _CHUNK_BITS + _MANTISSA_BITS - 1)
        np.add(left, anchor, out=chunk)
        np.subtract(chunk, anchor, out=chunk)
        left = np.subtract(left, chunk, out=memory[-1] if i == count - 1 else rest)
    squares = [float(np.dot(chunk, chunk)) for chunk in memory]
    for i, chunk in enumerate(memory):
        squares += [2.0 * float(np.dot(chunk, other)) for other in memory[:i]]
    return np.einsum("ij->i", memory).tolist(), squares


def are_few(exponent: int, finest: float) -> bool:
    """Whether values less than 2**exponent and multiples of 2**finest have few chunks."""
    if exponent > _MOST_EXPONENT or finest < _LEAST_EXPONENT:
        return False
    return _chunks(exponent, finest) <= _MOST_CHUNKS


def _chunks(exponent: int, finest: float) -> int:
    return math.ceil((exponent - finest) / _CHUNK_BITS)
