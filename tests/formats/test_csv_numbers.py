"""What is a number in a CSV file, and that a long cell which is none is seen at once."""

import time

import pytest
from in_one_test import in_one_test

from xentcli.formats.csv.numbers import is_almost_number, is_number


@in_one_test
@pytest.mark.parametrize("cell", ["1", "-1.5", ".5", "5.", "+1e-3", "inf", "-Infinity", "NaN"])
def test_numbers(cell: str) -> None:
    assert is_number(cell)
    assert not is_almost_number(cell)


@in_one_test
@pytest.mark.parametrize(
    "cell", ["1,234", "0x10", "1_000", "1/3", "50%", "1.2.3", "..1", "1 000", "1'000", "-1,5"]
)
def test_what_is_almost_a_number(cell: str) -> None:
    assert is_almost_number(cell)
    assert not is_number(cell)


@in_one_test
@pytest.mark.parametrize("cell", ["", ".", "..", "x", "1x", "e5", "0x", "1e", "1/", "/2", "--1"])
def test_what_is_none(cell: str) -> None:
    assert not is_number(cell)
    assert not is_almost_number(cell)


def seconds(cell: str) -> float:
    began = time.process_time()
    for _ in range(5):
        is_number(cell)
        is_almost_number(cell)
    return time.process_time() - began


@in_one_test
@pytest.mark.parametrize("piece", ["1", ".", "1.", "1,", "0x1", "1/", " 1", "1e"])
def test_time_grows_with_the_length_and_not_faster(piece: str) -> None:
    """A ratio of two sizes, eight times apart: what backtracks takes 64 times as long."""
    short, long = (min(seconds(piece * n + "x") for _ in range(3)) for n in (4_000, 32_000))
    assert long < 30 * short
