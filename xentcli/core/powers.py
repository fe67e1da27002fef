"""Computes powers of 2 for numbers of steps, to the same bits on every processor.

With K steps to a power of two, and k the whole number next to n,

    2**(n / K) = 2**(k / K) * (1 + (exp((n - k) * log(2) / K) - 1))

which takes half of the operations of `elementary.exp`: the exponent comes as a number of steps, and
the first factor, with its power of two, is in a table. The result is as exact as the number of
steps, to a unit in the last place.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles
from xentcli.core.elementary_tables import MANTISSA_BITS, STEP_BITS, ln_2, powers_of_2
from xentcli.core.scratch import scratch

STEPS = 256
"""How many steps lead to the next power of two; common ones stay in the cache, as they are few."""
_LOWEST = 256  # powers of two below 1; less than that vanishes beside the peak's own 1
_LEAST_STEPS = float(-_LOWEST * STEPS)
_STEPS_OF_1 = np.array(STEPS / math.log(2.0))  # with a relative error of 1.5e-17
_PIECE_VALUES = 2**15  # many enough for cheap calls, few enough for the cache
_MANY = 2  # if one of so many powers vanishes, such powers are not computed at all
_DEGREE = 4  # of the polynomial, whose error is 2**-54
_TO_PLACE = np.array(1.5 * 2.0**52 + _LOWEST * STEPS)  # added, it leaves a place in the last bits
_MASK = np.array(2 * _LOWEST * STEPS - 1)


def steps_of(factor: float) -> tuple[float, float]:
    """Return the number of steps in a power ``exp(factor)``, rounded, and the error of rounding.

    The error is the factor of exactly this number of steps, less `factor`.
    """
    first, second = ln_2()
    steps = STEPS * factor / (first + second)
    numerator, denominator = steps.as_integer_ratio()
    one, two, wanted = (each.as_integer_ratio() for each in (first, second, factor))
    scale = STEPS * denominator * one[1] * two[1] * wanted[1]
    exact = numerator * (one[0] * two[1] + two[0] * one[1]) * wanted[1]
    return steps, (exact - wanted[0] * denominator * one[1] * two[1] * STEPS) / scale


@cache
def _table() -> Doubles:
    """Return ``2**(k / K)`` for k from the lowest one to 0, and a few more."""
    bits = powers_of_2() + (np.arange(2**STEP_BITS) << (MANTISSA_BITS - STEP_BITS))
    of_1 = bits.view(np.float64)[:: 2**STEP_BITS // STEPS]
    table: Doubles = np.ldexp(of_1, np.arange(-_LOWEST, 1)[:, None])
    return table.reshape(-1)


@cache
def _series() -> tuple[NDArray[np.float64], ...]:
    """Return the coefficients of ``exp(f * log(2) / K) - 1``, the highest first."""
    step = sum(ln_2()) / STEPS
    powers = range(_DEGREE, 0, -1)
    return tuple(np.array(step**power / math.factorial(power)) for power in powers)


def put_powers(steps: Doubles, out: Doubles) -> None:
    """Put ``2**(steps / K)`` into `out`, for steps up to 0; NaN stays NaN.

    Both arrays are C-contiguous, and may be the same. If steps are so far below 0 that their power
    vanishes, it is 0, and the steps are overwritten by finite ones.
    """
    values, results = steps.reshape(-1), out.reshape(-1)
    memory = scratch("powers", (2, min(values.size, _PIECE_VALUES)), np.float64)
    for start in range(0, values.size, _PIECE_VALUES):
        piece = slice(start, start + _PIECE_VALUES)
        part, its = values[piece], results[piece]
        put = _put if np.minimum.reduce(part) >= _LEAST_STEPS else _put_or_vanish
        put(part, its, memory[:, : part.size])


def _put_or_vanish(steps: Doubles, out: Doubles, memory: Doubles) -> None:
    """Put powers, of which those of steps far below 0 are 0, or NaN."""
    vanishing = steps < _LEAST_STEPS
    if _MANY * np.count_nonzero(vanishing) < steps.size:
        np.maximum(steps, _LEAST_STEPS, out=steps)
        _put(steps, out, memory)
        out[np.flatnonzero(vanishing)] = 0.0
        return
    others = np.flatnonzero(~vanishing)
    few = steps[others]
    np.maximum(steps, _LEAST_STEPS, out=steps)
    _put(few, few, memory[:, : few.size])
    out[...] = 0.0
    out[others] = few


def exp(x: Doubles, out: Doubles | None = None) -> Doubles:
    """Return the exponential of x up to 0, C-contiguous; below -177 it is 0.

    The relative error is 1.3e-16 * |x| + 2e-16. The result is put into `out`, which may be `x`.
    """
    found = np.empty(x.shape) if out is None else out
    np.multiply(x, _STEPS_OF_1, out=found)
    put_powers(found, found)
    return found


def _put(steps: Doubles, out: Doubles, memory: Doubles) -> None:
    power, rest = memory
    np.add(steps, _TO_PLACE, power)
    np.subtract(power, _TO_PLACE, rest)  # k
    np.subtract(steps, rest, rest)
    found = out.view(np.intp)  # steps in the same memory are needed no more
    np.bitwise_and(power.view(np.int64), _MASK, found)
    _table().take(found, None, power, "clip")
    first, *others = _series()
    np.multiply(rest, first, out)
    for coefficient in others:
        np.add(out, coefficient, out)
        np.multiply(out, rest, out)
    np.multiply(out, power, out)
    np.add(out, power, out)
