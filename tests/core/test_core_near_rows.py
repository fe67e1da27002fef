"""Rows that are nearly equal: polynomials where they end, and where digits would be lost."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from in_one_test import in_one_test

from xentcli.core.near_rows import of_near_rows

Array = npt.NDArray[Any]


def pair(ratio: Array, shift: float = 0.0) -> tuple[Array, Array, Array]:
    """Return logits of two models, apart by log(q / p), and p + q; float32 holds the ratio."""
    rng = np.random.default_rng(3)
    one = rng.integers(-32, 33, ratio.shape) / 8.0
    both = 0.1 + rng.random(ratio.shape)
    return one.astype(np.float32), (one + ratio + shift).astype(np.float32), both.astype(np.float32)


def by_definition(ratio: Array, both: Array) -> list[Array]:
    """Return KL both ways and JS, of masses that need not sum to 1, in the longest numbers."""
    wide = ratio.astype(np.longdouble)
    p, q = both / (1 + np.exp(wide)), both / (1 + np.exp(-wide))
    m = both.astype(np.longdouble) / 2

    def kl(one: Array, other: Array) -> Array:
        return np.asarray((one * np.log(one / other) - one + other).sum(axis=1))

    return [kl(p, q), kl(q, p), (kl(p, m) + kl(q, m)) / 2]


def found(ratio: Array, shift: float = 0.0) -> tuple[Array, Array]:
    """Return what is found and what is right, each of shape (3, N)."""
    one, other, both = pair(ratio, shift)
    values = of_near_rows(one, other, np.full(len(ratio), shift), both.copy())
    return np.array(values), np.array(by_definition(ratio, both))


@in_one_test
@pytest.mark.parametrize("size", [2**-6, 0.25, 0.5, 0.875, 1, 1.125, 1.5, 1.75, 2, 2.125, 2.5, 4])
def test_both_polynomials_reach_as_far_as_they_are_used(size: float) -> None:
    """Every class as far apart as the farthest, or up to that; a digit more than is promised."""
    rng = np.random.default_rng(1)
    signs = np.resize([1.0, -1.0], (20, 64))
    for ratio in (size * signs, size * signs**2, size * rng.integers(-1024, 1025, (20, 64)) / 1024):
        values, wanted = found(ratio)
        np.testing.assert_allclose(values, wanted.astype(float), rtol=2e-6)


def test_rows_far_and_near_do_not_mix() -> None:
    ratio = np.resize([0.25, -0.125, 0.5, -0.5], (12, 64))
    ratio[::3, ::7] = 1.5
    ratio[1::6, ::5] = -3.0
    ratio[2::6, 3] = 1.25
    for rows in (slice(None), slice(0, 4), slice(0, 2)):
        values, wanted = found(ratio[rows])
        np.testing.assert_allclose(values, wanted.astype(float), rtol=2e-6)


def test_where_digits_would_be_lost_nothing_is_said() -> None:
    """A KL below a fiftieth of the other is left to rounding, and so is a ratio beside a shift."""
    for size in (30.0, 45.0, 55.0, 80.0):
        ratio = np.full((4, 64), 2.0**-6)
        ratio[:, 0] = -size  # as of a class that the other model masks
        values, wanted = found(ratio)
        lost = bool((wanted[0] > 50 * wanted[1]).all())
        assert lost == (size > 51)
        assert np.isnan(values).all() if lost else (np.abs(values / wanted - 1) < 2e-5).all()
    for shift in (2.0**4, 2.0**5, 2.0**6, 2.0**8):
        ratio = np.resize([1.0, -1.0], (4, 64)) / 2
        values, wanted = found(ratio, shift)
        lost = bool((shift > 2e2 * np.sqrt(wanted[2])).all())
        assert np.isnan(values).all() if lost else (np.abs(values / wanted - 1) < 1e-5).all()
        assert np.isnan(values).any() == lost
