"""Real dask clusters on loopback, with processes to kill and a network to cut."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil

import xentcli

HERE = Path(__file__).parent
SECONDS = 60
MEMORY_BYTES = 2**29  # of a worker; one that has done nothing takes a third
_OF_DASK = {
    "WORKER__MULTIPROCESSING_METHOD": "forkserver",  # a worker starts again in 0.1 s, not in 1 s
    "SCHEDULER__ALLOWED_FAILURES": "1",
}


class Proxy:
    """A network to a port of this machine, which can be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Cut every connection; new ones can be made."""
        open_now, self._open = self._open, []
        for each in open_now:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self._listening.accept()[0]
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_forward, args=(one, other), daemon=True).start()


def _forward(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError), one, other:
        while data := one.recv(2**16):
            other.sendall(data)
        other.shutdown(socket.SHUT_RDWR)


class Cluster:
    """A scheduler, and what keeps its workers alive."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._nannies: list[psutil.Process] = []
        said = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(said)]
        self.scheduler = self._start("dask_scheduler", *options)
        wait_until(lambda: said.exists() and said.read_text().endswith("}"))
        self.address = json.loads(said.read_text())["address"]
        self.proxy = Proxy(int(self.address.rpartition(":")[2]))
        stack.callback(self.proxy.close)
        self.cuttable = f"tcp://127.0.0.1:{self.proxy.port}"

    def squares(self, address: str, count: int, **env: str) -> "subprocess.Popen[str]":
        """Start the command of this name, and wait until workers work for it."""
        process = begin("squares", address, str(count), folder=self.folder, **env)
        working = self.folder / f"working-{process.pid}"
        wait_until(lambda: working.exists() or process.poll() is not None)
        return process

    def add_workers(self, count: int, address: str, path: str = "") -> psutil.Process:
        """Start workers, and another one for each that ends; return what does so."""
        options = [f"--nworkers={count}", "--nthreads=1", f"--memory-limit={MEMORY_BYTES}"]
        nanny = psutil.Process(self._start("dask_worker", address, *options, path=path).pid)
        self._nannies.append(nanny)
        return nanny

    def end_workers(self) -> None:
        """End all workers for good."""
        for nanny in self._nannies:
            kill_all(nanny.pid)

    def _start(self, module: str, *options: str, path: str = "") -> "subprocess.Popen[bytes]":
        begun = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *options, "--no-dashboard"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=environment(path, **{f"DASK_DISTRIBUTED__{k}": v for k, v in _OF_DASK.items()}),
            start_new_session=True,
        )
        self._stack.callback(begun.wait)
        self._stack.callback(kill_all, begun.pid)
        return begun


@contextmanager
def started(folder: Path) -> Iterator[Cluster]:
    """Start a scheduler without workers, whose processes run in a folder."""
    with ExitStack() as stack:
        yield Cluster(folder, stack)


def kill_a_worker(nanny: psutil.Process, rng: np.random.Generator) -> None:
    """Kill one, if there is one just now; its nanny starts another."""
    servers = [child for child in nanny.children() if "forkserver" in " ".join(child.cmdline())]
    workers = [worker for server in servers for worker in server.children()]
    if workers:
        workers[rng.integers(len(workers))].kill()


def kill_all(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def wait_until(holds: Any) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def environment(path: str = "", **more: str) -> dict[str, str]:
    found = [path, str(Path(xentcli.__file__).parents[1]), str(HERE)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, found)), **more}


def begin(*arguments: str, folder: Path, **env: str) -> "subprocess.Popen[str]":
    """Start xent, with the commands of `cluster_work.py` beside its own."""
    return subprocess.Popen(
        [sys.executable, str(HERE / "cluster_work.py"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(**env),
    )


class Ended(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str


def ended(process: "subprocess.Popen[str]") -> Ended:
    out, err = process.communicate(timeout=SECONDS)
    return Ended(process.returncode, out, err)


def run_each(commands: list[list[str]], folder: Path) -> list[Ended]:
    """Run commands one after the other, in one process, which is connected once."""
    done = ended(begin("each", json.dumps(commands), folder=folder))
    assert done.code == 0, done
    return [Ended(*each) for each in json.loads(done.out)]
