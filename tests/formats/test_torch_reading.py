"""What PyTorch and pickle write, and how it is named: every encoding, dtype and container."""

import json
import os
import pickle
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest
from in_one_test import in_one_test
from opening import assert_same_bits, read_array, zip_bytes
from torch_bytes import archive, called, imported, legacy, number, pickled, saved, several, storage
from torch_goldens import check_golden, goldens, input_of, opened

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions

# What is spooled from a pipe lives until the source is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
_SAFETENSORS = {"float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2"}
Z = np.arange(12, dtype="<f4").reshape(4, 3)


def error_of(content: bytes, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read_array(opened(content, **options), 2)
    assert "\n" not in caught.value.message
    return caught.value


@in_one_test
@pytest.mark.parametrize("name", goldens()[0])
def test_what_pytorch_writes(name: str) -> None:
    files, arrays, dtypes = goldens()
    here = {where: array for where, array in arrays.items() if where.startswith(f"{name}:")}
    check_golden(name, files[name], here, dtypes)


def test_every_kind_of_file_is_among_them() -> None:
    files, arrays, dtypes = goldens()
    assert len(files) > 150
    assert len(arrays) > 250
    assert {"bfloat16", "float8_e4m3fn", "float8_e5m2", "uint16"} <= set(dtypes.values())


def test_a_program_in_a_pickle_is_named_and_does_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    class Program:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {quote(str(mark))}",)

    for thing in ({"other": Program()}, [Program()], Program()):
        content = pickle.dumps(thing, 4)
        assert "posix.system" in error_of(content).message
        for file in (archive(content, {}), legacy(content, {})):
            assert "posix.system" in error_of(file).message
    assert not mark.exists()
    pickle.loads(content)
    assert mark.exists(), "it would have"


@in_one_test
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("complex", "a tensor of ComplexFloat"),
        ("sparse", "a sparse tensor"),
        ("quantized", "a quantised tensor"),
        ("device", "torch.device"),
        ("dtype", "torch.float32"),
        ("set", "set"),
        ("objects", "an array of object"),
        ("program", "posix.system"),
    ],
)
def test_what_is_not_read_is_named(name: str, what: str) -> None:
    content = goldens()[0][f"unread {name} alone.pt"]
    assert error_of(content).message == f"run.pt: it holds no array that is read, but {what}"
    assert error_of(content, key="other").message == f"run.pt:other: {what} is not read"


def test_several_pickles_one_behind_the_other() -> None:
    content = pickle.dumps(Z, 4) + pickle.dumps([0, 1, 2, 0], 2)
    assert_same_bits(read_array(opened(content, key="0"), 3), Z)
    assert read_array(opened(content, key="1"), 3).tolist() == [0, 1, 2, 0]


class Pair(NamedTuple):
    logits: Any
    labels: Any


class Record:
    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


def test_fields_of_objects_are_read() -> None:
    for protocol in (2, 4):
        pair = pickle.dumps(Pair(Z, [0, 1, 2]), protocol)
        assert_same_bits(read_array(opened(pair, key="0"), 3), Z)
        plain = pickle.dumps([Record(logits=Z), Record(logits=Z[:2])], protocol)
        assert_same_bits(read_array(opened(plain), 3), np.concatenate([Z, Z[:2]]))
        own = pickle.dumps(Record(_shape=(2, 2), data=Z), protocol)
        assert "test_torch_reading.Record" in error_of(own).message


def test_text_is_read_as_labels_alone() -> None:
    for names in (["cat", "dog"], np.array(["cat", "dog"])):
        content = pickle.dumps({"labels": names, "logits": Z})
        source = opened(content, key="labels", labels=True)
        assert np.array(source.decode(next(iter(source.blocks(9)))).values).tolist() == [*names]
        assert "text" in error_of(content, key="labels").message


def test_large_storages_are_not_read_for_their_checksum() -> None:
    array = np.zeros((2**20, 5), "<f4")
    content = bytearray(saved({"z": array}))
    content[len(content) // 2] ^= 1
    assert read_array(opened(bytes(content)), 2**20).any()
    small = bytearray(saved({"z": array[: 2**18]}))
    small[len(small) // 2] ^= 1
    assert error_of(bytes(small)).message.endswith("the checksum of run/data/z is wrong")


def test_names_of_classes_are_safe_to_show() -> None:
    content = pickled(imported("a\x1b[31m", "b\u202e"))
    assert error_of(content).message.endswith(r"but a\x1b[31m.b\u202e")


def test_input_dtype_reads_words_as_bfloat16() -> None:
    words = (np.arange(6, dtype="<f4").view("<u4") >> 16).astype("<u2").reshape(2, 3)
    got = read_array(opened(saved({"z": words}), input_dtype="bfloat16"), 2)
    assert_same_bits(got, np.arange(6, dtype="f4").reshape(2, 3))


def test_numbers_too_large_for_an_array() -> None:
    assert "too large" in error_of(pickled(b"](" + number(2**70) + number(1) + b"e")).message


@in_one_test
@pytest.mark.parametrize("thing", [[[1, 2], [3]], [["a", "b"], ["c"]], [["a"], "b"], [[], [1]]])
def test_lists_that_are_no_array(thing: Any) -> None:
    for options in ({}, {"labels": True}):
        message = error_of(pickle.dumps({"y": thing}), key="y", **options).message
        assert message.startswith("run.pt")


def test_a_damaged_tensor_is_never_read() -> None:
    content = bytearray(saved({"z": Z}))
    content[content.index(Z.tobytes())] ^= 1
    data = input_of(bytes(content), "run.pt")
    for _ in range(2):
        with pytest.raises(InputError, match="the checksum of run/data/z is wrong"):
            registry.open_source(data, None, ReadOptions())


def test_big_endian_bfloat16() -> None:
    words = (np.arange(6, dtype=">f4").view(">u4") >> 16).astype(">u2")
    kind = imported("torch", "BFloat16Storage")
    parts = storage("0", kind, 6), number(0), several(number(6)), several(number(1)), b"\x89", b"N"
    description = pickled(called("torch._utils", "_rebuild_tensor_v2", *parts))
    members = {"a/data.pkl": description, "a/byteorder": b"big", "a/data/0": words.tobytes()}
    source = opened(zip_bytes(members))
    assert (source.stored_dtype, read_array(source, 4).tolist()) == ("bfloat16", [0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2"])
def test_every_float8(name: str) -> None:
    words = np.arange(256, dtype="u1")
    want = words.view(getattr(ml_dtypes, name)).astype("f4")
    header = {"z": {"dtype": _SAFETENSORS[name], "shape": [256], "data_offsets": [0, 256]}}
    content = json.dumps(header).encode()
    content = len(content).to_bytes(8, "little") + content + words.tobytes()
    kind = imported("torch.storage", "UntypedStorage")
    size, step = several(number(256)), several(number(1))
    parts = storage("0", kind, 256), number(0), size, step, b"\x89", b"N", imported("torch", name)
    tensor_of_all = called("torch._utils", "_rebuild_tensor_v3", *parts)
    for file in (content, archive(pickled(tensor_of_all), {"0": words.tobytes()})):
        source = opened(file)
        assert source.stored_dtype == name
        for got in (read_array(source, 100), read_array(opened(file), 300)):
            np.testing.assert_array_equal(got, want)
            numbers = ~np.isnan(want)
            np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(want[numbers]))
