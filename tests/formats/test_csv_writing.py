"""What CsvWriter writes: the shortest text that reads back to the same bits."""

import csv
import io
import tempfile
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from in_one_test import in_one_test
from opening import Array, open_writer, read_csv

from xentcli.errors import OutputError
from xentcli.formats.base import ArrayHeader
from xentcli.storage.outputs import Output

FLOATS = ["f2", "f4", "f8"]
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=5)


def write(
    array: Array, columns: tuple[str, ...] | None = None, name: str = "csv", rows: int = 100
) -> bytes:
    """Return what is written of an array, `rows` rows at a time."""
    with tempfile.TemporaryFile() as file:
        output = Output("f.csv", file.fileno(), seekable=True)
        header = ArrayHeader(array.shape, array.dtype, columns)
        writer = open_writer(name, output, header)
        for start in range(0, len(array), rows) if array.ndim else ():
            writer.write(array[start : start + rows])
        if not array.ndim:
            writer.write(array)
        writer.close()
        file.seek(0)
        return file.read()


@settings(max_examples=15, deadline=None)
@given(array=hnp.arrays(st.sampled_from(FLOATS), SHAPES), rows=st.integers(1, 6))
@example(array=np.array([[5e-324, 1.7976931348623157e308, -0.0]]), rows=1)
@example(array=np.array([[6e-8, 65504, 1 / 3]], "f2"), rows=1)
@example(array=np.array([[1e-45, 3.4028235e38, 16777216]], "f4"), rows=1)
def test_floats_read_back_to_the_same_bits(array: Array, rows: int) -> None:
    lines = write(array, rows=rows).decode("ascii").splitlines()
    cells = [[float(cell) for cell in line.split(",")] for line in lines]
    back = np.array(cells).astype(array.dtype)
    np.testing.assert_array_equal(back, array)
    signs = np.signbit(back) == np.signbit(array)
    assert (signs | np.isnan(array)).all()


def digits(text: str) -> int:
    return len(text.lower().partition("e")[0].replace("-", "").replace(".", "").strip("0"))


@settings(max_examples=15, deadline=None)
@given(
    value=st.one_of(
        st.tuples(st.just("f8"), st.floats(allow_nan=False, allow_infinity=False)),
        st.tuples(st.just("f4"), st.floats(allow_nan=False, allow_infinity=False, width=32)),
        st.tuples(st.just("f2"), st.floats(allow_nan=False, allow_infinity=False, width=16)),
    )
)
def test_no_shorter_text_reads_back(value: tuple[str, float]) -> None:
    dtype, number = value
    written = digits(write(np.array([number], dtype)).decode().strip())
    kind = np.dtype(dtype).type
    with np.errstate(over="ignore"):
        for shorter in range(1, written):
            assert kind(float(f"{number:.{shorter - 1}e}")) != kind(number)


@in_one_test
@pytest.mark.parametrize(
    "array",
    [
        np.array([[-(2**63), 2**63 - 1]]),
        np.array([[2**64 - 1, 0]], "u8"),
        np.array([[-128, 127], [0, 1]], "i1"),
        np.array([[True, False]]),
        np.array([3, -4, 5]),
        np.array(7, "u2"),
    ],
)
def test_integers(array: Array) -> None:
    table = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    want = "".join(",".join(str(int(cell)) for cell in row) + "\n" for row in table)
    assert write(array).decode() == want


@in_one_test
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0])
@pytest.mark.parametrize("dtype", FLOATS)
def test_numbers_that_are_not_ordinary(value: float, dtype: str) -> None:
    (cell,) = write(np.array([value], dtype)).decode().split()
    np.testing.assert_array_equal(float(cell), value)
    assert np.isnan(value) or cell.startswith("-") == np.signbit(value)


@in_one_test
@pytest.mark.parametrize(("name", "delimiter"), [("csv", ","), ("tsv", "\t")])
@pytest.mark.parametrize(
    "columns",
    [
        ("a", "b"),
        ("a,b", "c\td"),
        ('say "a"', ""),
        ("two words", " padded "),
        ("line\nend", "naïve"),
        ("carriage\rreturn", "b"),
        ("crlf\r\n", "b"),
        ("'", '"'),
        ("#", ";"),
        ("0", "1"),
    ],
)
def test_names_are_quoted_as_needed(name: str, delimiter: str, columns: tuple[str, ...]) -> None:
    text = write(np.ones((1, 2)), columns, name).decode()
    header, row = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert tuple(header) == columns
    assert row == ["1.0", "1.0"]


def test_plain_names_are_not_quoted() -> None:
    assert write(np.ones((1, 2)), ("a", "b 2")).startswith(b"a,b 2\n")


@settings(max_examples=15, deadline=None)
@given(
    array=hnp.arrays("f8", SHAPES),
    named=st.booleans(),
    name=st.sampled_from(["csv", "tsv"]),
)
def test_round_trip(array: Array, name: str, *, named: bool) -> None:
    columns = tuple(f"c, {i}" for i in range(array.shape[1])) if named else None
    read = read_csv(write(array, columns, name), f"f.{name}")
    assert read.columns == columns
    np.testing.assert_array_equal(read.values.reshape(array.shape), array)
    assert (np.signbit(read.values.reshape(array.shape)) == np.signbit(array))[array == 0].all()


@in_one_test
@pytest.mark.parametrize("dtype", ["u1", "i8", "?", "f4", "f8"])
@pytest.mark.parametrize("rows", [[[0, 1], [1, 0]], [[1, 0], [0, 1]], [[0, 1, 0], [1, 0, 0]]])
def test_one_hot_rows_are_read_back(dtype: str, rows: list[list[int]]) -> None:
    assert read_csv(write(np.array(rows, dtype))).values.tolist() == rows


def test_one_hot_rows_behind_no_rows_are_read_back() -> None:
    rows = np.array([[0, 1], [1, 0]])
    with tempfile.TemporaryFile() as file:
        output = Output("f.csv", file.fileno(), seekable=True)
        writer = open_writer("csv", output, ArrayHeader((2, 2), rows.dtype))
        for part in (rows[:0], rows[:1], rows[1:]):
            writer.write(part)
        writer.close()
        file.seek(0)
        assert read_csv(file.read()).values.tolist() == rows.tolist()


@in_one_test
@pytest.mark.parametrize("shape", [(0,), (0, 3)])
@pytest.mark.parametrize("columns", [None, ("a", "b", "c")])
def test_no_rows(shape: tuple[int, ...], columns: tuple[str, ...] | None) -> None:
    with tempfile.TemporaryFile() as file:
        output = Output("f.csv", file.fileno(), seekable=True)
        header = ArrayHeader(shape, np.dtype("f8"), columns)
        writer = open_writer("csv", output, header)
        writer.write(np.empty(shape))
        writer.close()
        file.seek(0)
        assert file.read() == (b"a,b,c\n" if columns else b"")


@in_one_test
@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 1, 1), (2, 1, 3, 1)])
def test_more_axes_than_a_table_has(shape: tuple[int, ...]) -> None:
    with pytest.raises(OutputError, match="CSV") as caught:
        write(np.zeros(shape))
    assert ".npy" in (caught.value.hint or "")


def test_large_tables_are_whole() -> None:
    array: Any = np.arange(140_000.0).reshape(2, -1)
    assert write(array).decode().split("\n") == [
        *(",".join(map(repr, row)) for row in array.tolist()),
        "",
    ]
