"""Places that are named where labels are shifted, and labels that are too few or too many."""

import math
from pathlib import Path

import numpy as np
import pytest
from in_one_test import in_one_test
from pipeline_tools import (
    csv_file,
    errors_hold_files_open,
    no_open_file_is_left,  # noqa: F401 - a fixture
    npy_file,
    open_paths,
    run,
    set_block_rows,
    write_shards,
)

from xentcli.errors import LabelError, NonFiniteError, ShapeError
from xentcli.pipeline.evaluate import Criterion, LossOptions, evaluate
from xentcli.pipeline.explain import explain

C = 4
pytestmark = errors_hold_files_open


@in_one_test
@pytest.mark.parametrize("kind", ["npy", "csv"])
@pytest.mark.parametrize("rows", [6, 8])
def test_a_shift_does_not_hide_that_labels_are_too_few_or_too_many(
    kind: str, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, 2, C)
    files = {"npy": npy_file, "csv": csv_file}
    labels = files[kind](tmp_path / f"y.{kind}", np.zeros(rows))
    for shift in (1, 3, 20):
        x = csv_file(tmp_path / "x.csv", np.zeros((7, C)))
        with pytest.raises(ShapeError, match=rf"{rows} labels"):
            evaluate(x, labels, Criterion(shift=shift), run())


@in_one_test
@pytest.mark.parametrize("block_rows", [1, 3, 99])
@pytest.mark.parametrize("class_axis", [0, 1, 2])
def test_places_within_sequences(
    class_axis: int, block_rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, block_rows, C * 6)
    logits = np.zeros((3, 6, C))
    logits[0, 4:] = logits[2, 3, 1] = math.nan  # of the first, 4 and 5 have no label 2 further on
    labels = np.zeros((3, 6), int)
    labels[1, 5] = 9
    labels[1, :2] = 77  # which nothing predicts
    x = npy_file(tmp_path / "x.npy", np.moveaxis(logits, -1, class_axis))
    y = npy_file(tmp_path / "y.npy", labels)
    criterion = Criterion(class_axis=class_axis, shift=2, propagate=True)
    with pytest.raises(LabelError) as wrong:
        evaluate(x, y, criterion, run())
    assert wrong.value.message == f"{tmp_path}/y.npy[1, 5]: label 9 is outside 0..3"
    labels[1, 5] = -100
    y = npy_file(tmp_path / "y.npy", labels)
    with pytest.raises(NonFiniteError) as caught:
        evaluate(x, y, Criterion(class_axis=class_axis, shift=2), run())
    place = np.insert([2, 3], class_axis, 1).tolist()
    assert caught.value.message == f"{tmp_path}/x.npy{place}: logit nan"


@in_one_test
@pytest.mark.parametrize("block_rows", [1, 3, 99])
def test_places_in_shards(block_rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The label that is wrong is in another shard than its logits."""
    set_block_rows(monkeypatch, block_rows, C)
    logits, labels = np.zeros((9, C)), np.zeros(9)
    logits[7:] = math.nan
    labels[:2], labels[5] = 99, 9
    x = write_shards(tmp_path, "x", logits, [3, 5], "C")
    y = write_shards(tmp_path, "y", labels, [3, 5], "CT")
    with pytest.raises(LabelError) as wrong:
        evaluate(
            open_paths(*x), open_paths(*y), Criterion(shift=2), run(2 if block_rows == 3 else 1)
        )
    assert wrong.value.message == f"{y[2]}[0]: label 9 is outside 0..3"
    z = write_shards(tmp_path, "z", np.where(np.arange(9) == 8, 9.0, 0.0), [3, 5], "CT")
    with pytest.raises(LabelError) as wrong:  # the last label, in a block of which it is the first
        evaluate(open_paths(*x), open_paths(*z), Criterion(shift=2), run())
    assert wrong.value.message == f"{z[2]}[3]: label 9 is outside 0..3"
    with pytest.raises(LabelError) as wrong:
        explain(open_paths(*x), open_paths(*y), slice(2, 4), Criterion(shift=2))
    assert wrong.value.message == f"{y[2]}[0]: label 9 is outside 0..3"
    x[2].unlink()
    np.save(x[2], np.full((4, C), math.inf))
    options = LossOptions(ignore_index=9)
    with pytest.raises(NonFiniteError) as caught:
        evaluate(open_paths(*x), open_paths(*y), Criterion(options=options, shift=2), run())
    assert caught.value.message == f"{x[2]}[0, 0]: logit inf (2 such rows)"


def test_one_row_has_nothing_to_shift_along(tmp_path: Path) -> None:
    x, y = npy_file(tmp_path / "x.npy", np.zeros(C)), npy_file(tmp_path / "y.npy", np.array(0))
    with pytest.raises(ShapeError, match="one row of logits has no label 1 further on"):
        evaluate(x, y, Criterion(shift=1), run())
