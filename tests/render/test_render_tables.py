"""Tables without a terminal: which columns are chosen, what numbers look like, what fits."""

import io
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from report_tools import compared, guesses
from rich.cells import cell_len
from rich.console import Console

from xentcli.formats.base import ArrayHeader
from xentcli.render.comparison_tables import all_models
from xentcli.render.number_columns import choose, number_texts, short_names
from xentcli.render.preview import Preview
from xentcli.render.row_tables import fitted_table, narrowed
from xentcli.render.tables import full, headline, loss_table, short
from xentcli.results.loss import LossSummary


def screen(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, color_system=None, markup=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def preview(blocks: list[Any], width: int = 80, columns: tuple[str, ...] | None = None) -> str:
    shape = (None, *blocks[0].shape[1:])
    shown = Preview("numbers")
    shown.open(ArrayHeader(shape, blocks[0].dtype, columns))
    for block in blocks:
        shown.write(block)
    console = screen(width)
    shown.show(console, "-o FILE")
    return text(console)


@settings(max_examples=20, deadline=None, database=None)
@given(st.integers(1, 20_000), st.integers(1, 60), st.sets(st.integers(0, 20_000), max_size=30))
def test_chosen_columns(count: int, most: int, also: set[int]) -> None:
    wanted = sorted(i for i in also if i < count)
    chosen = choose(count, most, wanted)
    assert chosen == sorted(set(chosen))
    assert all(0 <= i < count for i in chosen)
    assert len(chosen) == min(count, most)
    assert len(wanted) > most or set(wanted) <= set(chosen)
    if not wanted and len(chosen) > 1:
        assert (chosen[0], chosen[-1]) == (0, count - 1)


def test_no_number_of_a_model_is_cut() -> None:
    z, labels = guesses(200, 3)
    models = [z, *(z + size * np.sin(100 * z) for size in (1e-4, 1e-3, 1.0))]
    found = [
        replace(each, base=f"{'b' * 40}.npy", new=f"{'n' * 40}{i}.npy")
        for i, each in enumerate(compared(models, labels, pictures=False))
    ]
    for width in range(44, 100):
        console = screen(width)
        console.print(all_models(found, width))
        lines = text(console).splitlines()
        assert all(re.search(r"^\S*…\S*[^…]*$", line) for line in lines[1:]), (width, lines)


def test_headers_of_names_make_room_for_numbers() -> None:
    names = {"row": "178", "id": "x" * 20, "label": "y" * 20, "predicts now": "z" * 20}
    columns = {**{head: [names[head]] for head in ("row", "id")}, "loss": ["+1.5027"]}
    columns |= {head: [names[head]] for head in ("label", "predicts now")}
    for width in range(38, 80):
        console = screen(width)
        shown = narrowed(columns, width, ("label",), [*names])
        console.print(fitted_table(shown, names, width, 2))
        row = text(console).splitlines()[-1]
        assert row.startswith("178  "), (width, row)
        assert "  +1.5027  " in row, (width, row)


@settings(max_examples=30, deadline=None, database=None)
@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8), st.integers(2, 4))
def test_numbers_of_a_column(values: list[float], decimals: int) -> None:
    texts = number_texts([np.float64(value) for value in values], decimals)
    assert max(map(len, texts)) <= 11
    largest = max(map(abs, values))
    for text, value in zip(texts, values, strict=True):
        assert abs(float(text) - value) <= max(0.05 * largest, 5.1e-5 * (largest >= 5e-5))
        assert text != "0" or value == 0, "0 is exactly 0"
    decimals_of = {len(text.partition(".")[2]) for text in texts if "e" not in text and text != "0"}
    assert len(decimals_of) <= 1, "one precision a column"


def test_short_of_small_numbers_has_more_than_a_digit() -> None:
    """Those of models that hardly differ, as the KL divergences of quantised ones."""
    shown = {0.00414: "0.0041", 0.00064157: "0.0006416", -0.00014999: "-0.00015", 4e-5: "4e-05"}
    assert {value: short(value) for value in shown} == shown


@in_one_test
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_short_of_what_is_not_finite(value: float) -> None:
    assert str(float(short(value))) == str(value)
    assert number_texts([np.float64(value), np.float64(0.5)])[0] == str(value)


@in_one_test
@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (0.156532615648484, 0.0181, "0.1565 ± 0.0181"),
        (1.5098272183327, 0.18457352, "1.510 ± 0.185"),
        (123.456, 12.3, "123.5 ± 12.3"),
        (4e5, 1234.0, "400000 ± 1234"),
        (1e-22, 3e-23, "1e-22 ± 3e-23"),
        (-1.23456789e12, 3.3e7, "-1.234568e+12 ± 3.3e+07"),
        (2.5, 4.56e28, "2.5 ± 4.56e+28"),
        (0.6931471805599453, 0.0, "0.6931 ± 0"),
        (0.0, 0.0, "0"),
        (0.0, 0.25, "0.000 ± 0.250"),
        (0.25, math.nan, "0.2500"),
        (math.inf, math.nan, "inf"),
    ],
)
def test_headline(value: float, error: float, shown: str) -> None:
    assert headline(value, error) == shown


@settings(max_examples=20, deadline=None, database=None)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=6), st.integers(3, 20))
def test_names_are_cut_to_a_width(names: list[str], width: int) -> None:
    shown = short_names(names, width)
    assert all(cell_len(name) <= width for name in shown)
    for name, cut in zip(names, shown, strict=True):
        assert cut == name or "…" in cut or not name.isprintable()


def test_names_that_differ_in_the_middle_stay_apart() -> None:
    names = [f"a very long name of class {i} of ten" for i in range(10)]
    for width in (5, 8, 20, 40):
        assert len(set(short_names(names, width))) == 10


@settings(max_examples=20, deadline=None, database=None)
@given(st.floats())
def test_full_numbers_read_back(value: float) -> None:
    assert float(full(np.float64(value))) == value or math.isnan(value)


@settings(max_examples=15, deadline=None, database=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_preview_of_any_blocks(sizes: list[int]) -> None:
    """How the rows come in does not matter; the first and the last are shown, in order."""
    rows = np.arange(float(sum(sizes)))[:, None] + [0.25, 0.5]
    blocks = np.split(rows, np.cumsum(sizes)[:-1])
    shown = preview(blocks)
    assert shown == preview([rows])
    found = re.findall(r"^ *(\d+) +(\S+) +(\S+) *$", shown, re.MULTILINE)
    places = [int(place) for place, _, _ in found]
    assert places == sorted(set(places))
    assert (places[0], places[-1]) == (0, len(rows) - 1)
    for place, *numbers in found:
        assert [float(number) for number in numbers] == rows[int(place)].tolist()
    assert (f"{len(places)} of {len(rows)} rows" in shown) == (len(places) < len(rows))


@in_one_test
@pytest.mark.parametrize(
    ("width", "count"),
    [*((80, count) for count in (1, 2, 5, 6, 7, 100)), (40, 2), (40, 7), (132, 6), (132, 100)],
)
def test_no_digit_is_cut(width: int, count: int) -> None:
    """The widest numbers there are, in as many columns as are shown."""
    rows = np.full((2, count), -1.23456789e-05)
    lines = preview([rows], width).splitlines()
    assert max(map(len, lines)) <= width
    numbers = [
        cell for line in lines if re.match(r" *\d +(?!of )", line) for cell in line.split()[1:]
    ]
    assert set(numbers) <= {"-1.2e-05", "…"}
    assert len(numbers) >= 2


def test_integers_are_not_rounded() -> None:
    rows = np.array([[12345678, 0], [-3, 1]])
    shown = preview([rows])
    assert "12345678" in shown
    assert "rounded" not in shown


def summary(**changes: Any) -> LossSummary:
    values = {
        "command": "loss",
        "loss": 0.1 + 0.2,
        "reduction": "mean",
        "loss_sum": 0.6000000000000001,
        "weight_sum": 2.0,
        "rows": 1234,
        "used": 2,
        "ignored": 1232,
        "unpaired": 0,
        "num_classes": 128256,
        "perplexity": 1.5,
        "bits": 0.4,
        "standard_error": math.nan,
    }
    return LossSummary(**{**values, **changes})


@pytest.mark.parametrize("width", [40, 80])
def test_loss_table(width: int) -> None:
    console = screen(width)
    console.print(loss_table(summary()))
    shown = text(console)
    assert "0.30000000000000004" in shown
    assert "0.6000000000000001" in shown
    assert "undefined" in shown
    flat = re.sub(r"\s+", " ", shown)
    assert "1,234 (2 used, 1,232 ignored)" in flat
    assert "128,256" in flat


def test_loss_table_with_accuracy() -> None:
    console = screen(80)
    console.print(loss_table(summary()))
    assert "accuracy" not in text(console)
    shares = {"accuracy": 0.5, "accuracy_low": 0.0945312, "accuracy_high": 0.9054688, "hits": 1}
    console.print(loss_table(summary(**shares)))
    flat = re.sub(r"\s+", " ", text(console))
    assert "accuracy 0.5000 (1 of 2; 95 % 0.094531 to 0.905469)" in flat


@pytest.mark.parametrize(("weight_sum", "divisor"), [(2.0, "2 rows"), (0.75, "0.75")])
def test_loss_table_says_what_the_mean_divides_by(weight_sum: float, divisor: str) -> None:
    console = screen(80)
    console.print(loss_table(summary(weight_sum=weight_sum)))
    assert f"/ {divisor}" in text(console)


@pytest.mark.parametrize("width", [9, 17, 30])
def test_names_that_some_share_a_part_of_stay_apart(width: int) -> None:
    """Two runs beside a model of another name, with which they share nothing."""
    runs = [f"runs/2026-11-{day}_resnet50_lr0.001/logits.npy" for day in (28, 29)]
    shown = short_names([*runs, "last.npy"], width)
    assert shown[2] == "last.npy"
    assert "8" in shown[0]
    assert "9" in shown[1]
    assert all(len(name) <= width for name in shown)
    both = [f"{first}/{'x' * 20}{i}{'y' * 20}/logits.npy" for first in ("old", "new") for i in "12"]
    assert len(set(short_names(both, max(width, 12)))) == 4
