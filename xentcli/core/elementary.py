"""Computes logarithm and exponential of float64 to the same bits on every processor.

NumPy's own functions come from several libraries, and the processor decides which. These here use
only what IEEE 754 rounds in exactly one way: additions, multiplications, divisions, and shifts of
bits. Nothing is fused, since each step is a call of its own. With F a number of 10 bits next to u,
and K = 512,

    log(u) = log(F) + log(1 + r),   r = (u - F) / F
    exp(x) = 2**(k / K) + 2**(k / K) * (exp(r) - 1),   r = x - k * log(2) / K

where the first term is in a table, and the rest is a short polynomial. Source: Tang,
"Table-driven implementation of the logarithm function in IEEE floating-point arithmetic", ACM
Transactions on Mathematical Software 16 (1990), and that of the exponential, ibid. 15 (1989).
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xentcli.core.dtypes import Doubles
from xentcli.core.elementary_tables import (
    MANTISSA_BITS,
    POWERS,
    STEP_BITS,
    STEPS,
    ln_2,
    logs,
    powers_of_2,
)
from xentcli.core.scratch import scratch


def _constants(*numbers: float) -> tuple[Doubles, ...]:
    """Return numbers as arrays without axes, which NumPy reads in half the time."""
    return tuple(np.array(number) for number in numbers)


_PIECE_VALUES = 2**14  # many enough for cheap calls, few enough for the cache
_LOW_BITS = MANTISSA_BITS - STEP_BITS

_LEAST, _END = 2.0 ** (1 - POWERS), 2.0**POWERS  # the table has a place for u below the second
_ONE = np.array(1.0)
_SHIFT, _ABOVE_ONE = np.array(_LOW_BITS), np.array(1.0 + 0.25 / STEPS)
_FIRST_BITS, _FIRST_PLACE = np.array(-1 << _LOW_BITS), np.array(1023 << STEP_BITS)
_END_BITS = np.array(_END).view(np.uint64)
# Minimax for (log(1 + r) - r) / r**2 from -1/2048 to 3/2048: 2**-55 of 1 / r, above 1/1024 2**-58.
# The form ((r**2 + a) * (r + b) + d) * c takes one step less than power by power.
_LOG_A, _LOG_B, _LOG_D, _LOG_C = _constants(
    1.670942817246038, -1.2532050375613606, -0.41238026946178585, 0.19948817514314793
)

_EXP_SERIES = _constants(1 / 24, 1 / 6, 1 / 2)
_TO_WHOLE = np.array(1.5 * 2.0**52)  # added, it leaves a whole number in the last bits
_EXP_MASK = np.array(STEPS - 1)
_LEAST_EXP, _MOST_EXP = -707.0, 709.0  # between them exp is an ordinary number
_UNDERFLOWS, _OVERFLOWS = -746.0, 710.0


def log1p(x: ArrayLike) -> Doubles:
    """Return ``log(1 + x)``.

    It is off by at most 1.01 units in the last place, even for the tiniest x; below 0, by 2.
    """
    return _by_piece(x, _put_log1p, _has_place, _log1p_elsewhere)


def log(x: ArrayLike) -> Doubles:
    """Return the logarithm, off by less than 2 units in the last place; -inf at 0, NaN below."""
    return _by_piece(x, _put_log, _is_medium, _log_elsewhere)


def exp(x: ArrayLike, out: Doubles | None = None) -> Doubles:
    """Return the exponential, off by at most 1.1 units in the last place; beyond -707 and 709, 1.2.

    It is put into `out` if that is given: a C-contiguous array, which may be `x` itself.
    """
    return _by_piece(x, _put_exp, _is_ordinary, _exp_elsewhere, out)


_Room = tuple[
    Doubles, NDArray[np.int64], Doubles, NDArray[np.intp], NDArray[np.complex128], Doubles
]
"""The working memory for a piece: values, their bits, ratio, places, parts, and further terms."""


def _room(size: int) -> _Room:
    memory = scratch("elementary", (6, size), np.float64)
    values, ratio, places = memory[:3]
    parts = memory[3:5].reshape(-1).view(np.complex128)
    return values, values.view(np.int64), ratio, places.view(np.intp), parts, memory[5]


def _by_piece(
    x: ArrayLike,
    put: Callable[[Doubles, Doubles, _Room], None],
    suits: Callable[[Doubles], bool],
    elsewhere: Callable[[Doubles], tuple[NDArray[np.bool_], Doubles]],
    out: Doubles | None = None,
) -> Doubles:
    """Return the results of `put` by piece, or of `elsewhere` for numbers that do not suit it."""
    whole = np.ascontiguousarray(x, np.float64)
    found = np.empty_like(whole) if out is None else out
    values, results = whole.reshape(-1), found.reshape(-1)
    with np.errstate(all="ignore"):
        room = _room(min(values.size, _PIECE_VALUES))
        for start in range(0, values.size, _PIECE_VALUES):
            piece = slice(start, start + _PIECE_VALUES)
            part, its = values[piece], results[piece]
            if part.size < room[0].size:
                room = _room(part.size)
            if suits(part):
                put(part, its, room)
                continue
            odd, right = elsewhere(part)
            put(part, its, room)
            its[odd] = right
    return found.reshape(np.shape(x))


def _has_place(x: Doubles) -> bool:
    """Whether all are from 0 to below 2**31; the bits of negative numbers and NaN are larger."""
    return bool(np.maximum.reduce(x.view(np.uint64)) < _END_BITS)


def _is_medium(x: Doubles) -> bool:
    return bool(np.minimum.reduce(x) > _LEAST and np.maximum.reduce(x) < _END)


def _is_ordinary(x: Doubles) -> bool:
    return bool(np.minimum.reduce(x) > _LEAST_EXP and np.maximum.reduce(x) < _MOST_EXP)


def _put_log1p(x: Doubles, out: Doubles, room: _Room) -> None:
    """Put ``log(1 + x)`` into `out`, for x that has a place in the table.

    F is the first 10 bits of u + 1/2048. Up to u = 2 it is at most 3/4 of a step below u, or 1/4
    above. Next to 1 this loses fewer digits than 1/2 would, since log(F) and log(1 + r) have
    opposite signs in less of a step. Above 2, r may be larger, but is small beside log(F).
    """
    values, bits, ratio, places, parts, terms = room
    np.add(x, _ABOVE_ONE, values)
    np.bitwise_and(bits, _FIRST_BITS, bits)  # F
    np.right_shift(bits, _SHIFT, places)
    np.subtract(places, _FIRST_PLACE, places)
    np.subtract(values, _ONE, ratio)
    np.subtract(x, ratio, ratio)
    np.divide(ratio, values, ratio)
    logs().take(places, None, parts, "clip")
    square = np.multiply(ratio, ratio, values)
    np.add(square, _LOG_A, out)
    np.add(ratio, _LOG_B, terms)
    np.multiply(out, terms, out)
    np.add(out, _LOG_D, out)
    np.multiply(square, _LOG_C, square)
    np.multiply(out, square, out)
    np.add(out, parts.imag, out)
    np.add(out, ratio, out)
    np.add(out, parts.real, out)


def _put_log(x: Doubles, out: Doubles, room: _Room) -> None:
    """Put ``log(x)`` into `out`: log1p(x - 1) from 1 on, and -log1p((1 - x) / x) below."""
    _, _, least, _, _, most = room
    np.minimum(x, _ONE, out=least)
    np.maximum(x, _ONE, out=most)
    np.subtract(most, least, most)
    np.divide(most, least, most)
    _put_log1p(most, out, room)
    np.copysign(out, np.subtract(x, _ONE, least), out)


def _put_exp_less_1(r: Doubles, out: Doubles) -> None:
    """Put ``exp(r) - 1`` into `out`, power by power."""
    first, *others = _EXP_SERIES
    np.multiply(r, first, out)
    for coefficient in others:
        np.add(out, coefficient, out)
        np.multiply(out, r, out)
    np.multiply(out, r, out)
    np.add(out, r, out)


def _log1p_elsewhere(x: Doubles) -> tuple[NDArray[np.bool_], Doubles]:
    odd = ~((x >= 0.0) & (x < _END)) | np.signbit(x)
    found = x[odd]
    negative, huge = (found <= 0.0) & (found >= -1.0), found >= _END
    below = found[negative]
    found[found < -1.0] = np.nan
    found[negative] = -log1p(np.abs(below) / (1.0 + below))
    found[huge] = log(1.0 + found[huge])
    return odd, found


def _log_elsewhere(x: Doubles) -> tuple[NDArray[np.bool_], Doubles]:
    odd = ~((x > _LEAST) & (x < _END))
    found = x[odd]  # NaN and inf stay what they are
    number = (found > 0.0) & (found < np.inf)
    none, below = found == 0.0, found < 0.0
    mantissa, power = np.frexp(found[number])
    first, second = ln_2()
    found[number] = power * first + (power * second + log(mantissa))
    found[none], found[below] = -np.inf, np.nan
    return odd, found


@cache
def _steps() -> tuple[Doubles, ...]:
    """Return K / log(2), and log(2) / K in two parts."""
    first, second = (part / STEPS for part in ln_2())
    return _constants(1.0 / (first + second), first, second)


def _put_exp(x: Doubles, out: Doubles, room: _Room) -> None:
    """Put ``exp(x)`` into `out`, if it and all steps to it are ordinary numbers."""
    steps_of_1, first, second = _steps()
    power, bits, ratio, places, _, whole = room
    np.multiply(x, steps_of_1, power)
    np.add(power, _TO_WHOLE, power)
    np.subtract(power, _TO_WHOLE, whole)  # k
    np.multiply(whole, first, ratio)
    np.subtract(x, ratio, ratio)
    np.multiply(whole, second, whole)
    np.subtract(ratio, whole, ratio)
    np.bitwise_and(bits, _EXP_MASK, places)
    np.left_shift(bits, _SHIFT, bits)
    np.add(bits, powers_of_2().take(places, None, whole.view(np.int64), "clip"), bits)  # 2**(k / K)
    _put_exp_less_1(ratio, out)
    np.multiply(out, power, out)
    np.add(out, power, out)


def _exp_elsewhere(x: Doubles) -> tuple[NDArray[np.bool_], Doubles]:
    odd = ~((x > _LEAST_EXP) & (x < _MOST_EXP))
    found = x[odd]
    number = ~np.isnan(found)
    within = np.clip(found[number], _UNDERFLOWS, _OVERFLOWS)
    first, second = ln_2()
    power = np.rint(within / (first + second))
    near = exp((within - power * first) - power * second)
    found[number] = np.ldexp(near, power.astype(np.int32))
    return odd, found
