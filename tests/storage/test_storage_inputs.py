"""Bytes from files, pipes and devices: the same, however they are asked for."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.errors import InputError
from xentcli.storage.inputs import Input
from xentcli.storage.open import open_input

CONTENT = bytes(range(256)) * 8


@contextmanager
def opened(path: str | Path) -> Iterator[Input]:
    data = open_input(str(path))
    with data._file:
        yield data


@contextmanager
def piped(content: bytes) -> Iterator[Input]:
    """Open the reading end of a pipe, which must hold all the content."""
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as file:  # noqa: PTH123
        os.write(writer, content)
        os.close(writer)
        yield Input("<pipe>", file, None)


def test_a_file_object_is_asked_for_more_than_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345678")
    with opened(path) as data:
        file = data.as_file()
        assert (file.read(3), file.read(2**60), file.read(2**60)) == (b"123", b"45678", b"")
        file.seek(-2, os.SEEK_END)
        assert (file.read(), file.tell()) == (b"78", 8)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "A.CSV"
    path.write_bytes(CONTENT)
    with opened(path) as data:
        assert (data.name, data.suffix, data.size) == (str(path), ".csv", len(CONTENT))
        assert data.seekable
        assert data.peek(10) == CONTENT[:10]
        assert data.peek(3) == CONTENT[:3]
        assert data.read(5) == CONTENT[:5]
        assert data.read(10**6) == CONTENT[5:]
        assert data.read(1) == b""
        data.rewind()
        assert data.read(7) == CONTENT[:7]
        assert data.spooled() is data


@in_one_test
@pytest.mark.parametrize(
    ("offset", "size", "want"),
    [
        (0, 10, CONTENT[:10]),
        (5, 0, b""),
        (2040, 99, CONTENT[2040:]),
        (2048, 9, b""),
        (9999, 9, b""),
    ],
)
def test_read_at(tmp_path: Path, offset: int, size: int, want: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    buffer = bytearray(b"?" * size)
    with opened(path) as data:
        data.read(100)
        assert data.read_at(offset, memoryview(buffer)) == len(want)
        assert data.read(3) == CONTENT[100:103]
    assert bytes(buffer) == want + b"?" * (size - len(want))


@settings(deadline=None)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 700)), max_size=12),
    size=st.integers(0, 2048),
)
def test_any_peeks_and_reads_of_a_pipe(steps: list[tuple[bool, int]], size: int) -> None:
    content, at = CONTENT[:size], 0
    with piped(content) as data:
        assert not data.seekable
        for peek, count in steps:
            want = content[at : at + count]
            if peek:
                assert data.peek(count) == want
            else:
                assert data.read(count) == want
                at += len(want)
        assert data.read(5000) == content[at:]


def test_spooled_copy_of_a_pipe() -> None:
    with piped(CONTENT) as data:
        data.peek(100)
        copy = data.spooled()
        assert (copy.name, copy.size, copy.seekable) == ("<pipe>", len(CONTENT), True)
        buffer = bytearray(10)
        assert copy.read_at(2000, memoryview(buffer)) == 10
        assert buffer == CONTENT[2000:2010]
        assert copy.read(10**6) == CONTENT
        copy.rewind()
        assert copy.read(10**6) == CONTENT


def test_a_device() -> None:
    with opened("/dev/null") as data:
        assert not data.seekable
        assert data.peek(5) == b""
        assert data.read(5) == b""


def test_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    feeder = threading.Thread(target=path.write_bytes, args=(CONTENT,), daemon=True)
    feeder.start()
    with opened(path) as data:
        assert data.size is None
        assert data.read(10**6) == CONTENT
    feeder.join()


@in_one_test
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("missing.csv", "no such file"),
        (".", "is a directory"),
        ("file/a.csv", "not a directory"),
        ("loop", "(too many|symbolic)"),
        ("dangling", "no such file"),
        ("x" * 300, "name too long"),
    ],
)
def test_what_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("loop").symlink_to("loop")
    Path("dangling").symlink_to("nowhere")
    with pytest.raises(InputError, match=f"^{path}: cannot be read: .*{says}"):
        open_input(path)


def test_what_cannot_be_read() -> None:
    """The first page of a process is never mapped."""
    with pytest.raises(InputError, match=r"^/proc/self/mem: cannot be read: "):
        open_input("/proc/self/mem")
