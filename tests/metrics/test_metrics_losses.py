"""How losses are distributed, against a search among the edges."""

import math
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from numpy.typing import NDArray

from xentcli.core.checks import Kind
from xentcli.core.labels import LossOptions
from xentcli.core.row_facts import row_facts
from xentcli.metrics.loss_bins import LossesState
from xentcli.results.histogram import LossBin, LossHistogram

Array = NDArray[Any]


def histogram(rows: Array, labels: Array, kind: Kind = "logits") -> LossHistogram:
    facts = row_facts(rows, labels, LossOptions(), LossesState.needs, kind=kind)
    return LossesState.from_rows(facts).compute()


def of_losses(losses: list[float]) -> LossHistogram:
    """Return the histogram of rows of log-probabilities that have these losses."""
    rows = np.column_stack([-np.array(losses), np.full(len(losses), -1.0)])
    return histogram(rows, np.zeros(len(losses), np.int64), "log-probabilities")


def test_losses_are_counted_between_edges() -> None:
    rng = np.random.default_rng(4)
    losses = np.exp(rng.normal(size=3000) * 6.0)
    found = of_losses(losses.tolist())
    edges = np.array([each.low for each in found.bins] + [found.bins[-1].high])
    places = np.searchsorted(edges, losses, side="right") - 1
    np.testing.assert_array_equal(
        [each.rows for each in found.bins], np.bincount(places, minlength=len(found.bins))
    )
    assert [each.high for each in found.bins[:-1]] == edges[1:-1].tolist()
    assert found.n == 3000
    inner = edges[(edges > 0.0) & (edges < math.inf)]
    np.testing.assert_allclose(inner[1:] / inner[:-1], 2.0**0.25, rtol=1e-15)


@in_one_test
@pytest.mark.parametrize(
    ("loss", "low", "high"),
    [
        (1.0, 1.0, 2.0**0.25),
        (math.nextafter(2.0**0.25, 0.0), 1.0, 2.0**0.25),
        (2.0**0.25, 2.0**0.25, 2.0**0.5),
        (3.0 * 2.0**-7, 2.0**-5.5, 2.0**-5.25),
        (math.nextafter(2.0, 0.0), 2.0**0.75, 2.0),
        (2.0**-30, 2.0**-30, 2.0**-29.75),
        (math.nextafter(2.0**-30, 0.0), 0.0, 2.0**-30),
        (5e-324, 0.0, 2.0**-30),
        (2.0**20, 2.0**20, math.inf),
        (1e300, 2.0**20, math.inf),
    ],
)
def test_the_lower_edge_belongs_to_a_bin(loss: float, low: float, high: float) -> None:
    found = of_losses([loss])
    assert [(each.low, each.high, each.rows) for each in found.bins] == [(low, high, 1)]


def test_zero_and_infinity_have_bins_of_their_own() -> None:
    found = of_losses([0.0, -0.0, 0.5, math.inf])
    assert (found.zero.rows, found.infinite.rows, found.n) == (2, 1, 4)
    assert [each.rows for each in found.bins] == [1]


def test_hits_are_counted_beside() -> None:
    rng = np.random.default_rng(5)
    logits, labels = rng.normal(size=(400, 3)), rng.integers(0, 3, 400)
    logits[3] = np.nan  # is left out
    found = histogram(logits, labels)
    hits = (logits.argmax(axis=1) == labels)[np.arange(400) != 3]
    bins = [found.zero, *found.bins, found.infinite]
    assert sum(each.hits or 0 for each in bins) == hits.sum()
    assert (sum(each.rows for each in bins), found.n) == (399, 399)
    losses = (np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(400), labels])[labels >= 0]
    for each in found.bins:
        inside = (losses >= each.low) & (losses < each.high)
        assert (each.rows, each.hits) == (
            inside.sum(),
            (inside & (logits.argmax(axis=1) == labels)).sum(),
        )


def test_class_probabilities_have_no_hits() -> None:
    found = histogram(np.eye(3), np.full((3, 3), 1.0 / 3.0))
    assert sum(each.rows for each in found.bins) == 3
    assert {each.hits for each in (found.zero, *found.bins, found.infinite)} == {None}


def test_no_rows_have_no_bins() -> None:
    empty = LossHistogram(0, LossBin(0.0, 0.0, 0), LossBin(math.inf, math.inf, 0))
    assert LossesState().compute() == empty
    found = histogram(np.zeros((0, 3)), np.zeros(0, np.int64))
    assert (found.n, found.bins) == (0, ())
