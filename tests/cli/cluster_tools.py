"""Real dask clusters on loopback, with processes to kill and a network to cut.

Schedulers, workers and clients are forks of a process that has imported dask and xent.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, NamedTuple

import numpy as np
import psutil
from forking import Forked, forking_of, start

import xentcli

HERE = Path(__file__).parent
SECONDS = 60
MEMORY_BYTES = 2**29  # of a worker; one that has done nothing takes a third
_OF_DASK = {  # a worker starts again in 0.1 s, not in 1 s
    "DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "forkserver",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    # What looks at threads and loops every few milliseconds would use two thirds of idle time.
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
}
WORKER = "distributed.cli.dask_worker:main"
_IMPORTED = "distributed.cli.dask_scheduler", "distributed.cli.dask_worker", "xentcli.*"


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
        # Those that are killed leave folders behind, with sockets, whose paths must be short.
        self._temporary = stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        said = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(said)]
        self._scheduler = self._start("distributed.cli.dask_scheduler:main", *options)
        wait_until(lambda: said.exists() and said.read_text().endswith("}"))
        self.address = json.loads(said.read_text())["address"]
        self.proxy = Proxy(int(self.address.rpartition(":")[2]))
        stack.callback(self.proxy.close)
        self.cuttable = f"tcp://127.0.0.1:{self.proxy.port}"

    def squares(self, address: str, count: int, **env: str) -> "Client":
        """Start the command of this name, and wait until workers work for it."""
        client = Client("squares", address, str(count), folder=self.folder, **env)
        working = self.folder / f"working-{client.forked.pid}"
        wait_until(lambda: working.exists() or client.forked.poll() is not None)
        return client

    def add_workers(self, count: int, address: str) -> psutil.Process:
        """Start workers, and another one for each that ends; return what does so."""
        return self._add(address, f"--nworkers={count}")

    def add_a_worker(
        self, address: str, memory: int = MEMORY_BYTES, function: str = WORKER
    ) -> None:
        """Start a worker; when it ends, there is one less."""
        self._add(address, "--no-nanny", memory=memory, function=function)

    def _add(
        self, address: str, *options: str, memory: int = MEMORY_BYTES, function: str = WORKER
    ) -> psutil.Process:
        more = ["--nthreads=1", f"--memory-limit={memory}"]
        added = psutil.Process(self._start(function, address, *options, *more).pid)
        self._nannies.append(added)
        return added

    def end_workers(self) -> None:
        """End all workers for good."""
        for nanny in self._nannies:
            kill_all(nanny.pid)

    def kill_the_scheduler(self) -> None:
        kill_all(self._scheduler.pid)

    def _start(self, function: str, *options: str) -> Forked:
        with open(os.devnull, "r+b") as nothing:  # noqa: PTH123
            begun = start(
                forking_of(*_IMPORTED, **_OF_DASK),
                function,
                [*options, "--no-dashboard"],
                folder=self.folder,
                variables=environment(TMPDIR=self._temporary, **_OF_DASK),
                streams=[nothing.fileno()] * 3,
            )
        self._stack.callback(begun.wait)
        self._stack.callback(kill_all, begun.pid)
        return begun


class Client:
    """A run of xent, with the commands of `cluster_work.py` beside its own."""

    def __init__(self, *arguments: str, folder: Path, **env: str) -> None:
        self._out, self._err = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed by `ended`
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123
            self.forked = start(
                forking_of(*_IMPORTED, **_OF_DASK),
                "cluster_work:main",
                arguments,
                folder=folder,
                variables=environment(**env),
                streams=[nothing.fileno(), self._out.fileno(), self._err.fileno()],
            )

    def ended(self) -> "Ended":
        """Wait until it has ended; return what it left behind."""
        return Ended(self.forked.wait(), _content(self._out), _content(self._err))


def _content(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode()


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


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(Path(xentcli.__file__).parents[1]), str(HERE)])
    return {**os.environ, "PYTHONPATH": path, **more}


class Ended(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str


def run_each(commands: list[list[str]], folder: Path) -> list[Ended]:
    """Run commands one after the other, in one process, which is connected once."""
    done = Client("each", json.dumps(commands), folder=folder).ended()
    assert done.code == 0, done
    return [Ended(*each) for each in json.loads(done.out)]
