"""NPZ and safetensors files as their libraries write them, from files and pipes."""

import io
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import product
from pathlib import Path
from typing import Any

import ml_dtypes
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
    zip_bytes,
)
from safetensors.numpy import save as safetensors_bytes

from xentcli.errors import InputError
from xentcli.formats.base import MemorySource, indexed
from xentcli.storage.inputs import Input

SHAPES: list[tuple[int, ...]] = [(), (0,), (7,), (5, 3), (0, 4), (4, 0), (2, 3, 4), (3, 1, 2, 2)]
DTYPES = ["?", "i1", "u1", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8"]
Arrays = dict[str, Array]

# What is spooled from a pipe lives until the source is gone.
keeps_a_copy = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def npz_bytes(arrays: Arrays, save: Callable[..., None] = np.savez) -> bytes:
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


FILES: dict[str, tuple[str, Callable[[Arrays], bytes]]] = {
    "npz": ("npz", npz_bytes),
    "npz deflated": ("npz", lambda arrays: npz_bytes(arrays, np.savez_compressed)),
    "safetensors": ("safetensors", safetensors_bytes),
}
kinds = pytest.mark.parametrize("kind", FILES)
both = pytest.mark.parametrize("way", ["file", "pipe"])


def opened(way: str, content: bytes, folder: Path) -> AbstractContextManager[Input]:
    return pipe_input(content) if way == "pipe" else file_input(folder / "a", content)


@in_one_test
@kinds
@pytest.mark.parametrize(
    ("dtype", "way"), [*product(DTYPES, ["file"]), *product(["?", "<i8", "<f4"], ["pipe"])]
)
@keeps_a_copy
def test_what_libraries_write(tmp_path: Path, kind: str, way: str, dtype: str) -> None:
    name, save = FILES[kind]
    shapes = SHAPES if dtype == "<f4" else [(7,), (5, 3), (2, 3, 4)]
    arrays = {f"a{i}": some_array(dtype, shape) for i, shape in enumerate(shapes)}
    content = save(arrays)
    for key, rows in product(arrays, (2, 100) if dtype == "<f4" else (2,)):
        with opened(way, content, tmp_path) as data:
            source = open_array(data, name, key)
            assert (source.shape, source.dtype) == (arrays[key].shape, arrays[key].dtype)
            assert source.stored_dtype == source.dtype.name
            assert_same_bits(read_array(source, rows), arrays[key])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_whatever_else_zipfile_inflates(tmp_path: Path, method: int) -> None:
    array = some_array("<f4", (5000, 3))
    content = zip_bytes({"z.npy": npy_bytes(array)}, method)
    with file_input(tmp_path / "a", content) as data:
        assert_same_bits(read_array(open_array(data, "npz"), 700), array)


@in_one_test
@kinds
@both
@keeps_a_copy
def test_bfloat16(tmp_path: Path, kind: str, way: str) -> None:
    """Every one, subnormal numbers and NaN too, is the float32 that ml_dtypes makes of it."""
    name, save = FILES[kind]
    array = np.arange(2**16, dtype=np.uint16).view(ml_dtypes.bfloat16).reshape(-1, 64)[:200]
    want = array.astype(np.float32)
    with opened(way, save({"z": array[:100], "w": array[100:]}), tmp_path) as data:
        source = open_array(data, name, "w", input_dtype="bfloat16")
        assert (source.dtype.name, source.stored_dtype) == ("float32", "bfloat16")
        got = read_array(source, 7)
    np.testing.assert_array_equal(got.view(np.uint32), want[100:].view(np.uint32))


@in_one_test
@pytest.mark.parametrize("words", ["V2", "<u2", ">u2", "<i2", ">i2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_words_are_bfloat16_if_the_user_says_so(tmp_path: Path, words: str, order: str) -> None:
    every = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    kind = words.replace("V", "u")
    stored = np.asarray(every.view(kind[-2:]).astype(kind), order=order)  # type: ignore[call-overload]
    stored = stored.view("V2") if words == "V2" else stored
    want = every.astype(np.uint32) << 16
    with file_input(tmp_path / "a.npy", npy_bytes(stored)) as data:
        source = indexed_array(data, "npy", input_dtype="bfloat16")
        np.testing.assert_array_equal(read_array(source, 9).view(np.uint32), want)
        columns = np.array(source.read(3, 5, 1).values)
        np.testing.assert_array_equal(columns.view(np.uint32), want[:, 3:8])


@in_one_test
@pytest.mark.parametrize("dtype", ["f2", "f4", "i1", "i8", "?"])
def test_other_dtypes_are_not_bfloat16(tmp_path: Path, dtype: str) -> None:
    content = npy_bytes(np.zeros(3, dtype))
    with (
        file_input(tmp_path / "a.npy", content) as data,
        pytest.raises(InputError, match=f"--input-dtype bfloat16 .* this is {np.dtype(dtype)}"),
    ):
        open_array(data, "npy", input_dtype="bfloat16")


@in_one_test
@kinds
def test_a_fortran_array_and_slices(tmp_path: Path, kind: str) -> None:
    name, save = FILES[kind]
    array = some_array("<f8", (4, 5), "C" if name == "safetensors" else "F")
    with file_input(tmp_path / "a", save({"y": np.arange(3), "z": array})) as data:
        source = indexed(open_array(data, name, "z"))
        assert not isinstance(source, MemorySource)
        assert_same_bits(np.array(source.read(1, 2).values), array[1:3])
        assert_same_bits(np.array(source.read(1, 2, 1).values), array[:, 1:3])


@in_one_test
@kinds
def test_places_have_the_key(tmp_path: Path, kind: str) -> None:
    name, save = FILES[kind]
    with file_input(tmp_path / "a", save({"z": np.zeros((2, 2))})) as data:
        assert open_array(data, name).place((1, 0)) == "a:z[1, 0]"


@in_one_test
@kinds
def test_which_array(tmp_path: Path, kind: str) -> None:
    name, save = FILES[kind]
    content = save({"outer": np.zeros((5, 3), "f4"), "inner": np.zeros(5, "i8")})
    listed = ["'outer' (5, 3) float32", "'inner' (5,) int64"]
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "--key NAME says which"),
        ({"key_option": "--label-key"}, "--label-key NAME says which"),
        ({"key_option": None}, "a file of one array is needed here"),
        ({"key": "oute"}, "did you mean --key outer?"),
        ({"key": "inne", "key_option": "--label-key"}, "did you mean --label-key inner?"),
        ({"key": "xyz"}, ""),
        ({"key": ""}, ""),
    ]
    for options, hint in cases:
        with file_input(tmp_path / "a", content) as data:
            with pytest.raises(InputError) as caught:
                open_array(data, name, **options)
            assert (caught.value.hint or "") == hint
            assert all(text in caught.value.message for text in listed)


@in_one_test
@kinds
def test_many_arrays_are_not_all_listed(tmp_path: Path, kind: str) -> None:
    name, save = FILES[kind]
    content = save({f"{'long' * 99}{i}": np.zeros(1) for i in range(100)})
    with file_input(tmp_path / "a", content) as data, pytest.raises(InputError) as caught:
        open_array(data, name)
    assert caught.value.message.endswith(", 92 more")
    assert len(caught.value.message) < 1000


def test_other_members_of_an_archive_do_not_matter(tmp_path: Path) -> None:
    array = some_array("<f4", (3, 2))
    content = zip_bytes({"README": b"text", "../../z.npy": npy_bytes(array)}, comment=b"hello")
    with file_input(tmp_path / "a.npz", content) as data:
        source = open_array(data, "npz")
        assert source.name == "a.npz:../../z"
        assert_same_bits(read_array(source, 2), array)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_structures_in_the_list_of_an_archive(tmp_path: Path) -> None:
    members = {"a.npy": npy_bytes(np.zeros(2, "V2")), "b.npy": b"junk", "c.npy": b""}
    with (
        file_input(tmp_path / "a", zip_bytes(members)) as data,
        pytest.raises(InputError, match=r"'a' \(2,\) \|V2, 'b' \(not readable\)"),
    ):
        open_array(data, "npz")
