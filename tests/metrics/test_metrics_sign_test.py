"""McNemar's exact test, against whole numbers."""

from fractions import Fraction

import pytest
from close_to import close_to
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.metrics.sign_test import mcnemar_p


def by_counting(one: int, other: int) -> float:
    """Return twice the share of all outcomes of n coins with so few heads or fewer."""
    n, ways, total = one + other, 1, 0
    for k in range(min(one, other) + 1):
        total += ways
        ways = ways * (n - k) // (k + 1)
    return float(min(Fraction(1), Fraction(2 * total, 2**n)))


@in_one_test
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (48, 1),
        (1, 48),
        (0, 0),
        (1, 0),
        (3, 3),
        (600, 500),
        (1, 1040),
        (0, 1060),
        (1000, 1200),
        (5000, 5100),
        (7000, 7000),
    ],
)
def test_counted(one: int, other: int) -> None:
    # The least numbers have few digits: the last of them may be off.
    assert mcnemar_p(one, other) == pytest.approx(by_counting(one, other), rel=3e-14, abs=1e-323)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 3000), st.integers(0, 3000))
def test_laws(one: int, other: int) -> None:
    p = mcnemar_p(one, other)
    assert (
        p == mcnemar_p(other, one) == pytest.approx(by_counting(one, other), rel=1e-12, abs=1e-320)
    )
    assert 0.0 <= p <= 1.0
    assert mcnemar_p(max(one, other) + 1, min(one, other)) <= p
    if one == other:
        assert p == 1.0


def test_few_of_so_many_that_factorials_are_series() -> None:
    for few in range(1, 41):
        assert mcnemar_p(few, 1001 - few) == close_to(by_counting(few, 1001 - few), rel=3e-13), few
    assert mcnemar_p(0, 1074) == 2.0**-1073  # next to the least number


def test_many_rows() -> None:
    """Half the rows and a standard deviation more: by the normal distribution, one in 0.317."""
    assert mcnemar_p(499_500, 500_500) == close_to(0.3176, rel=2e-3)
