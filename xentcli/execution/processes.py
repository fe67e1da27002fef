"""Maps work over forked processes, for sources that each of them can read.

Threads hand the interpreter's lock to one another between any two calls of NumPy: two of them
computed a loss 1.3 to 1.6 times as fast as one, two processes 1.9 times.

A forked process has the work, and the sources that were open when it was forked. Items are sent to
it and results sent back, several at once if results can be joined. Parts of results that may wait
are sent only now and then, so that this process has little to do for each item. An item that a
process cannot do is done by this one: its errors are those that the user sees.

`concurrent.futures.ProcessPoolExecutor` does the same, but its processes live on when this one is
killed, one that dies takes the others with it, and its import takes 25 ms.
"""

import pickle
import select
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any, Generic, TypeVar

from xentcli.execution.batches import ProcessWork, batches
from xentcli.execution.pace import RequestPace
from xentcli.execution.scheduler import Join, in_order, unending
from xentcli.execution.worker import SMALL_REQUEST_BYTES, Task, Worker

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_ITEMS = 4096  # of a request


class Processes:
    """Runs as many processes as there are jobs, but no more than items, during one map.

    If `join` is given, they join the results of neighbouring items.
    """

    def __init__(self, join: Join | None = None) -> None:
        self._join = join

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], jobs: int
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`, or the joined results of several items."""
        todo = iter(items)
        first = list(islice(todo, jobs))
        pool = _ProcessPool(work, self._join, len(first))
        try:
            requests = batches(chain(first, todo), lambda: pool.pace.items)
            for results in in_order(pool.submit, requests, jobs + 2):
                yield from results
            yield from pool.rest()
        finally:
            pool.close()


class _ProcessPool(Generic[Item, Result]):
    """Processes that work for one map."""

    def __init__(self, work: Callable[[Item], Result], join: Join | None, count: int) -> None:
        self._work = work
        self._most_items = _MOST_ITEMS if join else 1
        self.pace = RequestPace()
        self._waiting: deque[Task[Item]] = deque()
        self._workers: list[Worker] = []
        self._lost: list[list[Item]] = []
        """The items whose results were partly held back by a process that died."""
        with suppress(OSError):  # as many as the system allows
            for _ in range(count):
                self._workers.append(Worker(ProcessWork(work, join), self._workers))

    def submit(self, items: list[Item]) -> Callable[[], Iterable[Result]]:
        """Begin to work on some items; return a function that waits for their results."""
        task = Task(items)
        try:
            task.request = pickle.dumps(items, pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - whatever cannot be sent is done here
            task.answer = b""
        else:
            self._waiting.append(task)
            self._send()
        return lambda: self._results(task)

    def _send(self) -> None:
        """Send requests to processes that take them at once."""
        while self._waiting:
            size = len(self._waiting[0].request)
            free = [worker for worker in self._workers if worker.takes(size)]
            if not free:
                return
            min(free, key=lambda worker: len(worker.asked)).ask(self._waiting.popleft())

    def _results(self, task: Task[Item]) -> Iterable[Any]:
        while task.answer is None and self._workers:
            self._collect()
        if not task.answer:
            return map(unending(self._work), task.items)
        told: list[Any]
        seconds, told, sent = pickle.loads(task.answer[1:])  # noqa: S301 - by our own process
        if task.items:
            self._learn(task, seconds, len(told))
        return [*told, *sent]

    def rest(self) -> Iterator[Any]:
        """Yield what processes have held back; what died with them is computed again."""
        asked = []
        for worker in [worker for worker in self._workers if worker.unsent]:
            asked.append(Task[Item]([]))
            asked[-1].request = pickle.dumps([], pickle.HIGHEST_PROTOCOL)
            worker.ask(asked[-1])
        for task in asked:
            yield from self._results(task)
        for item in chain(*self._lost):
            result: Any = self._work(item)
            yield result.parted()[1]

    def _learn(self, task: Task[Item], seconds: float, results: int) -> None:
        """Make the next requests as long as fits, but keep them and their answers small."""
        if results > 1:  # results that hold something of each row stay apart
            self._most_items = 1
        small = len(task.items) * SMALL_REQUEST_BYTES // len(task.request)
        self.pace.learn(len(task.items), seconds, min(self._most_items, small))

    def _collect(self) -> None:
        """Wait for answers and take them; give up processes that have died."""
        poll = select.poll()
        for worker in self._workers:
            poll.register(worker.answers, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll()}
        for worker in [worker for worker in self._workers if worker.answers in ready]:
            try:
                worker.answer()
            except (OSError, EOFError):
                self._workers.remove(worker)
                self._lost += worker.unsent
                worker.kill()
                worker.wait()
        self._send()

    def close(self) -> None:
        """End all processes, whatever they do."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.wait()
