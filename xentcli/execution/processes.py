"""Work over forked processes, for sources that each of them can read.

Threads hand the interpreter's lock to one another between any two calls of NumPy: two of them
computed a loss 1.3 to 1.6 times as fast as one, two processes 1.9 times.

A forked process has the work, and the sources that were open when it was forked; items are sent to
it, and results sent back: several at once where results can be joined, so that this process has
little to do for each. What a process cannot do, this one does itself: its errors are the errors
that the user sees.

`concurrent.futures.ProcessPoolExecutor` does the same, but its processes live on when this one is
killed, one that dies takes the others with it, and its import takes 25 ms.
"""

import os
import pickle
import select
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import chain, islice
from typing import Any, Generic, NoReturn, TypeVar

from xentcli.execution.batches import Work, batches
from xentcli.execution.interface import Join, in_order
from xentcli.execution.pace import RequestPace

Item = TypeVar("Item")
Result = TypeVar("Result")

_LENGTH_BYTES = 8  # the length of a message goes ahead of it
_SMALL_REQUEST_BYTES = 2**15  # so small a request waits in a pipe while its process still works
_MOST_ITEMS = 4096  # of a request


class Processes:
    """As many processes as there are jobs, but no more than items, for the time of one map.

    Where `join` is given, they join the results of neighbouring items.
    """

    def __init__(self, join: Join | None = None) -> None:
        self._join = join

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], jobs: int
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`, or what joins several of them."""
        todo = iter(items)
        first = list(islice(todo, jobs))
        pool = _ProcessPool(work, self._join, len(first))
        try:
            requests = batches(chain(first, todo), lambda: pool.pace.items)
            for results in in_order(pool.submit, requests, jobs + 2):
                yield from results
        finally:
            pool.close()


class _Task(Generic[Item]):
    """Some items, and what became of them."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.request = b""
        self.answer: bytes | None = None
        """How long they took and the results, pickled; nothing where there are none."""


class _ProcessPool(Generic[Item, Result]):
    """Processes that work for one map."""

    def __init__(self, work: Callable[[Item], Result], join: Join | None, count: int) -> None:
        self._work = work
        self._most_items = _MOST_ITEMS if join else 1
        self.pace = RequestPace()
        self._waiting: deque[_Task[Item]] = deque()
        self._workers: list[_Worker] = []
        with suppress(OSError):  # as many as the system allows
            for _ in range(count):
                self._workers.append(_Worker(Work(work, join), self._workers))

    def submit(self, items: list[Item]) -> Callable[[], Iterable[Result]]:
        """Have some items worked on; return what waits for their results."""
        task = _Task(items)
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

    def _results(self, task: _Task[Item]) -> Iterable[Any]:
        while task.answer is None and self._workers:
            self._collect()
        if not task.answer:
            return map(self._work, task.items)
        results: list[Any]
        seconds, results = pickle.loads(task.answer)  # noqa: S301 - by our own process
        self._learn(task, seconds, len(results))
        return results

    def _learn(self, task: _Task[Item], seconds: float, results: int) -> None:
        """Have the next requests as long as it fits, but small, and so their answers."""
        if results > 1:  # they hold something of each row
            self._most_items = 1
        small = len(task.items) * _SMALL_REQUEST_BYTES // len(task.request)
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
                worker.kill()
                worker.wait()
        self._send()

    def close(self) -> None:
        """End all processes, whatever they do."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.wait()


class _Worker:
    """A process that works on the items that it is asked for, one after the other."""

    def __init__(self, work: Work, others: "list[_Worker]") -> None:
        self.asked: deque[_Task[Any]] = deque()
        with ExitStack() as theirs, ExitStack() as ours:
            requests, self._requests = _pipe(theirs, ours)
            self.answers, answers = _pipe(ours, theirs)
            self._process = os.fork()
            self._ends = ours.pop_all()
            if self._process == 0:
                _serve(work, requests, answers, [self, *others])

    def takes(self, size: int) -> bool:
        """Whether a request of so many bytes can be sent without waiting for this process."""
        return not self.asked or (len(self.asked) == 1 and size <= _SMALL_REQUEST_BYTES)

    def ask(self, task: _Task[Any]) -> None:
        """Send a request; a process that has died is found out when it should answer."""
        self.asked.append(task)
        with suppress(BrokenPipeError):
            _write(self._requests, task.request)

    def answer(self) -> None:
        """Take the answer to the first request."""
        content = _read(self.answers)
        self.asked.popleft().answer = content

    def close(self) -> None:
        """Close this process's ends of the pipes."""
        self._ends.close()

    def kill(self) -> None:
        """Have the process end; what it was asked for is left to others."""
        for task in self.asked:
            task.answer = b""
        self.close()
        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until the killed process has ended."""
        with suppress(OSError):
            os.waitpid(self._process, 0)


def _serve(work: Work, requests: int, answers: int, workers: list[_Worker]) -> NoReturn:
    """Answer requests until there is nobody who asks."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks ends this one
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        for worker in workers:
            worker.close()  # else a worker would wait on after the one that asks has died
        while True:
            request = _read(requests)
            try:
                content = work.answer(request)
            except Exception:  # noqa: BLE001
                content = b""
            _write(answers, content)
    finally:
        os._exit(0)


def _pipe(read: ExitStack, write: ExitStack) -> tuple[int, int]:
    """Open a pipe whose ends the two stacks close."""
    ends = os.pipe()
    read.callback(os.close, ends[0])
    write.callback(os.close, ends[1])
    return ends


def _read(descriptor: int) -> bytes:
    """Read a message."""
    size = int.from_bytes(_read_all(descriptor, _LENGTH_BYTES), "little")
    return bytes(_read_all(descriptor, size))


def _read_all(descriptor: int, count: int) -> bytearray:
    content = bytearray(count)
    view = memoryview(content)
    while view:
        done = os.readv(descriptor, [view])
        if not done:
            raise EOFError
        view = view[done:]
    return content


def _write(descriptor: int, content: bytes) -> None:
    """Write a message."""
    view = memoryview(len(content).to_bytes(_LENGTH_BYTES, "little") + content)
    while view:
        view = view[os.write(descriptor, view) :]
