"""McNemar's exact test: the probability that chance alone makes rows change so unevenly."""

import math

_COUNTED_EXACTLY = 1000  # rows, up to which whole numbers are added up
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)  # of 1 / n, 1 / n**3, ...
_LEAST_SHARE = 1e-18  # of a sum, below which terms are left out


def mcnemar_p(one: int, other: int) -> float:
    """Return the two-sided p value of `one` rows that went one way and `other` the other way.

    It is twice the probability that at most the smaller number of n fair coins show heads.

    Examples
    --------
    >>> mcnemar_p(48, 1)
    1.7763568394002505e-13
    >>> mcnemar_p(0, 0)
    1.0
    """
    n, least = one + other, min(one, other)
    if n <= _COUNTED_EXACTLY:
        total = sum(math.comb(n, k) for k in range(least + 1))
        return min(1.0, float(2 * total / (1 << n)))
    return min(1.0, 2.0 * _probability(n, least) * _times(n, least))


def _times(n: int, least: int) -> float:
    """Return the probability of `least` heads or fewer over that of exactly `least`."""
    total = share = 1.0
    for k in range(least, 0, -1):
        share *= k / (n - k + 1)
        total += share
        if share < _LEAST_SHARE * total:
            break
    return total


def _probability(n: int, k: int) -> float:
    """Return the probability of k heads of n fair coins.

    Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000).
    """
    if k == 0:
        return math.ldexp(1.0, -n) if n < 1075 else 0.0
    exponent = _stirling_error(n) - _stirling_error(k) - _stirling_error(n - k)
    exponent -= _deviance(k, n / 2.0) + _deviance(n - k, n / 2.0)
    return math.exp(exponent) * math.sqrt(n / (2.0 * math.pi * k * (n - k)))


def _stirling_error(n: int) -> float:
    """Return ``log(n!)`` less the value of Stirling's formula."""
    if n < 16:
        return math.log(math.factorial(n)) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(math.tau)
    return math.fsum(term / float(n) ** (2 * i + 1) for i, term in enumerate(_STIRLING))


def _deviance(x: float, mean: float) -> float:
    """Return ``x * log(x / mean) + mean - x``, without loss of digits if both are close."""
    gap = (x - mean) / (x + mean)
    if abs(gap) > 0.1:
        return x * math.log(x / mean) + mean - x
    total, power = (x - mean) * gap, 2.0 * x * gap
    for j in range(1, 1000):
        power *= gap * gap
        before, total = total, total + power / (2 * j + 1)
        if total == before:
            break
    return total
