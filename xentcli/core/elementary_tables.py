"""Tables of logarithms and of powers of 2, which whole numbers make the same anywhere."""

from functools import cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray

STEP_BITS = 9
STEPS = 2**STEP_BITS
"""In how many steps both tables go from a power of two to the next."""
POWERS = 31
"""Of two, from 1 on, whose numbers have their logarithms in the table."""
MANTISSA_BITS = 52
_FIXED_BITS = 100
_FINEST = 32  # the first part of a logarithm is a multiple of 2**-32: what is added to it is exact


@cache
def _fixed_logs() -> list[int]:
    """Return the logarithms of 1, 1 + 1/512, ... 2 in units of 2**-100.

    That of the ratio of two of them is 2 * atanh(1 / n) for an odd n.
    """
    logs = [0]
    for n in range(2 * STEPS + 1, 4 * STEPS, 2):
        power, total, divisor = (2 << _FIXED_BITS) // n, 0, 1
        while power:
            total += power // divisor
            power //= n * n
            divisor += 2
        logs.append(logs[-1] + total)
    return logs


def _in_parts(units: int) -> tuple[float, float]:
    left = _FIXED_BITS - _FINEST
    first = (units + (1 << (left - 1))) >> left
    return first / 2**_FINEST, (units - (first << left)) / 2**_FIXED_BITS


@cache
def ln_2() -> tuple[float, float]:
    """Return log(2) in two parts."""
    return _in_parts(_fixed_logs()[-1])


@cache
def logs() -> NDArray[np.complex128]:
    """Return logarithms from that of 1 on, step by step, in two parts that one look-up finds."""
    of_mantissas = np.array([_in_parts(units) for units in _fixed_logs()[:-1]])
    of_powers = np.arange(POWERS + 1.0)[:, None] * ln_2()
    table: NDArray[np.complex128] = (of_powers[:, None, :] + of_mantissas).view(np.complex128)
    return table.reshape(-1)


@cache
def powers_of_2() -> NDArray[np.int64]:
    """Return the bits of ``2**(i / STEPS)``, less those that i itself adds to them."""
    one = 1 << (2 * _FIXED_BITS)
    root = 2 * one
    for _ in range(STEP_BITS):
        root = isqrt(root * one)
    power, found = one, []
    for _ in range(STEPS):
        found.append(power / one)
        power = power * root // one
    less: NDArray[np.int64] = np.array(found).view(np.int64)
    less -= np.arange(STEPS) << (MANTISSA_BITS - STEP_BITS)
    return less
