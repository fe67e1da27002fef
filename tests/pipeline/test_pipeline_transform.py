"""Arrays to arrays of the same rows, through blocks: as in memory, whatever the blocks."""

import math
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from in_one_test import in_one_test
from pipeline_tools import Kept, csv_file, npy_file, npy_pipe, run, set_block_rows

import xentcli as xent
from xentcli.errors import LabelError, NonFiniteError
from xentcli.formats.base import read_whole
from xentcli.formats.files import InputFile
from xentcli.pipeline.encode import encode
from xentcli.pipeline.inspection.inspect import inspect
from xentcli.pipeline.transform import Transform, transform
from xentcli.results.info import ArraySummary

Array = npt.NDArray[Any]

FUNCTIONS: dict[Any, Any] = {"softmax": xent.softmax, "log-softmax": xent.log_softmax}
each_kind = pytest.mark.parametrize("kind", FUNCTIONS)


def values_of(shape: tuple[int, ...], dtype: str = "f8") -> Array:
    return (np.random.default_rng(2).normal(size=shape) * 9.0).astype(dtype)


@in_one_test
@each_kind
@pytest.mark.parametrize(
    ("block_rows", "dtype", "shape"),
    [
        (1, "f8", (40, 3)),
        (7, "f8", (40, 60)),
        (64, "f8", (130, 3)),
        (999, "f8", (130, 60)),
        (7, "f4", (40, 3)),
        (64, "f2", (130, 60)),
        (7, ">f4", (40, 60)),
        (1, "i2", (40, 3)),
    ],
)
def test_rows(
    kind: Any, block_rows: int, dtype: str, shape: tuple[int, int],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    values = values_of(shape, dtype)
    want = FUNCTIONS[kind](values)
    set_block_rows(monkeypatch, block_rows, shape[1])
    many = 5 if block_rows == 7 else 1
    for jobs, store in ((1, np.ascontiguousarray), (many, np.asfortranarray)):
        sink = Kept()
        transform(npy_file(tmp_path / "x.npy", store(values)), Transform(kind), sink, run(jobs))
        assert sink.values.tobytes() == want.tobytes()
        assert sink.header is not None
        assert (sink.header.shape, sink.header.dtype) == (want.shape, want.dtype)


@in_one_test
@each_kind
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_every_axis(kind: Any, axis: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = values_of((30, 4, 5))
    set_block_rows(monkeypatch, 4, 20)
    sink = Kept()
    transform(npy_file(tmp_path / "x.npy", values), Transform(kind, axis), sink, run())
    np.testing.assert_allclose(sink.values, FUNCTIONS[kind](values, axis), rtol=4e-15, atol=1e-15)


@in_one_test
@each_kind
@pytest.mark.parametrize(("block_rows", "jobs"), [(2, 1), (7, 5), (64, 2)])
def test_down_the_file(
    kind: Any, block_rows: int, jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest of a column may stand in any block, and whole blocks may be masked."""
    values = values_of((200, 6)) + np.array([0.0, 1e8, -1e8, 0.0, 0.0, 0.0])
    values[5, 3] += 300.0
    values[195, 4] += 300.0
    values[:70, 5] = -np.inf
    set_block_rows(monkeypatch, block_rows, 6)
    sink = Kept()
    transform(npy_file(tmp_path / "x.npy", values), Transform(kind, 0), sink, run(jobs))
    want = FUNCTIONS[kind](values, 0)
    np.testing.assert_allclose(sink.values, want, rtol=1e-14, atol=1e-15)
    if kind == "softmax":
        assert np.abs(sink.values - want).max() <= 1e-15
        np.testing.assert_allclose(sink.values.sum(axis=0), 1.0, rtol=1e-14)


def test_temperature_and_dtype(tmp_path: Path) -> None:
    values = values_of((9, 4))
    for function, want in (
        (Transform("softmax", temperature=3.0), xent.softmax(values / 3.0)),
        (Transform("softmax", dtype=np.dtype("f2")), xent.softmax(values.astype("f2"))),
        (Transform("log-softmax", dtype=np.dtype("f4")), xent.log_softmax(values.astype("f4"))),
    ):
        sink = Kept()
        transform(npy_file(tmp_path / "x.npy", values), function, sink, run())
        dtype = function.dtype or want.dtype
        assert sink.values.dtype == dtype
        np.testing.assert_array_equal(sink.values, want.astype(dtype))


@in_one_test
@each_kind
@pytest.mark.parametrize("axis", [1, 0])
def test_rows_that_are_not_finite(
    kind: Any, axis: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_block_rows(monkeypatch, 3, 4)
    values = values_of((10, 4))
    values[6, 2] = math.nan
    values[8, 1] = math.inf
    path = tmp_path / "x.npy"
    message = r"along axis 0, 2 of 4 rows .* the first is \[1\]"
    if axis == 1:
        message = r"x.npy\[6, 2\]: logit nan \(2 such rows\)$"
    sink = Kept()
    with pytest.raises(NonFiniteError, match=message):
        transform(npy_file(path, values), Transform(kind, axis), sink, run(2))
    assert sum(len(part) for part in sink.parts) <= (6 if axis else 0)
    sink = Kept()
    transform(npy_file(path, values), Transform(kind, axis, propagate=True), sink, run())
    want = np.isnan(FUNCTIONS[kind](values, axis))
    assert want.sum() == (8 if axis else 20)
    np.testing.assert_array_equal(np.isnan(sink.values), want)


def test_a_cast_that_overflows_is_called_what_it_is(tmp_path: Path) -> None:
    source = npy_file(tmp_path / "x.npy", np.array([[1.0, 2.0], [1e6, 2.0]]))
    with pytest.raises(NonFiniteError, match=r"x.npy\[1, 0\]: logit inf"):
        transform(source, Transform("softmax", dtype=np.dtype("f2")), Kept(), run())


@in_one_test
@pytest.mark.parametrize("block_rows", [1, 7, 999])
@pytest.mark.parametrize("classes", [None, 9, tuple("abcdefghi")])
def test_one_hot(
    block_rows: int, classes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.random.default_rng(0).integers(9, size=(40, 3))
    labels[3, 1] = 8
    set_block_rows(monkeypatch, block_rows, 3)
    sink = Kept()
    encode(npy_file(tmp_path / "y.npy", labels), classes, np.dtype("u1"), sink, run(2))
    assert sink.values.dtype == np.uint8
    np.testing.assert_array_equal(sink.values, xent.one_hot(labels, 9))
    assert sink.header is not None
    assert sink.header.shape == (40, 3, 9)
    sink = Kept()
    encode(npy_file(tmp_path / "y.npy", labels + 1), 9, np.dtype("u1"), sink, run(), label_base=1)
    np.testing.assert_array_equal(sink.values, xent.one_hot(labels, 9))


def test_one_hot_of_wrong_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_block_rows(monkeypatch, 2, 3)
    labels = np.zeros((10, 3), int)
    labels[7, 1] = labels[9, 0] = 4
    with pytest.raises(LabelError, match=r"y.npy\[7, 1\]: label 4 is outside 0..3 \(2 such rows"):
        encode(npy_file(tmp_path / "y.npy", labels), 4, np.dtype("u1"), Kept(), run(2))


def test_one_hot_rows_are_made_few_at_a_time(tmp_path: Path) -> None:
    """A row is as long as there are classes, however short the labels are."""
    labels = np.arange(200) % 50_000
    sink = Kept()
    encode(npy_file(tmp_path / "y.npy", labels), 50_000, np.dtype("u1"), sink, run())
    assert max(part.size for part in sink.parts) < 2**20
    np.testing.assert_array_equal(sink.values.argmax(axis=1), labels)


def what_is_held(path: Path, values: Array) -> ArraySummary:
    """Save an array, and return what is said of it."""
    np.save(path, values)
    (found,), _ = inspect(InputFile(str(path)), lambda _source: nullcontext(run()))
    return found.summary


def test_what_a_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = values_of((50, 6), "f4")
    values[20, 3], values[30, 0], values[40, 5] = math.nan, math.inf, -math.inf
    set_block_rows(monkeypatch, 7, 6)
    summary = what_is_held(tmp_path / "x.npy", values)
    assert (summary.shape, summary.dtype, summary.format) == ((50, 6), "float32", "npy")
    assert (summary.minimum, summary.maximum) == (-math.inf, math.inf)
    counts = summary.nan, summary.positive_infinities, summary.negative_infinities
    assert counts == (1, 1, 1)
    plain = values_of((50, 6))
    summary = what_is_held(tmp_path / "x.npy", plain)
    assert (summary.minimum, summary.maximum) == (plain.min(), plain.max())
    assert summary.mean == math.fsum(plain.ravel()) / 300


def test_an_array_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_block_rows(monkeypatch, 4, 5)
    values = values_of((30, 5))
    for source in (npy_file(tmp_path / "x.npy", values), csv_file(tmp_path / "x.csv", values)):
        np.testing.assert_array_equal(read_whole(source), values)
    with npy_pipe(values) as stream:
        np.testing.assert_array_equal(read_whole(stream), values)
