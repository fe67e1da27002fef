"""The connection with a dask cluster, which lasts as long as this process."""

import atexit
import gc
import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from multiprocessing import active_children, resource_tracker, util
from pathlib import Path
from shutil import rmtree
from ssl import SSLError
from typing import Any, ClassVar

import dask.config
import distributed
from dask.utils import parse_timedelta
from distributed.comm.core import CommClosedError, FatalCommClosedError
from distributed.diskutils import DIR_LOCK_EXT, WorkSpace

from xentcli.errors import InputError
from xentcli.text import first_line, shown_text

_LOCAL = "local:"
_OF_CONFIGURATION = FileNotFoundError, SSLError, RuntimeError, TypeError, AssertionError
_KILL_SECONDS = 1.0  # until a killed worker is gone
_GRACE_SECONDS = 0.5  # for dask itself to say what failed
CLOSE_SECONDS = 2.0
"""How long to wait for a goodbye that nobody may hear any more."""


@cache
def connected(address: str) -> Any:
    """Connect with a cluster that has workers, until this process ends.

    Raises
    ------
    InputError
        If no cluster answers, or if dask's configuration does not fit its address.
    """
    for name in [*logging.root.manager.loggerDict, "distributed.scheduler"]:
        if name.startswith(("distributed", "asyncio", "tornado")):  # xent says it in one line
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        client = _client_of(address)
        _wait_for_workers(client, address)
    except InputError:
        raise
    except (*_OF_CONFIGURATION, FatalCommClosedError) as error:
        if address.startswith(_LOCAL) and isinstance(error, RuntimeError):
            raise InputError(
                f"the workers of {address} did not start: {first_line(error)}",
                hint="each runs a script that calls xent anew: main() stands below "
                "if __name__ == '__main__'",
            ) from error
        # Keys are missing, are no keys or not the cluster's, or a time is too short for dask.
        why = next(_missing_keys(), first_line(error))
        raise InputError(
            f"no connection with {address} by dask's configuration: {why}",
            hint="it names the keys of tls:// under distributed.comm.tls: see xent help cluster",
        ) from error
    except CommClosedError as error:
        raise InputError(
            f"what answers at {address} is no scheduler that takes this kind of connection",
            hint="dask scheduler prints its address, which begins with tls:// if it encrypts",
        ) from error
    except (OSError, ValueError, ImportError) as error:
        raise InputError(
            f"no cluster with workers answers at {address}: {first_line(error)}",
            hint="dask scheduler starts one, and dask worker ADDRESS its workers",
        ) from None
    return client


def _wait_for_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, patience())
    except TimeoutError:
        if client.nthreads():
            raise paused(address) from None
        raise


def paused(address: str) -> InputError:
    """Return the error of a cluster whose workers begin no task."""
    return InputError(
        f"the workers of {address} do nothing: dask pauses those whose memory is nearly full",
        hint="dask worker --memory-limit SIZE gives more to each",
    )


def _client_of(address: str) -> Any:
    """Connect with a scheduler, which is started here if the address is local."""
    library: Any = distributed  # much of it has no types
    target: Any = address
    if address.startswith(_LOCAL):
        loop = _loop_without_interrupts(library)
        target = _LocalCluster(
            n_workers=int(address.removeprefix(_LOCAL)),
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL + 1,  # of workers, too
            loop=loop,
        )
        atexit.register(_close_cluster, target)
    else:
        loop = _loop_after_greeting(library, address)
    client = library.Client(target, loop=loop)
    atexit.register(_close_client, client)
    return client


class _LocalCluster(distributed.LocalCluster):
    """A cluster that is known from its beginning on, which may be interrupted, too."""

    started: ClassVar[list[Any]] = []

    def __init__(self, **options: Any) -> None:
        self.started.append(self)
        super().__init__(**options)  # type: ignore[no-untyped-call]


def abandon_local_clusters() -> None:
    """Kill the workers of local clusters, and remove what they have in the temporary folder.

    For a process that ends at once, as one that is interrupted does: a worker that it leaves behind
    ends by itself, but dask would remove its folder only when it is started the next time.
    """
    for cluster in _LocalCluster.started:
        with suppress(Exception):  # it may not have got so far
            cluster.loop.add_callback(cluster.loop.stop)  # else it would start others
            end = time.monotonic() + _KILL_SECONDS
            while cluster.loop.asyncio_loop.is_running() and time.monotonic() < end:
                time.sleep(0.001)
            folder = Path(cluster.scheduler.local_directory)
            work_space: Any = WorkSpace(str(folder.parent))
            for worker in active_children():
                worker.kill()
                worker.join(_KILL_SECONDS)
            work_space.new_work_dir(prefix="end-").release()  # removes theirs too
            rmtree(folder)
            Path(f"{folder}{DIR_LOCK_EXT}").unlink()
            rmtree(util.get_temp_dir())  # with the socket by which workers are forked


def _loop_after_greeting(library: Any, address: str) -> Any:
    """Return a loop if a scheduler answers in it, else raise OSError.

    dask's client would wait without end for the first words of what took the connection.
    """
    options = library.Security().get_connection_args("client")

    async def greeted() -> None:
        comm = await library.comm.connect(address, timeout=patience(), **options)
        await comm.close()

    runner = library.utils.LoopRunner()
    runner.start()
    try:
        library.utils.sync(runner.loop, greeted, callback_timeout=patience() + _GRACE_SECONDS)
    except TimeoutError:
        raise OSError(f"nothing came for {patience():g} seconds") from None
    return runner.loop


def _missing_keys() -> Iterator[str]:
    """Yield what is wrong with the names of keys in dask's configuration."""
    tls: dict[str, Any] = dask.config.get("distributed.comm.tls", {})
    of_client: dict[str, Any] = tls.get("client") or {}
    for name in (tls.get("ca-file"), *of_client.values()):
        if isinstance(name, str) and "\n" not in name and not Path(name).exists():
            yield f"no such file: {shown_text(name)}"


def _loop_without_interrupts(library: Any) -> Any:
    """Return the loop of a local cluster: Ctrl-C ends this process, and that ends the workers.

    A terminal interrupts workers too, and each would show a traceback. They inherit what the
    loop's thread blocks.
    """
    sys.warnoptions.append("ignore:resource_tracker")  # it cleans up after a process that is ended
    resource_tracker.ensure_running()
    sys.warnoptions.pop()
    runner = library.utils.LoopRunner()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        runner.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return runner.loop


def patience() -> float:
    """Return how many seconds to wait for a cluster, by dask's own setting."""
    return _seconds("connect")


def answer_seconds() -> float:
    """Return after how many seconds of silence a connection is dead, by dask's own setting."""
    return _seconds("tcp")


def _seconds(of: str) -> float:
    seconds: float = parse_timedelta(dask.config.get(f"distributed.comm.timeouts.{of}"))
    return seconds


def _close_client(client: Any) -> None:
    """Close a client, once, whether the connection was lost or not."""
    with suppress(Exception):
        client.close(CLOSE_SECONDS)
    # Where that failed, its __del__ would wait for the same, and tell its failure to the user.
    client.close = lambda **_: None
    _free()


def _close_cluster(cluster: Any) -> None:
    """Close a local cluster, with its workers."""
    with suppress(Exception):
        cluster.close()
    _free()


def _free() -> None:
    """Free what the workers' processes shared with this one."""
    connected.cache_clear()
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    gc.collect()  # automatic collection may be switched off
    if frozen:  # what a command leaves, Python would else search for a quarter of a second
        gc.freeze()
