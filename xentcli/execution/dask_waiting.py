"""Waits for tasks of a dask cluster, and turns what goes wrong into one line."""

import asyncio
import time
from collections.abc import Callable
from concurrent import futures
from contextlib import suppress
from typing import Any, NoReturn

from distributed import KilledWorker

from xentcli import __version__
from xentcli.errors import InputError, XentError
from xentcli.execution.dask_client import answer_seconds, patience, paused
from xentcli.execution.dask_task import Done
from xentcli.text import first_line

_TRIES = 4
_POLL_SECONDS = 0.01
_LOOK_SECONDS = 1.0  # to wait for a result before workers are looked for


class Waiting:
    """Waits for the tasks of one map."""

    def __init__(self, client: Any, address: str, work: Callable[[Any], Any]) -> None:
        self._client = client
        self.address = address
        self._work = work
        self._seen = self._moved = 0.0
        """When the cluster was last known to have workers, and one that works or may begin to."""

    def wait(self, future: Any) -> Done:
        """Return the outcome of a task, which may hold an error.

        Raises
        ------
        KilledWorker
            If workers died of it, or while it waited at them.
        InputError
            If the cluster is lost, or its workers cannot run this package.
        """
        self._seen = self._moved = time.monotonic()  # nobody has looked while results came
        try:
            while True:
                try:
                    future.exception(_LOOK_SECONDS)  # waits for the task's end
                    break
                except TimeoutError:
                    self._check_there()
                    self._check_at_work()
            return self._fetched(future)
        except (KilledWorker, XentError):
            raise
        except (futures.CancelledError, OSError):
            raise InputError(f"the cluster at {self.address} was lost") from None
        except Exception as error:
            raise InputError(
                f"the workers of {self.address} cannot run xent: {first_line(error)}",
                hint=f"they need xent {__version__} and the libraries that the files need",
            ) from error

    def _fetched(self, future: Any) -> Done:
        """Fetch the outcome of a task that has ended; who holds it may be gone by now."""
        fetching: Any = self._client.gather(future, asynchronous=True)
        fetched = asyncio.run_coroutine_threadsafe(fetching, self._client.loop.asyncio_loop)
        try:
            # dask cannot fetch again what a timeout cancelled.
            while not futures.wait([fetched], _LOOK_SECONDS).done:
                self._check_there()
                if not future.done():  # who held it is gone, and others work on it again
                    self._check_at_work()
            done: Done = fetched.result()
        finally:
            fetched.cancel()
        return done

    def wait_for_held(self, future: Any) -> Done:
        """Return an outcome that workers hold; if one of them dies, others do its tasks again."""
        for tries_left in reversed(range(_TRIES)):
            try:
                done = self.wait(future)
                break
            except KilledWorker as error:  # or for a task that waited there
                if not tries_left:
                    self.died(None, error)
                self._retry(future)
        if done.error:
            self.fail(done, [])
        return done

    def _retry(self, future: Any) -> None:
        """Have workers do a task again, with those that it needs."""
        with suppress(KeyError):  # dask's client looks for needed ones that it has released
            self._client.retry([future])
        end = time.monotonic() + _LOOK_SECONDS
        while future.status == "error" and time.monotonic() < end:  # the scheduler's word is late
            time.sleep(_POLL_SECONDS)

    def _check_there(self) -> None:
        """Raise InputError if there have been no workers for longer than dask's patience."""
        now = time.monotonic()
        if self._asked("ncores"):
            self._seen = now
        elif now - self._seen > patience():
            raise InputError(f"the cluster at {self.address} has no workers any more")

    def _check_at_work(self) -> None:
        """Raise InputError if all workers have been paused for longer than dask's patience."""
        now = time.monotonic()
        if self._may_move():
            self._moved = now
        elif now - self._moved > patience():
            raise paused(self.address)

    def _may_move(self) -> bool:
        """Whether a worker works, or may begin to; one that dask paused still ends its tasks."""
        if self._asked("ncores_running"):
            return True
        workers = self._asked("identity")["workers"].values()
        return not workers or any(
            worker["metrics"].get("task_counts", {}).get("executing") for worker in workers
        )

    def _asked(self, what: str) -> Any:
        """Return what the scheduler says, if it says something before the connection is dead."""
        ask = getattr(self._client.scheduler, what)
        try:
            return self._client.sync(ask, callback_timeout=answer_seconds())
        except TimeoutError:
            raise InputError(f"the scheduler at {self.address} does not answer any more") from None

    def fail(self, done: Done, batch: list[Any]) -> NoReturn:
        """Raise the error that an item causes here too, or else tell what the worker lacks."""
        if not done.refused and batch:
            self._work(batch[done.items])
        raise InputError(
            f"worker {done.worker}: {done.error}",
            hint=done.hint
            or "workers open files themselves: by a path or a URL that they see too, with the same "
            f"libraries and xent {__version__}",
        )

    def died(self, item: Any, error: KilledWorker) -> NoReturn:
        """Raise an InputError that names the rows that workers died of, if they are known."""
        place_of = getattr(getattr(self._work, "__self__", None), "place_of", None)
        place = str(place_of(item)) if place_of and item is not None else "the input"
        raise InputError(
            f"{place}: the workers that read it died, each time; the last one "
            f"was {error.last_worker.address}",
            hint="have they enough memory? Their logs say what ended them",
        ) from None
