"""Exponentials of long float16 rows are looked up, and are those that would be computed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import xentcli as xent
from xentcli.core import half_table
from xentcli.core.normalizer import normalizer

C = 2**16
Halves = NDArray[np.float16]


def rows_at(center: float, scale: float, seed: int = 0) -> Halves:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((3, C + 5)) * scale + center).astype(np.float16)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Return where the maximum of each row was that was looked up, None for those that were not."""
    found: list[int | None] = []
    exponentials_of_row = half_table.exponentials_of_row

    def kept(row: Halves, powers: Any) -> int | None:
        found.append(exponentials_of_row(row, powers, piece_logits=10_000))
        return found[-1]

    monkeypatch.setattr(half_table, "_exp_is_fast", lambda: False)
    monkeypatch.setattr(half_table, "exponentials_of_row", kept)
    return found


def check_same_bits(rows: Halves) -> None:
    """Compare with the other byte order, whose exponentials are computed."""
    peak, rest = normalizer(rows)
    other_peak, other_rest = normalizer(rows.astype(">f2"))
    assert peak.tobytes() == other_peak.tobytes()
    assert rest.tobytes() == other_rest.tobytes()


@pytest.mark.parametrize("center", [0.0, 20.0, -50.0, -300.0, 60_000.0])
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_same_bits(center: float, scale: float, looked_up: list[int | None]) -> None:
    rows = np.nan_to_num(rows_at(center, scale))
    check_same_bits(rows)
    assert looked_up == [int(row.argmax()) for row in rows]


def test_all_numbers_there_are(looked_up: list[int | None]) -> None:
    rows = np.zeros((2, C), np.float16)
    rows.view(np.uint16)[:] = np.arange(C)[::-1]
    rows[~np.isfinite(rows)] = 1.0
    rows[1] = -np.abs(rows[1]) - np.float16(1.0)
    check_same_bits(rows)
    assert None not in looked_up


@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan, -np.nan, 0.0, -0.0])
@pytest.mark.parametrize("center", [0.0, -50.0])
def test_odd_numbers(value: float, center: float, looked_up: list[int | None]) -> None:
    rows = rows_at(center, 1.0)
    rows[0, ::3] = value
    rows[1] = value
    rows[2] = -np.abs(rows[2])
    rows[2, [7, 9]] = value, 0.0
    check_same_bits(rows)
    assert len(looked_up) == len(rows)
    assert looked_up[1] is None


@settings(max_examples=12, deadline=None)
@given(shift=st.integers(-40, 40), seed=st.integers(0, 99))
def test_exact_shifts_change_nothing(shift: int, seed: int) -> None:
    whole = np.random.default_rng(seed).integers(-900, 900, (1, C)).astype(np.float16)
    labels = np.array([3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(half_table, "_exp_is_fast", lambda: False)
        losses = [
            xent.cross_entropy(logits, labels) for logits in (whole, whole + np.float16(shift))
        ]
    assert losses[0] == losses[1]
