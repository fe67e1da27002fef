"""Blocks over forked processes, for sources that each of them can read on its own.

Threads hand the interpreter's lock to one another between any two calls of NumPy: two of them
computed a loss 1.3 to 1.6 times as fast as one, two processes 1.9 times.

A process is forked when the first block is wanted. It has the function and the items as they are by
then, so that nothing is sent but the number of an item and, back, its pickled result. What a
process cannot do, this one does itself: its errors are the errors that the user sees.
"""

import os
import pickle
import select
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import chain, islice
from typing import Any, NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_SIZE = 8  # bytes of a number on a pipe
_FAILED: Any = object()


def ordered_process_map(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of `items`; see `ordered_map`."""
    items = iter(items)
    first_items = list(islice(items, jobs))
    jobs = len(first_items)  # no more processes than items
    items = chain(first_items, items)
    todo = enumerate(items)
    workers: list[_Worker] = []
    cut: dict[int, Item] = {}
    done: dict[int, Result] = {}
    try:
        _fork(workers, function, items, jobs)
        while True:
            for index, item in islice(todo, jobs + 2 - len(cut)):
                cut[index] = item
                if workers:
                    min(workers, key=lambda worker: len(worker.asked)).ask(index)
                else:
                    done[index] = _FAILED
            if not cut:
                return
            first = next(iter(cut))
            while first not in done:
                _collect(workers, done)
            item, result = cut.pop(first), done.pop(first)
            yield function(item) if result is _FAILED else result
    finally:
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.wait()


def _fork(
    workers: "list[_Worker]", function: Callable[[Any], Any], items: Iterator[Any], jobs: int
) -> None:
    """Add as many workers as the system allows."""
    with suppress(OSError):
        for _ in range(jobs):
            workers.append(_Worker(function, items, workers))


def _collect(workers: "list[_Worker]", done: dict[int, Any]) -> None:
    """Wait for a worker and take its answer; give up those that have died."""
    poll = select.poll()
    for worker in workers:
        poll.register(worker.answers, select.POLLIN)
    ready = {descriptor for descriptor, _ in poll.poll()}
    for worker in [worker for worker in workers if worker.answers in ready]:
        try:
            index, result = worker.answer()
            done[index] = result
        except (OSError, EOFError):
            done |= dict.fromkeys(worker.asked, _FAILED)
            workers.remove(worker)
            worker.kill()
            worker.wait()


def _pipe(read: ExitStack, write: ExitStack) -> tuple[int, int]:
    """Open a pipe whose ends the two stacks close."""
    ends = os.pipe()
    read.callback(os.close, ends[0])
    write.callback(os.close, ends[1])
    return ends


class _Worker:
    """A process that computes the items whose numbers it is given."""

    def __init__(
        self, function: Callable[[Any], Any], items: Iterator[Any], others: "list[_Worker]"
    ) -> None:
        self.asked: deque[int] = deque()
        with ExitStack() as theirs, ExitStack() as ours:
            requests, self._requests = _pipe(theirs, ours)
            self.answers, answers = _pipe(ours, theirs)
            self._process = os.fork()
            self._ends = ours.pop_all()
            if self._process == 0:
                _serve(function, items, requests, answers, [self, *others])

    def close(self) -> None:
        """Close this process's ends of the pipes."""
        self._ends.close()

    def ask(self, index: int) -> None:
        """Have an item computed; a worker that has died is found out when it should answer."""
        self.asked.append(index)
        with suppress(BrokenPipeError):
            os.write(self._requests, index.to_bytes(_SIZE, "little"))

    def answer(self) -> tuple[int, Any]:
        """Return the number of the item asked for first, and its result or `_FAILED`."""
        size = int.from_bytes(_read(self.answers, _SIZE), "little")
        content = _read(self.answers, size)
        result = pickle.loads(content) if size else _FAILED  # noqa: S301 - by our own process
        return self.asked.popleft(), result

    def kill(self) -> None:
        """Have the process end, whatever it does."""
        self.close()
        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until the killed process has ended."""
        with suppress(OSError):
            os.waitpid(self._process, 0)


def _serve(
    function: Callable[[Any], Any],
    items: Iterator[Any],
    requests: int,
    answers: int,
    workers: list[_Worker],
) -> NoReturn:
    """Answer requests until there is nobody who asks."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks ends this one
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        for worker in workers:
            worker.close()  # else a worker would wait on after the one that asks has died
        at = 0
        while request := os.read(requests, _SIZE):
            index = int.from_bytes(request, "little")
            try:
                item = next(islice(items, index - at, None))
                content = pickle.dumps(function(item), pickle.HIGHEST_PROTOCOL)
            except Exception:  # noqa: BLE001
                content = b""
            at = index + 1
            _write(answers, len(content).to_bytes(_SIZE, "little") + content)
    finally:
        os._exit(0)


def _read(descriptor: int, count: int) -> bytearray:
    content = bytearray(count)
    view = memoryview(content)
    while view:
        done = os.readv(descriptor, [view])
        if not done:
            raise EOFError
        view = view[done:]
    return content


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
