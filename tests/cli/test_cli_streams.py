"""Standard streams that are closed, full, slow, without a reader, or named as files."""

import fcntl
import os
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, refusal, run_forked, run_shell
from forked_command import ForkedCommand
from in_one_test import in_one_folder, in_one_test

# Closed and full


@in_one_folder
@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("--help >&-", "<stdout>: cannot be written: it is closed"),
        ("loss 1,2 0 >&-", "<stdout>: cannot be written: it is closed"),
        ("softmax z.npy --to csv -o /dev/stdout >&-", "/dev/stdout: cannot be written: it is clos"),
        ("--version >/dev/full", "<stdout>: cannot be written: no space left on device"),
        ("softmax z.npy >/dev/full", "<stdout>: cannot be written: no space left on device"),
        ("softmax - <&-", "<stdin>: "),
    ],
)
def test_what_is_closed_or_full_is_an_error(folder: Path, line: str, error: str) -> None:
    """Whatever was to be printed and is not, as of a file on a full disk."""
    called = run_shell if line == "softmax z.npy >/dev/full" else run_forked
    assert refusal(called(f"xentcli {line}", folder)).error.startswith(error)


FULL, CLOSED, GONE = "2>/dev/full", "2>&-", "2> >(true)"


@in_one_test
@pytest.mark.parametrize(
    ("line", "code", "closing"),
    [
        ("softmax index.csv", 0, FULL),
        ("softmax missing.npy", 1, CLOSED),
        ("softmax z.npy --bogus", 2, GONE),
        ("softmax missing.npy --debug", 1, FULL),
        ("softmax index.csv --color always", 0, FULL),
    ],
)
def test_a_standard_error_that_cannot_be_written_changes_nothing(
    run: Run, folder: Path, line: str, code: int, closing: str
) -> None:
    (folder / "index.csv").write_text(",a,b\n0,1,2\n1,1,3\n")
    wanted = run(*line.split())
    assert wanted.err
    assert wanted.code == code
    # A fork ends in its own way; that a process, too, ends well is seen of one line.
    called = run_shell if line == "softmax index.csv" else run_forked
    outcome = called(f"xentcli {line} {closing}", folder)
    assert (outcome.code, outcome.out) == (code, wanted.out)


def test_an_output_never_gets_a_standard_descriptor(folder: Path) -> None:
    """What a library writes to descriptor 2 would stand in it."""
    code = (
        "import sys; sys.argv = ['xent', 'softmax', 'z.npy', '-o', 'out.npy']\n"
        "import atexit, os; from xentcli.storage import outputs\n"
        "opened, real = [], os.open\n"
        "def note(*args, **more):\n"
        "    descriptor = real(*args, **more); opened.append(descriptor); return descriptor\n"
        "from xentcli.cli import process; begin = process.begin\n"
        "def begin_and_watch(): begin(); os.open = note\n"
        "process.begin = begin_and_watch\n"
        "from xentcli.__main__ import main\n"
        "@atexit.register\n"
        "def tell(): os.open = real; open('seen', 'w').write(str(min([*opened, 99])))\n"
        "main()\n"
    )
    (folder / "watched.py").write_text(code)
    outcome = run_shell(f"{sys.executable} watched.py <&- >&- 2>&-", folder)
    assert (folder / "out.npy").exists()
    assert int((folder / "seen").read_text()) > 2
    assert outcome.code == 0, "it prints nothing, and needs no standard output"


# Readers


@in_one_test
@pytest.mark.parametrize(
    "line",
    [
        "softmax big.npy --to npy | head -c 1",
        "softmax big.npy --json | head -n 1",
        "loss --logits big.npy --labels labels.npy --reduction none | head -n 1",
    ],
)
def test_the_reader_goes_away(folder: Path, line: str) -> None:
    np.save(folder / "big.npy", np.random.default_rng(0).normal(size=(9_000, 2)))
    np.save(folder / "labels.npy", np.zeros(9_000, np.int64))
    outcome = (run_shell if "--json" in line else run_forked)(f"xentcli {line}", folder)
    assert (outcome.code, outcome.stderr) == (141, b"")
    assert len(outcome.stdout.splitlines()) == 1


def test_there_never_was_a_reader(folder: Path) -> None:
    with ForkedCommand(folder.with_name("forked")) as forked:
        for line in ("loss --logits z.npy --labels y.npy", "loss --help"):
            reading, writing = os.pipe()
            os.close(reading)
            done = subprocess.run(
                [str(forked.script), *line.split()],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.PIPE,
                check=False,
                timeout=60,
            )
            os.close(writing)
            assert (done.returncode, done.stderr) == (141, b""), line


def test_a_reader_of_a_pipe_is_gone_where_standard_output_is_closed(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    np.save(folder / "big.npy", np.zeros((9_000, 2), np.float32))
    line = "true < fifo & xentcli softmax big.npy --to csv -o fifo >&-"
    assert run_forked(line, folder) == (141, b"", b"")


PIPE_BYTES = 2**16


def waiting_in(pipe: int) -> int:
    """Return how many bytes wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_pipe_that_does_not_block_gets_everything(run: Run, folder: Path) -> None:
    """Help and version too, which no file of ours writes: into a pipe that is full already."""
    np.save(folder / "big.npy", np.random.default_rng(0).normal(size=(900, 9)))
    script = str(ForkedCommand(folder.with_name("forked")).script)
    for filling, line in ((b"", "softmax big.npy"), (bytes(PIPE_BYTES), "--version")):
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        filled = os.write(writing, filling)
        process = subprocess.Popen(
            [script, *line.split()], cwd=folder, stdout=writing, stderr=subprocess.PIPE
        )
        os.close(writing)
        with process, open(reading, "rb") as stream:  # noqa: PTH123
            while waiting_in(reading) < PIPE_BYTES and process.poll() is None:
                time.sleep(0.01)
            time.sleep(0.3)
            content = stream.read()
        assert (process.returncode, content[filled:]) == (0, run(*line.split()).stdout)


# Their names


@in_one_test
@pytest.mark.parametrize(
    ("name", "force"), [("/dev/stdout", ""), ("/dev/fd/1", "--force"), ("/proc/self/fd/1", "")]
)
def test_standard_output_by_its_name_in_a_log(
    run: Run, folder: Path, name: str, force: str
) -> None:
    want = run("softmax", "z.npy").stdout
    line = f"(echo before; xentcli softmax z.npy --to csv -o {name} {force}; echo after) > log"
    assert run_forked(line, folder) == (0, b"", b"")
    assert (folder / "log").read_bytes() == b"before\n" + want + b"after\n"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_other_descriptors_of_the_shell(run: Run, folder: Path) -> None:
    want = run("softmax", "z.npy").stdout
    assert run_forked("xentcli softmax z.npy --to csv -o /dev/stderr 2> log", folder).code == 0
    assert (folder / "log").read_bytes() == want
    line = "xentcli softmax z.npy --to csv -o /dev/stdout | cat"
    assert run_forked(line, folder) == (0, want, b"")


# The end


def test_what_comes_after_a_run_is_not_lost(folder: Path) -> None:
    """Python is not left as it leaves itself: profilers write then, and what is told at exit."""
    profiled = run_shell(f"{sys.executable} -m cProfile -o profile -m xentcli --version", folder)
    assert (profiled.code, (folder / "profile").exists()) == (0, True)
    code = (
        "import atexit, sys; sys.argv = ['xent', '--version']\n"
        "from xentcli.__main__ import main\n"
        "@atexit.register\n"
        "def tell(): print('out', end=''); print('err', end='', file=sys.stderr)\n"
        "main()\n"
    )
    (folder / "telling.py").write_text(code)
    told = run_shell(f"{sys.executable} telling.py", folder)
    assert (told.code, told.out[-3:], told.err) == (0, "out", "err")
