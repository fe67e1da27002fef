"""What is measured of one model, against loops over rows; and where it does not apply."""

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from numpy.typing import NDArray
from pipeline_tools import (
    csv_file,
    npy_file,
    npy_pipe,
    open_file,
    open_paths,
    run,
    set_block_rows,
    write_shards,
)

from xentcli.core.labels import LossOptions
from xentcli.errors import InputError, ShapeError, UsageError
from xentcli.formats.base import MemorySource, Source
from xentcli.pipeline import spool
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.elements import BinaryOptions
from xentcli.pipeline.measure import Options, measure
from xentcli.pipeline.run import Run
from xentcli.results.measure import NOTHING
from xentcli.results.measures import Measures

Array = NDArray[Any]
DATA = Path(__file__).parents[2] / "sample_data"
EVERYTHING = Options(("all",), top_k=(2, 3))


def source(values: Any, name: str = "x") -> MemorySource:
    return MemorySource(name, np.asarray(values))


def measured(logits: Any, labels: Any, options: Options = EVERYTHING, **more: Any) -> Measures:
    beside = {name: more.pop(name) for name in ("by", "cluster", "sample_weight") if name in more}
    criterion = Criterion(**more)
    return measure(source(logits), source(labels, "y"), criterion, Run(1), options, **beside)


def values_of(found: Measures) -> dict[str, float | None]:
    return {name: each.value for name, each in found.metrics.items()}


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
        assert found[name].value == pytest.approx(value, rel=1e-13), name
    assert found["mce"].value == pytest.approx(0.6787621333, abs=1e-10)
    assert found["mce"].n == 1
    assert found["ece_by_chance"].value == pytest.approx(0.030616, abs=1e-6)


@pytest.mark.parametrize(("bins", "ece"), [(10, 0.0656308108312750), (20, 0.0693737868238259)])
def test_digits_in_other_bins(bins: int, ece: float) -> None:
    found = digits(options=Options(bins=bins))
    assert found["ece"].value == pytest.approx(ece, rel=1e-13)
    assert len(found.bins) == bins


def test_digits_at_their_temperature() -> None:
    found = digits(temperature=0.57247563916619417)
    assert found["equal_mass_ece"].value == pytest.approx(0.0058981069, abs=1e-10)
    assert found["ece"].value == pytest.approx(0.0114763319, abs=1e-10)
    assert found["brier"].value == pytest.approx(0.0492278148099794, rel=1e-12)
    assert found["loss"].value == pytest.approx(0.1111914824920989, rel=1e-13)


# Loops over rows


def rows_like(seed: int, rows: int, num_classes: int) -> tuple[Array, Array]:
    """Return logits, some of them equal or -inf, and labels that are often right."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, num_classes)) * 2.0
    logits[rng.random(logits.shape) < 0.1] = 1.0
    if num_classes > 2:
        logits[:: max(2, rows // 5), 0] = -np.inf
    right = rng.random(rows) < 0.6
    labels = np.where(right, logits.argmax(axis=1), rng.integers(1, max(2, num_classes), rows))
    return logits, np.minimum(labels, num_classes - 1)


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
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["logits", "log-probabilities", "probabilities"])
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
    assert got["perplexity"] == pytest.approx(math.exp(want["loss"]), rel=1e-12)
    assert got["bits"] == pytest.approx(want["loss"] / math.log(2), rel=1e-12)
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
        assert row.loss == pytest.approx(losses[row.row], rel=1e-12)
        assert (row.label, row.prediction) == (labels[row.row], predictions[row.row])
        assert row.label_probability == pytest.approx(probs[row.row, labels[row.row]], rel=1e-12)
        assert row.confidence == pytest.approx(probs[row.row].max(), rel=1e-12)
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
    assert [each.low for each in found.bins] == [m / 6 for m in range(6)]
    for each, (rows, conf, hit) in zip(filled, naive.in_bins(confidence, hits, 6), strict=True):
        assert (each.rows, each.confidence, each.accuracy) == pytest.approx((rows, conf, hit))
        assert each.accuracy_low <= each.accuracy <= each.accuracy_high  # type: ignore[operator]


def test_errors_of_means() -> None:
    logits, labels = rows_like(5, 80, 6)
    found = measured(logits, labels)
    scores = naive.brier(naive.softmax(logits), labels)
    want = scores.std(ddof=1) / math.sqrt(80)
    assert found["brier"].standard_error == pytest.approx(want, rel=1e-12)
    reach = 1.990450210230129 * want  # of 79 degrees
    assert found["brier"].low == pytest.approx(scores.mean() - reach, rel=1e-10)
    ranks = np.array([naive.rank(row, y) for row, y in zip(logits, labels, strict=True)])
    want = (1 / (ranks + 1)).std(ddof=1) / math.sqrt(80)
    assert found["mrr"].standard_error == pytest.approx(want, rel=1e-12)
    confidence = naive.softmax(logits).max(axis=1)
    want = confidence.std(ddof=1) / math.sqrt(80)
    assert found["mean_confidence"].standard_error == pytest.approx(want, rel=1e-9)


@settings(max_examples=12, deadline=None)
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


# Same bits


def test_jobs_blocks_and_layouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_ROWS_IN_MEMORY", 10)
    for num_classes in (5, 60):
        logits, labels = rows_like(1, 70, num_classes)
        labels[::9] = -100
        x = logits.astype(np.float32)
        groups = source(np.array(["a", "b"], object)[np.arange(70) % 2])
        options: dict[str, Any] = {"criterion": Criterion(), "options": EVERYTHING}
        want = measure(source(x), source(labels), run=Run(1), by=groups, **options)
        x_file, y_file = tmp_path / "x.npy", tmp_path / "y.npy"
        npy_file(x_file, x), npy_file(y_file, labels)
        wanted = (
            want.metrics,
            want.classes,
            want.bins,
            want.worst_rows,
            want.suspects,
            want.groups,
        )
        for block_rows, jobs in ((1, 1), (7, 2), (64, 3 if num_classes == 5 else 1), (999, 1)):
            set_block_rows(monkeypatch, block_rows, num_classes)
            files = open_file(x_file), open_file(y_file)
            got = measure(*files, run=run(jobs), by=groups, **options)
            assert wanted == (
                got.metrics,
                got.classes,
                got.bins,
                got.worst_rows,
                got.suspects,
                got.groups,
            )
        text = csv_file(tmp_path / "x.csv", x.astype(np.float64))
        wide = measure(source(x.astype(np.float64)), source(labels), run=Run(1), **options)
        assert measure(text, source(labels), run=run(2), **options).metrics == wide.metrics


def in_pandas_file(path: Path, values: Array) -> Source:
    frame = pd.DataFrame(values, columns=[f"class{i}" for i in range(values.shape[1])])
    frame.to_parquet(path, index=False)
    return open_paths(path)


def test_formats_and_the_order_of_shards(tmp_path: Path) -> None:
    x, y = rows_like(1, 60, 5)
    first = tmp_path / "first"
    first.mkdir()
    cuts = [7, 8, 40]
    shards = write_shards(first, "x", x, cuts, "CFT"), write_shards(first, "y", y, cuts, "C")
    backwards = [open_paths(*paths[::-1]) for paths in shards]
    pairs = {
        "csv": (csv_file(tmp_path / "x.csv", x), source(y)),
        "parquet": (in_pandas_file(tmp_path / "x.parquet", x), source(y)),
        "npy": (npy_file(tmp_path / "x.npy", np.asfortranarray(x)), source(y)),
        "shards": (open_paths(*shards[0]), open_paths(*shards[1])),
        "shards backwards": (backwards[0], backwards[1]),
    }
    want = measured(x, y)
    for name, (logits, labels) in pairs.items():
        found = measure(logits, labels, Criterion(), run(1), EVERYTHING)
        assert found.metrics == want.metrics, name
        assert found.classes == want.classes, name
        assert found.bins == want.bins, name
        if name != "shards backwards":  # there rows have other numbers
            unplaced = tuple(replace(each, place=None) for each in found.worst_rows)
            assert unplaced == want.worst_rows, name


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


def test_pipes_are_kept_for_the_second_read(tmp_path: Path) -> None:
    logits, labels = rows_like(1, 70, 5)
    want = measured(logits, labels).suspects
    with npy_pipe(logits) as x:
        found = measure(x, npy_file(tmp_path / "y.npy", labels), Criterion(), run(2), EVERYTHING)
    assert found.suspects == want
    assert want is not None
    assert want.count


# Groups and clusters


def test_groups() -> None:
    logits, labels = rows_like(2, 90, 4)
    names = np.array(["b", "a", None, "c"], object)[np.arange(90) % 4]
    labels[::10] = -100
    found = measured(logits, labels, by=source(names), options=Options(bins=5))
    assert [group.name for group in found.groups] == ["", "a", "b", "c"]
    for group in found.groups:
        chosen = names == (group.name or None)
        alone = measured(logits[chosen], labels[chosen], Options(bins=5))
        assert group.rows == chosen.sum()
        for name in ("loss", "accuracy", "brier"):
            assert group.metrics[name] == alone[name], name
        assert group.metrics["ece"].value == pytest.approx(alone["ece"].value, rel=1e-14)


def test_groups_of_one_row_and_numbers() -> None:
    logits, labels = rows_like(2, 12, 4)
    found = measured(logits, labels, by=source(np.arange(12.0)[::-1].copy()))
    assert [group.name for group in found.groups] == [str(i) for i in range(12)]
    hits = (logits.argmax(axis=1) == labels)[::-1]
    assert [group.metrics["accuracy"].value for group in found.groups] == hits.tolist()
    assert found.groups[0].metrics["loss"].standard_error is None


def test_very_many_groups_have_no_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentcli.metrics.groups.MOST_BINNED_GROUPS", 3)
    set_block_rows(monkeypatch, 2, 4)
    logits, labels = rows_like(2, 12, 4)
    for count, has_bins in ((3, True), (4, False)):
        names = source(np.arange(12) % count)
        found = measure(source(logits), source(labels), Criterion(), run(1), by=names)
        assert {group.metrics["ece"] != NOTHING for group in found.groups} == {has_bins}
        assert all(group.metrics["loss"].value for group in found.groups)
        assert found.groups[1:] == [*found.groups][1:]
        assert found.groups[-1] == found.groups[count - 1]
        assert found.groups == [*found.groups]


def test_slices_of_the_first_axis_are_groups_and_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = rows_like(9, 60, 7)
    x, y = logits.reshape(12, 5, 7), labels.reshape(12, 5)
    probs = naive.softmax(logits)
    losses = -np.log(probs[np.arange(60), labels])
    sequence = np.repeat(np.arange(12), 5)
    wanted = {
        "loss": naive.cluster_error(losses, sequence),
        "accuracy": naive.cluster_error((logits.argmax(axis=1) == labels) * 1.0, sequence),
        "brier": naive.cluster_error(naive.brier(probs, labels), sequence),
        "mean_confidence": naive.cluster_error(probs.max(axis=1), sequence),
    }
    for block_rows in (5, 20, 999):
        set_block_rows(monkeypatch, block_rows, 7)
        found = measure(source(x), source(y), Criterion(class_axis=-1), run(2), by="axis0")
        assert found.clusters == 12
        assert any("depend on one another" in note for note in found.notes)
        for name, error in wanted.items():
            assert found[name].standard_error == pytest.approx(error, rel=1e-12), name
            assert found[name].n == 60
        assert found["loss"].high == pytest.approx(losses.mean() + 2.200985160 * wanted["loss"])
        assert [group.rows for group in found.groups] == [5] * 12
        assert found.groups[3].metrics["loss"].value == pytest.approx(losses[15:20].mean())
        assert found.row_index(found.worst_rows[0].row) == divmod(int(losses.argmax()), 5)
    plain = measure(source(x), source(y), Criterion(class_axis=-1), run(1), cluster="rows")
    want = losses.std(ddof=1) / math.sqrt(60)
    assert plain["loss"].standard_error == pytest.approx(want, rel=1e-12)
    assert plain.clusters is None


def test_clusters_of_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = rows_like(9, 60, 7)
    names = np.random.default_rng(4).integers(0, 9, 60)
    weight = np.linspace(0.5, 2.0, 7)
    losses = -np.log(naive.softmax(logits)[np.arange(60), labels])
    w = weight[labels]
    ratio = (losses * w).sum() / w.sum()
    parts = [((losses - ratio) * w)[names == name].sum() for name in np.unique(names)]
    groups = len(parts)
    want = math.sqrt(groups / (groups - 1) * sum(part**2 for part in parts)) / w.sum()
    set_block_rows(monkeypatch, 11, 7)
    criterion = Criterion(options=LossOptions(weight))
    found = measure(source(logits), source(labels), criterion, run(2), cluster=source(names))
    assert found["loss"].standard_error == pytest.approx(want, rel=1e-12)
    assert found.clusters == groups
    error = naive.cluster_error((logits.argmax(axis=1) == labels) * 1.0, names)
    assert found["accuracy"].standard_error == pytest.approx(error, rel=1e-12)


def test_names_of_too_few_rows() -> None:
    logits, labels = rows_like(9, 60, 7)
    with pytest.raises(InputError, match="groups"):
        measured(logits, labels, by=source(np.arange(59)))


# Binary and several labels


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
        assert got[name] == pytest.approx(value, rel=1e-11), name
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
        assert area == (pytest.approx(areas[j], rel=1e-14) if j < 2 else None)
    assert found["auroc"].value == pytest.approx(np.mean(areas), rel=1e-14)
    assert found["auroc"].n == 2
    assert found["accuracy"].value == ((z > 0) == y).mean()
    assert found.classes == ()


def test_labels_between_0_and_1_are_neither() -> None:
    z, y = np.array([0.3, -2.0, 1.0]), np.array([0.0, 0.25, 1.0])
    found = measured(z, y, binary=BinaryOptions())
    p = 1 / (1 + np.exp(-z))
    assert found["brier"].value == pytest.approx(((p - y) ** 2).mean(), rel=1e-14)
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
        assert found["kl"].value == pytest.approx(terms.sum(axis=1).mean(), rel=1e-12)
        assert found["brier"].value == pytest.approx(naive.brier(probs, targets).mean(), rel=1e-12)
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
    assert same["mrr"].value == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, rel=1e-15)
    assert (same.tied, same["ece"].value) == (8, 0.0)
    assert same["entropy"].value == pytest.approx(math.log(4))
    assert any("the label's very value: 8" in note for note in same.notes)


def test_labels_of_one_class() -> None:
    found = measured(np.array([[1.0, 0.0, 5.0], [3.0, 0.0, 1.0]]), np.array([0, 0]))
    scores = {each.index: each for each in found.classes}
    assert scores.keys() == {0, 2}
    assert scores[2].undefined == ("recall",)
    assert found["macro_recall"].value == 0.25
    assert found["balanced_accuracy"].value == 0.5


def test_confident_rows_keep_their_digits() -> None:
    found = measured(np.array([[60.0, 0.0]]), np.array([0]))
    assert found["brier"].value == pytest.approx(2 * math.exp(-60.0) ** 2, rel=1e-12)
    assert found["entropy"].value == pytest.approx(61.0 * math.exp(-60.0), rel=1e-12)


# What is asked for


def test_only_what_is_asked_for() -> None:
    logits, labels = rows_like(4, 40, 5)
    found = measured(logits, labels, Options(("top4_accuracy", "perplexity", "bins")))
    assert list(found.metrics) == ["top4_accuracy", "perplexity"]
    assert found.bins
    assert found.worst_rows == ()
    assert found["perplexity"].value == pytest.approx(
        math.exp(measured(logits, labels)["loss"].value or 0)
    )


def test_a_sensible_set() -> None:
    logits, labels = rows_like(4, 40, 7)
    found = measured(logits, labels, Options())
    assert {"loss", "top5_accuracy", "ece", "ece_by_chance", "entropy"} <= found.metrics.keys()
    assert not {"kl", "auroc", "classwise_ece", "equal_mass_ece"} & found.metrics.keys()
    assert "top5_accuracy" not in measured(logits[:, :5], labels % 5, Options()).metrics
    assert len(found.worst_rows) == 10


@pytest.mark.parametrize(
    "options",
    [Options(("acuracy",)), Options(("top0_accuracy",)), Options(bins=0), Options(worst=-1)],
)
def test_what_is_no_measure(options: Options) -> None:
    with pytest.raises(UsageError):
        measured(np.ones((2, 3)), np.array([0, 1]), options)


def test_ids_name_the_worst_rows(tmp_path: Path) -> None:
    from xentcli.pipeline.labelled import open_both
    from xentcli.pipeline.opening import InputFile

    (tmp_path / "x.csv").write_text("id,a,b\nu,1,0\nv,0,3\nw,2,1\n")
    (tmp_path / "y.csv").write_text("id,label\nw,a\nu,b\nv,b\n")
    logits, labels = open_both(
        [str(tmp_path / "x.csv")],
        [str(tmp_path / "y.csv")],
        lambda path, **more: InputFile(path, None, _options(more)),
        lambda path, **more: InputFile(path, None, _options({**more, "labels": True})),
    )
    found = measure(logits, labels, Criterion(), run(1))
    assert [row.id for row in found.worst_rows] == ["u", "w", "v"]
    assert found.class_name(1) == "b"


def _options(more: dict[str, Any]) -> Any:
    from xentcli.formats.base import ReadOptions

    return ReadOptions(**more)
