"""What tunes the process: signals, closed and full streams, memory, threads."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, run_shell
from in_one_test import in_one_test

# What a run is stopped in, and how the stop is swallowed there.
SWALLOWING = {
    "nothing": "time.sleep(60)",
    "an error of a library": """
try:
    time.sleep(60)
except BaseException as error:
    raise ValueError('the header cannot be read') from error
""",
    "a finalizer": """
class Slow:
    def __del__(self): time.sleep(60)
Slow()
time.sleep(60)
""",
    "everything": """
try:
    time.sleep(60)
except BaseException:
    time.sleep(60)
""",
    "a thread": """
thread = threading.Thread(target=time.sleep, args=(60,))
thread.start()
try:
    time.sleep(60)
finally:
    thread.join()
""",
}
COMMAND = """
import threading, time
from typing import Annotated
import typer
from xentcli.cli.command import Command

def slow() -> None:
    "Wait."
    print('begun', flush=True)
{body}

COMMAND = Command(slow)
"""
MAIN = """
import sys; sys.path.insert(0, {folder!r}); sys.argv = ['xent', 'slow']
from xentcli.cli.names import register; register('slow', 'slow_command')
from xentcli.__main__ import main; main()
"""


def start_slow(folder: Path, body: str) -> subprocess.Popen[bytes]:
    """Start a command that says when it has begun, and then waits."""
    folder.mkdir()
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (folder / "slow_command.py").write_text(COMMAND.format(body=lines))
    return subprocess.Popen(
        [sys.executable, "-c", MAIN.format(folder=str(folder))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGQUIT: 131}


STOPS = [
    *(("nothing", number) for number in CODES),
    *((name, signal.SIGTERM) for name in SWALLOWING if name != "nothing"),
    ("a thread", signal.SIGINT),  # of which Python makes an exception of its own
]


def test_a_signal_ends_the_run_with_its_code_whatever_surfaces(tmp_path: Path) -> None:
    """All of them at once: some take two seconds until the signal is raised again."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(start_slow(tmp_path / str(i), SWALLOWING[stopped_in]))
            for i, (stopped_in, _) in enumerate(STOPS)
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == b"begun\n"
        time.sleep(0.1)
        began = time.monotonic()
        for process, (_, number) in zip(processes, STOPS, strict=True):
            process.send_signal(number)
        for process, (stopped_in, number) in zip(processes, STOPS, strict=True):
            out, err = process.communicate(timeout=30)
            ended = (process.returncode, out, err)
            assert ended == (CODES[number], b"", b""), (stopped_in, number)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("count", "number"),
    [
        (1, signal.SIGINT),
        (1, signal.SIGTERM),
        (10, signal.SIGHUP),
        (100, signal.SIGINT),
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


def test_a_signal_that_was_ignored_stays_so(tmp_path: Path) -> None:
    """As nohup has it: the terminal closes, and the run goes on."""
    os.mkfifo(tmp_path / "slow")
    np.save(tmp_path / "z.npy", np.zeros((3, 2)))
    line = (
        "trap '' HUP; (sleep 2; kill -HUP $$; cat z.npy > slow) & "
        f"exec {sys.executable} -m xentcli softmax slow"
    )
    outcome = run_shell(line, tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "0.5,0.5\n" * 3


# Each kind of standard error with a note, an error and a mistake of usage; the rest once.
FULL, CLOSED, GONE = "2>/dev/full", "2>&-", "2> >(true)"


@in_one_test
@pytest.mark.parametrize(
    ("line", "code", "closings"),
    [
        ("softmax index.csv", 0, [FULL, CLOSED, GONE]),
        ("softmax missing.npy", 1, [CLOSED, GONE]),
        ("softmax z.npy --bogus", 2, [CLOSED, GONE]),
        ("loss probs.csv y.csv", 0, [GONE]),
        ("info z.npy missing.npy", 1, [CLOSED]),
        ("nonsense", 2, [FULL]),
        ("softmax missing.npy --debug", 1, [FULL]),
        ("softmax index.csv --color always", 0, [CLOSED]),
    ],
)
def test_a_standard_error_that_cannot_be_written_changes_nothing(
    run: Run, folder: Path, line: str, code: int, closings: list[str]
) -> None:
    (folder / "index.csv").write_text(",a,b\n0,1,2\n1,1,3\n")
    (folder / "probs.csv").write_text("0.5,0.25,0.25\n" * 5)
    wanted = run(*line.split())
    assert wanted.err
    assert wanted.code == code
    for closing in closings:
        outcome = run_shell(f"xentcli {line} {closing}", folder)
        assert (outcome.code, outcome.out) == (code, wanted.out), closing


def test_what_is_printed_waits_for_room() -> None:
    """Into a pipe that does not block and is full, as a page of help, which no file writes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    filled = os.write(writing, bytes(2**20))
    process = subprocess.Popen(
        [sys.executable, "-m", "xentcli", "--version"], stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    with process, open(reading, "rb") as stream:  # noqa: PTH123
        time.sleep(0.3)
        content = stream.read()
    assert (process.returncode, content[filled:][:5]) == (0, b"xent ")


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
    assert outcome.code == 0


def test_what_comes_after_a_run_is_not_lost(folder: Path) -> None:
    """Python is not left as it leaves itself: profilers write then, and what is told at exit."""
    profiled = run_shell(f"{sys.executable} -m cProfile -o profile -m xentcli --version", folder)
    assert (profiled.code, (folder / "profile").exists()) == (0, True)
    code = (
        "import atexit, sys; sys.argv = ['xent', '--version']\n"
        "from xentcli.__main__ import main\n"
        "@atexit.register\n"
        "def tell(): print('out', end=''); print('err', end='', file=sys.stderr)\n"
        "try: main()\n"
        "except SystemExit as stop: print(stop.code); raise\n"
    )
    (folder / "telling.py").write_text(code)
    told = run_shell(f"{sys.executable} telling.py", folder)
    assert (told.code, told.out[-5:], told.err) == (0, "0\nout", "err")


@pytest.mark.parametrize(
    "arguments", ["--version", "--help", "help files", "completion bash", "loss 1,2 0"]
)
def test_a_standard_output_that_is_closed(folder: Path, arguments: str) -> None:
    """Whatever was to be printed and is not makes an error, as a full disk does."""
    outcome = run_shell(f"{sys.executable} -m xentcli {arguments} >&-", folder)
    assert (outcome.code, outcome.err) == (1, "error: <stdout>: cannot be written: it is closed\n")


def test_a_run_that_prints_nothing_needs_no_standard_output(folder: Path) -> None:
    assert run_shell(f"{sys.executable} -m xentcli softmax 1,2 -o o.npy >&-", folder).code == 0
