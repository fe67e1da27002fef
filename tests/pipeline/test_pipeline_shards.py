"""One array in many files: the same bits as in one file."""

import math
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from pipeline_tools import (
    Kept,
    errors_hold_files_open,
    no_open_file_is_left,  # noqa: F401 - a fixture
    npy_file,
    open_file,
    open_paths,
    run,
    set_block_rows,
    write_shards,
)
from shard_rows import CUTS, LABELS, LOGITS, PROBS, RNG, ROWS

from xentcli.pipeline.encode import encode
from xentcli.pipeline.evaluate import Criterion, evaluate
from xentcli.pipeline.transform import Transform, transform

pytestmark = errors_hold_files_open


def losses(logits: Any, labels: Any, jobs: int, **options: Any) -> tuple[Any, bytes]:
    sink = Kept()
    summary = evaluate(logits, labels, Criterion(**options), run(jobs), sink).summary
    return summary, sink.values.tobytes()


@in_one_test
@pytest.mark.parametrize(
    ("kinds", "label_kinds", "soft", "apart"),  # each with each of the others
    [
        ("C", "C", False, False),
        ("C", "TC", True, True),
        ("F", "C", True, True),
        ("F", "TC", False, False),
        ("T", "C", False, True),
        ("T", "TC", True, False),
        ("CFT", "C", True, False),
        ("CFT", "TC", False, True),
        ("CFT", "TC", True, False),
    ],
)
def test_a_loss_has_the_bits_of_one_file(
    *, kinds: str, label_kinds: str, soft: bool, apart: bool,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Labels lie in shards of the same rows, or apart in one file."""
    labels = PROBS if soft else LABELS.astype(np.float64)
    x = write_shards(tmp_path, "x", LOGITS, CUTS, kinds)
    y = write_shards(tmp_path, "y", labels, [] if apart else CUTS, label_kinds)
    np.save(tmp_path / "one-x.npy", LOGITS)
    np.save(tmp_path / "one-y.npy", labels)
    want = losses(open_file(tmp_path / "one-x.npy"), open_file(tmp_path / "one-y.npy"), 1)
    jobs = 3 if kinds == "CFT" and not soft else 1
    for block_rows in (1, 7) if kinds == "CFT" else (3, 99):
        set_block_rows(monkeypatch, block_rows, 5)
        got = losses(open_paths(*x), open_paths(*y), jobs if block_rows == 7 else 1)
        assert got == want, block_rows


@in_one_test
@pytest.mark.parametrize("kinds", ["C", "F", "T", "CFT"])
@pytest.mark.parametrize("axis", [-1, 0])
def test_a_softmax_has_the_bits_of_one_file(
    kinds: str, axis: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = write_shards(tmp_path, "x", LOGITS, CUTS, kinds)
    one = tmp_path / "one.npy"
    sizes = ((3, 2), (99, 1)) if kinds == "CFT" else ((3, 1),)
    np.save(one, np.asfortranarray(LOGITS) if kinds == "F" else LOGITS)
    for block_rows, jobs in sizes:
        set_block_rows(monkeypatch, block_rows, 5)
        want, got = Kept(), Kept()
        transform(open_file(one), Transform("softmax", axis), want, run())
        transform(open_paths(*x), Transform("softmax", axis), got, run(jobs))
        if axis == 0 and "T" in kinds:  # text is cut elsewhere: the order of a sum differs
            np.testing.assert_allclose(got.values, want.values, rtol=1e-14)
        else:
            assert got.values.tobytes() == want.values.tobytes()
        assert want.header is not None
        assert got.header is not None
        assert got.header.shape in (want.header.shape, (None, 5))


@in_one_test
@pytest.mark.parametrize(
    ("shape", "class_axis", "order"),
    [((9, 8), 0, "C"), ((9, 4, 2), 0, "F"), ((9, 3, 3), 1, "C"), ((9, 3, 3), 1, "F")],
)
def test_other_axes_run_through_all_shards(
    shape: tuple[int, ...], class_axis: int, order: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With classes along the first axis, a row of logits has a piece in every file."""
    x, soft = RNG.normal(size=shape), RNG.uniform(size=shape)
    hard = RNG.integers(shape[class_axis], size=shape[:class_axis] + shape[class_axis + 1 :])
    parts = write_shards(tmp_path, "x", x, [2, 2, 7], order)
    one = npy_file(tmp_path / "x.npy", x)
    for i, labels in enumerate((hard, soft)):
        cuts = [2, 2, 7] if class_axis else [1, 3, 3]
        pieces = write_shards(tmp_path, f"y{i}", labels, cuts, order)
        whole = npy_file(tmp_path / f"y{i}.npy", labels)
        set_block_rows(monkeypatch, 2 if labels is hard else 1, math.prod(shape) // 9)
        want = losses(one, whole, 1, class_axis=class_axis)
        jobs = 2 if order == "F" and labels is hard else 1
        got = losses(open_paths(*parts), open_paths(*pieces), jobs, class_axis=class_axis)
        assert got == want


def test_one_hot_of_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_block_rows(monkeypatch, 3, 1)
    labels = np.arange(ROWS) % 7
    source = open_paths(*write_shards(tmp_path, "y", labels, CUTS, "C"))
    sink = Kept()
    encode(source, None, np.dtype(np.uint8), sink, run())
    np.testing.assert_array_equal(sink.values, np.eye(7)[labels])


def test_progress_counts_the_rows_of_all_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, 10, 5)
    told: list[tuple[int, int | None]] = []
    x = open_paths(*write_shards(tmp_path, "x", LOGITS, CUTS, "C"))
    running = run(1, lambda rows, total: told.append((rows, total)))
    evaluate(x, npy_file(tmp_path / "y.npy", LABELS), Criterion(), running)
    assert told == [(n, ROWS) for n in (10, 20, 30, 40, 41)]


@pytest.mark.parametrize("rows", [[0, 0], [0, 0, 0]])
def test_shards_without_any_row(rows: list[int], tmp_path: Path) -> None:
    x = open_paths(*write_shards(tmp_path, "x", LOGITS[:0], rows, "CF"))
    summary = evaluate(x, npy_file(tmp_path / "y.npy", LABELS[:0]), Criterion(), run()).summary
    assert (summary.rows, summary.num_classes, summary.loss_sum) == (0, 5, 0.0)


def test_pipes_among_files(tmp_path: Path) -> None:
    """What can be opened once only is opened once, in C order and in Fortran order."""
    paths = write_shards(tmp_path, "x", LOGITS, [10, 20], "CFT")
    contents = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
        os.mkfifo(path)
    pairs = zip(paths, contents, strict=True)
    writers = [threading.Thread(target=path.write_bytes, args=(c,)) for path, c in pairs]
    for writer in writers:
        writer.start()
    got = losses(open_paths(*paths), npy_file(tmp_path / "y.npy", LABELS), 2)
    for writer in writers:
        writer.join()
    assert got == losses(npy_file(tmp_path / "x.npy", LOGITS), open_file(tmp_path / "y.npy"), 1)


def test_byte_orders_may_differ(tmp_path: Path) -> None:
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    np.save(paths[0], LOGITS[:20].astype(">f8"))
    np.save(paths[1], LOGITS[20:].astype("<f8"))
    sink = Kept()
    transform(open_paths(*paths), Transform("softmax"), sink, run())
    np.testing.assert_array_equal(sink.values, Transform("softmax")(LOGITS))
