"""Pictures: what is drawn stands where its numbers say."""

import re
from functools import cache
from typing import Any, get_args
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hostile_names import HOSTILE
from in_one_test import in_one_test
from picture_tools import INK, RIGHT, SVG, WRONG, in_square, paths, reach_in_axes, texts
from report_tools import MEASURED, digits, extremes, hostile, many_classes, measured

from xentcli.render.picture_kinds import (
    PairPictureKind,
    PictureKind,
    TemperaturePictureKind,
)
from xentcli.render.pictures import (
    NEEDS,
    is_drawn,
    picture,
)
from xentcli.render.pictures.kinds import OF_PAIRS, OF_TEMPERATURES
from xentcli.text import visible


def svg(kind: PictureKind, measures: Any) -> ET.Element:
    return ET.fromstring(picture(kind, measures, "svg"))  # noqa: S314 - the picture is ours


@cache
def bytes_of_digits(kind: PictureKind, form: str) -> bytes:
    return picture(kind, digits(), form)


@cache
def svg_of_digits(kind: PictureKind) -> ET.Element:
    return ET.fromstring(bytes_of_digits(kind, "svg"))  # noqa: S314 - the picture is ours


@pytest.mark.parametrize(
    ("kind", "form"), [("confusion", "svg"), ("losses", "png"), ("losses", "pdf")]
)
def test_the_same_measures_make_the_same_bytes(kind: PictureKind, form: str) -> None:
    """Whatever settings of matplotlib the user has."""
    import matplotlib as mpl  # here, since it takes long and few tests need it

    first = bytes_of_digits(kind, form)
    with mpl.rc_context({"font.size": 30.0, "axes.grid": True, "svg.hashsalt": None}):
        assert picture(kind, digits(), form) == first
        assert mpl.rcParams["font.size"] == 30.0
    begins = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    assert first.startswith(begins[form])
    assert b"20" + b"26-" not in first
    assert len(first) < 200_000


def test_reliability_stands_where_the_bins_say() -> None:
    filled = [each for each in digits().bins if each.rows]
    assert len(filled) < len(digits().bins)
    root = svg_of_digits("reliability")
    points = [
        (float(use.get("x", "")), float(use.get("y", "")))
        for use in root.iter(f"{SVG}use")
        if INK in use.get("style", "")
    ]
    want: Any = [(each.confidence, each.accuracy) for each in filled]
    np.testing.assert_allclose(in_square(points[: len(filled)]), want, atol=1e-5)
    bars = [in_square(part) for part in paths(root, f"fill: {RIGHT}", "opacity: 0.45")]
    edges = [(bar[0, 0], bar[2, 0], bar[1, 1]) for bar in bars[: len(filled)]]
    want_bars: Any = [(each.low, each.high, each.accuracy) for each in filled]
    np.testing.assert_allclose(edges, want_bars, atol=1e-5)
    ranges = [in_square(part) for part in paths(root, f"stroke: {INK}", "stroke-width: 1.2")]
    reach = [(each[0, 0], each[0, 1], each[1, 1]) for each in ranges[: len(filled)]]
    want_reach: Any = [(each.confidence, each.accuracy_low, each.accuracy_high) for each in filled]
    np.testing.assert_allclose(reach, want_reach, atol=1e-5)
    for name, color in (("mean_confidence", WRONG), ("accuracy", RIGHT)):
        lines = [in_square(part) for part in paths(root, f"stroke: {color}", "stroke-width: 1.3")]
        assert lines[0][0, 0] == pytest.approx(digits()[name].value, abs=1e-5)
    shown = texts(root)
    assert "ECE 0.0690; by chance alone 0.0306" in shown
    assert "450 rows in 11 of 15 bins" in shown
    assert {"mean confidence 0.9033", "accuracy 0.9689"} <= set(shown)


def test_a_confusion_shows_its_counts_and_no_zeros() -> None:
    found = digits().confusions
    assert found is not None
    root = svg_of_digits("confusion")
    counts = [int(text) for text in texts(root) if text.isdecimal()]
    assert sorted(counts) == sorted([*found.rows.tolist(), *range(10), *range(10)])
    cells = paths(root, f"fill: {RIGHT}") + paths(root, f"fill: {WRONG}")
    assert len(cells) == len(found.rows)
    strong = max(float(o) for o in re.findall(r"opacity: ([\d.]+)", ET.tostring(root, "unicode")))
    assert strong <= 0.6


def test_many_classes_are_their_most_frequent_mistakes() -> None:
    found = many_classes().confusions
    assert found is not None
    root = svg("confusion", many_classes())
    assert f"The 20 most frequent of {found.confused_pairs} confused pairs" in texts(root)
    assert len(paths(root, f"fill: {WRONG}")) == 20
    right = measured(np.eye(30), np.arange(30))
    assert "No row is mistaken" in texts(svg("confusion", right))


def test_losses_are_as_many_bars_as_bins_with_rows() -> None:
    found = digits().losses
    assert found is not None
    root = svg_of_digits("losses")
    filled = [each for each in found.bins if each.rows]
    bars = paths(root, f"fill: {RIGHT}", "opacity: 0.5")
    assert len(bars) - 1 == len(filled)  # one is in the legend
    heights = np.array([bar[0][1] - bar[1][1] for bar in bars[:-1]])
    rows = np.array([each.rows for each in filled])
    np.testing.assert_allclose(heights / heights.max(), rows / rows.max(), atol=1e-4)
    missed = [each for each in filled if each.hits != each.rows]
    assert len(paths(root, f"fill: {WRONG}")) - 1 == len(missed)


@in_one_test
@pytest.mark.parametrize("kind", get_args(PictureKind))
def test_what_is_drawn_fills_its_axes(kind: PictureKind) -> None:
    """Only of a reliability diagram the left may be empty, where no row has such a confidence."""
    reached = reach_in_axes(svg_of_digits(kind))
    assert reached
    for low, high in reached:
        assert min(low) >= -1e-3
        assert max(high) <= 1.001
        assert kind == "reliability" or low[0] < 0.04
        assert high[0] > 0.96
        assert high[1] > 0.96


def test_losses_of_0_and_infinity_have_places() -> None:
    shown = texts(svg("losses", extremes()))
    assert {"0", "<1e-9", ">1e6", "∞"} <= set(shown)
    assert "mean NaN" in shown


def test_what_was_not_measured_is_a_dash() -> None:
    alone = measured([[0.0, 1.0]] * 4, [1] * 4, metrics=("bins",))
    assert "ECE –; by chance alone –" in texts(svg("reliability", alone))


def test_counts_that_differ_much_stand_on_a_log_axis() -> None:
    logits = np.array([[0.0, 2.0]] * 900 + [[0.0, i / 40.0] for i in range(50)])
    assert "rows (log scale)" in texts(svg("losses", measured(logits, np.ones(950, int))))
    assert "rows" in texts(svg_of_digits("losses"))


def test_names_are_text_and_no_formulas() -> None:
    shown = texts(svg("confusion", hostile()))
    assert "<script>…script>" in shown
    assert "cost in …{1}{2}$" in shown
    assert {"$a_b$ & $x^2$", "(empty)"} <= set(shown)
    assert all(text == visible(text) for text in shown)
    assert any(len(name) > 200 for name in HOSTILE)
    assert max(map(len, shown)) < 80


@in_one_test
@pytest.mark.parametrize("kind", get_args(PictureKind))
def test_where_there_is_nothing_it_is_said(kind: PictureKind) -> None:
    empty = MEASURED["no rows"]()
    assert not is_drawn(kind, empty)
    assert texts(svg(kind, empty))[0].startswith("There are no rows")


@in_one_test
@pytest.mark.parametrize("kind", get_args(PictureKind))
def test_a_picture_needs_what_it_says(kind: PictureKind) -> None:
    """What is measured for a picture alone makes the picture that everything makes."""
    logits, labels = np.eye(3)[[0, 1, 2, 2, 1]] * 3.0, np.array([0, 1, 2, 1, 1])
    alone = measured(logits, labels, metrics=NEEDS[kind])
    assert is_drawn(kind, alone)
    assert picture(kind, alone, "svg") == picture(kind, measured(logits, labels), "svg")


def test_the_kinds_are_all_there() -> None:
    assert set(get_args(PictureKind)) == set(NEEDS) == {"reliability", "confusion", "losses"}
    assert get_args(PairPictureKind) == OF_PAIRS.kinds
    assert get_args(TemperaturePictureKind) == OF_TEMPERATURES.kinds
