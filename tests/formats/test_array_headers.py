"""NPY files whose header lies, or is a program: refused, at no cost, and never run."""

import io
import tracemalloc
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damaged_arrays import ARRAY, KINDS, MAGIC, everywhere, open_it, opened, read_some, refused
from in_one_test import in_one_test
from opening import npy_bytes

from xentcli.errors import InputError


def with_header(text: str, version: int = 1, data: bytes = bytes(16)) -> bytes:
    """Return a file with any header."""
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    return MAGIC + bytes([version, 0]) + size + text.encode("latin1") + data


def described(descr: str = "'<f8'", order: str = "False", shape: str = "(2,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


@in_one_test
@pytest.mark.parametrize("version", [0, 4, 255])
def test_unknown_version(tmp_path: Path, version: int) -> None:
    content = MAGIC + bytes([version]) + npy_bytes(ARRAY)[7:]
    for kind in KINDS:
        with opened(kind, content, tmp_path) as data, refused(kind, "version"):
            read_some(data)


LIES = {
    "one row more": with_header(described(shape="(3,)")),
    "huge length": with_header(described(shape=f"({2**70},)")),
    "huge row": with_header(described(shape=f"(1, {2**31})")),
    "larger row": with_header(described(shape=f"(1, {2**50})")),
    "row of more bytes than an address": with_header(described(shape=f"(1, {2**70})")),
    "product that wraps to 0": with_header(described(shape=f"({2**61}, 8)")),
    "product that wraps to what is there": with_header(described(shape=f"({2**61 + 2},)")),
    "more empty rows than NumPy holds": with_header(described(shape=f"({2**70}, 0)"), data=b""),
    "negative length": with_header(described(shape="(-2,)")),
    "negative lengths": with_header(described(shape="(-1, -2)")),
    "header of 4 GB": MAGIC + b"\2\0\xff\xff\xff\xff{",
    "header of 60 kB": with_header(described() + " " * 60_000),
    "header behind the end": MAGIC + b"\1\0\x76\0{'descr'",
    "no header": with_header(""),
    "blank header": with_header(" \n"),
    "call": with_header("__import__('os').abort()"),
    "call in the shape": with_header(described(shape="__import__('os').abort()")),
    "power": with_header(described(shape="(9**9**9,)")),
    "list": with_header("[]"),
    "unhashable key": with_header("{[]: 1}"),
    "mixed keys": with_header("{1: 2, 'descr': '<f8'}"),
    "missing keys": with_header("{'descr': '<f8'}"),
    "too many keys": with_header(described()[:-2] + "'x': 1}"),
    "order not a bool": with_header(described(order="3")),
    "shape not a tuple": with_header(described(shape="2")),
    "shape of floats": with_header(described(shape="(2.0,)")),
    "shape of digits without end": with_header(described(shape=f"({'9' * 5000},)")),
    "unclosed brace": with_header("{'descr': '<f8'"),
    "unclosed parenthesis": with_header(described(shape="(2,")),
    "unclosed string": with_header("'''"),
    "deep nesting": with_header("(" * 5000),
    "deep minus": with_header("-" * 9000 + "1"),
    "zero byte": with_header("\0"),
    "not ASCII": with_header("\xff"),
    "empty descr": with_header(described("''")),
    "descr of nothing": with_header(described("()")),
    "descr of one": with_header(described("('<f8',)")),
    "descr of a number": with_header(described("1")),
    "descr of None": with_header(described("None")),
    "unknown descr": with_header(described("'<f3'")),
}


@in_one_test
@pytest.mark.parametrize(("name", "kind"), [*product(LIES, ["file"]), *zip(LIES, cycle(KINDS[1:]))])
def test_header_that_lies(tmp_path: Path, name: str, kind: str) -> None:
    with opened(kind, LIES[name], tmp_path) as data, refused(kind):
        read_some(data)


@in_one_test
@everywhere
@pytest.mark.parametrize("name", ["huge length", "huge row", "header of 4 GB"])
def test_nothing_is_allocated_for_a_lie(tmp_path: Path, kind: str, name: str) -> None:
    with opened(kind, LIES[name], tmp_path) as data:
        tracemalloc.start()
        try:
            with pytest.raises((InputError, MemoryError)):
                read_some(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 2**26


class Hostile:
    """Would write a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@in_one_test
@everywhere
def test_nothing_is_unpickled(tmp_path: Path, kind: str) -> None:
    mark = tmp_path / "unpickled"
    file = io.BytesIO()
    np.save(file, np.array([Hostile(mark)], object), allow_pickle=True)
    with (
        opened(kind, file.getvalue(), tmp_path) as data,
        pytest.raises(InputError, match="Python objects"),
    ):
        read_some(data)
    assert not mark.exists()
    np.load(io.BytesIO(file.getvalue()), allow_pickle=True)
    assert mark.exists()


@in_one_test
@everywhere
@pytest.mark.parametrize(
    "array",
    [
        np.zeros(2, [("a", "<f8"), ("b", "<i4")]),
        np.zeros(2, "c8"),
        np.zeros(2, "U3"),
        np.zeros(2, "S3"),
        np.zeros(2, "V8"),
        np.zeros(2, "M8[s]"),
        np.zeros(2, "m8[s]"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_not_real_numbers(tmp_path: Path, kind: str, array: Any) -> None:
    with (
        opened(kind, npy_bytes(array), tmp_path) as data,
        pytest.raises(InputError, match=r"an array of .* (is not read|does not hold)"),
    ):
        read_some(data)


@in_one_test
@everywhere
def test_header_of_python_2(tmp_path: Path, kind: str) -> None:
    with opened(kind, with_header(described(shape="(2L,)")), tmp_path) as data:
        source = open_it(data)
        assert source.shape == (2,)
