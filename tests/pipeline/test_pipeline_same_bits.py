"""Same numbers, same bits: whatever the threads, the blocks, the file's layout and the order."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from in_one_test import in_one_test
from pipeline_tools import Kept, csv_file, npy_file, npy_pipe, open_file, run, set_block_rows

import xentcli as xent
from xentcli.formats.base import Source
from xentcli.pipeline.evaluate import Criterion, LossOptions, evaluate
from xentcli.pipeline.run import Run
from xentcli.results.loss import LossSummary

Array = npt.NDArray[Any]

ROWS = 70
CASES: dict[tuple[int, str], list[tuple[int, int]]] = {  # the rows of a block, and the jobs
    (3, "float64"): [(1, 1), (2, 8), (999, 1)],
    (3, "float16"): [(7, 1), (64, 2)],
    (10, "float32"): [(2, 2), (64, 1)],
    (50, "float64"): [(5, 1), (64, 1), (999, 2)],
    (50, "float16"): [(2, 1), (7, 2)],
    (1000, "float32"): [(7, 1), (64, 1), (999, 1)],
}


def logits_of(num_classes: int, dtype: str) -> Array:
    """Return ordinary rows, confident ones of all degrees, and masked classes."""
    rng = np.random.default_rng(num_classes)
    logits = rng.normal(size=(ROWS, num_classes)) * rng.choice([0.1, 1.0, 5.0], size=(ROWS, 1))
    logits[::5, 1] += rng.uniform(5.0, 300.0, len(logits[::5]))
    logits[::11, 2] = -np.inf
    narrow: Array = logits.astype(dtype)
    return narrow


def labels_of(num_classes: int) -> Array:
    labels = np.random.default_rng(7).integers(num_classes, size=ROWS)
    labels[::11] = 1
    labels[::13] = -100
    return labels


def losses(
    logits: Source, labels: Source, running: Run, options: LossOptions | None = None
) -> tuple[LossSummary, Array]:
    """Return the summary and the rows."""
    sink = Kept()
    criterion = Criterion(options=options or LossOptions())
    summary = evaluate(logits, labels, criterion, running, sink).summary
    return summary, sink.values


@in_one_test
@pytest.mark.parametrize(("num_classes", "dtype"), CASES)
def test_jobs_and_blocks(
    num_classes: int, dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = logits_of(num_classes, dtype), labels_of(num_classes)
    rows = np.asarray(xent.cross_entropy(x, y, reduction="none"))
    alone = [xent.cross_entropy(x[i], y[i], reduction="none") for i in range(14)]
    assert rows[:14].tobytes() == np.array(alone).tobytes()

    files = [tmp_path / name for name in ("x.npy", "y.npy")]
    for path, values in zip(files, (x, y), strict=True):
        np.save(path, values)
    for block_rows, jobs in CASES[num_classes, dtype]:
        set_block_rows(monkeypatch, block_rows, num_classes)
        done: list[int] = []
        running = run(jobs, lambda rows, _, done=done: done.append(rows))  # type: ignore[misc]
        summary, got = losses(open_file(files[0]), open_file(files[1]), running)
        assert got.tobytes() == rows.tobytes(), (block_rows, jobs)
        assert summary.loss_sum == math.fsum(rows), (block_rows, jobs)
        assert done == [min(n, ROWS) for n in range(block_rows, ROWS + block_rows, block_rows)]


@in_one_test
@pytest.mark.parametrize(
    ("num_classes", "dtype", "order", "swapped"),  # each with each of the others
    [
        (3, "float64", "C", False),
        (3, "float64", "F", True),
        (10, "float32", "C", True),
        (10, "float32", "F", False),
        (50, "float16", "C", False),
        (50, "float16", "F", True),
    ],
)
def test_layouts_of_the_file(
    num_classes: int,
    dtype: str,
    order: Any,
    swapped: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """NPY in C and in Fortran order, in both byte orders, from a disk and from a pipe."""
    x, y = logits_of(num_classes, dtype), labels_of(num_classes)
    rows = np.asarray(xent.cross_entropy(x, y, reduction="none"))
    stored = x.astype(x.dtype.newbyteorder("S" if swapped else "="), order=order)
    for block_rows, jobs in ((7, 2), (999, 5)):
        set_block_rows(monkeypatch, block_rows, num_classes)
        logits, labels = npy_file(tmp_path / "x.npy", stored), npy_file(tmp_path / "y.npy", y)
        summary, got = losses(logits, labels, run(jobs))
        with npy_pipe(stored) as x_stream, npy_pipe(y) as y_stream:
            piped_summary, piped = losses(x_stream, y_stream, run(jobs))
        assert got.tobytes() == piped.tobytes() == rows.tobytes(), block_rows
        assert summary.loss_sum == piped_summary.loss_sum == math.fsum(rows)


@pytest.mark.parametrize("num_classes", [3, 50])
def test_text_holds_the_same_numbers(num_classes: int, tmp_path: Path) -> None:
    x, y = logits_of(num_classes, "float64"), labels_of(num_classes)
    logits, labels = csv_file(tmp_path / "x.csv", x), csv_file(tmp_path / "y.csv", y)
    summary, got = losses(logits, labels, run(2))
    assert got.tobytes() == np.asarray(xent.cross_entropy(x, y, reduction="none")).tobytes()
    assert summary.loss_sum == math.fsum(got)


@in_one_test
@pytest.mark.parametrize(
    ("num_classes", "dtype"), [(3, "float64"), (50, "float16"), (1000, "float32")]
)
def test_the_order_of_the_rows(num_classes: int, dtype: str, tmp_path: Path) -> None:
    """Everything that is reported stays, the standard error too."""
    x, y = logits_of(num_classes, dtype), labels_of(num_classes)
    options = LossOptions(np.linspace(0.1, 2.0, num_classes))
    first: LossSummary | None = None
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(ROWS)
        logits = npy_file(tmp_path / "x.npy", x[order])
        labels = npy_file(tmp_path / "y.npy", y[order])
        summary, rows = losses(logits, labels, run(2), options)
        first = first or summary
        assert summary == first
        assert summary.loss_sum == math.fsum(rows)
        assert math.isfinite(summary.standard_error)


@in_one_test
@pytest.mark.parametrize(
    ("probabilities", "smoothing", "weighted"),
    [
        (False, 0.0, False),
        (False, 0.1, True),
        (True, 0.0, True),
        (True, 0.1, False),
        (True, 0.1, True),
    ],
)
def test_every_kind_of_loss(
    *,
    probabilities: bool,
    smoothing: float,
    weighted: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    num_classes = 10 if (probabilities + weighted + bool(smoothing)) % 2 else 50
    x = np.maximum(logits_of(num_classes, "float32"), np.float32(-50.0))
    y = labels_of(num_classes)
    if probabilities:
        y = np.random.default_rng(3).dirichlet(np.ones(num_classes), size=ROWS)
    weight = np.linspace(0.1, 2.0, num_classes) if weighted else None
    rows = np.asarray(
        xent.cross_entropy(x, y, weight=weight, label_smoothing=smoothing, reduction="none")
    )
    options = LossOptions(weight, label_smoothing=smoothing)
    for convert, block_rows, jobs in ((np.ascontiguousarray, 3, 1), (np.asfortranarray, 7, 2)):
        set_block_rows(monkeypatch, block_rows, num_classes)
        logits = npy_file(tmp_path / "x.npy", convert(x))
        labels = npy_file(tmp_path / "y.npy", convert(y))
        summary, got = losses(logits, labels, run(jobs), options)
        assert got.tobytes() == rows.tobytes(), (convert, block_rows)
        assert summary.loss_sum == math.fsum(rows)
