"""Powers of 2, and exponentials of what is not above 0, against arithmetic of 40 digits."""

import mpmath
import numpy as np

from xentcli.core import powers
from xentcli.core.powers import STEPS


def test_powers_and_exponentials() -> None:
    rng = np.random.default_rng(3)
    x = -np.concatenate(
        [[0.0, 1e-300, 1e-9, 177.4], rng.exponential(5.0, 300), np.arange(0, 177.0)]
    )
    with mpmath.workdps(40):
        for name, found, right in (
            ("exp", powers.exp(x), [mpmath.exp(each) for each in x.tolist()]),
            ("powers", np.empty_like(x), [mpmath.mpf(2) ** (each / STEPS) for each in x.tolist()]),
        ):
            if name == "powers":
                powers.put_powers(x.copy(), found)
            errors = [abs(float(a / b - 1)) for a, b in zip(found.tolist(), right, strict=True)]
            most = 2.0e-16 + (1.3e-16 * np.abs(x) if name == "exp" else 0.0)
            assert np.all(np.array(errors) <= most), name


def test_what_is_far_below_0_or_no_number() -> None:
    for more in (0, 9):  # few or most of the powers vanish
        steps = np.array([[-np.inf, -1e9, -0.0], [np.nan, -256.0, -512.0]])
        steps = np.pad(steps, [(0, 0), (0, more)], constant_values=-1e9)
        found = np.empty_like(steps)
        powers.put_powers(steps, found)
        right = np.zeros_like(steps)
        right[0, 2], right[1, :3] = 1.0, [np.nan, 0.5, 0.25]
        np.testing.assert_array_equal(found, right)
        assert np.isnan(steps).sum() == 1
        assert np.isfinite(steps).sum() == steps.size - 1
    assert powers.exp(np.array([-np.inf, -178.0])).tolist() == [0.0, 0.0]


def test_steps_of_a_power() -> None:
    for factor in (1.0, 0.5005338, 3e-20, 7e19):
        steps, off = powers.steps_of(factor)
        with mpmath.workdps(60):
            exact = steps * mpmath.log(2) / STEPS
            assert abs(float(exact - factor) - off) <= 1e-25 * factor
