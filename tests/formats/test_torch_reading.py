"""What PyTorch and pickle write, and how it is named: every encoding, view, dtype and container."""

import json
import os
import pickle
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest
from in_one_test import in_one_test
from numpy.lib.stride_tricks import as_strided
from opening import Array, assert_same_bits, pipe_input, read_array, zip_bytes
from torch_bytes import (
    archive,
    called,
    dictionary,
    imported,
    legacy,
    listed,
    number,
    pickled,
    plain,
    saved,
    several,
    storage,
    tensor,
)
from torch_goldens import check_golden, goldens, input_of

from xentcli import evaluate
from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import IndexedSource, MemorySource, ReadOptions, Source
from xentcli.formats.pickled.joined import JoinedSource
from xentcli.formats.registry import contents_of
from xentcli.storage.open import open_input

# What is spooled from a pipe lives until the source is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

_SAFETENSORS = {"float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2"}
SAMPLE = Path(__file__).parents[2] / "sample_data" / "digits.pt"
Z = np.arange(12, dtype="<f4").reshape(4, 3)


def opened(content: bytes, name: str = "run.pt", **options: Any) -> Source:
    return registry.open_source(input_of(content, name), None, ReadOptions(**options))


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
            return os.system, (f"touch {mark}",)

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


Make = Callable[[Array], bytes]
WAYS: dict[str, Make] = {
    "zip": lambda array: saved({"z": array}),
    "legacy": lambda array: legacy(
        pickled(dictionary({"z": plain("0", array)})), {"0": (array.size, array.tobytes())}
    ),
    "pickle": lambda array: pickle.dumps({"z": array}, 5),
}


@pytest.mark.parametrize("make", WAYS.values(), ids=WAYS)
def test_numbers_are_read_in_place(make: Make) -> None:
    """From the file itself, and no more of it than is asked for."""
    array = np.arange(10**5, dtype="<f4").reshape(-1, 10)
    data = input_of(make(array), "run.pt")
    source = registry.open_source(data, None, ReadOptions())
    assert isinstance(source, IndexedSource)
    assert source.tileable
    asked: list[int] = []
    read_at = data.read_at

    def counted(offset: int, buffer: memoryview) -> int:
        asked.append(len(buffer))
        return read_at(offset, buffer)

    data.read_at = counted  # type: ignore[method-assign]
    assert_same_bits(source.read(500, 20).values.copy(), array[500:520])
    assert asked == [800]


def test_a_view_reads_what_it_shows_of_its_storage() -> None:
    array = np.arange(4 * 10**5, dtype="<f4").reshape(-1, 1000)
    item = tensor("0", "f4", array.size, (400, 3), (1000, 1), 7)
    data = input_of(archive(pickled(dictionary({"z": item})), {"0": array.tobytes()}), "run.pt")
    source = registry.open_source(data, None, ReadOptions())
    for axis, rows in ((0, 400), (1, 3)):
        assert isinstance(source, IndexedSource)
        assert not source.tileable  # most of what one run brings is not wanted
        assert_same_bits(source.read(0, rows, axis).values, array[:, 7:10])


@pytest.mark.parametrize("dtype", ["<f4", "bfloat16"])
def test_rows_that_lie_apart_are_read_as_they_lie(dtype: str) -> None:
    """What is computed overwrites rows, so those that share numbers are copied first."""
    words = np.arange(120, dtype="<u2" if dtype == "bfloat16" else dtype)
    kind = imported("torch", "BFloat16Storage" if dtype == "bfloat16" else "FloatStorage")
    where = storage("0", kind, 120)
    for shape, strides, tiles in (
        ((2, 4, 7), (60, 15, 1), True),
        ((8, 7), (9, 1), True),
        ((2, 4, 7), (50, 15, 1), False),
        ((8, 7), (3, 1), False),
        ((7, 8), (1, 9), False),
    ):
        parts = where, number(3), *(several(*map(number, n)) for n in (shape, strides))
        item = called("torch._utils", "_rebuild_tensor_v2", *parts, b"\x89", b"N")
        source = opened(archive(pickled(dictionary({"z": item})), {"0": words.tobytes()}))
        assert isinstance(source, IndexedSource)
        assert source.tileable == tiles, (shape, strides)
        steps = [step * words.itemsize for step in strides]
        want = as_strided(words[3:], shape, steps).reshape(-1, shape[-1])
        if dtype == "bfloat16":
            want = (want.astype("u4") << 16).view("f4")
        assert_same_bits(np.ascontiguousarray(source.tile(2, 5)), want[2:7])
        assert source.tile(3, 0).shape == (0, shape[-1])
        assert_same_bits(read_array(source, 2).reshape(-1, shape[-1]), want)


def test_a_list_of_many_batches_is_one_array() -> None:
    batches = [np.full((2, 3), i, "<f4") for i in range(40)]
    whole = np.concatenate(batches)
    content = pickle.dumps({"logits": batches, "labels": [[i, i] for i in range(40)]})
    for rows in (1, 3, 1000):
        assert_same_bits(read_array(opened(content, key="logits"), rows), whole)
    with pipe_input(content) as data:
        source = registry.open_source(data, None, ReadOptions(key="logits"))
        assert source.shape == (80, 3)
        assert_same_bits(read_array(source, 7), whole)
        carried = pickle.loads(pickle.dumps([source.carried(block) for block in source.blocks(50)]))
        again = pickle.loads(pickle.dumps(source))
        assert_same_bits(np.concatenate([again.decode(block).values for block in carried]), whole)


def test_batches_that_lie_differently_are_one_array(tmp_path: Path) -> None:
    """A transposed one, one whose rows lie apart, and one whose rows are one row, in any order."""
    numbers = np.random.default_rng(5).normal(size=60).astype("f4")
    ways = {"side by side": (3, 1), "transposed": (1, 4), "apart": (7, 1), "once": (0, 1)}
    whole = {name: as_strided(numbers, (4, 3), np.multiply(4, way)) for name, way in ways.items()}
    for order in ([*ways], [*ways][::-1], [*ways][1:]):
        made = [tensor("0", "f4", 60, (4, 3), ways[name]) for name in order]
        items = dictionary({"z": listed(*made)})
        content = archive(pickled(items), {"0": numbers.tobytes()})
        want = np.concatenate([whole[name] for name in order])
        assert_same_bits(read_array(opened(content), 3), want)
        (tmp_path / "z.pt").write_bytes(content)
        loss = evaluate(tmp_path / "z.pt", np.zeros(len(want), int), metrics=["loss"]).loss.value
        assert loss == evaluate(want, np.zeros(len(want), int), metrics=["loss"]).loss.value, order


def test_the_pickle_of_a_file_that_stays_as_it_is_is_read_once(tmp_path: Path) -> None:
    """One that was written just now may get another content within the same tick of the clock."""

    def asked_again(path: Path) -> bool:
        contents_of(open_input(str(path)), None, ReadOptions())
        data, asked = open_input(str(path)), set[int]()
        read_at = data.read_at

        def counted(offset: int, buffer: memoryview) -> int:
            asked.add(offset)
            return read_at(offset, buffer)

        data.read_at = counted  # type: ignore[method-assign]
        assert contents_of(data, None, ReadOptions())[1]
        return bool(asked)

    assert not asked_again(SAMPLE)
    young = tmp_path / "young.pt"
    young.write_bytes(SAMPLE.read_bytes())
    assert asked_again(young)


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


def test_of_many_batches_few_are_open() -> None:
    """Each keeps the memory that it reads into, for every thread."""
    open_ones: weakref.WeakSet[MemorySource] = weakref.WeakSet()
    most = 0

    def opened_part() -> MemorySource:
        nonlocal most
        part = MemorySource("part", Z)
        open_ones.add(part)
        most = max(most, len(open_ones))
        return part

    source = JoinedSource([opened_part] * 100, [4] * 100)
    assert_same_bits(read_array(source, 30), np.concatenate([Z] * 100))
    assert most < 12


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
