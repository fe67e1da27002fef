"""Pictures of two models and of temperatures: what is drawn stands where its numbers say."""

from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from close_to import close_to
from in_one_test import in_one_test
from picture_tools import RIGHT, WRONG, paths, reach_in_axes, texts
from report_tools import COMPARED, compared, digits_arrays, measured, temperature, two_models

from xentcli.render.pictures.kinds import OF_PAIRS, OF_TEMPERATURES


def pair_svg(kind: str, found: Any) -> ET.Element:
    return ET.fromstring(OF_PAIRS.picture(kind, found, "svg"))  # noqa: S314 - the picture is ours


@cache
def svg_of_two_models(kind: str) -> ET.Element:
    content = OF_PAIRS.picture(kind, two_models()[0], "svg")
    assert len(content) < 200_000
    return ET.fromstring(content)  # noqa: S314 - the picture is ours


def losses_of_digits() -> tuple[Any, Any]:
    one, two, labels = digits_arrays()
    rows = np.arange(len(labels))
    logs = [z - np.logaddexp.reduce(z, axis=1)[:, None] for z in (one * 1.0, two * 1.0)]
    return -logs[0][rows, labels], -logs[1][rows, labels]


def test_changes_are_above_where_they_are_worse() -> None:
    one, two = losses_of_digits()
    root = svg_of_two_models("changes")
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


def test_a_divergence_below_0_is_a_change() -> None:
    p = np.full((4, 2), 0.5)
    q = p + np.array([[0.0], [0.1], [-0.1], [0.2]])  # the rows do not sum to 1
    found = compared((p, q), None, kind="probabilities")[0]
    assert "3 rows not the same, 1 the same" in texts(pair_svg("changes", found))


def test_squares_hold_the_rows_of_both_losses() -> None:
    one, two = (np.log2(each) for each in losses_of_digits())
    shown = two_models()[0].pictures
    assert shown is not None
    assert sum(each.rows for each in shown.losses) == 450
    for each in shown.losses:
        low_one, low_two = each.base - 31, each.new - 31
        inside = (np.floor(one) == low_one) & (np.floor(two) == low_two)
        assert each.rows == inside.sum()
    squares = paths(svg_of_two_models("losses"), "opacity")
    assert len(squares) == len(shown.losses)


def test_an_infinite_loss_is_said_to_be_no_number_of_the_axis() -> None:
    one, two, labels = (np.array(each, np.float64) for each in digits_arrays())
    labels = labels.astype(int)
    said = "infinite or above"
    assert said not in " ".join(texts(svg_of_two_models("losses")))
    two[0, labels[0]] = -np.inf
    found = compared([one, two], labels)[0]
    assert said in " ".join(texts(pair_svg("losses", found)))


def test_both_reliabilities_and_predictions() -> None:
    shown = two_models()[0].pictures
    assert shown is not None
    one, two, labels = digits_arrays()
    for logits, found in ((one, shown.base), (two, shown.new)):
        assert found.bins == measured(logits, labels).bins
    root = svg_of_two_models("reliability")
    assert "ECE 0.0690 with the first model, 0.2909 with the new one" in texts(root)
    want = np.zeros((10, 10), int)
    np.add.at(want, (one.argmax(1), two.argmax(1)), 1)
    assert shown.predictions is not None
    assert shown.predictions.dense().tolist() == want.tolist()
    counts = [int(text) for text in texts(svg_of_two_models("predictions")) if text.isdecimal()]
    assert sorted(counts) == sorted([*want[want > 0].tolist(), *range(10), *range(10)])


@in_one_test
@pytest.mark.parametrize("kind", [kind for kind in OF_PAIRS.kinds if kind != "reliability"])
def test_what_is_drawn_fills_its_axes(kind: str) -> None:
    ((low, high),) = reach_in_axes(svg_of_two_models(kind))
    assert min(low) >= -1e-3
    assert max(high) <= 1.001
    assert low[0] < 0.04
    assert high[0] > 0.96


@in_one_test
@pytest.mark.parametrize("kind", OF_PAIRS.kinds)
def test_whatever_is_compared_is_drawn_or_said_not_to_be(kind: str) -> None:
    """Those that are drawn stand on the pages, too."""
    for name, models_of in COMPARED.items():
        found = models_of()[0]
        if not OF_PAIRS.is_drawn(kind, found):
            assert OF_PAIRS.nothing[kind].encode() in OF_PAIRS.picture(kind, found, "svg"), name
        if kind == "changes":
            drawn = name in ("two models", "many models", "models without labels")
            assert OF_PAIRS.is_drawn(kind, found) == drawn, name


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
