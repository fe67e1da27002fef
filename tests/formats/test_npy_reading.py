"""NPY files as NumPy writes them: every dtype, shape, order and version, from files and pipes."""

import gc
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from in_one_test import in_one_test
from opening import (
    Array,
    assert_same_bits,
    file_input,
    indexed_array,
    npy_bytes,
    open_array,
    pipe_input,
    read_array,
    some_array,
)

from xentcli.formats.base import Block
from xentcli.storage.inputs import Input

ORDERED = ["i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", np.dtype("longdouble").str[1:]]
DTYPES = ["?", "i1", "u1", *(end + kind for end, kind in product("<>", ORDERED))]
SHAPES: list[tuple[int, ...]] = [
    (),
    (0,),
    (1,),
    (7,),
    (5, 3),
    (0, 4),
    (4, 0),
    (2, 3, 4),
    (2, 0, 3),
    (3, 1, 2, 2),
    (2, 1, 2, 2, 3),
]

# What is spooled from a pipe lives until the source is gone.
keeps_a_copy = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@in_one_test
@keeps_a_copy
@pytest.mark.parametrize(
    ("dtype", "version"),  # the version is that of the header alone
    [*((dtype, (1, 0)) for dtype in DTYPES), *product(["<f4", ">i8"], [(2, 0), (3, 0)])],
)
def test_what_numpy_writes(tmp_path: Path, dtype: str, version: tuple[int, int]) -> None:
    shapes = SHAPES if dtype == "<f4" else [(), (5, 3), (2, 3, 4)]
    for shape, order in product(shapes, "CF"):
        array = some_array(dtype, shape, order)
        content = npy_bytes(array, version)
        with file_input(tmp_path / "a.npy", content) as data:
            source = open_array(data, "npy")
            assert (source.shape, source.dtype) == (array.shape, array.dtype)
            for rows in (2, 100):
                assert_same_bits(read_array(source, rows), array)
        if order == "C" or dtype == "<f4":  # a pipe in Fortran order is copied as bytes
            with pipe_input(content) as data:
                assert_same_bits(read_array(open_array(data, "npy"), 2), array)


def test_what_numpy_saves(tmp_path: Path) -> None:
    array = some_array("f4", (40, 10))
    np.save(tmp_path / "a.npy", array)
    with file_input(tmp_path / "b.npy", (tmp_path / "a.npy").read_bytes()) as data:
        assert_same_bits(read_array(open_array(data, "npy"), 7), array)


@keeps_a_copy
def test_slices_of_a_fortran_array_from_a_pipe() -> None:
    array = some_array("<f8", (4, 5), "F")
    with pipe_input(npy_bytes(array)) as data:
        source = indexed_array(data, "npy")
        assert_same_bits(np.array(source.read(1, 2).values), array[1:3])


@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_decode_in_any_thread_and_order(tmp_path: Path, order: str) -> None:
    array = some_array("<f8", (300, 4), order)

    with file_input(tmp_path / "a.npy", npy_bytes(array)) as data, ThreadPoolExecutor(4) as pool:
        source = open_array(data, "npy")

        def decode(block: Block) -> Array:
            return np.array(source.decode(block).values)

        backwards = list(pool.map(decode, reversed([*source.blocks(3)])))
    assert_same_bits(np.concatenate(backwards[::-1]), array)


@pytest.mark.parametrize("order", ["C", "F"])
def test_threads_do_not_share_a_buffer(tmp_path: Path, order: str) -> None:
    array = some_array("<f8", (10, 4), order)
    with file_input(tmp_path / "a.npy", npy_bytes(array)) as data, ThreadPoolExecutor(1) as pool:
        source = indexed_array(data, "npy")
        here = source.read(0, 3).values
        there = pool.submit(source.read, 5, 3).result().values
        assert_same_bits(here, array[:3])
        assert_same_bits(there, array[5:8])


def test_headers_are_read_in_any_thread() -> None:
    """Also while the garbage collector runs somebody's code in the middle of one."""
    content = npy_bytes(np.zeros((3, 4)))
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()

    def callback(*_: object) -> None:
        for _i in range(30):
            sum(range(50))

    gc.callbacks.append(callback)
    try:
        sys.setswitchinterval(1e-6)
        gc.set_threshold(50)
        with ThreadPoolExecutor(8) as pool:
            names = pool.map(lambda _: open_array(memory(content), "npy").dtype.name, range(300))
            assert set(names) == {"float64"}
    finally:
        gc.callbacks.remove(callback)
        sys.setswitchinterval(interval)
        gc.set_threshold(*threshold)


def memory(content: bytes) -> Input:
    return Input("<memory>", io.BytesIO(content), None)
