"""Logits and labels to a loss: where the classes lie, what is wrong where, and what is noted."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from in_one_test import in_one_test
from pipeline_tools import Kept, csv_file, npy_file, npy_pipe, run, set_block_rows

import xentcli as xent
from xentcli.errors import LabelError, NonFiniteError, ShapeError
from xentcli.pipeline.evaluate import Criterion, evaluate

Array = npt.NDArray[Any]

RNG = np.random.default_rng(4)
LOGITS = RNG.normal(size=(20, 3)) * 3.0
LABELS = RNG.integers(3, size=20)
PROBS = RNG.dirichlet(np.ones(3), size=20)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    set_block_rows(monkeypatch, 3, 3)


@in_one_test
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize(
    ("shape", "asked", "axis"),
    [
        ((3,), None, 0),
        ((20, 3), None, 1),
        ((3, 20), 0, 0),
        ((6, 3, 5), None, 1),
        ((6, 5, 3), None, 2),
        ((6, 5, 3), -1, 2),
        ((3, 6, 5), 0, 0),
        ((4, 3, 2, 5), None, 1),
        ((4, 2, 5, 3), None, 3),
    ],
)
def test_every_class_axis(
    *, shape: tuple[int, ...], asked: int | None, axis: int, fortran: bool, tmp_path: Path
) -> None:
    """Index labels and class probabilities, cut into blocks, are what the array gives at once."""
    rng = np.random.default_rng(1)
    x, t = rng.normal(size=shape), rng.uniform(size=shape)
    lead = shape[:axis] + shape[axis + 1 :]
    y = rng.integers(3, size=lead)
    usual = min(1, len(shape) - 1)
    store = np.asfortranarray if fortran else np.ascontiguousarray
    logits = npy_file(tmp_path / "x.npy", store(x))
    for labels, inner in ((y, y), (t, np.moveaxis(t, axis, usual))):
        sink = Kept()
        criterion = Criterion(class_axis=axis if labels is t else asked)
        source = npy_file(tmp_path / "y.npy", store(labels) if lead else labels)
        evaluation = evaluate(logits, source, criterion, run(2 if fortran else 1), sink)
        want = xent.cross_entropy(np.moveaxis(x, axis, usual), inner, reduction="none")
        got = sink.values if lead else sink.parts[0]
        np.testing.assert_array_equal(got, want)
        assert sink.header is not None
        assert sink.header.shape == lead
        assert evaluation.summary.loss == math.fsum(np.ravel(want)) / np.size(want)
        assert evaluation.summary.num_classes == 3


@in_one_test
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("logits_in", "labels_in", "class_axis", "probabilities"),  # each with each of the others
    [
        ("npy", "npy", None, False),
        ("npy", "csv", 0, True),
        ("npy", "csv", None, True),
        ("pipe", "npy", 0, True),
        ("pipe", "csv", None, False),
        ("pipe", "npy", None, True),
        ("csv", "npy", None, True),
        ("csv", "csv", 0, False),
        ("csv", "csv", None, True),
        ("csv", "npy", 0, True),
    ],
)
def test_every_place_of_logits_and_labels(
    *,
    logits_in: str,
    labels_in: str,
    class_axis: int | None,
    probabilities: bool,
    tmp_path: Path,
) -> None:
    labels = PROBS if probabilities else LABELS
    want = xent.cross_entropy(LOGITS, labels)
    x = LOGITS if class_axis is None else LOGITS.T.copy()
    y = labels.T.copy() if probabilities and class_axis == 0 else labels
    places = {"npy": npy_file, "csv": csv_file}
    targets = places[labels_in](tmp_path / f"y.{labels_in}", y)
    criterion = Criterion(class_axis=class_axis)
    if logits_in == "pipe":
        with npy_pipe(x) as stream:
            got = evaluate(stream, targets, criterion, run())
    else:
        source = places[logits_in](tmp_path / f"x.{logits_in}", x)
        got = evaluate(source, targets, criterion, run(2 if probabilities else 1))
    assert got.summary.loss == want
    assert got.summary.rows == got.summary.used == 20


def test_a_note_says_where_the_classes_are(tmp_path: Path) -> None:
    for shape, labels, note in (
        ((4, 5, 3), (4, 5), None),
        ((4, 3, 3), (4, 3), "axis 1 holds the classes, as in PyTorch; so might 2: --class-axis 2"),
        ((4, 5, 3), (4, 3), None),
    ):
        logits = npy_file(tmp_path / "x.npy", np.zeros(shape))
        targets = npy_file(tmp_path / "y.npy", np.zeros(labels, int))
        notes = evaluate(logits, targets, Criterion(), run()).notes
        assert len(notes) == (note is not None)
        assert not note or note in notes[0]


def test_uneven_probabilities_are_noted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, 3, 3)
    probs = PROBS.copy()
    probs[[2, 7, 19]] /= 2.0
    targets = npy_file(tmp_path / "y.npy", probs)
    notes = evaluate(npy_file(tmp_path / "x.npy", LOGITS), targets, Criterion(), run()).notes
    cure = "(several labels of a row are binary ones: --binary)"
    assert notes == [f"rows of class probabilities that do not sum to 1: 3 {cure}"]


# What is wrong, and where


@in_one_test
@pytest.mark.parametrize(("block_rows", "jobs"), [(1, 3), (3, 1), (100, 1)])
def test_the_first_wrong_label_and_how_many(
    block_rows: int, jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, block_rows, 3)
    labels = LABELS.copy()
    labels[[5, 6, 17]] = [9, -3, 3]
    x, y = tmp_path / "x.npy", tmp_path / "y.npy"
    with pytest.raises(LabelError) as caught:
        evaluate(npy_file(x, LOGITS), npy_file(y, labels), Criterion(), run(jobs))
    assert str(caught.value) == f"{y}[5]: label 9 is outside 0..2 (3 such rows)"
    text = tmp_path / "y.csv"
    with pytest.raises(LabelError) as caught:
        evaluate(npy_file(x, LOGITS), csv_file(text, labels), Criterion(), run(jobs))
    assert str(caught.value) == f"{text}:6: label 9.0 is outside 0..2 (3 such rows)".replace(
        ".0", ""
    )


@in_one_test
@pytest.mark.parametrize(
    ("block_rows", "bad", "index", "what"),
    [
        (1, math.nan, "[4, 2]", "logit nan"),
        (3, math.inf, "[4, 2]", "logit inf"),
        (3, None, "[4]", "every"),
        (100, None, "[4]", "every"),
    ],
)
def test_the_first_row_that_is_not_finite(
    block_rows: int,
    bad: float | None,
    index: str,
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_block_rows(monkeypatch, block_rows, 3)
    logits = LOGITS.astype(np.float32)
    for row in (4, 5, 19):
        if bad is None:
            logits[row] = -math.inf
        else:
            logits[row, 2] = bad
    labels = LABELS.copy()
    labels[5] = -100  # an ignored row counts for nothing
    x, y = tmp_path / "x.npy", tmp_path / "y.npy"
    with pytest.raises(NonFiniteError) as caught:
        evaluate(npy_file(x, logits), npy_file(y, labels), Criterion(), run())
    assert str(caught.value).startswith(f"{x}{index}: {what}")
    assert str(caught.value).endswith("(2 such rows)")
    sink = Kept()
    criterion = Criterion(propagate=True)
    summary = evaluate(npy_file(x, logits), npy_file(y, labels), criterion, run(), sink).summary
    assert np.flatnonzero(np.isnan(sink.values)).tolist() == [4, 19]
    assert sink.values[5] == 0.0
    assert math.isnan(summary.loss)
    assert (summary.rows, summary.used, summary.ignored) == (20, 19, 1)


def test_a_problem_in_several_dimensions_is_named_by_its_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, 1, 15)
    for axis in (0, 1, 2):
        x, y = tmp_path / f"x{axis}.npy", tmp_path / f"y{axis}.npy"
        logits = np.zeros((4, 5, 3))
        logits[2, 4, 1] = logits[3, 0, 0] = math.nan
        logits = np.moveaxis(logits, 2, axis)
        place = np.insert([2, 4], axis, 1).tolist()
        sources = npy_file(x, logits), npy_file(y, np.zeros((4, 5), int))
        with pytest.raises(NonFiniteError) as caught:
            evaluate(*sources, Criterion(class_axis=axis), run())
        assert str(caught.value) == f"{x}{place}: logit nan (2 such rows)"
        labels = np.zeros((4, 5), int)
        labels[1, 3] = 7
        sources = npy_file(x, logits), npy_file(y, labels)
        with pytest.raises(LabelError) as label_error:
            evaluate(*sources, Criterion(class_axis=axis, propagate=True), run())
        assert str(label_error.value) == f"{y}[1, 3]: label 7 is outside 0..2"


@in_one_test
@pytest.mark.parametrize(
    ("kind", "rows"), [("npy", 19), ("npy", 21), ("npy", 0), ("csv", 19), ("csv", 21)]
)
def test_labels_too_few_or_too_many(
    kind: str, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, 3, 3)
    places = {"npy": npy_file, "csv": csv_file}
    labels = places[kind](tmp_path / f"y.{kind}", np.zeros(rows, int))
    with pytest.raises(ShapeError, match=rf"{rows} labels"):
        evaluate(npy_file(tmp_path / "x.npy", LOGITS), labels, Criterion(), run())
