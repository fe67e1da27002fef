"""An input that changes while it is read is an error, and nothing is put in the output's place."""

import gzip
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from in_one_test import in_one_test

from xentcli.errors import InputError
from xentcli.storage.inputs import Input
from xentcli.storage.local_inputs import input_of
from xentcli.storage.open import open_input

_TICK_SECONDS = 0.02
CONTENT = b"1,2\n3,4\n" * 1000
Change = Callable[[Path], object]


def shorter(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 8)


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"5,6\n")


def rewritten(path: Path) -> None:
    """Keep the size, and a byte."""
    with path.open("r+b") as file:
        file.write(file.read(1))


def replaced(path: Path) -> None:
    """Put another file in its place, with the same content and the same time."""
    before, other = path.stat(), path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def restored(path: Path) -> None:
    """Write other bytes of the same number, and restore the time."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"9")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def removed(path: Path) -> None:
    path.unlink()


CHANGES = [shorter, longer, rewritten, replaced, restored, removed]


def old_file(path: Path, content: bytes) -> Path:
    """Write a file long ago: two changes within a tick of the clock have the same time."""
    path.write_bytes(content)
    os.utime(path, (1e9, 1e9))
    time.sleep(_TICK_SECONDS)  # the time of the last change cannot be set
    return path


@in_one_test
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_file_that_changes(tmp_path: Path, change: Change, name: str) -> None:
    content = gzip.compress(CONTENT) if name.endswith("gz") else CONTENT
    path = old_file(tmp_path / name, content)
    data = open_input(str(path))
    data.read(100)
    data.check_unchanged()
    copy = data.spooled()
    copy.check_unchanged()
    change(path)
    says = "no such file" if change is removed else "the file changed while it was read"
    for changed in (data, copy):
        with pytest.raises(InputError, match=f"^{path}: .*{says}"):
            changed.check_unchanged()


@in_one_test
@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.chmod(0o640),  # which no usual umask gives a new file
        lambda path: path.read_bytes(),
        lambda path: os.link(path, path.with_name("b")),
    ],
)
def test_what_is_no_change(tmp_path: Path, change: Change) -> None:
    path = old_file(tmp_path / "a", CONTENT)
    data = open_input(str(path))
    change(path)
    data.check_unchanged()


def test_streams_have_nothing_to_check() -> None:
    open_input("/dev/null").check_unchanged()
    reader, writer = os.pipe()
    os.close(writer)
    with open(reader, "rb", buffering=0) as file:  # noqa: PTH123
        Input("<pipe>", file, None).check_unchanged()


# Writers that move no time


@contextmanager
def same_times(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every file have the times that it had when it was first looked at."""
    first: dict[int, os.stat_result] = {}
    status = os.stat

    def old_status(place: Any, **options: Any) -> os.stat_result:
        now = status(place, **options)
        return first.setdefault(now.st_ino, now)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", old_status)
        patch.setattr(os, "fstat", old_status)
        yield


@in_one_test
@pytest.mark.parametrize("size", [1, 500, 512, 513, 10**6])
@pytest.mark.parametrize("by_descriptor", [True, False])
def test_a_young_file_written_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, *, by_descriptor: bool
) -> None:
    """What is written to a memory map whose pages wait for the disk already moves no time."""
    path = tmp_path / "a"
    path.write_bytes(bytes(size))
    with same_times(monkeypatch), path.open("r+b") as file:
        if by_descriptor:
            copy = open(os.dup(file.fileno()), "rb", buffering=0)  # noqa: PTH123, SIM115
            data = input_of("<stdin>", copy, file.fileno())
        else:
            data = open_input(str(path))
        with data._file, mmap.mmap(file.fileno(), 0) as memory:
            data.check_unchanged()
            memory[:] = b"1" * size
            with pytest.raises(InputError, match="the file changed while it was read"):
                data.check_unchanged()
            memory[:] = bytes(size)
            data.check_unchanged()
            memory[size - 1] = 1
            with pytest.raises(InputError, match="the file changed while it was read"):
                data.check_unchanged()


def test_the_sample_is_of_all_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer of any fifth of the file is seen."""
    path = tmp_path / "a"
    size, fifth = 10**6, 200_000
    path.write_bytes(bytes(size))
    with same_times(monkeypatch):
        for start in range(0, size, fifth):
            with path.open("r+b") as file:
                data = open_input(str(path))
                os.pwrite(file.fileno(), b"1" * fifth, start)
                with data._file, pytest.raises(InputError, match="changed while"):
                    data.check_unchanged()
                os.pwrite(file.fileno(), bytes(fifth), start)


@in_one_test
@pytest.mark.parametrize(
    ("mtime_age", "ctime_age", "major", "is_sampled"),
    [
        (3600, 3600, 8, False),
        (5, 5, 8, True),
        (3600, 5, 8, True),  # its time was put back, and what was written waits for the disk
        (-3600, 3600, 8, True),
        (3600, 3600, 0, True),  # in memory alone, or somewhere in the network
    ],
)
def test_which_files_are_sampled(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mtime_age: int,
    ctime_age: int,
    major: int,
    *,
    is_sampled: bool,
) -> None:
    """Of most files nothing is read but what is asked for."""
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    before = path.stat()
    fields = list(before)[:10]
    fields[2] = os.makedev(major, 1)
    times = {"st_mtime": time.time() - mtime_age, "st_ctime": time.time() - ctime_age}
    status = os.stat_result(fields, times | {"st_mtime_ns": 0, "st_ctime_ns": 0})
    reads: list[int] = []
    pread = os.pread

    def counting(descriptor: int, count: int, place: int) -> bytes:
        reads.append(count)
        return pread(descriptor, count, place)

    monkeypatch.setattr(os, "pread", counting)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", lambda _: status)
        patch.setattr(os, "stat", lambda _: status)
        data = open_input(str(path))
        with data._file:
            data.check_unchanged()
    assert len(reads) == (17 if is_sampled else 1)
