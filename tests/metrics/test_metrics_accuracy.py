"""Accuracy and its interval, against Wilson's formula in 50-digit arithmetic."""

import mpmath as mp
import numpy as np
import pytest
from in_one_test import in_one_test

from xentcli.core.labels import LossOptions
from xentcli.core.row_facts import RowFacts, row_facts
from xentcli.metrics.accuracy import AccuracyState
from xentcli.metrics.intervals import wilson_interval
from xentcli.results.accuracy import Accuracy


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return both solutions p of ``(hits/n - p)**2 = z**2 p (1 - p) / n``, which defines it."""
    with mp.workdps(50):
        z2 = 2 * mp.erfinv(mp.mpf("0.95")) ** 2
        share = mp.mpf(hits) / n
        a, b, c = 1 + z2 / n, -2 * share - z2 / n, share**2
        root = mp.sqrt(b**2 - 4 * a * c)
        return float((-b - root) / (2 * a)), float((-b + root) / (2 * a))


COUNTS = [(0, 1), (1, 1), (0, 7), (7, 7), (3, 7), (436, 450), (1, 10**6), (10**6 - 1, 10**6)]


@in_one_test
@pytest.mark.parametrize(("hits", "n"), [*COUNTS, (123_456_789_012, 10**15)])
def test_wilson(hits: int, n: int) -> None:
    got, want = wilson_interval(hits, n), wilson(hits, n)
    assert got == pytest.approx(want, rel=1e-13, abs=1e-15)
    assert 0.0 <= got[0] <= hits / n <= got[1] <= 1.0


def test_the_published_example() -> None:
    """Statsmodels 0.14: proportion_confint(436, 450, method="wilson")."""
    low, high = wilson_interval(436, 450)
    assert (round(low, 6), round(high, 6)) == (0.948461, 0.981379)


def facts(hit: object, measured: object) -> RowFacts:
    hits = None if hit is None else np.array(hit, np.bool_)
    mask = None if measured is None else np.array(measured, np.bool_)
    return RowFacts(4, 3, {"hit": hits, "measured": mask})


def test_accuracy_is_that_of_measured_rows() -> None:
    found = AccuracyState.from_rows(facts([1, 0, 0, 1], [1, 1, 0, 1])).compute()
    assert (found.value, found.hits, found.n) == (2 / 3, 2, 3)
    assert AccuracyState.from_rows(facts([1, 0, 0, 1], None)).compute().value == 0.5


@pytest.mark.parametrize(("hit", "measured"), [(None, None), ([0, 0, 0, 0], [0, 0, 0, 0])])
def test_nothing_to_be_right_about(hit: object, measured: object) -> None:
    assert AccuracyState.from_rows(facts(hit, measured)).compute() == Accuracy()


def test_class_weights_change_nothing() -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 3)), rng.integers(0, 3, 50)
    options = LossOptions(np.array([0.0, 5.0, 1.0]))
    state = AccuracyState.from_rows(row_facts(logits, labels, options, AccuracyState.needs))
    assert state == AccuracyState(int((logits.argmax(axis=1) == labels).sum()), 50)
