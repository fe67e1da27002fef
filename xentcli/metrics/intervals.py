"""Computes standard errors and intervals of 95 %."""

import math
from collections.abc import Iterator
from functools import cache

from xentcli.core.exact_sum import ONE, ExactSum

_Z = 1.959963984540054  # the normal quantile at 0.975, for an interval of 95 %
_MANY_DEGREES = 1000  # from here on, a series in 1 / degrees has all digits
_TINY = 1e-300
_UNIT_BITS = ONE.bit_length() - 1
_LEAST_SPREAD_BITS = 105  # weighted losses are rounded: rows that spread less are equal

RatioSums = tuple[ExactSum, ExactSum, ExactSum, ExactSum, ExactSum]
"""The sums of x, x*x, w, x*w and w*w, where w is a row's weight, and x what w multiplies."""


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of n independent rows.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    J. Am. Stat. Assoc. 22 (1927).
    """
    share, spread = hits / n, _Z**2 / n
    center = share + spread / 2.0
    reach = _Z * math.sqrt((share * (1.0 - share) + spread / 4.0) / n)
    low, high = (center - reach) / (1.0 + spread), (center + reach) / (1.0 + spread)
    return (low if hits else 0.0), (high if hits < n else 1.0)


def t_interval(
    mean: float, standard_error: float | None, degrees: int
) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a mean by Student's t; None twice unless its error is finite."""
    if standard_error is None or degrees < 1 or not math.isfinite(standard_error):
        return None, None
    reach = t_quantile(degrees) * standard_error
    return mean - reach, mean + reach


def share_error(hits: int, n: int) -> float | None:
    """Return the standard error of a share of n rows, which is a mean of zeros and ones."""
    return math.sqrt(hits * (n - hits) / (n - 1)) / n if n > 1 else None


def mean_error(total: ExactSum, squares: ExactSum, n: int) -> float:
    """Return the standard error of a mean of n rows, or NaN where it is undefined.

    It is `ratio_error` for rows that weigh 1, but faster.
    """
    if n < 2 or not (math.isfinite(float(total)) and math.isfinite(float(squares))):
        return math.nan
    scaled = squares.units * n << _UNIT_BITS
    spread = scaled - total.units**2
    if spread << _LEAST_SPREAD_BITS <= scaled:
        return 0.0
    try:
        return math.sqrt(spread / ((n - 1) * n**2 << 2 * _UNIT_BITS))
    except OverflowError:
        return math.inf


def sums_of_rows(total: ExactSum, squares: ExactSum, n: int) -> RatioSums:
    """Return the sums of n rows that weigh 1, given those of x and of x*x."""
    every = ExactSum(n * ONE)
    return total, squares, every, total, every


def correlation(one: RatioSums, other: RatioSums, product: ExactSum, n: int) -> float | None:
    """Return the correlation of two means over the same n rows; None where it is undefined.

    It is that of x - mean*w with y - mean*w, from which `ratio_error` comes, too: with w = 1 it is
    Pearson's, and weights that both share correlate nothing. `product` is the sum of x*y.
    """
    if n < 2 or not all(math.isfinite(float(each)) for each in (*one, *other, product)):
        return None
    spreads = []
    for sums in (one, other):
        spread, least = _spread(sums)
        if spread <= least:
            return None
        spreads.append(spread)
    x, _, w, xw, w_squares = (each.units for each in one)
    y, _, _, yw, _ = (each.units for each in other)
    shared = product.units * w**2 - w * (x * yw + y * xw) + x * y * w_squares
    found = min(1.0, math.sqrt(shared * shared / (spreads[0] * spreads[1])))
    return -found if shared < 0 else found


def ratio_error(
    total: ExactSum,
    squares: ExactSum,
    weight: ExactSum,
    product: ExactSum,
    weight_squares: ExactSum,
    n: int,
) -> float:
    """Return the standard error of the quotient of two sums over n independent parts.

    It is ``sqrt(n / (n-1) * sum((x - mean*w)**2)) / sum(w)``, from the sums of x, x*x, w, x*w and
    w*w: with w = 1 the sample standard deviation over sqrt(n), else the usual linearised error.
    It is NaN where it is undefined.
    """
    sums = (total, squares, weight, product, weight_squares)
    if n < 2 or not all(math.isfinite(float(each)) for each in sums):
        return math.nan
    if not weight.units:
        return math.nan
    spread, least = _spread(sums)
    if spread <= least:
        return 0.0
    try:
        variance = spread * n * ONE / (weight.units**4 * (n - 1))
    except OverflowError:
        return math.inf
    return math.sqrt(variance)


def _spread(sums: RatioSums) -> tuple[int, int]:
    """Return sum((x - mean*w)**2) * w**2, with mean = x / w, and the most that is rounding.

    The sums are whole units, so that nothing is lost if the spread is small.
    """
    x, x_squares, w, xw, w_squares = (each.units for each in sums)
    spread = x_squares * w**2 - 2 * x * w * xw + x**2 * w_squares
    return spread, x_squares * w**2 >> _LEAST_SPREAD_BITS


@cache
def t_quantile(degrees: int) -> float:
    """Return the quantile of Student's t distribution at 0.975, to about 2e-13."""
    if degrees >= _MANY_DEGREES:
        return _series(degrees)
    low, high = _Z, 13.0  # with one degree it is 12.7
    for _ in range(60):
        middle = (low + high) / 2.0
        if _outside(middle, degrees) > 0.05:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _series(degrees: int) -> float:
    """Return the quantile by an expansion in 1 / degrees (Fisher and Cornish, 1960)."""
    z = _Z
    terms = (
        (z**3 + z) / 4.0,
        (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0,
        (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0,
        (79.0 * z**9 + 776.0 * z**7 + 1482.0 * z**5 - 1920.0 * z**3 - 945.0 * z) / 92160.0,
    )
    return z + sum(term / float(degrees) ** (i + 1) for i, term in enumerate(terms))


def _outside(t: float, degrees: int) -> float:
    """Return the probability of a value farther from 0 than t, at least 1.74: I_x(degrees/2, 1/2).

    For a smaller t, the continued fraction might not converge.
    """
    a, b, x = degrees / 2.0, 0.5, degrees / (degrees + t * t)
    front = math.exp(
        math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
        - a * math.log1p(t * t / degrees)
        + b * math.log(t * t / (degrees + t * t))
    )
    return front * _continued_fraction(a, b, x) / a


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1.0 / _away_from_0(1.0 - (a + b) * x / (a + 1.0))
    fraction = d
    for m in range(1, 10_000):
        for term in _terms(a, b, x, m):
            d = 1.0 / _away_from_0(1.0 + term * d)
            c = _away_from_0(1.0 + term / c)
            fraction *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return fraction


def _terms(a: float, b: float, x: float, m: int) -> Iterator[float]:
    """Yield the two terms of the fraction with this number."""
    yield m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))


def _away_from_0(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
