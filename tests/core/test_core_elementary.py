"""Logarithms and exponentials against arithmetic of 50 digits, in units of the last place."""

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import numpy.typing as npt
from make_elementary_tables import tables

from xentcli.core import elementary, elementary_tables

Doubles = npt.NDArray[np.float64]
ODD = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, -2.0, 5e-324, 1e-310, 1e308, 2.0**31])


def worst(found: Callable[[Doubles], Doubles], exact: Callable[[Any], Any], x: Doubles) -> float:
    with mp.workdps(50):
        true = [exact(mp.mpf(each)) for each in x.tolist()]
        errors = [abs(mp.mpf(y) - t) for y, t in zip(found(x).tolist(), true, strict=True)]
        units = np.spacing([abs(float(t)) for t in true])
        return float(max(e / mp.mpf(u) for e, u in zip(errors, units.tolist(), strict=True)))


def points(count: int = 120) -> dict[str, Doubles]:
    """Return numbers above 0 of all kinds."""
    rng = np.random.default_rng(0)
    powers = 2.0 ** rng.integers(0, 40, count)
    return {
        "losses": np.exp(rng.normal(0.0, 3.0, count)),
        "first steps": rng.uniform(0.5, 4.0, count) / 512,
        "steps": rng.integers(1, 4096, count) / 2048 + rng.normal(size=count) * 1e-9,
        "near powers of two": powers * (1.0 + rng.normal(size=count) * 2.0**-30) - 1.0 + 1e-12,
        "many classes": 2.0 ** rng.uniform(20, 60, count),
        "tiny": 2.0 ** rng.uniform(-1074, -20, count),
    }


def test_the_last_place() -> None:
    for name, x in points().items():
        above = x[x > 0.0]
        assert worst(elementary.log1p, mp.log1p, above) < 1.0, name
        assert worst(elementary.log, mp.log, above) < 2.0, name
        assert worst(elementary.log1p, mp.log1p, -np.minimum(above, 0.99)) < 2.0, name
        for sign in (1.0, -1.0):
            powers = sign * np.minimum(above, 700.0)
            assert worst(elementary.exp, mp.exp, powers) < 1.1, name
    near = 1.0 - points()["first steps"]
    assert worst(elementary.log, mp.log, near) < 2.0
    assert worst(elementary.exp, mp.exp, np.linspace(-745.0, -700.0, 300)) < 1.1


def test_what_has_no_ordinary_result() -> None:
    with np.errstate(all="ignore"):
        for found, wanted in (
            (elementary.log1p, np.log1p),
            (elementary.log, np.log),
            (elementary.exp, np.exp),
        ):
            got, want = found(ODD), wanted(ODD)
            assert np.array_equal(np.isfinite(got), np.isfinite(want)), found
            np.testing.assert_allclose(got, want, rtol=4e-16, err_msg=str(found))
        assert np.signbit(elementary.log1p(ODD)[4])
        assert elementary.exp(np.zeros((0, 3))).shape == (0, 3)
        assert elementary.log1p(np.array([800.0, 0.0]))[1] == 0.0  # one beside another in a piece
        assert elementary.log(1.0) == 0.0


def test_a_number_is_computed_in_the_same_way_wherever_it_stands() -> None:
    x = points(40_000)["losses"]
    for found in (elementary.log1p, elementary.log, elementary.exp):
        whole = found(x)
        assert np.array_equal(whole[::-1], found(x[::-1]))
        assert np.array_equal(whole[5:300:7], found(x[5:300:7]))


def test_the_tables_are_what_whole_numbers_make() -> None:
    assert elementary_tables.PATH.read_bytes() == tables()
