"""Divergences of long rows of single precision, against the longest numbers that NumPy has."""

import math

import numpy as np
import pytest
from divergence_tools import Array, extended, of
from in_one_test import in_one_test


@in_one_test
@pytest.mark.parametrize("classes", [41, 1000])
@pytest.mark.parametrize("spread", [1.0, 4.0, 12.0])
@pytest.mark.parametrize("step", [0.02, 0.3, 1.0, 2.0, 8.0])
def test_long_rows_of_single_precision_are_right(classes: int, spread: float, step: float) -> None:
    """Few or many classes far apart; in confident rows the far ones have next to no mass."""
    rng = np.random.default_rng(int(10 * spread + step))
    one = (rng.normal(size=(16, classes)) * spread).astype(np.float32)
    one[::2, 3] += 12.0 + spread
    other = (one + step * rng.normal(size=one.shape)).astype(np.float32)
    other[::4, 3] = one[::4, 3]
    found = of(one, other)
    for values, wanted in zip(found, extended(one, other), strict=True):
        assert (np.abs(values - wanted) <= 1e-5 * wanted).all()


def rows_but_for_a_class(classes: int, mass: float, depth: float) -> tuple[Array, Array]:
    """Return rows that are nearly equal, but for a class of this mass, which the other masks."""
    rng = np.random.default_rng(classes)
    one = rng.normal(size=(20, classes)) / 2.0
    others = np.log(np.exp(one[:, 1:]).sum(axis=1))
    one[:, 0] = others + math.log(mass / (1.0 - mass))
    other = one + rng.normal(size=one.shape) / 10.0
    other[:, 0] = one[:, 0] - depth
    return one.astype(np.float32), other.astype(np.float32)


@in_one_test
@pytest.mark.parametrize("classes", [41, 400])
@pytest.mark.parametrize(
    ("mass", "depth"), [(0.01, 20.0), (0.02, 12.0), (0.02, 20.0), (0.05, 40.0), (0.08, 80.0)]
)
def test_a_class_apart_does_not_make_a_row_far(classes: int, mass: float, depth: float) -> None:
    """KL is large there, while the terms of JS cancel: it is 0.003 to 0.03."""
    one, other = rows_but_for_a_class(classes, mass, depth)
    for pair in ((one, other), (other, one)):
        for values, wanted in zip(of(*pair), extended(*pair), strict=True):
            assert (np.abs(values - wanted) <= 1e-5 * wanted).all()


def test_where_js_is_small_beside_kl() -> None:
    """A few classes far apart make one KL large, of whose rounding JS has a share."""
    rng = np.random.default_rng(5)
    one = (rng.normal(size=(64, 257)) * rng.uniform(0.1, 9.0, (64, 1))).astype(np.float32)
    other = one + rng.normal(size=one.shape) * np.resize([0.0, 0.01, 0.1, 1.0], (64, 1))
    other[:, :3] += rng.uniform(-20.0, 20.0, (64, 3)) * np.resize([0.3, 1.0, 1.0], (64, 1))
    other = other.astype(np.float32)
    for values, wanted in zip(of(one, other), extended(one, other), strict=True):
        assert (np.abs(values - wanted) <= 1e-5 * wanted + 1e-12).all()


def test_a_row_has_the_same_bits_alone_and_among_others() -> None:
    """Rows that are near are computed where they stand or gathered, as many or few of them are."""
    random = np.random.default_rng(10)
    one = random.normal(0.0, 3.0, (24, 400)).astype(np.float32)
    for steps in ([0.1, 0.3, 0.5, 4.0], [4.0] * 7 + [0.1], [0.1] * 7 + [0.4], [0.45, 0.45, 0.02]):
        step = np.resize(steps, len(one))[:, None]
        other = (one + step * random.normal(size=one.shape)).astype(np.float32)
        together = np.array(of(one, other))
        alone = [np.array(of(one[i : i + 1], other[i : i + 1]))[:, 0] for i in range(len(one))]
        assert (together == np.transpose(alone)).all(), steps


def test_long_rows_are_right_where_single_precision_loses_digits() -> None:
    random = np.random.default_rng(8)
    base = random.normal(0.0, 2.0, (20, 60)).astype(np.float32)
    near = (base + random.normal(0.0, 0.01, base.shape)).astype(np.float32)
    masked, lowest, scaled = near.copy(), near.copy(), (base * 1e4).astype(np.float32)
    masked[:, 20:] = -1e9
    lowest[:, 20:] = np.finfo(np.float32).min  # KL is near the largest numbers
    shifted = near + np.float32(1e4)
    flat, one_apart = np.zeros((2, 200, 1024), np.float32)  # each rounding is the same there
    one_apart[:, 7] = np.linspace(4.0, 6.0, len(flat))
    cases = {
        "masked": (base, masked),
        "lowest": (base, lowest),
        "shifted": (base, shifted),
        "scaled": (scaled, near),
        "flat": (flat, one_apart),
    }
    for name, rows in cases.items():
        for one, other in (rows, rows[::-1]):
            for found, wanted in zip(of(one, other), extended(one, other), strict=True):
                np.testing.assert_allclose(found, wanted, rtol=1e-5, err_msg=name)
