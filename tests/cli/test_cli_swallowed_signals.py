"""A signal ends the run with its code, whatever the code that it stops makes of it."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from forking import Forked, forking_of, start

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGQUIT: 131}

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
def run():
    from xentcli.cli.names import register; register('slow', 'slow_command')
    from xentcli.__main__ import main; main()
"""


class Slow(NamedTuple):
    """A fork that runs the command, and what it prints."""

    forked: Forked
    out: IO[bytes]
    err: IO[bytes]


@contextmanager
def start_slow(folder: Path, body: str) -> Iterator[Slow]:
    """Start a command that says when it has begun, and then waits."""
    folder.mkdir()
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (folder / "slow_command.py").write_text(COMMAND.format(body=lines))
    (folder / "main.py").write_text(MAIN)
    variables = {**os.environ, "PYTHONPATH": str(folder)}
    (out, said), (err, failed) = os.pipe(), os.pipe()
    with os.fdopen(out, "rb") as reading, os.fdopen(err, "rb") as failing:
        with Path(os.devnull).open() as nothing:
            forked = start(
                forking_of("xentcli.*"),
                "main:run",
                ["slow"],
                folder=folder,
                variables=variables,
                streams=(nothing.fileno(), said, failed),
            )
        os.close(said)
        os.close(failed)
        yield Slow(forked, reading, failing)


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
        for each in processes:
            assert each.out.readline() == b"begun\n"
        time.sleep(0.1)
        began = time.monotonic()
        for each, (_, number) in zip(processes, STOPS, strict=True):
            os.kill(each.forked.pid, number)
        for each, (stopped_in, number) in zip(processes, STOPS, strict=True):
            ended = (each.forked.wait(), each.out.read(), each.err.read())
            assert ended == (CODES[number], b"", b""), (stopped_in, number)
        assert time.monotonic() - began < 10
