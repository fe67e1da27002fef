"""Pictures: what is drawn stands where its numbers say."""

import re
from typing import Any, get_args
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from close_to import close_to
from in_one_test import in_one_test
from report_tools import (
    COMPARED,
    HOSTILE,
    MEASURED,
    digits,
    digits_arrays,
    extremes,
    hostile,
    many_classes,
    measured,
    temperature,
    two_models,
)

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

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
SIDE, LEFT, TOP = 326.0, 58.0, 48.0  # of the square of a reliability diagram, in points
INK, RIGHT, WRONG = "#1b1f24", "#2f6fbf", "#c4501b"


def svg(kind: PictureKind, measures: Any) -> ET.Element:
    return ET.fromstring(picture(kind, measures, "svg"))  # noqa: S314 - the picture is ours


def texts(root: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


def paths(root: ET.Element, *styles: str) -> list[list[tuple[float, float]]]:
    """Return the points of each closed or open part of the paths with these styles."""
    found = []
    for path in root.iter(f"{SVG}path"):
        if all(style in path.get("style", "") for style in styles):
            for part in path.get("d", "").split("M")[1:]:
                numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", part)]
                found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def in_square(points: list[tuple[float, float]]) -> Any:
    """Return points of the drawing as numbers on the axes of a reliability diagram."""
    x, y = np.array(points).T
    return np.column_stack([(x - LEFT) / SIDE, (TOP + SIDE - y) / SIDE])


@pytest.mark.parametrize(
    ("kind", "form"), [("confusion", "svg"), ("losses", "png"), ("losses", "pdf")]
)
def test_the_same_measures_make_the_same_bytes(kind: PictureKind, form: str) -> None:
    """Whatever settings of matplotlib the user has."""
    import matplotlib as mpl  # here, since it takes long and few tests need it

    first = picture(kind, digits(), form)
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
    root = svg("reliability", digits())
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
    root = svg("confusion", digits())
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
    root = svg("losses", digits())
    filled = [each for each in found.bins if each.rows]
    bars = paths(root, f"fill: {RIGHT}", "opacity: 0.5")
    assert len(bars) - 1 == len(filled)  # one is in the legend
    heights = np.array([bar[0][1] - bar[1][1] for bar in bars[:-1]])
    rows = np.array([each.rows for each in filled])
    np.testing.assert_allclose(heights / heights.max(), rows / rows.max(), atol=1e-4)
    missed = [each for each in filled if each.hits != each.rows]
    assert len(paths(root, f"fill: {WRONG}")) - 1 == len(missed)


def test_losses_of_0_and_infinity_have_places() -> None:
    shown = texts(svg("losses", extremes()))
    assert {"0", "<1e-9", ">1e6", "∞"} <= set(shown)
    assert "mean NaN" in shown


def test_counts_that_differ_much_stand_on_a_log_axis() -> None:
    logits = np.array([[0.0, 2.0]] * 900 + [[0.0, i / 40.0] for i in range(50)])
    assert "rows (log scale)" in texts(svg("losses", measured(logits, np.ones(950, int))))
    assert "rows" in texts(svg("losses", digits()))


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


# Two models, and temperatures


def pair_svg(kind: str, found: Any) -> ET.Element:
    return ET.fromstring(OF_PAIRS.picture(kind, found, "svg"))  # noqa: S314 - the picture is ours


def losses_of_digits() -> tuple[Any, Any]:
    one, two, labels = digits_arrays()
    rows = np.arange(len(labels))
    logs = [z - np.logaddexp.reduce(z, axis=1)[:, None] for z in (one * 1.0, two * 1.0)]
    return -logs[0][rows, labels], -logs[1][rows, labels]


def test_changes_are_above_where_they_are_worse() -> None:
    one, two = losses_of_digits()
    root = pair_svg("changes", two_models()[0])
    worse, better = int((two > one).sum()), int((two < one).sum())
    assert f"{worse} rows worse, {better} better, 0 the same" in texts(root)
    shown = two_models()[0].pictures
    assert shown is not None
    up = [each for each in shown.changes.bins if each.rows > (each.hits or 0)]
    down = [each for each in shown.changes.bins if each.hits]
    assert len(paths(root, f"fill: {WRONG}", "opacity: 0.75")) == len(up) + 1  # of the legend
    assert len(paths(root, f"fill: {RIGHT}", "opacity: 0.65")) == len(down) + 1
    size = np.abs(two - one)
    for each in shown.changes.bins:
        inside = (size >= each.low) & (size < each.high)
        assert each.rows == inside.sum()
        assert each.hits == (inside & (two < one)).sum()


def test_squares_hold_the_rows_of_both_losses() -> None:
    one, two = (np.log2(each) for each in losses_of_digits())
    shown = two_models()[0].pictures
    assert shown is not None
    assert sum(each.rows for each in shown.losses) == 450
    for each in shown.losses:
        low_one, low_two = each.base - 31, each.new - 31
        inside = (np.floor(one) == low_one) & (np.floor(two) == low_two)
        assert each.rows == inside.sum()
    squares = paths(pair_svg("losses", two_models()[0]), "opacity")
    assert len(squares) == len(shown.losses)


def test_both_reliabilities_and_predictions() -> None:
    shown = two_models()[0].pictures
    assert shown is not None
    one, two, labels = digits_arrays()
    for logits, found in ((one, shown.base), (two, shown.new)):
        assert found.bins == measured(logits, labels).bins
    root = pair_svg("reliability", two_models()[0])
    assert "ECE 0.0690 with the first model, 0.2909 with the new one" in texts(root)
    want = np.zeros((10, 10), int)
    np.add.at(want, (one.argmax(1), two.argmax(1)), 1)
    assert shown.predictions is not None
    assert shown.predictions.dense().tolist() == want.tolist()
    counts = [
        int(text) for text in texts(pair_svg("predictions", two_models()[0])) if text.isdecimal()
    ]
    assert sorted(counts) == sorted([*want[want > 0].tolist(), *range(10), *range(10)])


@in_one_test
@pytest.mark.parametrize("kind", OF_PAIRS.kinds)
def test_whatever_is_compared_is_drawn_or_said_not_to_be(kind: str) -> None:
    """Those that are drawn stand on the pages, too, where each has its size checked."""
    for name, compared in COMPARED.items():
        found = compared()[0]
        if not OF_PAIRS.is_drawn(kind, found):
            assert OF_PAIRS.nothing[kind].encode() in OF_PAIRS.picture(kind, found, "svg"), name
        assert OF_PAIRS.is_drawn("changes", found) == (
            name not in ("the same model", "no rows of models")
        ), name
    assert len(OF_PAIRS.picture(kind, two_models()[0], "svg")) < 200_000


def test_the_curve_goes_through_the_losses() -> None:
    """Also between the temperatures that were computed, as eval computes them."""
    from xentcli.render.pictures.curve import smooth

    logits, _, labels = digits_arrays()
    logits = logits.astype(np.float64)
    points = smooth(temperature().curve)
    assert len(points) > 50
    for point in points:
        scaled = logits / point.temperature
        logs = np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(450), labels]
        assert point.loss == close_to(logs.mean(), rel=2e-3)
    for exact in temperature().curve:
        scaled = logits / exact.temperature
        logs = np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(450), labels]
        assert exact.loss == close_to(logs.mean(), rel=1e-4)
    root = ET.fromstring(OF_TEMPERATURES.picture("curve", temperature(), "svg"))  # noqa: S314
    assert "The loss is least at T = 0.5725" in texts(root)
    root = ET.fromstring(OF_TEMPERATURES.picture("reliability", temperature(), "svg"))  # noqa: S314
    assert "ECE 0.0690 with T = 1, 0.0115 with T = 0.5725" in texts(root)
