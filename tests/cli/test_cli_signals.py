"""Interrupted, terminated, hung up: the exit code, no word, and nothing left behind."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import numpy as np
import pytest
from cli_tools import run_shell
from forking import Forked, forking_of, start

# At the start


@pytest.mark.parametrize(
    ("count", "number"),
    [
        (1, signal.SIGINT),
        (10, signal.SIGHUP),
        (200, signal.SIGTERM),
    ],
)
def test_a_signal_while_the_command_starts(folder: Path, count: int, number: int) -> None:
    """It comes while a module is looked for, the `count`-th after the first of ours."""
    code = (
        "import os, sys\n"
        "sys.argv = ['xent', 'softmax', 'z.npy']\n"
        "from xentcli.__main__ import main\n"
        "class Signalling:\n"
        "    left = int(os.environ['COUNT'])\n"
        "    def find_spec(self, *args):\n"
        "        self.left -= 1\n"
        "        if not self.left: os.kill(os.getpid(), int(os.environ['NUMBER']))\n"
        "sys.meta_path.insert(0, Signalling())\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "COUNT": str(count), "NUMBER": str(int(number))},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, b"", b"")


def test_nothing_is_imported_before_signals_are_heeded() -> None:
    """A Ctrl-C meanwhile would show a traceback, and the modules of `typing` take their time."""
    code = (
        "import _signal, os, sys\n"
        "before = set(sys.modules)\n"
        "def heeded(number, handler):\n"
        "    print(sorted(set(sys.modules) - before), flush=True)\n"
        "    os._exit(0)\n"
        "_signal.signal = heeded\n"
        "from xentcli.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.stdout.decode() == "['xentcli', 'xentcli.__main__']\n"


# In the midst of the work


class Blocked(NamedTuple):
    """A fork that runs the command, what it waits for, and what it prints."""

    forked: Forked
    writer: IO[bytes]
    printed: IO[bytes]

    def stop(self, number: int) -> tuple[int, bytes]:
        """Send a signal, and return with which code it ends, and all that it has printed."""
        os.kill(self.forked.pid, number)
        code = self.forked.wait()
        self.printed.seek(0)
        return code, self.printed.read()


@contextmanager
def blocked(folder: Path, *arguments: str) -> Iterator[Blocked]:
    """Start the command on the named pipe `slow`; yield it once it has opened that."""
    os.mkfifo(folder / "slow")
    with TemporaryFile() as printed, Path(os.devnull).open() as nothing:
        forked = start(
            forking_of("xentcli.*"),
            "xentcli.__main__:main",
            arguments,
            folder=folder,
            variables=os.environ,
            streams=(nothing.fileno(), printed.fileno(), printed.fileno()),
        )
        try:
            with open_when_read(folder / "slow", forked) as writer:
                yield Blocked(forked, writer, printed)
        finally:
            if forked.poll() is None:
                os.kill(forked.pid, signal.SIGKILL)
                forked.wait()


def open_when_read(pipe: Path, forked: Forked) -> IO[bytes]:
    """Open a named pipe for writing once the fork has opened it for reading."""
    for _ in range(600):
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            assert forked.poll() is None
            time.sleep(0.05)
        else:
            os.set_blocking(descriptor, True)
            return os.fdopen(descriptor, "wb")
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


def test_a_signal_while_waiting_for_input(folder: Path) -> None:
    with blocked(folder, "loss", "--logits", "slow", "--labels", "y.npy") as waiting:
        assert waiting.stop(signal.SIGINT) == (130, b"")


@pytest.mark.parametrize(
    ("jobs", "number", "code"), [("1", signal.SIGINT, 130), ("2", signal.SIGTERM, 143)]
)
def test_a_signal_leaves_no_part_of_the_output(
    folder: Path, jobs: str, number: int, code: int
) -> None:
    (folder / "out.npy").write_bytes(b"before")
    names = {path.name for path in folder.iterdir()}
    options = ["--jobs", jobs, "-o", "out.npy", "--force"]
    with blocked(folder, "softmax", "slow", *options) as waiting:
        waiting.writer.write(endless_logits())
        waiting.writer.write(bytes(2**21 * 3))
        waiting.writer.flush()
        wait_for(folder, ".out.npy.*.tmp")
        assert waiting.stop(number) == (code, b"")
    assert {path.name for path in folder.iterdir()} == names | {"slow"}
    assert (folder / "out.npy").read_bytes() == b"before"


def test_a_signal_that_was_ignored_stays_so(tmp_path: Path) -> None:
    """As nohup has it: the terminal closes, and the run goes on."""
    os.mkfifo(tmp_path / "slow")
    np.save(tmp_path / "z.npy", np.zeros((3, 2)))
    line = (
        "trap '' HUP; (exec > slow; kill -HUP $$; cat z.npy) & "  # once somebody reads
        f"exec {sys.executable} -m xentcli softmax slow"
    )
    outcome = run_shell(line, tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "0.5,0.5\n" * 3
