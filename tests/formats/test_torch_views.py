"""Tensors read in place: views, strides, and many batches as one array."""

import pickle
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from in_one_test import in_one_test
from numpy.lib.stride_tricks import as_strided
from opening import Array, assert_same_bits, pipe_input, read_array
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
from torch_goldens import input_of, opened

from xentcli import evaluate
from xentcli.formats import registry
from xentcli.formats.base import IndexedSource, MemorySource, ReadOptions
from xentcli.formats.pickled.joined import JoinedSource
from xentcli.formats.registry import contents_of
from xentcli.storage.open import open_input

# What is spooled from a pipe lives until the source is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
SAMPLE = Path(__file__).parents[2] / "sample_data" / "digits.pt"
Z = np.arange(12, dtype="<f4").reshape(4, 3)


Make = Callable[[Array], bytes]
WAYS: dict[str, Make] = {
    "zip": lambda array: saved({"z": array}),
    "legacy": lambda array: legacy(
        pickled(dictionary({"z": plain("0", array)})), {"0": (array.size, array.tobytes())}
    ),
    "pickle": lambda array: pickle.dumps({"z": array}, 5),
}


@in_one_test
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
