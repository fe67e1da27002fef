"""Reads tables of logarithms and of powers of 2 from a file beside this one.

The file was made with whole numbers, which are the same everywhere
(``tests/core/make_elementary_tables.py``). Making the tables at each start would add a tenth to the
time of a small file.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STEP_BITS = 9
STEPS = 2**STEP_BITS
"""How many steps both tables have from a power of two to the next."""
POWERS = 31
"""How many powers of two, from 1 on, the table of logarithms covers."""
MANTISSA_BITS = 52
PATH = Path(__file__).with_name("elementary_tables.bin")
_LOGS = 2 * (STEPS + 1)  # the logarithms of 1, 1 + 1/512, ... 2, each in two parts


@cache
def _parts() -> NDArray[np.float64]:
    """Return the logarithms of 1, 1 + 1/512, ... 2, each in two parts."""
    return np.fromfile(PATH, "<f8", _LOGS).astype(np.float64).reshape(-1, 2)


@cache
def ln_2() -> tuple[float, float]:
    """Return log(2) in two parts."""
    first, second = _parts()[-1].tolist()
    return first, second


@cache
def logs() -> NDArray[np.complex128]:
    """Return logarithms from that of 1 on, step by step; one look-up finds both parts."""
    of_powers = np.arange(POWERS + 1.0)[:, None] * ln_2()
    table: NDArray[np.complex128] = (of_powers[:, None, :] + _parts()[:-1]).view(np.complex128)
    return table.reshape(-1)


@cache
def powers_of_2() -> NDArray[np.int64]:
    """Return the bits of ``2**(i / STEPS)``, less the bits that adding i will add to them."""
    return np.fromfile(PATH, "<i8", STEPS, offset=8 * _LOGS).astype(np.int64)
