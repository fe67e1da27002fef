"""Interrupted, terminated, without a reader: the exit code, no word, and nothing left behind."""

import io
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from cli_tools import Argument, command, run_shell

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@contextmanager
def blocked(
    folder: Path, *arguments: Argument
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Start the command on the named pipe `slow`; yield it once it has opened that."""
    os.mkfifo(folder / "slow")
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process, open_when_read(folder / "slow", process) as writer:
        try:
            yield process, writer
        finally:
            process.kill()
            process.wait()


def open_when_read(pipe: Path, process: subprocess.Popen[bytes]) -> IO[bytes]:
    """Open a named pipe for writing once the process has opened it for reading."""
    for _ in range(600):
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        else:
            os.set_blocking(descriptor, True)
            return os.fdopen(descriptor, "wb")
    process.kill()
    raise AssertionError(f"nobody opens {pipe}")


def endless_logits() -> bytes:
    """Return the first of a thousand blocks of an NPY file."""
    content = io.BytesIO()
    np.save(content, np.zeros((1, 2**20), np.float16))
    return content.getvalue().replace(
        b"'shape': (1, 1048576), }   ", b"'shape': (1000, 1048576), }", 1
    )


def wait_for(folder: Path, pattern: str) -> None:
    for _ in range(600):
        if any(path.stat().st_size for path in folder.glob(pattern)):
            return
        time.sleep(0.05)
    raise AssertionError(f"no {pattern} in {folder}")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_while_waiting_for_input(folder: Path, number: int, code: int) -> None:
    with blocked(folder, "loss", "--logits", "slow", "--labels", "y.npy") as (process, _):
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, b"", b"")


@pytest.mark.parametrize(
    ("jobs", "number", "code"), [("1", signal.SIGINT, 130), ("2", signal.SIGTERM, 143)]
)
def test_a_signal_leaves_no_part_of_the_output(
    folder: Path, jobs: str, number: int, code: int
) -> None:
    (folder / "out.npy").write_bytes(b"before")
    names = {path.name for path in folder.iterdir()}
    options = ["--jobs", jobs, "-o", "out.npy", "--force"]
    with blocked(folder, "softmax", "slow", *options) as (process, writer):
        writer.write(endless_logits())
        writer.write(bytes(2**21 * 3))
        writer.flush()
        wait_for(folder, ".out.npy.*.tmp")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, b"", b"")
    assert {path.name for path in folder.iterdir()} == names | {"slow"}
    assert (folder / "out.npy").read_bytes() == b"before"


@pytest.mark.parametrize(
    "line",
    [
        "xentcli softmax big.npy | head -n 1",
        "xentcli softmax big.npy --to npy | head -c 1",
        "xentcli softmax big.npy --json | head -n 1",
        "xentcli loss --logits big.npy --labels labels.npy --reduction none | head -n 1",
    ],
)
def test_the_reader_goes_away(folder: Path, line: str) -> None:
    np.save(folder / "big.npy", np.random.default_rng(0).normal(size=(20_000, 10)))
    np.save(folder / "labels.npy", np.zeros(20_000, np.int64))
    outcome = run_shell(line, folder)
    assert (outcome.code, outcome.stderr) == (141, b"")
    assert len(outcome.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["loss", "--logits", "z.npy", "--labels", "y.npy"],
        ["info", "z.npy"],
        ["explain", "--logits", "z.npy", "--labels", "y.npy"],
        ["loss", "--help"],
        ["--version"],
    ],
)
def test_there_never_was_a_reader(folder: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
