"""Computes what rounding leaves of products, so that their sums have no error."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Doubles
from xentcli.core.scratch import scratch

_LOW_BITS = 27  # of a mantissa of 53; what is left of a number after rounding them has 26 at most
_HALF = np.uint64(1 << _LOW_BITS - 1)
_HIGH_BITS = np.uint64(2**64 - 2**_LOW_BITS)


def square_errors(values: NDArray[Any], squares: Doubles) -> Doubles:
    """Return the squares of values (N,) less the rounded ones; the memory is scratch memory."""
    high, low = _halves("one", values)
    errors = _errors(high, high, squares)
    high *= low
    high *= 2.0
    errors += high
    low *= low
    return _finite(np.add(errors, low, out=errors))


def product_errors(one: NDArray[Any], other: NDArray[Any], products: Doubles) -> Doubles:
    """Return the products of two arrays (N,) less the rounded ones; the memory is scratch memory.

    Each is a float64 number, unless it is smaller than that (Dekker, "A floating-point technique
    for extending the available precision", Numer. Math. 1971).
    """
    (high, low), (its_high, its_low) = _halves("one", one), _halves("other", other)
    errors = _errors(high, its_high, products)
    high *= its_low
    errors += high
    its_high *= low
    errors += its_high
    low *= its_low
    return _finite(np.add(errors, low, out=errors))


def _halves(name: str, values: NDArray[Any]) -> tuple[Doubles, Doubles]:
    """Split each value into two numbers of at most 26 bits, whose sum it is."""
    memory: Doubles = scratch(f"halves of {name}", (2, values.size), np.float64)
    high, low = memory
    np.copyto(high, values)
    bits = high.view(np.uint64)
    bits += _HALF
    bits &= _HIGH_BITS
    return high, np.subtract(values, high, out=low)


def _errors(high: Doubles, its_high: Doubles, products: Doubles) -> Doubles:
    """Return the products of the high halves less all products, which is exact."""
    errors: Doubles = scratch("errors", products.shape, np.float64)
    np.multiply(high, its_high, out=errors)
    return np.subtract(errors, products, out=errors)


def _finite(errors: Doubles) -> Doubles:
    """Return errors that are 0 where a product, or half a number, is not finite."""
    if errors.size and not np.isfinite(np.add.reduce(errors)):
        errors[~np.isfinite(errors)] = 0.0
    return errors
