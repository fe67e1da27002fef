"""--scheduler: real schedulers and workers on loopback, some of which are killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from cli_tools import Run

import xentcli

HERE = Path(__file__).parent
SECONDS = 60


class Cluster:
    """A scheduler, the processes that keep its workers alive, and its address."""

    def __init__(self, address: str, scheduler: "subprocess.Popen[bytes]", nannies: list[int]):
        self.address = address
        self.scheduler = scheduler
        self.nannies = nannies

    def kill_a_worker(self, rng: np.random.Generator) -> None:
        """Kill one, if there is one just now; its nanny starts another."""
        found = [child for pid in self.nannies for child in psutil.Process(pid).children()]
        workers = [child for child in found if "spawn_main" in " ".join(child.cmdline())]
        if workers:
            workers[rng.integers(len(workers))].kill()


@contextmanager
def started(folder: Path, workers: int, path: str = "") -> Iterator[Cluster]:
    """Start a scheduler and workers that find modules in this folder."""
    said = folder / "scheduler.json"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [path, *python_path()]))}
    with ExitStack() as stack:

        def start(module: str, *options: str) -> "subprocess.Popen[bytes]":
            begun = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *options, "--no-dashboard"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=env,
                start_new_session=True,
            )
            stack.callback(begun.wait)
            stack.callback(_kill_all, begun.pid)
            return begun

        scheduler = start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", f"--scheduler-file={said}"
        )
        options = [f"--scheduler-file={said}", "--nthreads=1", "--memory-limit=0"]
        nannies = [start("dask_worker", *options).pid for _ in range(workers)]
        end = time.monotonic() + SECONDS
        while not said.exists() or not said.read_text().endswith("}"):
            assert time.monotonic() < end
            time.sleep(0.02)
        yield Cluster(json.loads(said.read_text())["address"], scheduler, nannies)


def python_path() -> list[str]:
    return [str(Path(xentcli.__file__).parents[1]), str(HERE)]


def _kill_all(pid: int) -> None:
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in processes:
        process.kill()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with started(tmp_path_factory.mktemp("cluster"), 2) as found:
        yield found


def begin(*arguments: str, folder: Path = HERE) -> "subprocess.Popen[str]":
    """Start xent, with the command over numbers beside its own."""
    return subprocess.Popen(
        [sys.executable, str(HERE / "cluster_work.py"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(python_path())},
    )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    for i in range(5):
        np.save(tmp_path / f"z{i}.npy", rng.normal(size=(40 + i, 7)))
        np.save(tmp_path / f"y{i}.npy", rng.integers(0, 7, 40 + i))
    np.savetxt(tmp_path / "z.csv", rng.normal(size=(50, 7)), delimiter=",")
    return tmp_path


COMMANDS = [
    ["loss", "z*.npy", "y*.npy"],
    ["eval", "z*.npy", "y*.npy", "--metric", "all"],
    ["compare", "z0.npy", "z0.npy", "--labels", "y0.npy"],
    ["calibrate", "z*.npy", "y*.npy"],
    ["softmax", "z.csv"],
    ["info", "z1.npy"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_same_bits(cluster: Cluster, shards: Path, run: Run, command: list[str]) -> None:
    here = run(*command)
    there = ended(begin(*command, "--scheduler", cluster.address, folder=shards))
    assert there == (0, here.out, here.err)


def test_killed_workers_change_nothing(cluster: Cluster) -> None:
    process = begin("squares", cluster.address, "150")
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    rng = np.random.default_rng()
    for _ in range(3):
        time.sleep(rng.uniform(0.2, 0.6))
        cluster.kill_a_worker(rng)
    assert ended(process) == (0, f"{sum(i * i for i in range(150))}\n", "")


FAILURES = {
    "dies": (
        r"error: numbers\[3\]: the workers that read it died, each time; the last one was tcp://"
    ),
    "everywhere": r"error: numbers\[3\] is wrong\nhint: leave it out\n",
    "there": r"error: worker tcp://\S+: there is no file 'numbers'\nhint: workers open files ",
}


@pytest.mark.parametrize("fails", FAILURES)
def test_what_fails_is_one_line(cluster: Cluster, fails: str) -> None:
    code, out, err = ended(begin("squares", cluster.address, "9", fails))
    assert (code, out) == (1, "begun\n")
    assert re.match(FAILURES[fails], err), err
    assert err.count("\n") == 2


def test_an_interrupt_ends_at_once(cluster: Cluster) -> None:
    process = begin("squares", cluster.address, "100000")
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    code, out, err = ended(process)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert ended(begin("squares", cluster.address, "3")) == (0, "begun\n5\n", "")


def test_a_scheduler_that_is_lost(tmp_path: Path) -> None:
    with started(tmp_path, 1) as own:
        process = begin("squares", own.address, "100000")
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(1.5)
        own.scheduler.kill()
        code, _, err = ended(process)
    assert (code, err) == (1, f"error: the cluster at {own.address} was lost\n")


def test_workers_of_another_version(tmp_path: Path) -> None:
    shutil.copytree(Path(xentcli.__file__).parent, tmp_path / "old" / "xentcli")
    home = tmp_path / "old" / "xentcli" / "__init__.py"
    home.write_text(home.read_text().replace(f'"{xentcli.__version__}"', '"0.0.1"'))
    with started(tmp_path, 1, path=str(tmp_path / "old")) as own:
        code, _, err = ended(begin("squares", own.address, "3"))
    assert code == 1
    assert err.startswith("error: worker tcp://127.0.0.1:")
    assert f"xent 0.0.1 is there, and xent {xentcli.__version__} here\n" in err


def test_workers_of_this_machine(shards: Path, run: Run) -> None:
    command = ["loss", "z*.npy", "y*.npy", "--scheduler", "local:2"]
    there = ended(begin(*command, folder=shards))
    assert there == (0, run("loss", "z*.npy", "y*.npy").out, "")


@pytest.mark.parametrize("address", ["local:0", "local:x", "127.0.0.1:8786", "tcp://host", ""])
def test_what_is_no_address(shards: Path, run: Run, address: str) -> None:
    del shards
    outcome = run("loss", "z0.npy", "y0.npy", "--scheduler", address)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: --scheduler: {address!r} is no address, ")


def test_nobody_answers(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    command = ["loss", "z0.npy", "y0.npy", "--scheduler", "tcp://127.0.0.1:9"]
    code, out, err = ended(begin(*command, folder=shards))
    assert (code, out) == (1, "")
    assert err.startswith("error: no cluster with workers answers at tcp://127.0.0.1:9: ")
