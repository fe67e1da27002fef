"""Work over a dask cluster: its workers open their own inputs, and send back what comes of items.

Work is a task of the cluster too, so that it is made again where the worker that held it has died.
Some items go into one task: as many as take about a second, since the scheduler spends a
millisecond on each task.
"""

import atexit
import gc
import logging
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import cache, partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import dask.config
import distributed
from distributed import KilledWorker, get_worker

from xentcli import __version__
from xentcli.errors import InputError, XentError
from xentcli.execution.interface import in_order
from xentcli.text import first_line

Item = TypeVar("Item")
Result = TypeVar("Result")

_TASK_SECONDS = 1.0
_MOST_ITEMS = 4096  # of a task
_GROWTH = 4  # of one task against the one before, at most
_TASKS_A_THREAD = 4  # under way, so that no thread of a worker waits for the next one
LOCAL = "local:"
SCHEMES = (LOCAL, "tcp://", "tls://", "ws://", "wss://")


class Dask:
    """A cluster, by the address of its scheduler; ``local:N`` starts N workers on this machine."""

    def __init__(self, address: str) -> None:
        self._address = address

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], jobs: int
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`.

        Raises
        ------
        InputError
            If the cluster cannot be reached, or is lost; if workers die each time that they work on
            the same items, cannot open what this process can, or are of another version.
        """
        del jobs
        client = _connected(self._address)
        threads = max(1, sum(client.nthreads().values()))
        tasks = _Tasks(client, self._address, work)
        try:
            batches = tasks.batches(iter(items))
            for results in in_order(tasks.submit, batches, _TASKS_A_THREAD * threads):
                yield from results
        finally:
            tasks.cancel()


class _Done(NamedTuple):
    """What a worker made of the items of a task."""

    results: list[bytes]
    """Pickled one by one, since the next item may use the memory of one result again."""
    seconds: float
    worker: str
    error: str = ""
    """Why the item after the results could not be done."""
    refused: bool = False
    """Whether the worker is of another version."""


def _do(version: str, work: Callable[[Any], Any], content: bytes) -> _Done:
    """Work on the items of a task, up to one that fails."""
    begin = time.perf_counter()
    results: list[bytes] = []
    worker, error = get_worker().address, ""
    if version != __version__:
        return _Done([], 0.0, worker, f"xent {__version__} is there, and xent {version} here", True)
    try:
        for item in pickle.loads(content):  # noqa: S301 - by our own client
            results += [pickle.dumps(work(item), pickle.HIGHEST_PROTOCOL)]
    except Exception as failure:  # noqa: BLE001 - told to the client
        error = first_line(failure)
    return _Done(results, time.perf_counter() - begin, worker, error)


class _Tasks:
    """The tasks of one map."""

    def __init__(self, client: Any, address: str, work: Callable[[Any], Any]) -> None:
        self._client = client
        self._address = address
        self._work = work
        self._size = 1
        self._under_way: set[Any] = set()
        content = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        self._held = client.submit(pickle.loads, content, pure=False)

    def batches(self, items: Iterator[Any]) -> Iterator[list[Any]]:
        """Cut items into tasks that take about a second each."""
        while batch := list(islice(items, self._size)):
            yield batch

    def submit(self, batch: list[Any]) -> Callable[[], list[Any]]:
        """Have some items worked on; return what waits for their results."""
        return partial(self._results, self._begin(batch), batch)

    def cancel(self) -> None:
        """Have nothing more worked on."""
        with suppress(Exception):  # the cluster may be gone
            self._client.cancel(list(self._under_way), force=True)

    def _begin(self, batch: list[Any]) -> Any:
        content = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)
        future = self._client.submit(_do, __version__, self._held, content, pure=False)
        self._under_way.add(future)
        return future

    def _results(self, future: Any, batch: list[Any]) -> list[Any]:
        try:
            done = self._wait(future)
        except KilledWorker:
            # What waited at a worker is blamed for its end with what ended it: each item by itself.
            return [result for item in batch for result in self._alone(item)]
        self._under_way.discard(future)
        if done.error:
            self._fail(done, batch)
        wanted = len(batch) * _TASK_SECONDS / max(done.seconds, 1e-9)
        self._size = max(1, min(int(wanted), self._size * _GROWTH, _MOST_ITEMS))
        return [pickle.loads(result) for result in done.results]  # noqa: S301 - by our own workers

    def _alone(self, item: Any) -> list[Any]:
        """Return the result of an item that workers died of, or waited beside such a one."""
        future = self._begin([item])
        try:
            self._wait(future)
        except KilledWorker as error:
            raise InputError(
                f"{self._place(item)}: the workers that read it died, each time; the last one "
                f"was {error.last_worker.address}",
                hint="have they enough memory? Their logs say what ended them",
            ) from None
        return self._results(future, [item])

    def _wait(self, future: Any) -> _Done:
        try:
            done: _Done = future.result()
        except (KilledWorker, XentError):
            raise
        except (CancelledError, OSError):
            raise InputError(f"the cluster at {self._address} was lost") from None
        except Exception as error:
            raise InputError(
                f"the workers of {self._address} cannot run xent: {first_line(error)}",
                hint=f"they need xent {__version__} and the libraries that the files need",
            ) from error
        return done

    def _fail(self, done: _Done, batch: list[Any]) -> None:
        """Raise what went wrong: the same here, or else what a worker lacks."""
        if not done.refused:
            self._work(batch[len(done.results)])
        raise InputError(
            f"worker {done.worker}: {done.error}",
            hint="workers open files themselves: by a path or a URL that they see too, with the "
            f"same libraries and xent {__version__}",
        )

    def _place(self, item: Any) -> str:
        """Say which rows an item is of, where the work knows it."""
        place_of = getattr(getattr(self._work, "__self__", None), "place_of", None)
        return str(place_of(item)) if place_of else "the input"


@cache
def _connected(address: str) -> Any:
    """Connect with a cluster that has workers, until this process ends."""
    library: Any = distributed  # half of it has no types
    for name in [*logging.root.manager.loggerDict, "distributed.scheduler"]:
        if name.startswith("distributed"):  # what ends a run is one line
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        target: Any = address
        if address.startswith(LOCAL):
            workers = int(address.removeprefix(LOCAL))
            target = library.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0"
            )
            atexit.register(_close, target)
        client = library.Client(target)
        atexit.register(_close, client)
        client.wait_for_workers(1, dask.config.get("distributed.comm.timeouts.connect"))
    except (OSError, ValueError, ImportError) as error:
        raise InputError(
            f"no cluster with workers answers at {address}: {first_line(error)}",
            hint="dask scheduler starts one, and dask worker ADDRESS its workers",
        ) from None
    return client


def _close(opened: Any) -> None:
    """Close a client or a cluster, and free what the workers' processes shared with this one."""
    opened.close()
    _connected.cache_clear()
    gc.unfreeze()
    gc.collect()  # it may be switched off
