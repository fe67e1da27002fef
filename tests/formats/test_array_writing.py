"""What the writers of arrays write, NumPy and safetensors read back, and so do we, bit by bit."""

import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from in_one_test import in_one_test
from opening import Array, assert_same_bits, open_array, open_writer, read_array, some_array
from safetensors.numpy import load

from xentcli.errors import OutputError
from xentcli.formats.base import ArrayHeader
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

READERS: dict[str, Callable[[bytes], Any]] = {
    "npy": lambda content: np.load(io.BytesIO(content)),
    "npz": lambda content: np.load(io.BytesIO(content))["some"],
    "safetensors": lambda content: load(content)["some"],
}
formats = pytest.mark.parametrize("name", READERS)

# Rows that are kept until they are counted.
keeps_a_copy = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def write(name: str, output: Output, array: Array, rows: int, *, counted: bool) -> None:
    """Write an array, `rows` rows at a time, with or without saying how many there are."""
    shape = array.shape if counted or not array.shape else (None, *array.shape[1:])
    header = ArrayHeader(shape, array.dtype.newbyteorder("="), name="some")
    writer = open_writer(name, output, header)
    for start in range(0, len(array), rows) if array.ndim else ():
        writer.write(array[start : start + rows])
    if not array.ndim:
        writer.write(array)
    writer.close()


def to_file(name: str, array: Array, rows: int, *, counted: bool = True) -> bytes:
    with tempfile.TemporaryFile() as file:
        write(name, Output("a", file.fileno(), seekable=True), array, rows, counted=counted)
        file.seek(0)
        return file.read()


def to_pipe(name: str, array: Array, rows: int, *, counted: bool = True) -> bytes:
    reader, writer = os.pipe()
    with open(reader, "rb") as file:  # noqa: PTH123
        write(name, Output("<pipe>", writer, seekable=False), array, rows, counted=counted)
        os.close(writer)
        return file.read()


@in_one_test
@formats
@pytest.mark.parametrize(
    ("dtype", "order"),
    [
        *((dtype, "C") for dtype in ("?", "i1", "u2", "<i8", ">i4", "f2", "<f4", "longdouble")),
        *((dtype, "F") for dtype in ("<f4", ">f8")),
    ],
)
@keeps_a_copy
def test_any_array(name: str, dtype: str, order: str) -> None:
    if (name, dtype) == ("safetensors", "longdouble"):
        with pytest.raises(OutputError, match="does not hold"):
            to_file(name, np.zeros(2, dtype), 1)
        return
    shapes: list[tuple[int, ...]] = [(), (0,), (5,), (0, 3), (3, 0), (5, 3), (4, 2, 3)]
    ways = [(to_file, 2, True), (to_file, 9, False), (to_pipe, 2, False), (to_pipe, 9, True)]
    for i, shape in enumerate(shapes):
        array = some_array(dtype, shape, order)
        for to, rows, counted in ways if dtype == "<f4" else (ways[i % 4], ways[(i + 2) % 4]):
            got = READERS[name](to(name, array, rows, counted=counted))
            assert_same_bits(np.asarray(got), array)


@formats
@keeps_a_copy
@settings(deadline=None, max_examples=15)
@given(
    array=hnp.arrays(
        st.sampled_from(["f2", "f4", "f8", "i8", "u1"]), hnp.array_shapes(max_dims=4, max_side=5)
    ),
    rows=st.integers(1, 6),
    counted=st.booleans(),
)
def test_any_bits(name: str, array: Array, rows: int, *, counted: bool) -> None:
    content = to_file(name, array, rows, counted=counted)
    assert_same_bits(np.asarray(READERS[name](content)), array)
    source = open_array(Input("a", io.BytesIO(content), None), name)
    assert_same_bits(read_array(source, rows), array)


@in_one_test
@formats
@keeps_a_copy
def test_the_same_bytes_to_a_file_and_a_pipe_at_any_time(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = some_array("<f4", (5, 3))
    first = to_file(name, array, 2)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert first == to_pipe(name, array, 1) == to_file(name, array, 5, counted=False)
    assert first == to_pipe(name, array, 5, counted=False)


@in_one_test
@formats
def test_rows_are_converted_to_the_header(name: str) -> None:
    with tempfile.TemporaryFile() as file:
        output = Output("a", file.fileno(), seekable=True)
        header = ArrayHeader((2,), np.dtype("f4"), name="some")
        writer = open_writer(name, output, header)
        writer.write(np.array([1.5, 2.5]))
        writer.close()
        file.seek(0)
        assert_same_bits(READERS[name](file.read()), np.array([1.5, 2.5], "f4"))


@in_one_test
@formats
@keeps_a_copy
def test_more_rows_than_the_first_header_had_room_for(name: str) -> None:
    array = np.zeros((100_000, 0), "u1")
    assert READERS[name](to_file(name, array, 9_999, counted=False)).shape == array.shape


@in_one_test
@formats
def test_what_no_format_holds(name: str) -> None:
    with open(os.devnull, "wb") as file:  # noqa: PTH123
        output = Output("a", file.fileno(), seekable=True)
        with pytest.raises(OutputError, match="complex"):
            open_writer(name, output, ArrayHeader((2,), np.dtype("c16")))


def test_the_archive_is_sound() -> None:
    """Its one member is stored, dated as things without a date are, and its checksum right."""
    array = some_array("<f8", (50, 3))
    with zipfile.ZipFile(io.BytesIO(to_file("npz", array, 7))) as archive:
        assert archive.testzip() is None
        (info,) = archive.infolist()
    assert (info.filename, info.compress_type) == ("some.npy", zipfile.ZIP_STORED)
    assert info.date_time == (1980, 1, 1, 0, 0, 0)
    assert info.file_size == info.compress_size == len(to_file("npy", array, 7))


@pytest.mark.parametrize("name", ["npy", "safetensors"])
@given(data=st.data())
@settings(deadline=None, max_examples=12)
def test_rows_at_their_place_in_any_order(name: str, data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=3))
    array = some_array(data.draw(st.sampled_from(["<f4", "<f2", ">i8", "|b1"])), tuple(shape))
    step = data.draw(st.integers(1, 5))
    starts = data.draw(st.permutations(range(0, len(array), step)))
    with tempfile.TemporaryFile() as file:
        header = ArrayHeader(array.shape, array.dtype.newbyteorder("="), name="some")
        output = Output("a", file.fileno(), seekable=True)
        writer = open_writer(name, output, header)
        assert writer.positional
        for start in starts:
            writer.write_at(start, array[start : start + step])
        writer.close()
        file.seek(0)
        assert file.read() == to_file(name, array, step)


@in_one_test
@pytest.mark.parametrize("name", ["npy", "npz", "safetensors", "csv", "parquet"])
def test_where_rows_have_no_place(name: str) -> None:
    dtype = np.dtype(np.float32)
    with tempfile.TemporaryFile() as file:
        for seekable, length in ((False, 5), (True, None), (True, 5)):
            output = Output("a", file.fileno(), seekable=seekable)
            writer = open_writer(name, output, ArrayHeader((length, 3), dtype))
            has = seekable and length is not None and name in {"npy", "safetensors"}
            assert writer.positional is has
            writer.close()
