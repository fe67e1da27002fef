"""Maps work over threads: NumPy's and pandas' inner loops let other threads run.

`concurrent.futures.ThreadPoolExecutor` does the same, but if the system allows no more threads, it
fails, and keeps the work that it was given.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from xentcli.execution.scheduler import in_order

Item = TypeVar("Item")
Result = TypeVar("Result")


class Threads:
    """Runs as many threads as there are jobs, during one map."""

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], jobs: int
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`."""
        pool = _ThreadPool(work, jobs)
        try:
            yield from in_order(pool.submit, items, jobs + 2)
        finally:
            pool.close()


class _ThreadPool(Generic[Item, Result]):
    """Threads that work for one map: as many as are wanted and the system allows."""

    def __init__(self, work: Callable[[Item], Result], most: int) -> None:
        self._work = work
        self._most = most
        self._threads: list[Thread] = []
        self._waiting: SimpleQueue[tuple[Future[Result], Item] | None] = SimpleQueue()

    def submit(self, item: Item) -> Callable[[], Result]:
        """Begin to work on an item; return a function that waits for its result."""
        if len(self._threads) < self._most:
            self._start()
        if not self._threads:
            return lambda: self._work(item)
        future: Future[Result] = Future()
        self._waiting.put((future, item))
        return future.result

    def _start(self) -> None:
        # Daemon: the interpreter ends even if a map that failed was not closed.
        thread = Thread(target=self._serve, name="xent", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system allows no more
            self._most = len(self._threads)
        else:
            self._threads.append(thread)

    def _serve(self) -> None:
        """Work on one item after the other, until the pool is closed."""
        asked: Any
        while asked := self._waiting.get():
            future, item = asked
            try:
                future.set_result(self._work(item))
            except BaseException as error:  # noqa: BLE001 - raised where the result is wanted
                future.set_exception(error)
            del asked, future, item  # nothing is held while waiting

    def close(self) -> None:
        """End all threads, each after what it works on."""
        try:
            while True:
                self._waiting.get_nowait()
        except Empty:
            pass
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
