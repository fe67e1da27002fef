"""Standard streams, and names of what is open already: read and written as they come."""

import fcntl
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from in_one_test import in_one_test

from xentcli.errors import InputError, OutputError, Stopped
from xentcli.storage.inputs import Input
from xentcli.storage.open import check_output, open_input, open_output
from xentcli.storage.outputs import Output
from xentcli.storage.streams import descriptor_of

CONTENT = bytes(range(256)) * 8
NEW = b"new" * 5000


@contextmanager
def standard_input(descriptor: int) -> Iterator[Input]:
    """Open ``-`` where standard input is another descriptor."""
    with pytest.MonkeyPatch.context() as patch, open(descriptor, closefd=False) as stdin:
        patch.setattr(sys, "stdin", stdin)
        data = open_input("-")
        with data._file:
            yield data


def test_standard_input_from_a_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, CONTENT)
    os.close(writer)
    with standard_input(reader) as data:
        assert (data.name, data.suffix, data.size) == ("<stdin>", "", None)
        assert data.peek(9) == CONTENT[:9]
        assert data.read(10**6) == CONTENT
    os.close(reader)


@pytest.mark.parametrize("skipped", [0, 100])
def test_standard_input_from_a_file(tmp_path: Path, skipped: int) -> None:
    """What was read of it before is not read again."""
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    descriptor = os.open(path, os.O_RDONLY)
    os.lseek(descriptor, skipped, os.SEEK_SET)
    with standard_input(descriptor) as data:
        assert data.seekable == (skipped == 0)
        assert data.read(10**6) == CONTENT[skipped:]
    os.close(descriptor)


def test_standard_input_that_does_not_block_is_not_cut_off() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)

    def feed() -> None:
        os.write(writer, CONTENT[:1000])
        time.sleep(0.1)
        os.write(writer, CONTENT[1000:])
        os.close(writer)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    try:
        with standard_input(reader) as data:
            got = data.read(10**6)
    except InputError:
        got = CONTENT  # to refuse is right too
    feeder.join()
    os.close(reader)
    assert got == CONTENT


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # what Python makes of `xent ... <&-`
    with pytest.raises(InputError, match="<stdin>"):
        open_input("-")


def test_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    print("first")  # noqa: T201
    with open_output("-") as output:
        assert (output.name, output.seekable) == ("<stdout>", False)
        output.write(b"then\n")
    assert capfd.readouterr().out == "first\nthen\n"


def test_no_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)  # what Python makes of `xent ... >&-`
    with pytest.raises(OutputError, match="<stdout>"), open_output("-"):
        pass


# A pipe that does not block


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, int]]:
    """Make a pipe into which 4 kB fit, and which does not wait for a reader."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    yield reader, writer
    os.close(writer)


def test_output_that_does_not_block_is_not_cut_off(full_pipe: tuple[int, int]) -> None:
    reader, writer = full_pipe
    got: list[bytes] = []

    def read_slowly() -> None:
        while part := os.read(reader, 10_000):
            got.append(part)
            time.sleep(0.001)
        os.close(reader)

    thread = threading.Thread(target=read_slowly, daemon=True)
    thread.start()
    Output("<stdout>", writer, seekable=False).write(NEW * 20)
    os.dup2(os.open(os.devnull, os.O_WRONLY), writer)  # the end of the pipe
    thread.join(timeout=20)
    assert b"".join(got) == NEW * 20


def test_the_reader_goes_away_while_output_waits(full_pipe: tuple[int, int]) -> None:
    reader, writer = full_pipe
    thread = threading.Timer(0.05, os.close, [reader])
    thread.start()
    with pytest.raises(Stopped) as caught:
        Output("<stdout>", writer, seekable=False).write(NEW)
    thread.join()
    assert caught.value.exit_code == 141


# Names of what is open already


@in_one_test
@pytest.mark.parametrize(
    ("path", "descriptor"),
    [
        ("/dev/stdout", 1),
        ("/dev/stderr", 2),
        ("/dev/stdin", 0),
        ("/dev/fd/63", 63),
        ("/dev/../dev//fd/1", 1),
        ("/proc/self/fd/7", 7),
        ("/dev/null", None),
        ("/dev/fd/x", None),
        ("stdout", None),
        ("x" * 300, None),
        ("", None),
    ],
)
def test_what_names_a_descriptor(path: str, descriptor: int | None) -> None:
    assert descriptor_of(path) == descriptor


def test_links_to_a_descriptor(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("/dev/fd/1")
    (tmp_path / "loop").symlink_to("loop")
    assert descriptor_of(str(tmp_path / "one")) == 1
    assert descriptor_of(str(tmp_path / "loop")) is None


@in_one_test
@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
@pytest.mark.parametrize("force", [True, False])
def test_a_descriptor_redirected_to_a_file(tmp_path: Path, folder: str, *, force: bool) -> None:
    """It is written behind what is there, and is the same file afterwards."""
    log = tmp_path / "log"
    with log.open("wb", buffering=0) as file:
        file.write(b"before\n")
        name = f"{folder}/{file.fileno()}"
        check_output(name, force=force)
        with open_output(name, force=force) as output:
            assert (output.name, output.seekable) == (name, False)
            output.write(b"then\n")
            assert log.read_bytes() == b"before\nthen\n"
        file.write(b"after\n")
        assert os.fstat(file.fileno()).st_ino == log.stat().st_ino
    assert log.read_bytes() == b"before\nthen\nafter\n"
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_deleted_file_stays_deleted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb+", buffering=0) as file:
        log.unlink()
        with open_output(f"/dev/fd/{file.fileno()}") as output:
            output.write(NEW)
        assert os.pread(file.fileno(), 99999, 0) == NEW
    assert list(tmp_path.iterdir()) == []


def test_standard_output_by_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    print("first")  # noqa: T201
    with open_output("/dev/stdout") as output:
        output.write(b"then\n")
    assert capfd.readouterr().out == "first\nthen\n"


def test_a_descriptor_that_is_not_open_for_writing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"^/dev/fd/9999: cannot be written: bad file desc"):
        check_output("/dev/fd/9999", force=True)
    (tmp_path / "a").write_bytes(NEW)
    with (tmp_path / "a").open("rb") as file:
        name = f"/dev/fd/{file.fileno()}"
        with pytest.raises(OutputError, match=rf"^{name}: .* it is open for reading"):
            check_output(name, force=True)
    assert stat.S_ISREG((tmp_path / "a").stat().st_mode)
