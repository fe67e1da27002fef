"""Commands over work that takes its time, or ends badly; workers import it from here."""

import gc
import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from types import ModuleType
from typing import Annotated, Any, NamedTuple

import dask.config
import typer
from distributed import get_worker

import xentcli
from xentcli.cli.command import Command
from xentcli.cli.names import register
from xentcli.errors import InputError
from xentcli.execution import ordered_map
from xentcli.execution.dask_client import connected
from xentcli.formats.files import InputFile, open_file
from xentcli.pipeline.inspection.summary_work import SummaryWork

SECONDS = 10  # whoever was cut off may leave some for good


class Sum(NamedTuple):
    """Of squares; workers hold it, as they do a state."""

    total: int

    def parted(self) -> tuple["Sum", "Sum"]:
        return Sum(0), self

    def plus(self, other: "Sum") -> "Sum":
        return Sum(self.total + other.total)


class Work(NamedTuple):
    """Squares numbers, but for those at which something happens."""

    fails: str
    sign: str
    """The file that says that workers are at it, for this client."""
    odd: int = 3
    """The number at which it happens."""

    def place_of(self, item: int) -> str:
        return f"numbers[{item}]"

    def part_of(self, item: int) -> Sum:
        if item == self.odd and self.fails == "dies":
            os._exit(1)
        if item == self.odd and self.fails == "hungry" and _is_worker():
            hungry = bytearray(b"x") * 2**29
            time.sleep(len(hungry))
        if item == self.odd and self.fails == "everywhere":
            raise InputError(f"numbers[{item}] is wrong", hint="leave it out")
        if _is_worker():
            Path(self.sign).touch()
        time.sleep(0.02)
        return Sum(item * item)


def _is_worker() -> bool:
    try:
        get_worker()
    except ValueError:
        return False
    return True


def squares(address: str, count: int, fails: Annotated[str, typer.Argument()] = "nowhere") -> None:
    """Print the sum of the squares of some numbers."""
    pid, odd = os.getpid(), 3 if count < 20 else count - 10  # which is merged with others
    if not address.startswith("local"):
        connected(address).run_on_scheduler(_allow, failures=int(fails == "nowhere"))
    if first := os.environ.get("FIRST"):  # by this process, which is connected once
        Path(f"first-{pid}").write_text(json.dumps(_outcome(json.loads(first))))
    if "HELD" in os.environ:
        Path(os.environ["HELD"]).write_text(str(_left_of_others(address)))
    if then := os.environ.get("THEN"):  # from now on: a slow machine may take long to connect
        dask.config.set({"distributed.comm.timeouts.connect": then})
    work = Work(fails, f"working-{pid}", odd)
    results: Any = ordered_map(work.part_of, range(count), 1, cluster=address, join=Sum.plus)
    typer.echo(sum(result.total for result in results))


def _left_of_others(address: str) -> int:
    """Return how many tasks the scheduler holds that it does not forget in a while."""
    client = connected(address)
    end = time.monotonic() + SECONDS
    while (held := int(client.run_on_scheduler(_tasks_held))) and time.monotonic() < end:
        time.sleep(0.05)
    return held


def _tasks_held(dask_scheduler: Any) -> int:
    return len(dask_scheduler.tasks)


def _allow(dask_scheduler: Any, failures: int) -> None:
    """Set how often workers may die of a task before it is given up: each starts again anew."""
    dask_scheduler.allowed_failures = failures


def changing(address: str, path: str) -> None:
    """Read a file that something writes to when it has been opened."""
    source = open_file(InputFile(path))
    os.utime(path)
    blocks = source.blocks(10)
    typer.echo(len(list(ordered_map(SummaryWork(source).part_of, blocks, 1, cluster=address))))


def deaf(address: str) -> None:
    """Lose the thread that speaks with a cluster, as a process that ends may before its client.

    Python searches it for garbage at its end, as it does a script that calls the command.
    """
    gc.unfreeze()
    client = connected(address)
    client.loop.add_callback(client.loop.stop)
    while not client.loop.asyncio_loop.is_closed():
        time.sleep(0.01)


def each(commands: str) -> None:
    """Run commands, one after the other, and print what became of each."""
    typer.echo(json.dumps([_outcome(arguments) for arguments in json.loads(commands)]))


def _outcome(arguments: list[str]) -> tuple[int, str, str]:
    """Run a command; return its exit code and what it wrote."""
    from xentcli.cli.app import _run

    with TemporaryFile() as out, TemporaryFile() as err:
        kept = [os.dup(descriptor) for descriptor in (1, 2)]
        try:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            code = _run(arguments, debug=False)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            for descriptor, before in enumerate(kept, 1):
                os.dup2(before, descriptor)
                os.close(before)
        said = [os.pread(file.fileno(), 2**20, 0).decode() for file in (out, err)]
    return code, said[0], said[1]


def worker_of_another_version() -> None:
    """Be a worker of dask, before it has imported what looks at the version."""
    from distributed.cli.dask_worker import main as run

    xentcli.__version__ = "0.0.1"
    run()


def main() -> None:
    """Run xent with these commands beside its own."""
    from xentcli.__main__ import main as run
    from xentcli.__main__ import program

    for name in ("squares", "changing", "deaf", "each"):
        sys.modules[f"command_{name}"] = home = ModuleType(name)
        home.COMMAND = Command(globals()[name])  # type: ignore[attr-defined]
        register(name, f"command_{name}")
    run() if sys.argv[1] == "deaf" else program()
