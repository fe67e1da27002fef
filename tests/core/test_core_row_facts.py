"""Facts of rows against plain NumPy and exact arithmetic, by every way the kernel takes."""

from collections.abc import Iterator
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from in_one_test import in_one_test
from row_facts_tools import CLASSES, KINDS, WIDE, FromFile, facts_of

from xentcli.core import fact as facts_there_are
from xentcli.core import half_table
from xentcli.core.row_facts import fact
from xentcli.errors import LabelError, NonFiniteError


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentcli.core.tiled_rows.TILE_ELEMENTS", 64)
    monkeypatch.setattr(half_table, "_exp_is_fast", lambda: False)


def test_long_rows_have_the_same_facts_wherever_they_stand() -> None:
    """Their exponentials are looked up or computed, and sums are taken by parts of a row."""
    rng = np.random.default_rng(4)
    logits = (rng.normal(size=(6, WIDE + 3)) * 2.0).astype(np.float16)
    logits[1, ::3] = -np.inf
    logits[2, 5] = np.nan
    labels = np.arange(6)
    names = ("entropy", "brier", "rank")
    want = facts_of(logits, labels, *names)
    z = logits.astype(np.float64)
    with np.errstate(all="ignore"):
        p = np.exp(z - z.max(axis=1)[:, None])
        p /= p.sum(axis=1)[:, None]
        entropy = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=1)
    finite = [0, 1, 3, 4, 5]
    np.testing.assert_allclose(want["entropy"][finite], entropy[finite], rtol=1e-5)
    others = (FromFile(logits), logits.astype(">f2"), logits.astype(np.float32))
    for rows in (*others, FromFile(logits.astype(np.float32))):
        found = facts_of(rows, labels, *names)
        for name in names:
            np.testing.assert_array_equal(found[name], want[name], err_msg=name)
    for i in range(6):
        alone = facts_of(logits[i : i + 1], labels[i : i + 1], *names)
        for name in names:
            np.testing.assert_array_equal(alone[name], want[name][i : i + 1], err_msg=name)


@in_one_test
@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_and_no_classes(kind: Any) -> None:
    names = ("hit", "rank", "loss", "label", "picked", "peak", "rest", "sum_of_squares")
    found = facts_of(np.zeros((0, 3)), np.zeros(0, np.int64), *names, kind=kind)
    assert all(found[name].shape == (0,) for name in names)
    found = facts_of(np.zeros((2, 0)), np.full(2, -100), *names, kind=kind)
    assert not found["hit"].any()


@in_one_test
@pytest.mark.parametrize("num_classes", CLASSES)
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_sums_over_classes(num_classes: int, dtype: str) -> None:
    rng = np.random.default_rng(num_classes)
    scales = np.resize([0.1, 3.0, 30.0], (6, 1))
    logits = (rng.normal(size=(6, num_classes)) * scales).astype(dtype)
    names = ("sum_of_squares", "confidence", "rest", "loss")
    found = facts_of(logits, np.zeros(6, np.int64), *names)
    tolerance = 1e-13 if dtype == "f8" else 4e-6
    for i, row in enumerate(logits.astype(np.float64).tolist()):
        with mp.workdps(50):
            powers = sorted(mp.exp(mp.mpf(z) - mp.mpf(max(row))) for z in row)
            total = mp.fsum(powers)
            want = mp.fsum((p / total) ** 2 for p in powers), 1 / total, mp.fsum(powers[:-1])
        for name, value in zip(names, want, strict=False):
            np.testing.assert_allclose(found[name][i], float(value), rtol=tolerance)
    alone = facts_of(logits, np.zeros(6, np.int64), "loss", "rest")
    for name in ("loss", "rest"):
        assert alone[name].tobytes() == found[name].tobytes(), "whatever else is asked for"


@in_one_test
@pytest.mark.parametrize("num_classes", [1, 2, 10, 41])
@pytest.mark.parametrize("kind", KINDS[1:])
def test_probabilities_are_used_as_they_are(num_classes: int, kind: Any) -> None:
    probs = np.random.default_rng(1).random((30, num_classes))  # they do not sum to 1
    rows = np.log(probs) if kind == "log-probabilities" else probs
    found = facts_of(rows, np.zeros(30, int), "sum_of_squares", "confidence", "loss", kind=kind)
    np.testing.assert_allclose(found["sum_of_squares"], (probs**2).sum(axis=1), rtol=1e-14)
    np.testing.assert_allclose(found["confidence"], probs.max(axis=1), rtol=1e-14)
    np.testing.assert_allclose(found["loss"], -np.log(probs[:, 0]), rtol=1e-14, atol=1e-300)


def test_a_fact_of_a_row_does_not_depend_on_its_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(9)
    names = ("hit", "rank", "sum_of_squares", "loss")
    for num_classes in (3, 10, 50):
        logits = rng.normal(size=(200, num_classes)).astype(np.float32)
        labels = rng.integers(0, num_classes, 200)
        whole = facts_of(logits, labels, *names)
        monkeypatch.setattr("xentcli.core.tiled_rows.TILE_ELEMENTS", 7 * num_classes)
        parts = facts_of(logits[13:], labels[13:], *names)
        for name in names:
            assert whole[name][13:].tobytes() == parts[name].tobytes()


def test_class_probabilities_have_no_label() -> None:
    logits = np.random.default_rng(0).normal(size=(6, 3))
    even = [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.5, 0.3, 0.195]]  # 0.995: of half precision
    probs = np.array([*even, [0.5, 0.4, 0.0], [0.1, 0.1, 0.1], [0.5, 0.3, 0.185]])
    labelled = ("label", "weight", "used", "picked", "hit", "rank")
    found = facts_of(logits, probs, *labelled, "loss", "uneven", "peak", "rest")
    assert all(found[name] is None for name in labelled)
    assert found["uneven"].tolist() == [False] * 3 + [True] * 3
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found["loss"], -(probs * log_probs).sum(axis=1), rtol=1e-13)
    assert facts_of(logits, [0, 1, 2] * 2, "uneven")["uneven"] is None
    found = facts_of(log_probs, probs, "loss", kind="log-probabilities")
    np.testing.assert_allclose(found["loss"], -(probs * log_probs).sum(axis=1), rtol=1e-13)


def test_problems_know_their_input() -> None:
    logits = np.zeros((3, 2))
    logits[1, 0] = np.nan
    problems = facts_of(logits, [0, 0, 2], "loss").problems
    kinds = [(each.error, each.input, each.row) for each in problems]
    assert kinds == [(LabelError, "labels", 2), (NonFiniteError, "logits", 1)]
    (problem,) = facts_of(logits, [0, 0, 0], kind="log-probabilities").problems
    assert (problem.input, problem.row, problem.column) == ("logits", 1, 0)


def test_only_what_was_asked_for_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The maximum of rows of log-probabilities is looked for only if something needs it."""
    asked: list[int] = []
    monkeypatch.setattr("xentcli.core.probability_rows._first_peaks", lambda *_: asked.append(1))
    found = facts_of(np.zeros((4, 3)), np.zeros(4, int), "loss", kind="log-probabilities")
    assert list(found.facts) == ["loss"]
    assert not asked


@pytest.fixture
def _outside() -> Iterator[None]:
    yield
    for name in ("early", "late"):
        facts_there_are.forget(name)


@pytest.mark.usefixtures("_outside")
def test_what_cannot_be_computed_in_order_is_said() -> None:
    fact("late")(lambda given: given["early"])
    fact("early", "before", needs=("late",))(lambda _tile, _rows: None)
    with pytest.raises(ValueError, match="'early' needs 'late', which is computed later"):
        facts_of(np.zeros((1, 2)), [0], "early")
    with pytest.raises(KeyError, match="there is no fact 'never'"):
        facts_of(np.zeros((1, 2)), [0], "never")
