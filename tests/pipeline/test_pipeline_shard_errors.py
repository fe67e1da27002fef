"""One array in many files: what is wrong is said of the right one."""

import math
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
    open_paths,
    run,
    set_block_rows,
    write_shards,
)
from shard_rows import LABELS, LOGITS, ROWS

from xentcli.errors import InputError, LabelError, NonFiniteError, ShapeError, UsageError
from xentcli.formats.base import ReadOptions
from xentcli.formats.files import open_files
from xentcli.formats.shards import Shards
from xentcli.pipeline.calibrate import calibrate
from xentcli.pipeline.evaluate import Criterion, evaluate
from xentcli.pipeline.explain import explain
from xentcli.pipeline.opening import InputFile
from xentcli.pipeline.transform import Transform, transform

pytestmark = errors_hold_files_open


# Where something is wrong


@in_one_test
@pytest.mark.parametrize(
    ("kinds", "block_rows"), [("C", 5), ("F", 99), ("T", 5), ("T", 99), ("CT", 5)]
)
def test_places_are_those_of_the_shard(
    kinds: str, block_rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, block_rows, 5)
    y = write_shards(tmp_path, "y", np.where(np.arange(ROWS) == 20, 9.0, 0.0), [4, 4, 18], kinds)
    logits = LOGITS.copy()
    logits[[18, 30], [3, 0]] = math.inf
    x = write_shards(tmp_path, "x", logits, [4, 4, 18], kinds)
    running = run(2 if kinds == "CT" else 1)
    with pytest.raises(NonFiniteError) as caught:
        evaluate(open_paths(*x), open_paths(*y), Criterion(), running)
    place = f"{x[3]}:1: column 4" if x[3].suffix == ".csv" else f"{x[3]}[0, 3]"
    assert caught.value.message == f"{place}: logit inf (2 such rows)"
    with pytest.raises(LabelError) as wrong:
        evaluate(open_paths(*x), open_paths(*y), Criterion(propagate=True), running)
    place = f"{y[3]}:3" if y[3].suffix == ".csv" else f"{y[3]}[2]"
    assert wrong.value.message == f"{place}: label 9 is outside 0..4"
    with pytest.raises(LabelError) as explained:
        explain(open_paths(*x), open_paths(*y), slice(20, 22))
    assert explained.value.message.startswith(place)


def test_lines_are_not_rows_where_cells_hold_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,v,text\n1,2,x\n")
    (tmp_path / "b.csv").write_text('u,v,text\n1,2,"x\ny"\n3,inf,z\n')
    options = ReadOptions(drop=("text",))
    names = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    source = open_files(names, lambda path: InputFile(path, None, options))
    with pytest.raises(NonFiniteError) as caught:
        transform(source, Transform("softmax"), Kept(), run())
    assert caught.value.message == f"{names[1]}: row 1: column 'v': logit inf"


@pytest.mark.parametrize("kinds", ["C", "T"])
@pytest.mark.parametrize("label_kinds", ["C", "T"])
def test_labels_are_counted_shard_by_shard(
    kinds: str, label_kinds: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the sum is right; NPY before anything is read."""
    moved = 1 if kinds == label_kinds else 2
    set_block_rows(monkeypatch, 3, 5)
    x = write_shards(tmp_path, "x", LOGITS, [10, 20, 30], kinds)
    for cuts, rows, wrong, there in (
        ([10, 20 - moved, 30], ROWS, 1, 10 - moved),
        ([10, 20, 30 + moved], ROWS, 2, 10 + moved),
        ([10, 20, 30], ROWS - moved, 3, 11 - moved),
        ([10, 20, 30], ROWS + moved, 3, 11 + moved),
    ):
        labels = np.resize(LABELS, rows)
        y = write_shards(tmp_path, "y", labels, cuts, label_kinds)
        told: list[int] = []
        jobs = 2 if kinds > label_kinds and wrong == 2 else 1
        running = run(jobs, lambda done, _, told=told: told.append(done))  # type: ignore[misc]
        with pytest.raises(ShapeError) as caught:
            evaluate(open_paths(*x), open_paths(*y), Criterion(), running)
        rows_there = 11 if wrong == 3 else 10
        said = f"{y[wrong]}: {there} labels for the {rows_there} rows of {x[wrong]}"
        assert caught.value.message == said
        assert not told or "T" in kinds + label_kinds


@in_one_test
@pytest.mark.parametrize("kinds", ["C", "T"])
def test_labels_in_lists_of_one_are_counted_shard_by_shard(kinds: str, tmp_path: Path) -> None:
    x = write_shards(tmp_path, "x", LOGITS, [10, 20], kinds)
    for i, part in enumerate(np.split(LABELS, [9, 20])):
        (tmp_path / f"y-{i}.jsonl").write_text("".join(f"[{y:g}]\n" for y in part))
    y = sorted(tmp_path.glob("y-*"))
    with pytest.raises(ShapeError) as caught:
        evaluate(open_paths(*x), open_paths(*y), Criterion(), run())
    assert caught.value.message == f"{y[0]}: 9 labels for the 10 rows of {x[0]}"


@in_one_test
@pytest.mark.parametrize(("kinds", "label_kinds"), [("C", "T"), ("T", "C"), ("CT", "T")])
def test_a_temperature_of_shards(kinds: str, label_kinds: str, tmp_path: Path) -> None:
    """Those that are read from the first row to the last are copied before any pass."""
    labels = np.where(np.arange(ROWS) % 3, LOGITS.argmax(axis=1), 0)
    x = write_shards(tmp_path, "x", LOGITS, [10, 20, 30], kinds)
    y = write_shards(tmp_path, "y", labels, [10, 20, 30], label_kinds)
    whole = npy_file(tmp_path / "x.npy", LOGITS), npy_file(tmp_path / "y.npy", labels)
    found = calibrate(open_paths(*x), open_paths(*y), Criterion(), run())
    assert found.temperature == calibrate(*whole, Criterion(), run()).temperature
    odd = write_shards(tmp_path, "odd", labels, [10, 19, 30], label_kinds)
    with pytest.raises(ShapeError) as caught:
        calibrate(open_paths(*x), open_paths(*odd), Criterion(), run())
    assert caught.value.message == f"{odd[1]}: 9 labels for the 10 rows of {x[1]}"


def test_as_many_files_of_labels_as_of_logits_or_one(tmp_path: Path) -> None:
    x = open_paths(*write_shards(tmp_path, "x", LOGITS, [10, 20], "C"))
    y = write_shards(tmp_path, "y", LABELS, [10], "C")
    with pytest.raises(ShapeError, match=r"y-0.npy and 1 more: 2 files of labels, and 3 of logits"):
        evaluate(x, open_paths(*y), Criterion(), run())
    one = npy_file(tmp_path / "x.npy", LOGITS)
    with pytest.raises(ShapeError, match=r"2 files of labels, and 1 of logits"):
        evaluate(one, open_paths(*y), Criterion(), run())


@in_one_test
@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (np.zeros((2, 6)), "rows of shape (6,), and {first} has rows of (5,)"),
        (np.zeros((2, 5, 1)), "rows of shape (5, 1), and {first} has rows of (5,)"),
        (np.zeros(2), "rows of shape (), and {first} has rows of (5,)"),
        (np.zeros((2, 5), "f4"), "numbers are float32, and float64 in {first}"),
        (np.zeros(()), "a single number, which cannot be one of several files"),
    ],
)
def test_the_first_shard_that_differs_is_named(odd: Any, message: str, tmp_path: Path) -> None:
    paths = write_shards(tmp_path, "x", LOGITS, [10, 20], "CT")
    for name in ("odd.npy", "odder.npy"):
        np.save(tmp_path / name, odd)
    with pytest.raises(ShapeError) as caught:
        open_paths(*paths, tmp_path / "odd.npy", tmp_path / "odder.npy")
    assert caught.value.message == f"{tmp_path}/odd.npy: " + message.format(first=paths[0])


def test_headers_agree_where_there_are_some(tmp_path: Path) -> None:
    """As from `split`, whose first file alone has the header."""
    for name, text in {"a": "1,2\n", "b": "u,v\n3,4\n", "c": "u,v\n5,6\n", "d": "u,w\n"}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    source = open_paths(*(tmp_path / f"{name}.csv" for name in "abc"))
    assert source.columns == ("u", "v")
    assert source.shape == (None, 2)
    with pytest.raises(ShapeError) as caught:
        open_paths(*(tmp_path / f"{name}.csv" for name in "abd"))
    assert "d.csv: column 2 is 'w', and 'v' in " in caught.value.message


def test_notes_of_many_files_are_one(tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / f"x-{i}.csv").write_text("0,1\n5,6.5\n" if i else "0;1\n5;6.5\n")
    notes = open_files([f"{tmp_path}/x-*.csv"], InputFile).notes
    counts = "the first row counts the columns: read as a header (else --no-header)"
    assert [note.replace(str(tmp_path), "") for note in notes] == [
        "/x-0.csv: cells are separated by a semicolon",
        f"/x-0.csv: {counts} (and so in 3 more)",
    ]


def test_an_order_by_text_is_noted(tmp_path: Path) -> None:
    paths = write_shards(tmp_path, "x", LOGITS, list(range(1, 12)), "C")
    assert open_paths(*paths).notes == []
    assert open_paths(*reversed(paths)).notes == []
    [note] = open_paths(*sorted(paths)).notes
    assert f"{paths[10]} before {paths[2]}" in note
    source = open_files([f"{tmp_path}/x-*.npy"], InputFile)
    assert isinstance(source, Shards)
    assert [file.path for file in source.files] == [str(path) for path in paths]
    assert source.notes == []


def test_standard_input_is_no_shard(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", LOGITS)
    with pytest.raises(UsageError, match="standard input cannot be one of several"):
        open_files([str(tmp_path / "x.npy"), "-"], InputFile)


def test_a_shard_that_changes_meanwhile(tmp_path: Path) -> None:
    paths = write_shards(tmp_path, "x", LOGITS, [10, 20], "C")
    source = open_paths(*paths)
    np.save(paths[1], LOGITS[:9])
    with pytest.raises(InputError, match=r"x-1.npy: the file changed while it was read"):
        transform(source, Transform("softmax"), Kept(), run())
