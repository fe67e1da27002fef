"""Logits at t against labels at t + S, as for language models; NumPy's slices are the oracle.

PyTorch writes it ``cross_entropy(logits[:, :-S].reshape(-1, C), labels[:, S:].reshape(-1))``.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from in_one_test import in_one_test
from pipeline_tools import (
    Kept,
    csv_file,
    errors_hold_files_open,
    no_open_file_is_left,  # noqa: F401 - a fixture
    npy_file,
    npy_pipe,
    open_file,
    open_paths,
    run,
    set_block_rows,
    write_shards,
)

from xentcli.pipeline.evaluate import Criterion, evaluate
from xentcli.pipeline.explain import explain

Array = npt.NDArray[Any]

C = 4
pytestmark = errors_hold_files_open
LAYOUTS = [  # the logits' shape, the axis of the classes
    ((7, C), 1),
    ((C, 7), 0),
    ((3, 6, C), 2),
    ((3, C, 6), 1),
    ((C, 3, 6), 0),
    ((4, C, C), 1),  # ambiguous: labels (4, 4) fit without either axis
    ((4, C, C), 2),
    ((2, 3, 5, C), 3),
    ((2, C, 3, 5), 1),
]


def numbers(shape: tuple[int, ...], class_axis: int) -> tuple[Array, Array, Array]:
    """Return logits, class indices with some to ignore, and class probabilities."""
    rng = np.random.default_rng(3)
    lead = shape[:class_axis] + shape[class_axis + 1 :]
    hard = rng.integers(C, size=lead)
    hard[rng.random(lead) < 0.2] = -100
    return rng.normal(size=shape) * 3.0, hard, rng.uniform(size=shape)


def row_losses(logits: Array, labels: Array, class_axis: int, shift: int) -> Array:
    """Return the losses from the formula, of shape (..., T - shift)."""
    z = np.moveaxis(logits, class_axis, -1)
    z = z[..., : max(0, z.shape[-2] - shift), :]
    log_probs = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    if labels.shape == logits.shape:
        soft = np.moveaxis(labels, class_axis, -1)[..., shift:, :]
        return np.asarray(-(soft * log_probs).sum(axis=-1))
    hard = labels[..., shift:]
    picked = np.take_along_axis(log_probs, np.maximum(hard, 0)[..., None], -1)[..., 0]
    return np.where(hard == -100, 0.0, -picked)


@in_one_test
@pytest.mark.parametrize(
    ("shape", "class_axis", "soft", "shift"),
    [
        *((*each, False, shift) for each in LAYOUTS for shift in (1, 5)),
        *((*each, True, 2) for each in LAYOUTS),
        *((*each, False, shift) for each in LAYOUTS[:5:2] for shift in (0, 6, 10**20)),
    ],
)
def test_every_layout(
    *, shape: tuple[int, ...], class_axis: int, soft: bool, shift: int,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The same bits in blocks of any size, in C and in Fortran order."""
    logits, hard, probs = numbers(shape, class_axis)
    labels = probs if soft else hard
    want = row_losses(logits, labels, class_axis, shift)
    used = want.size if soft else np.count_nonzero(hard[..., shift:] != -100)
    criterion = Criterion(class_axis=class_axis, shift=shift)
    seen: set[bytes] = set()
    for block_rows, jobs, order in (
        ((1, 1, np.asfortranarray), (99, 1, np.array))
        if shift in {0, 5}
        else ((2, 2 if shift == 1 else 1, np.array), (99, 1, np.asfortranarray))
    ):
        set_block_rows(monkeypatch, block_rows, C)
        x = npy_file(tmp_path / "x.npy", order(logits))
        y = npy_file(tmp_path / "y.npy", order(labels))
        sink = Kept()
        evaluation = evaluate(x, y, criterion, run(jobs), sink)
        summary = evaluation.summary
        np.testing.assert_allclose(sink.values, want, rtol=1e-13, atol=1e-14)
        assert sink.header is not None
        assert sink.header.shape == sink.values.shape == want.shape
        assert (summary.rows, summary.used) == (want.size, used)
        assert summary.unpaired == math.prod(shape) // C - want.size
        assert summary.loss_sum == math.fsum(sink.values.ravel())
        assert summary.loss == pytest.approx(
            summary.loss_sum / used if used else math.nan, nan_ok=True
        )
        noted = f"rows without a label {shift} further on, left out: {summary.unpaired}"
        assert (noted in evaluation.notes) == (summary.unpaired > 0)
        seen.add(sink.values.tobytes())
    assert len(seen) == 1


def test_which_axis_holds_the_classes_is_found(tmp_path: Path) -> None:
    for shape, class_axis in LAYOUTS[2:]:
        if class_axis and shape != (4, C, C):
            logits, hard, _ = numbers(shape, class_axis)
            x, y = npy_file(tmp_path / "x.npy", logits), npy_file(tmp_path / "y.npy", hard)
            sink = Kept()
            evaluate(x, y, Criterion(shift=1), run(), sink)
            want = row_losses(logits, hard, class_axis, 1)
            np.testing.assert_allclose(sink.values, want, rtol=1e-13)


def test_soft_labels_of_several_axes_are_noted(tmp_path: Path) -> None:
    logits, _, soft = numbers((3, 6, C), 2)
    x, y = npy_file(tmp_path / "x.npy", logits), npy_file(tmp_path / "y.npy", soft)
    notes = evaluate(x, y, Criterion(), run()).notes
    assert notes[0] == "axis 1 holds the classes, as in PyTorch; so might 2: --class-axis 2"


@in_one_test
@pytest.mark.parametrize(
    ("shift", "kinds", "label_kinds"),
    [
        (12, "C", "T"),
        (12, "T", "C"),
        (12, "CFT", "C"),
        (1, "CFT", "T"),
        (40, "CFT", "C"),
        (40, "T", "T"),
        (99, "T", "C"),
    ],
)
def test_the_rows_of_files_go_on_from_shard_to_shard(
    shift: int, kinds: str, label_kinds: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(41, C)), rng.integers(C, size=41).astype(np.float64)
    cuts = [0, 1, 1, 4, 17, 18, 40]
    x = write_shards(tmp_path, "x", logits, cuts, kinds)
    y = write_shards(tmp_path, "y", labels, cuts, label_kinds)
    one = npy_file(tmp_path / "x.npy", logits[: max(0, 41 - shift)])
    kept, two = Kept(), npy_file(tmp_path / "y.npy", labels[shift:])
    want = evaluate(one, two, Criterion(), run(), kept).summary
    shards, whole = open_paths(*y), npy_file(tmp_path / "all.npy", labels)
    for block_rows, targets in ((1, whole), (3, shards)) if shift == 12 else ((2, shards),):
        set_block_rows(monkeypatch, block_rows, C)
        sink = Kept()
        running = run(2 if kinds == "CFT" and block_rows == 3 else 1)
        got = evaluate(open_paths(*x), targets, Criterion(shift=shift), running, sink).summary
        np.testing.assert_array_equal(sink.values, np.concatenate([*kept.parts, []]))
        assert (got.loss_sum, got.used) == (want.loss_sum, want.used)
        assert got.rows + got.unpaired == 41


@in_one_test
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("shift", [1, 5])
def test_streams_and_text(
    *, soft: bool, shift: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the end of the file tells how many rows there are."""
    set_block_rows(monkeypatch, 2, C)
    logits, hard, probs = numbers((7, C), 1)
    labels = probs if soft else hard
    want = row_losses(logits, labels, 1, shift)
    sink = Kept()
    with npy_pipe(logits) as x, npy_pipe(labels) as y:
        evaluate(x, y, Criterion(shift=shift), run(), sink)
    np.testing.assert_allclose(sink.values, want, rtol=1e-13)
    sink = Kept()
    x, y = csv_file(tmp_path / "x.csv", logits), csv_file(tmp_path / "y.csv", labels)
    evaluate(x, y, Criterion(shift=shift), run(2), sink)
    np.testing.assert_allclose(sink.values, want, rtol=1e-13)


def test_explain_the_shift(tmp_path: Path) -> None:
    logits, hard, _ = numbers((7, C), 1)
    hard = np.abs(hard) % C
    np.save(tmp_path / "x.npy", logits)
    np.save(tmp_path / "y.npy", hard)
    result, _ = explain(
        open_file(tmp_path / "x.npy"),
        open_file(tmp_path / "y.npy"),
        slice(2, 9),
        Criterion(shift=3),
    )
    assert result.first_row == 2
    np.testing.assert_array_equal(result.labels, hard[5:])
    np.testing.assert_allclose(result.row_losses, row_losses(logits, hard, 1, 3)[2:], rtol=1e-13)
    with pytest.raises(Exception, match=r"there is no row 4 with a label 3 further on"):
        explain(
            open_file(tmp_path / "x.npy"),
            open_file(tmp_path / "y.npy"),
            slice(4, 9),
            Criterion(shift=3),
        )
