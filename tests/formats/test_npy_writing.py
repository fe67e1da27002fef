"""What the NPY writer writes, numpy.load reads back, bit by bit."""

import io
import os
import tempfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from opening import Array, assert_same_bits, some_array

from xentcli.errors import OutputError
from xentcli.formats.interface import ArrayHeader
from xentcli.formats.npy import NPY
from xentcli.storage.outputs import Output


def write(output: Output, array: Array, rows: int, *, counted: bool) -> None:
    """Write an array, `rows` rows at a time, with or without saying how many there are."""
    shape = array.shape if counted or not array.shape else (None, *array.shape[1:])
    writer = NPY.open_writer(output, ArrayHeader(shape, array.dtype.newbyteorder("=")))
    for start in range(0, len(array), rows) if array.ndim else ():
        writer.write(array[start : start + rows])
    if not array.ndim:
        writer.write(array)
    writer.close()


def to_file(array: Array, rows: int, *, counted: bool) -> Array:
    with tempfile.TemporaryFile() as file:
        write(Output("a.npy", file.fileno(), seekable=True), array, rows, counted=counted)
        file.seek(0)
        return np.asarray(np.load(file))


def to_pipe(array: Array, rows: int, *, counted: bool) -> Array:
    reader, writer = os.pipe()
    with open(reader, "rb") as file:  # noqa: PTH123
        write(Output("<pipe>", writer, seekable=False), array, rows, counted=counted)
        os.close(writer)
        return np.asarray(np.load(io.BytesIO(file.read())))


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # rows kept until counted
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("to", [to_file, to_pipe])
@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "<i8", ">i4", "f2", "<f4", ">f8", "longdouble"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_array(to: Any, dtype: str, order: str, *, counted: bool) -> None:
    shapes: list[tuple[int, ...]] = [(), (0,), (5,), (0, 3), (3, 0), (5, 3), (4, 2, 3)]
    for shape in shapes:
        array = some_array(dtype, shape, order)
        for rows in (1, 2, 9):
            assert_same_bits(to(array, rows, counted=counted), array)


@settings(deadline=None)
@given(
    array=hnp.arrays(
        st.sampled_from(["f2", "f4", "f8", "i8", "u1"]), hnp.array_shapes(max_dims=4, max_side=5)
    ),
    rows=st.integers(1, 6),
    counted=st.booleans(),
)
def test_any_bits(array: Array, rows: int, *, counted: bool) -> None:
    assert_same_bits(to_file(array, rows, counted=counted), array)


def test_rows_are_converted_to_the_header() -> None:
    with tempfile.TemporaryFile() as file:
        output = Output("a.npy", file.fileno(), seekable=True)
        writer = NPY.open_writer(output, ArrayHeader((2,), np.dtype("f4")))
        writer.write(np.array([1.5, 2.5]))
        writer.close()
        file.seek(0)
        assert_same_bits(np.load(file), np.array([1.5, 2.5], "f4"))


def test_more_rows_than_the_first_header_had_room_for() -> None:
    array = np.zeros((100_000, 0), "u1")
    assert to_file(array, 9_999, counted=False).shape == array.shape


def test_what_npy_does_not_hold() -> None:
    output = Output("a.npy", -1, seekable=True)
    with pytest.raises(OutputError, match="complex"):
        NPY.open_writer(output, ArrayHeader((2,), np.dtype("c16")))
