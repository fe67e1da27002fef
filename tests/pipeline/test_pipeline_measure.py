"""What is measured of one model, against published values and loops over rows."""

import math
import sys
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from close_to import close_to
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from measure_tools import EVERYTHING, Array, measured, rows_like, values_of

from xentcli.pipeline.measure import Options
from xentcli.results.measures import Measures

DATA = Path(__file__).parents[2] / "sample_data"


# Reference values


def digits(**more: Any) -> Measures:
    logits, labels = (np.load(DATA / f"digits_{name}.npy") for name in ("logits", "labels"))
    more.setdefault("dtype", np.dtype(np.float64))
    return measured(logits, labels, **more)


def test_digits() -> None:
    """Computed independently, in float64, and published beside the definitions."""
    found = digits(options=Options(("all",), top_k=(2, 3, 5)))
    hits = {
        name: found[name].value for name in ("accuracy", *(f"top{k}_accuracy" for k in (2, 3, 5)))
    }
    assert [round(450 * (value or 0.0)) for value in hits.values()] == [436, 446, 448, 450]
    assert (found["accuracy"].low, found["accuracy"].high) == pytest.approx(
        (0.948461, 0.981379), abs=1e-6
    )
    want = {
        "mrr": 0.9825925925925927,
        "brier": 0.0613897637706970,
        "mean_confidence": 0.9032580780576139,
        "ece": 0.0689958158152885,
        "rmsce": 0.1090768176762255,
        "rmsce_debiased": 0.0921396437326300,
        "equal_mass_ece": 0.0656308108312750,
        "classwise_ece": 0.0161924845773094,
        "loss": 0.1565326157363130,
    }
    for name, value in want.items():
        assert found[name].value == close_to(value, rel=1e-13), name
    assert found["mce"].value == pytest.approx(0.6787621333, abs=1e-10)
    assert found["mce"].n == 1
    assert found["ece_by_chance"].value == pytest.approx(0.030616, abs=1e-6)


@pytest.mark.parametrize(("bins", "ece"), [(10, 0.0656308108312750), (20, 0.0693737868238259)])
def test_digits_in_other_bins(bins: int, ece: float) -> None:
    found = digits(options=Options(bins=bins))
    assert found["ece"].value == close_to(ece, rel=1e-13)
    assert len(found.bins) == bins


def test_digits_at_their_temperature() -> None:
    found = digits(temperature=0.57247563916619417)
    assert found["equal_mass_ece"].value == pytest.approx(0.0058981069, abs=1e-10)
    assert found["ece"].value == pytest.approx(0.0114763319, abs=1e-10)
    assert found["brier"].value == close_to(0.0492278148099794, rel=1e-12)
    assert found["loss"].value == close_to(0.1111914824920989, rel=1e-13)


def expected(probs: Array, logits: Array, labels: Array, bins: int) -> dict[str, float]:
    predictions = logits.argmax(axis=1)
    hits = predictions == labels
    ranks = np.array([naive.rank(row, y) for row, y in zip(logits, labels, strict=True)])
    scores = naive.class_scores(labels, predictions, logits.shape[1])
    table = np.array(list(scores.values()))
    support = table[:, 3]
    confidence = probs[np.arange(len(labels)), predictions]
    with np.errstate(all="ignore"):
        logs = np.where(probs > 0, np.log(probs), 0.0)
    found = {
        "accuracy": hits.mean(),
        "top2_accuracy": (ranks < 2).mean(),
        "top3_accuracy": (ranks < 3).mean(),
        "mrr": (1 / (ranks + 1)).mean(),
        "balanced_accuracy": table[support > 0, 1].mean(),
        "brier": naive.brier(probs, labels).mean(),
        "entropy": -(probs * logs).sum(axis=1).mean(),
        "classwise_ece": naive.classwise_ece(probs, labels, bins),
        "equal_mass_ece": naive.equal_mass_ece(confidence, hits, bins),
        "loss": -np.log(probs[np.arange(len(labels)), labels]).mean(),
        **naive.calibration(confidence, hits, bins),
    }
    for i, name in enumerate(("precision", "recall", "f1")):
        found[f"macro_{name}"] = table[:, i].mean()
        found[f"weighted_{name}"] = (table[:, i] * support).sum() / support.sum()
    return {name: float(value) for name, value in found.items()}


SHAPES = [(40, 3), (60, 10), (25, 41), (30, 130), (1, 4), (30, 2)]


@in_one_test
@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        *((shape, "logits") for shape in SHAPES),
        *((shape, "log-probabilities") for shape in SHAPES[::2]),
        *((shape, "probabilities") for shape in SHAPES[1::2]),
    ],
)
def test_measures_are_those_of_loops(shape: tuple[int, int], kind: Any) -> None:
    logits, labels = rows_like(shape[0], *shape)
    probs = naive.softmax(logits)
    with np.errstate(divide="ignore"):
        given_rows = {"logits": logits, "probabilities": probs, "log-probabilities": np.log(probs)}
    rows = given_rows[kind]
    found = measured(rows, labels, EVERYTHING._replace(bins=7), kind=kind)
    want = expected(probs, rows, labels, 7)
    got = values_of(found)
    for name, value in want.items():
        assert got[name] == pytest.approx(value, rel=1e-12, abs=1e-14), name
    assert got["perplexity"] == close_to(math.exp(want["loss"]), rel=1e-12)
    assert got["bits"] == close_to(want["loss"] / math.log(2), rel=1e-12)
    assert {name for name, value in got.items() if value is None} == {
        "kl",
        "auroc",
        "average_precision",
        "acc_norm",
        "acc_bytes",
        "acc_mutual_info",
    }


@in_one_test
@pytest.mark.parametrize("shape", SHAPES)
def test_tables_are_those_of_loops(shape: tuple[int, int]) -> None:
    logits, labels = rows_like(7, *shape)
    probs, predictions = naive.softmax(logits), logits.argmax(axis=1)
    found = measured(logits, labels, EVERYTHING._replace(worst=5))
    scores = naive.class_scores(labels, predictions, shape[1])
    got = {s.index: [s.precision, s.recall, s.f1, s.support] for s in found.classes}
    assert got == {c: pytest.approx(each) for c, each in scores.items()}
    for s in found.classes:
        assert ("precision" in s.undefined) == (s.predicted == 0)
        assert ("recall" in s.undefined) == (s.support == 0)
    matrix = np.zeros((shape[1], shape[1]), int)
    np.add.at(matrix, (labels, predictions), 1)
    assert found.confusions is not None
    sys.setprofile(lambda *_: None)  # which holds on to what is called
    try:
        dense = found.confusions.dense()
    finally:
        sys.setprofile(None)
    np.testing.assert_array_equal(dense, matrix)
    off = matrix - np.diag(np.diag(matrix))
    pairs = sorted(zip(*np.nonzero(off), strict=True), key=lambda at: (-off[at], at))
    assert found.confusions.most_confused(3) == [(*map(int, at), int(off[at])) for at in pairs[:3]]
    losses = -np.log(probs[np.arange(len(labels)), labels])
    worst = sorted(range(len(labels)), key=lambda i: (-losses[i], i))[:5]
    assert sorted(row.row for row in found.worst_rows) == sorted(worst)
    for row in found.worst_rows:
        assert row.loss == close_to(losses[row.row], rel=1e-12)
        assert (row.label, row.prediction) == (labels[row.row], predictions[row.row])
        assert row.label_probability == close_to(probs[row.row, labels[row.row]], rel=1e-12)
        assert row.confidence == close_to(probs[row.row].max(), rel=1e-12)
    assert found.suspects is not None
    wrong = naive.suspects(probs, labels)
    assert (found.suspects.count, found.suspects.n) == (len(wrong), len(labels))
    assert {row.row for row in found.suspects.rows} <= set(wrong)
    ties = [(row == row[y]).sum() > 1 for row, y in zip(logits, labels, strict=True)]
    assert found.tied == sum(ties)


def test_bins_are_a_picture() -> None:
    logits, labels = rows_like(3, 200, 4)
    found = measured(logits, labels, Options(bins=6))
    confidence, hits = naive.softmax(logits).max(axis=1), logits.argmax(axis=1) == labels
    filled = [each for each in found.bins if each.rows]
    assert [(each.low, each.high) for each in found.bins] == [
        (m / 6, (m + 1) / 6) for m in range(6)
    ]
    for each, (rows, conf, hit) in zip(filled, naive.in_bins(confidence, hits, 6), strict=True):
        assert (each.rows, each.confidence, each.accuracy) == pytest.approx((rows, conf, hit))
        assert each.accuracy_low <= each.accuracy <= each.accuracy_high  # type: ignore[operator]


def test_errors_of_means() -> None:
    logits, labels = rows_like(5, 80, 6)
    found = measured(logits, labels)
    scores = naive.brier(naive.softmax(logits), labels)
    want = scores.std(ddof=1) / math.sqrt(80)
    assert found["brier"].standard_error == close_to(want, rel=1e-12)
    reach = 1.990450210230129 * want  # of 79 degrees
    assert found["brier"].low == close_to(scores.mean() - reach, rel=1e-10)
    ranks = np.array([naive.rank(row, y) for row, y in zip(logits, labels, strict=True)])
    want = (1 / (ranks + 1)).std(ddof=1) / math.sqrt(80)
    assert found["mrr"].standard_error == close_to(want, rel=1e-12)
    confidence = naive.softmax(logits).max(axis=1)
    want = confidence.std(ddof=1) / math.sqrt(80)
    assert found["mean_confidence"].standard_error == close_to(want, rel=1e-9)
    for num_classes in (5, 50):  # 1 / 50 * (1 - 1 / 50) is rounded
        equal = measured(np.full((80, num_classes), 0.37), labels % num_classes)
        assert equal["mean_confidence"].standard_error == 0.0


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(2, 12))
def test_laws(seed: int, rows: int, num_classes: int) -> None:
    logits, labels = rows_like(seed, rows, num_classes)
    found = measured(logits, labels)
    rng = np.random.default_rng(seed)
    order = rng.permutation(rows)
    again = measured(logits[order], labels[order])
    assert again.metrics == found.metrics
    assert again.classes == found.classes
    assert again.bins == found.bins
    got = {name: value or 0.0 for name, value in values_of(found).items()}
    assert found.confusions is not None
    assert got["accuracy"] == np.trace(found.confusions.dense()) / rows
    assert 0.0 <= got["ece"] <= 1.0
    assert got["mce"] >= got["ece"] - 1e-15
    assert got["rmsce"] >= got["ece"] - 1e-15
    assert got["weighted_recall"] == pytest.approx(got["accuracy"])
    shifted = values_of(measured(logits + 8.0, labels))  # exact for most of these numbers
    for name in ("accuracy", "ece", "brier", "loss", "entropy"):
        assert shifted[name] == pytest.approx(got[name], abs=1e-10)
    classes = rng.permutation(num_classes)
    untied = logits + rng.random(logits.shape) * 1e-3
    one = values_of(measured(untied, labels))
    other = values_of(measured(untied[:, classes], np.argsort(classes)[labels]))
    assert {n for n in one if one[n] is None} == {n for n in other if other[n] is None}
    for name in (n for n in one if one[n] is not None):
        assert other[name] == pytest.approx(one[name], rel=1e-12, abs=1e-14), name


def test_the_worst_of_many_rows() -> None:
    """So many that most are never looked at one by one; the first of equal losses come first."""
    rng = np.random.default_rng(3)
    logits = np.round(rng.normal(size=(1000, 3)) * 2.0, 1)
    logits[5], logits[900] = [9.0, -9.0, 0.0], [9.0, -9.0, 0.0]
    labels = np.ones(1000, np.int64)
    losses = -np.log(naive.softmax(logits)[:, 1])
    labels[:20:3] = -100
    used = labels == 1
    order = sorted(np.flatnonzero(used), key=lambda i: (-round(float(losses[i]), 9), i))
    found = measured(logits, labels, Options(("worst_rows",), worst=7))
    assert [row.row for row in found.worst_rows] == order[:7]
