"""Makes the tables of logarithms and of powers of 2, of whole numbers alone: the same anywhere.

python tests/core/make_elementary_tables.py writes the file that the package reads.
"""

from math import isqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary_tables
from xentcli.core.elementary_tables import MANTISSA_BITS, STEP_BITS, STEPS

FIXED_BITS = 100
FINEST = 32  # the first part of a logarithm is a multiple of 2**-32: what is added to it is exact


def fixed_logs() -> list[int]:
    """Return the logarithms of 1, 1 + 1/512, ... 2 in units of 2**-100.

    That of the ratio of two of them is 2 * atanh(1 / n) for an odd n.
    """
    logs = [0]
    for n in range(2 * STEPS + 1, 4 * STEPS, 2):
        power, total, divisor = (2 << FIXED_BITS) // n, 0, 1
        while power:
            total += power // divisor
            power //= n * n
            divisor += 2
        logs.append(logs[-1] + total)
    return logs


def in_parts(units: int) -> tuple[float, float]:
    left = FIXED_BITS - FINEST
    first = (units + (1 << (left - 1))) >> left
    return first / 2**FINEST, (units - (first << left)) / 2**FIXED_BITS


def powers_of_2() -> NDArray[np.int64]:
    """Return the bits of ``2**(i / STEPS)``, less those that i itself adds to them."""
    one = 1 << (2 * FIXED_BITS)
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


def tables() -> bytes:
    """Return the logarithms in two parts, log(2) last, and behind them the powers."""
    logs = np.array([in_parts(units) for units in fixed_logs()])
    return logs.astype("<f8").tobytes() + powers_of_2().astype("<i8").tobytes()


if __name__ == "__main__":
    Path(elementary_tables.PATH).write_bytes(tables())
