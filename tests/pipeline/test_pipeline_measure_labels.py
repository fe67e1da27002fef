"""What is measured of other labels than classes, and of rows that are odd."""

import math
from typing import Any

import naive
import numpy as np
import pytest
from close_to import close_to
from in_one_test import in_one_test
from measure_tools import Array, measured, rows_like, source, values_of
from pipeline_tools import run, set_block_rows

from xentcli.core.binary_options import BinaryOptions
from xentcli.errors import InputError, ShapeError
from xentcli.pipeline import spool
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measure import Options, measure
from xentcli.results.measure import NOTHING


@in_one_test
@pytest.mark.parametrize("probs", [False, True])
def test_binary(probs: bool) -> None:
    rng = np.random.default_rng(6)
    z = np.round(rng.normal(size=300), 1)
    y = (rng.random(300) < 1 / (1 + np.exp(-z))).astype(int)
    p = 1 / (1 + np.exp(-z))
    kind: Any = "probabilities" if probs else "logits"
    found = measured(p if probs else z, y, kind=kind, binary=BinaryOptions(probs=probs))
    hits = y == 1
    want = {
        "accuracy": ((z > 0) == hits).mean(),
        "brier": ((p - y) ** 2).mean(),
        "auroc": naive.auroc(z, hits),
        "average_precision": naive.average_precision(z, hits),
        "equal_mass_ece": naive.equal_mass_ece(p, hits, 15),
        "loss": -np.where(hits, np.log(p), np.log1p(-p)).mean(),
        **naive.calibration(p, hits, 15),
    }
    got = values_of(found)
    for name, value in want.items():
        assert got[name] == close_to(value, rel=1e-11), name
    assert got["mrr"] is got["classwise_ece"] is None
    scores = naive.class_scores(y, (z > 0).astype(int), 2)
    assert [s.recall for s in found.classes] == [each[1] for each in scores.values()]


def test_several_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_ROWS_IN_MEMORY", 20)
    rng = np.random.default_rng(6)
    z = rng.normal(size=(50, 3))
    y = (rng.random((50, 3)) < 0.4).astype(int)
    y[:, 2] = 0
    set_block_rows(monkeypatch, 8, 3)
    criterion = Criterion(binary=BinaryOptions())
    found = measure(source(z), source(y), criterion, run(2), Options())
    assert [label.name for label in found.labels] == ["0", "1", "2"]
    areas = [naive.auroc(z[:, j], y[:, j] == 1) for j in range(2)]
    for j, label in enumerate(found.labels):
        assert label.rows == 50
        assert label.metrics["accuracy"].value == ((z[:, j] > 0) == y[:, j]).mean()
        area = label.metrics["auroc"].value
        assert area == (close_to(areas[j], rel=1e-14) if j < 2 else None)
    assert found["auroc"].value == close_to(np.mean(areas), rel=1e-14)
    assert found["auroc"].n == 2
    assert found["accuracy"].value == ((z > 0) == y).mean()
    assert found.classes == ()


def test_the_last_of_several_labels_may_be_ignored_in_every_row() -> None:
    rng = np.random.default_rng(7)
    z = rng.normal(size=(40, 3))
    y = (rng.random((40, 3)) < 0.4).astype(int)
    y[:, 2] = -100
    found = measured(z, y, binary=BinaryOptions(ignored=(-100,)))
    areas = [naive.auroc(z[:, j], y[:, j] == 1) for j in range(2)]
    got = [label.metrics["auroc"].value for label in found.labels]
    assert got[:2] == close_to(areas, rel=1e-12)
    assert got[2:] == [None]
    assert found.metrics["auroc"].value == close_to(np.mean(areas), rel=1e-12)


def test_labels_between_0_and_1_are_neither() -> None:
    z, y = np.array([0.3, -2.0, 1.0]), np.array([0.0, 0.25, 1.0])
    found = measured(z, y, binary=BinaryOptions())
    p = 1 / (1 + np.exp(-z))
    assert found["brier"].value == close_to(((p - y) ** 2).mean(), rel=1e-14)
    for name in ("accuracy", "ece", "auroc", "equal_mass_ece"):
        assert found[name] == NOTHING, name
    assert not found.bins
    assert not found.classes


# Labels that are probabilities, and odd rows


def test_class_probabilities() -> None:
    rng = np.random.default_rng(2)
    logits, targets = rng.normal(size=(40, 5)), rng.dirichlet(np.ones(5), 40)
    targets[::4] = np.eye(5)[1]
    probs = naive.softmax(logits)
    with np.errstate(all="ignore"):
        terms = np.where(targets > 0, targets * (np.log(targets) - np.log(probs)), 0.0)
    rows = {"logits": logits, "probabilities": probs, "log-probabilities": np.log(probs)}
    for kind, values in rows.items():
        found = measured(values, targets, kind=kind)
        assert found["kl"].value == close_to(terms.sum(axis=1).mean(), rel=1e-12)
        assert found["brier"].value == close_to(naive.brier(probs, targets).mean(), rel=1e-12)
        assert found["loss"].value == pytest.approx(-(targets * np.log(probs)).sum(axis=1).mean())
        for name in ("accuracy", "mrr", "ece", "macro_f1", "classwise_ece", "equal_mass_ece"):
            assert found[name] == NOTHING, name
        assert found.worst_rows[0].label is None
        assert found.worst_rows[0].prediction == logits[found.worst_rows[0].row].argmax()
        assert (found.suspects, found.confusions, found.tied) == (None, None, None)


def test_rows_that_are_not_finite_count_in_the_loss_alone() -> None:
    logits, labels = rows_like(4, 40, 5)
    bad = logits.copy()
    bad[3, 1], bad[7, 2], bad[11] = np.nan, np.inf, -np.inf
    good = np.delete(np.arange(40), [3, 7, 11])
    found = measured(bad, labels, propagate=True, by=source(np.arange(40) % 2))
    want = measured(logits[good], labels[good])
    assert math.isnan(found["loss"].value or 0.0)
    for name in found.metrics.keys() - {"loss", "perplexity", "bits"}:
        assert found[name] == want[name], name
    assert found.classes == want.classes
    assert (found.rows, found.used, found.measured) == (40, 40, 37)
    assert any("3; they count in the loss alone" in note for note in found.notes)
    with pytest.raises(InputError):
        measured(bad, labels)


def test_ignored_rows_count_nowhere() -> None:
    logits, labels = rows_like(4, 40, 5)
    some = labels.copy()
    some[::3] = -100
    found, want = measured(logits, some), measured(logits[some >= 0], labels[some >= 0])
    assert found.metrics == want.metrics
    assert (found.rows, found.used) == (40, int((some >= 0).sum()))


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (np.zeros((0, 4)), np.zeros(0, int)),
        (np.ones((3, 4)), np.full(3, -100)),
    ],
)
def test_nothing_to_measure(logits: Array, labels: Array) -> None:
    found = measured(logits, labels, by=source(np.arange(len(labels))))
    assert {each.value for each in found.metrics.values()} == {None}
    assert not found.worst_rows
    assert not found.classes


def test_one_class_and_constant_logits() -> None:
    with pytest.raises(ShapeError, match="one class, whose loss is 0"):
        measured(np.array([[3.0], [-2.0]]), np.array([0, 0]))
    same = measured(np.full((8, 4), 2.5), np.array([0, 1, 2, 3] * 2))
    assert same["accuracy"].value == 0.25
    assert same["mrr"].value == close_to((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, rel=1e-15)
    assert (same.tied, same["ece"].value) == (8, 0.0)
    assert same["entropy"].value == pytest.approx(math.log(4))
    assert any("exactly the label's value: 8" in note for note in same.notes)


def test_labels_of_one_class() -> None:
    found = measured(np.array([[1.0, 0.0, 5.0], [3.0, 0.0, 1.0]]), np.array([0, 0]))
    scores = {each.index: each for each in found.classes}
    assert scores.keys() == {0, 2}
    assert scores[2].undefined == ("recall",)
    assert found["macro_recall"].value == 0.25
    assert found["balanced_accuracy"].value == 0.5


def test_confident_rows_keep_their_digits() -> None:
    found = measured(np.array([[60.0, 0.0]]), np.array([0]))
    assert found["brier"].value == close_to(2 * math.exp(-60.0) ** 2, rel=1e-12)
    assert found["entropy"].value == close_to(61.0 * math.exp(-60.0), rel=1e-12)
