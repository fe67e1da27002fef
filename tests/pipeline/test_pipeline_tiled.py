"""Logits that are read by the tile: the same rows, and never a whole block of them."""

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from in_one_test import in_one_test
from pipeline_tools import (
    Kept,
    csv_file,
    npy_file,
    npy_pipe,
    open_paths,
    run,
    set_block_rows,
    write_shards,
)

import xentcli as xent
from xentcli.alignment.axes import axes_of
from xentcli.alignment.fitting import ShapeFit
from xentcli.alignment.tiled import TiledRows
from xentcli.errors import LabelError, NonFiniteError
from xentcli.formats.base import Source, indexed
from xentcli.pipeline.evaluate import Criterion, evaluate

X = np.random.default_rng(5).normal(size=(9, 4)).astype(np.float32)
Y = np.arange(9) % 4


def is_tiled(logits: Source, labels: Source) -> bool:
    fit = ShapeFit(logits.shape, labels.shape)
    return axes_of(logits, labels, fit, None).by_tiles and logits.tileable


def test_rows_are_those_of_the_file(tmp_path: Path) -> None:
    rows = TiledRows(npy_file(tmp_path / "x.npy", X), 2, 6)
    assert rows.shape == (6, 4)
    assert rows.dtype == X.dtype
    for part in (slice(0, 6), slice(1, 3), slice(5, 6), slice(6, 6), slice(99)):
        np.testing.assert_array_equal(rows[part], X[2:8][part])


def test_rows_are_prepared(tmp_path: Path) -> None:
    stored = TiledRows(npy_file(tmp_path / "x.npy", X), 2, 6)
    rows = stored.as_prepared(lambda values: values.astype(np.float64) / 2)
    assert rows.dtype == np.dtype(np.float64)
    np.testing.assert_array_equal(rows[1:3], X[3:5].astype(np.float64) / 2)
    np.testing.assert_array_equal(stored[1:3], X[3:5])


@pytest.mark.parametrize("cuts", [[], [1, 1, 3]])
def test_an_array_of_several_axes_is_laid_out_as_rows(cuts: list[int], tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(5, 2, 3, 4)).astype(np.float32)
    source = indexed(open_paths(*write_shards(tmp_path, "x", values, cuts, "C")))
    flat = values.reshape(30, 4)
    for start, rows in ((0, 30), (4, 11), (6, 6), (29, 1), (30, 0), (0, 0)):
        np.testing.assert_array_equal(source.tile(start, rows), flat[start : start + rows])


def test_which_files_are_read_by_the_tile(tmp_path: Path) -> None:
    labels = npy_file(tmp_path / "y.npy", Y)
    shards = write_shards(tmp_path, "x", X, [3, 4], "C")
    assert is_tiled(npy_file(tmp_path / "x.npy", X), labels)
    assert is_tiled(open_paths(*shards), labels)
    assert not is_tiled(npy_file(tmp_path / "f.npy", np.asfortranarray(X)), labels)
    mixed = [*write_shards(tmp_path, "c", X, [], "C"), *write_shards(tmp_path, "g", X, [], "F")]
    assert not is_tiled(open_paths(*mixed), npy_file(tmp_path / "z.npy", np.zeros(18)))
    assert not is_tiled(csv_file(tmp_path / "x.csv", X), labels)
    assert not is_tiled(npy_file(tmp_path / "x.npy", X), npy_file(tmp_path / "p.npy", X))
    with npy_pipe(X) as pipe:
        assert not is_tiled(pipe, labels)


@in_one_test
@pytest.mark.parametrize(
    ("shape", "shift", "cuts"),
    [
        *(((3, 7, 4), shift, cuts) for shift in (1, 6) for cuts in ([], [1])),
        *(((3, 7, 4), 0, [1]), ((3, 7, 4), 60, [])),
        *(((1, 50, 4), 0, []), ((1, 50, 4), 6, [1])),
        *(((2, 3, 5, 4), 0, []), ((2, 3, 5, 4), 1, [1]), ((2, 3, 5, 4), 6, [])),
        *(((3, 0, 4), 0, []), ((3, 0, 4), 1, [1])),
    ],
)
def test_the_last_axis_holds_the_classes(
    shape: tuple[int, ...], shift: int, cuts: list[int], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=shape), rng.integers(0, 4, shape[:-1])
    last = max(0, shape[-2] - shift)
    kept, labels = x[..., :last, :], y[..., shift:]
    want = xent.cross_entropy(kept.reshape(-1, 4), labels.reshape(-1), reduction="none")
    for block_rows, jobs in ((1, 1), (99, 1)) if cuts else ((2, 2),):
        set_block_rows(monkeypatch, block_rows, max(1, math.prod(shape[1:])))
        monkeypatch.setattr("xentcli.core.tiled_rows.TILE_ELEMENTS", 3 * 4)
        logits = open_paths(*write_shards(tmp_path, "x", x, cuts, "C"))
        sink = Kept()
        criterion = Criterion(shift=shift, class_axis=-1)
        targets = npy_file(tmp_path / "y.npy", y)
        summary = evaluate(logits, targets, criterion, run(jobs), sink).summary
        np.testing.assert_array_equal(sink.values, np.reshape(want, kept.shape[:-1]))
        assert (summary.num_classes, summary.used) == (4, labels.size)
        assert summary.loss_sum == math.fsum(np.ravel(want))


def test_a_wrong_label_is_named_where_it_stands(tmp_path: Path) -> None:
    x, y = np.zeros((2, 5, 4)), np.zeros((2, 5), np.int64)
    y[1, 3] = 4
    x[1, 2, 1] = np.nan
    logits, labels = npy_file(tmp_path / "x.npy", x), npy_file(tmp_path / "y.npy", y)
    with pytest.raises(NonFiniteError, match=r"x\.npy\[1, 2, 1\]: logit nan"):
        evaluate(logits, labels, Criterion(class_axis=-1), run(1))
    x[1, 2, 1] = 0.0
    logits = npy_file(tmp_path / "x.npy", x)
    with pytest.raises(LabelError, match=r"y\.npy\[1, 3\]: label 4 is outside 0\.\.3"):
        evaluate(logits, labels, Criterion(class_axis=-1, shift=1), run(1))


@pytest.mark.parametrize("shape", [(8192, 512), (1, 8192, 512)])
def test_no_block_is_in_memory_as_a_whole(
    shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentcli.formats.blocks.BLOCK_ELEMENTS", 2**22)
    x = np.random.default_rng(6).random(shape, np.float32)
    y = np.arange(8192).reshape(shape[:-1]) % 512
    tracemalloc.start()
    try:
        logits, labels = npy_file(tmp_path / "x.npy", x), npy_file(tmp_path / "y.npy", y)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        evaluate(logits, labels, Criterion(), run(1))
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < x.nbytes / 2, "of the one block that the file is"
