"""What needs all rows in order: any number of them sorted at once gives the same."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from close_to import close_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from xentcli.metrics import order, ranking
from xentcli.results.measure import NOTHING

Array = NDArray[Any]
Row = tuple[float, bool]

numbers = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 1e-300, -3.0, 5e-324]), st.floats(allow_nan=False)
)
rows_of = st.lists(st.tuples(numbers, st.booleans()), max_size=60)
few_sorted = pytest.mark.parametrize("most", [1, 5, 2**20])


def parts_of(rows: list[Row]) -> order.Parts:
    """Hand out the rows in parts of seven."""

    def parts() -> Iterator[tuple[Array, Array]]:
        for start in range(0, len(rows), 7):
            part = rows[start : start + 7]
            yield np.array([v for v, _ in part], np.float64), np.array([h for _, h in part], bool)

    return parts


any_rows = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@few_sorted
@any_rows
@given(rows=rows_of)
def test_all_rows_come_in_order(
    rows: list[Row], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "SORTED_ROWS", most)
    levels = list(order.in_order(parts_of(rows), len(rows)))
    found = [each for level in levels for each in zip(*(a.tolist() for a in level), strict=True)]
    values = sorted({v + 0.0 for v, _ in rows})
    assert found == [
        (value, sum(v == value for v, _ in rows), sum(v == value and h for v, h in rows))
        for value in values
    ]


def auroc(rows: list[Row]) -> Fraction:
    """Compare every pair."""
    won = [
        Fraction(1 if a > b else 0) + (Fraction(1, 2) if a == b else 0)
        for a, true in rows
        if true
        for b, other in rows
        if not other
    ]
    return sum(won, Fraction()) / len(won)


def average_precision(rows: list[Row]) -> Fraction:
    """Lower the threshold from value to value."""
    total, before = Fraction(), Fraction()
    for level in sorted({v for v, _ in rows}, reverse=True):
        chosen = [hit for v, hit in rows if v >= level]
        recall = Fraction(sum(chosen), sum(hit for _, hit in rows))
        total += (recall - before) * Fraction(sum(chosen), len(chosen))
        before = recall
    return total


@few_sorted
@any_rows
@given(rows=rows_of)
def test_ranking(rows: list[Row], most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "SORTED_ROWS", most)
    hits = sum(hit for _, hit in rows)
    found = ranking.ranking(order.in_order(parts_of(rows), len(rows)), len(rows), hits)
    if hits in (0, len(rows)):
        assert found == ranking.Ranking()
        return
    assert found.auroc.value == float(auroc(rows))
    assert found.average_precision.value == close_to(float(average_precision(rows)), rel=1e-15)
    assert found.auroc.n == found.average_precision.n == len(rows)


def equal_mass_ece(rows: list[Row], bins: int) -> Fraction:
    """Put each value into the bin of the mean place of its rows."""
    values = sorted(v for v, _ in rows)
    gaps = [Fraction()] * bins
    for value in set(values):
        places = [i for i, v in enumerate(values) if v == value]
        mean = Fraction(sum(places), len(places))
        hits = sum(h for v, h in rows if v == value)
        gaps[int(bins * mean / len(rows))] += hits - Fraction(value) * len(places)
    return sum(map(abs, gaps), Fraction()) / len(rows)


shares = st.one_of(st.sampled_from([0.25, 0.5, 1.0]), st.floats(0.0, 1.0))


@few_sorted
@any_rows
@given(st.lists(st.tuples(shares, st.booleans()), min_size=1, max_size=60), st.integers(1, 20))
def test_equal_mass_bins(
    most: int, monkeypatch: pytest.MonkeyPatch, rows: list[Row], bins: int
) -> None:
    monkeypatch.setattr(order, "SORTED_ROWS", most)
    for each in (rows, rows[::-1]):
        levels = order.in_order(parts_of(each), len(each))
        found = ranking.equal_mass_ece(levels, len(each), bins).value
        assert found == pytest.approx(float(equal_mass_ece(rows, bins)), rel=1e-13, abs=1e-16)


@few_sorted
@any_rows
@given(rows=st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), min_size=1, max_size=60))
def test_percentiles(most: int, monkeypatch: pytest.MonkeyPatch, rows: list[Row]) -> None:
    monkeypatch.setattr(order, "SORTED_ROWS", most)
    thousandths = [0, 1, 333, 500, 999, 1000]
    found = order.percentiles(parts_of(rows), len(rows), thousandths)
    wanted = np.percentile([v for v, _ in rows], [each / 10 for each in thousandths])
    assert found == pytest.approx(wanted.tolist(), rel=1e-12, abs=1e-9)


def test_ordinary_rows_are_in_bins_of_as_many() -> None:
    """Without ties and where the bins divide the rows, this is the textbook's."""
    rng = np.random.default_rng(8)
    conf, hits = np.sort(rng.random(60)), rng.random(60) < 0.5
    want = sum(
        abs((h - c).sum()) for c, h in zip(conf.reshape(12, 5), hits.reshape(12, 5), strict=True)
    )
    rows = list(zip(conf.tolist(), hits.tolist(), strict=True))
    levels = order.in_order(parts_of(rows), 60)
    assert ranking.equal_mass_ece(levels, 60, 12).value == close_to(want / 60, rel=1e-13)


def test_nothing_of_no_rows() -> None:
    assert ranking.equal_mass_ece(order.in_order(parts_of([]), 0), 0, 15) == NOTHING
    assert ranking.ranking(order.in_order(parts_of([]), 0), 0, 0) == ranking.Ranking()
