"""Exact sums by cell, tallies and bins, against whole numbers, fractions and plain loops."""

from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from numpy.typing import NDArray

from xentcli.core import cell_parts, cell_sums
from xentcli.core.bins import bins_of
from xentcli.core.cell_sums import CellSums
from xentcli.core.exact_sum import ONE
from xentcli.core.tally import Tally

Array = NDArray[Any]
CELLS = 4

finite = st.floats(allow_nan=False, allow_infinity=False)
not_huge = st.floats(-(2.0**990), 2.0**990)
shares = st.floats(0.0, 1.0)


def lists_of(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[float, int]]]:
    return st.lists(st.tuples(values, st.integers(0, CELLS - 1)), max_size=40)


rows_of = lists_of(st.one_of(finite, shares))


def sums_of(rows: list[tuple[float, int]]) -> CellSums:
    values = np.array([value for value, _ in rows], np.float64)
    cells = np.array([cell for _, cell in rows], np.int64)
    return CellSums.of(values, cells, CELLS)


def fractions_of(sums: CellSums) -> list[Fraction]:
    return [Fraction(each.units, ONE) for each in sums.exact()]


@settings(max_examples=12, deadline=None)
@given(rows_of, st.integers(0, 40))
def test_sums_are_those_of_fractions(rows: list[tuple[float, int]], cut: int) -> None:
    want = [sum((Fraction(v) for v, c in rows if c == cell), Fraction()) for cell in range(CELLS)]
    whole = sums_of(rows)
    assert fractions_of(whole) == want
    one, other = sums_of(rows[:cut]), sums_of(rows[cut:])
    assert one + other == other + one == whole
    assert repr(one + other) == repr(whole)
    assert whole + CellSums() == CellSums() + whole == whole


@settings(max_examples=12, deadline=None)
@given(lists_of(st.one_of(st.floats(1e-120, 1e150), st.floats(0.999999, 1.000001))))
def test_squares_are_not_rounded(rows: list[tuple[float, int]]) -> None:
    values, cells = np.array(rows, np.float64).reshape(-1, 2).T
    found = CellSums.of_squares(values, cells.astype(np.int64), CELLS)
    squares = [(Fraction(v) ** 2, c) for v, c in rows]
    want = [sum((v for v, c in squares if c == cell), Fraction()) for cell in range(CELLS)]
    assert fractions_of(found) == want


@settings(max_examples=12, deadline=None)
@given(lists_of(st.one_of(st.floats(1e-120, 1e150), st.floats(0.999999, 1.000001))))
def test_products_are_not_rounded(rows: list[tuple[float, int]]) -> None:
    values, cells = np.array(rows, np.float64).reshape(-1, 2).T
    found = CellSums.of_products(values, values[::-1], cells.astype(np.int64), CELLS)
    products = [
        (Fraction(v) * Fraction(w), c) for (v, c), (w, _) in zip(rows, rows[::-1], strict=True)
    ]
    want = [sum((v for v, c in products if c == cell), Fraction()) for cell in range(CELLS)]
    assert fractions_of(found) == want


@settings(max_examples=12, deadline=None)
@given(lists_of(st.one_of(not_huge, shares)))
def test_quick_rounding_of_a_cell_does_not_depend_on_others(rows: list[tuple[float, int]]) -> None:
    rounded = sums_of(rows).rounded()
    for cell in range(CELLS):
        alone = sums_of([row for row in rows if row[1] == cell]).rounded()
        assert alone[cell].hex() == rounded[cell].hex()


@settings(max_examples=12, deadline=None)
@given(lists_of(st.one_of(not_huge, shares)))
def test_quick_rounding_is_nearly_exact(rows: list[tuple[float, int]]) -> None:
    sums = sums_of(rows)
    for got, want in zip(sums.rounded().tolist(), sums.exact(), strict=True):
        exact = float(want)
        assert got == exact or abs(got - exact) <= 2.0**-50 * abs(exact)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(-(2**53), 2**53), max_size=30), st.integers(-60, 40), st.integers(1, 9))
def test_whole_multiples_take_less_time_and_have_the_same_sums(
    numbers: list[int], exponent: int, rows: int
) -> None:
    values = np.array(numbers, np.float64) * 2.0**exponent
    cells = np.arange(len(numbers)) % CELLS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cell_parts, "_PIECE_ROWS", rows)
        patch.setattr(cell_sums, "_PIECE_ROWS", 2 * rows)
        found = CellSums.of(values, cells, CELLS, exponent)
        assert found == CellSums.of(values, cells, CELLS)
    want = [sum(numbers[cell::CELLS]) * Fraction(2) ** exponent for cell in range(CELLS)]
    assert fractions_of(found) == want


def test_what_is_not_finite_is_counted() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 1.0, np.inf, 2.0])
    found = CellSums.of(values, np.array([0, 1, 2, 3, 3, 3]), 5)
    assert [str(value) for value in found.floats()] == ["nan", "inf", "-inf", "inf", "0.0"]
    assert [str(value) for value in found.rounded()] == ["nan", "inf", "-inf", "inf", "0.0"]
    assert found.exact()[3].units == 3 * ONE
    twice = (found + found).exact()[1]
    assert twice.positive_infinities == 2


def test_a_sum_beyond_every_float64_is_infinite() -> None:
    found = CellSums.of(np.array([1e308, 1e308, -1e308, -1e308]), np.array([0, 0, 1, 1]), 2)
    assert found.rounded().tolist() == [np.inf, -np.inf]


def test_many_rows_of_few_cells() -> None:
    """So many that they are added up in several pieces, with digits that are carried."""
    rng = np.random.default_rng(0)
    values, cells = rng.random(40_000) - 0.1, rng.integers(0, 3, 40_000)
    found = fractions_of(CellSums.of(values, cells, 3))
    for cell in range(3):
        units = sum(int(v * 2.0**80) for v in values[cells == cell].tolist())
        assert found[cell] == Fraction(units, 2**80)


def test_sums_move_to_other_cells() -> None:
    found = CellSums.of(np.array([1.5, np.inf]), np.array([0, 1]), 2).placed(np.array([3, 1]), 5)
    assert found.floats().tolist() == [0.0, np.inf, 0.0, 1.5, 0.0]
    nothing = CellSums.zeros(1).placed(np.array([1]), 2)
    assert nothing == CellSums.zeros(2)
    assert CellSums().placed(np.zeros(0, np.int64), 2) == CellSums()


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(0, 10**6), max_size=30),
    st.lists(st.integers(0, 10**6), max_size=30),
    st.sampled_from([1, 10, 10**6 + 1]),
)
def test_tallies(one: list[int], other: list[int], span: int) -> None:
    pair = [[number % span for number in numbers] for numbers in (one, other)]
    tallies = [Tally.of(np.array(numbers, np.int64), span) for numbers in pair]
    for total in (tallies[0] + tallies[1], tallies[1] + tallies[0]):
        found = zip(total.numbers.tolist(), total.counts.tolist(), strict=True)
        assert list(found) == sorted(Counter(pair[0] + pair[1]).items())


def bin_of(value: float, bins: int) -> int:
    """Compare with each edge."""
    return sum(value > m / bins for m in range(1, bins))


@settings(max_examples=12, deadline=None)
@given(st.lists(shares, min_size=1, max_size=30), st.integers(1, 60))
def test_bins(values: list[float], bins: int) -> None:
    assert bins_of(np.array(values), bins).tolist() == [bin_of(v, bins) for v in values]


@in_one_test
@pytest.mark.parametrize("bins", [1, 2, 3, 7, 10, 15, 20, 49, 100])
def test_edges_of_bins_belong_to_the_bin_below(bins: int) -> None:
    edges = np.arange(bins + 1) / bins
    around = [edges, np.nextafter(edges, 2.0), np.nextafter(edges, -1.0), np.linspace(0, 1, bins)]
    for values in around:
        inside = np.clip(values, 0.0, 1.0)
        assert bins_of(inside, bins).tolist() == [bin_of(v, bins) for v in inside.tolist()]


def test_more_than_1_goes_into_the_last_bin() -> None:
    assert bins_of(np.array([-0.5, 1.0000001, 7.0]), 15).tolist() == [0, 14, 14]
