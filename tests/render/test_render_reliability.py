"""The picture of reliability: bars as high as the accuracy, against the numbers that they show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentcli.render.reliability_bars import legend, picture_width, reliability_picture
from xentcli.results.calibration import Bin

EIGHTHS = " ▁▂▃▄▅▆▇█"
shares = st.floats(0.0, 1.0)
filled = st.builds(
    lambda rows, c, a: Bin(0.0, 1.0, rows, c, a, a, a), st.integers(1, 99), shares, shares
)


def columns_of(bins: list[Bin]) -> list[str]:
    """Return what stands in the first column of each bin, from the bottom to the top."""
    *lines, _, _ = [text.plain for text in reliability_picture(bins)]
    step = (len(lines[0]) - 5) // len(bins)
    return ["".join(line[5 + i * step] for line in lines[::-1]) for i in range(len(bins))]


@given(st.lists(filled, min_size=1, max_size=6))
def test_a_bar_is_as_high_as_its_accuracy(bins: list[Bin]) -> None:
    for column, each in zip(columns_of(bins), bins, strict=True):
        height = sum(1.0 if c == "▒" else EIGHTHS.find(c) / 8 for c in column if c != "░")
        assert height / 5 == pytest.approx(each.accuracy, abs=1 / 80 + 1e-9)
        missing, above = column.count("░") / 5, column.count("▒") / 5
        gap = (each.accuracy or 0.0) - (each.confidence or 0.0)
        assert missing == 0 or gap < 0
        assert above == 0 or gap > 0
        assert missing == pytest.approx(max(0.0, -gap), abs=0.3)
        assert above == pytest.approx(max(0.0, gap), abs=0.3)


@given(st.integers(1, 100), filled)
def test_every_line_is_as_wide_as_it_says(count: int, each: Bin) -> None:
    bins = [each] * count
    lines = [text.plain for text in reliability_picture(bins)]
    assert {len(line) for line in lines} <= {picture_width(len(bins)), picture_width(len(bins)) - 1}


def test_an_empty_bin_shows_nothing() -> None:
    some = Bin(0.5, 1.0, 4, 0.75, 1.0, 0.5, 1.0)
    assert columns_of([Bin(0.0, 0.5, 0), some]) == ["     ", "████▒"]


def test_rows_of_a_bin_are_seen_however_few() -> None:
    bins = [Bin(0.0, 0.5, 1, 0.3, 0.0, 0.0, 1.0), Bin(0.5, 1.0, 10**6, 0.9, 0.9, 0.9, 0.9)]
    *_, rows = [text.plain for text in reliability_picture(bins)]
    assert rows.startswith("rows ▁")
    assert "█" in rows


def test_bins_of_a_binary_model_are_of_class_1() -> None:
    """Their height is no accuracy: of a probability near 0, hardly a row is of class 1."""
    bins = [Bin(i / 15, (i + 1) / 15, 4, i / 15, 0.5, 0.1, 0.9) for i in range(15)]
    *_, scale, _ = [text.plain for text in reliability_picture(bins, binary=True)]
    assert scale.split() == ["0", "p(class", "1)", "1"]
    assert legend(binary=True) == "█ class 1, ░ below, ▒ above probability"
    assert legend(binary=False) == "█ accuracy, ░ below, ▒ above confidence"
