"""A forked process that works on requests, and the messages to and from it."""

import os
import signal
import sys
from collections import deque
from contextlib import ExitStack, suppress
from typing import Any, Generic, NoReturn, TypeVar

from xentcli.execution.batches import ProcessWork

Item = TypeVar("Item")

_LENGTH_BYTES = 8  # the length of a message goes ahead of it
SMALL_REQUEST_BYTES = 2**15
"""A request of at most this size can wait in a pipe while its process still works."""
_ANSWER_BYTES = 2**17  # of usual answers that hold something of each row


class Task(Generic[Item]):
    """Some items, the request that sends them, and the answer."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.request = b""
        self.answer: bytes | None = None
        """As `ProcessWork.answer` returns it; empty if there are no results."""


class Worker:
    """A process that works on the items that it is asked for, one after the other."""

    def __init__(self, work: ProcessWork, others: "list[Worker]") -> None:
        self.asked: deque[Task[Any]] = deque()
        self.unsent: list[list[Any]] = []
        """The items whose results it partly holds back."""
        with ExitStack() as theirs, ExitStack() as ours:
            requests, self._requests = _pipe(theirs, ours)
            self.answers, answers = _pipe(ours, theirs)
            _make_room(answers)
            self._process = os.fork()
            self._ends = ours.pop_all()
            if self._process == 0:
                _serve(work, requests, answers, [self, *others])

    def takes(self, size: int) -> bool:
        """Whether a request of so many bytes can be sent without waiting for this process."""
        return not self.asked or (len(self.asked) == 1 and size <= SMALL_REQUEST_BYTES)

    def ask(self, task: Task[Any]) -> None:
        """Send a request; a process that has died is noticed when its answer is read."""
        self.asked.append(task)
        with suppress(BrokenPipeError):
            _write(self._requests, task.request)

    def answer(self) -> None:
        """Take the answer to the first request."""
        content = _read(self.answers)
        task = self.asked.popleft()
        task.answer = content
        if content and content[0]:
            self.unsent = []
        elif content:
            self.unsent.append(task.items)

    def close(self) -> None:
        """Close this process's ends of the pipes."""
        self._ends.close()

    def kill(self) -> None:
        """Kill the process; what it was asked for is left to others."""
        for task in self.asked:
            task.answer = b""
        self.close()
        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until the killed process has ended."""
        with suppress(OSError):
            os.waitpid(self._process, 0)


def _serve(work: ProcessWork, requests: int, answers: int, workers: list[Worker]) -> NoReturn:
    """Answer requests until the process that asks has closed its pipe."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks ends this one
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        for worker in workers:
            worker.close()  # else a worker would wait on after the process that asks has died
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


def _make_room(descriptor: int) -> None:
    """Let a usual answer wait in a pipe, so that its process works on before it is read."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # where a user's pipes may not be larger
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _ANSWER_BYTES)


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
