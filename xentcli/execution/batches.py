"""Several items at once: how they are taken, and how their results are joined."""

import pickle
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

from xentcli.execution.interface import Join

Item = TypeVar("Item")


def batches(items: Iterator[Item], count: Callable[[], int]) -> Iterator[list[Item]]:
    """Yield items, `count()` at once; those before one that fails come before its error."""
    while True:
        batch: list[Item] = []
        try:
            batch.extend(islice(items, count()))
        except Exception:
            if batch:
                yield batch
            raise
        if not batch:
            return
        yield batch


class Joined:
    """The results of neighbouring items, joined as a tree."""

    def __init__(self) -> None:
        self._done: list[tuple[int, Any]] = []
        """Of how many items each is, and the result."""

    def add(self, result: Any, join: Join | None) -> None:
        """Take the result of the next item."""
        count = 1
        while join and self._done and self._done[-1][0] == count:
            joined = join(self._done[-1][1], result)
            if joined is None:
                break
            self._done.pop()
            result, count = joined, 2 * count
        self._done.append((count, result))

    @property
    def results(self) -> list[Any]:
        """What is left of them: one for a power of two of items, if all could be joined."""
        return [result for _, result in self._done]


class Work:
    """What a process does with each item, and with their results."""

    def __init__(self, work: Callable[[Any], Any], join: Join | None) -> None:
        self._work = work
        self._join = join

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request: how long it took, and the results."""
        begin, joined = time.perf_counter(), Joined()
        for item in pickle.loads(request):  # noqa: S301 - by our own process
            joined.add(self._work(item), self._join)
        done = time.perf_counter() - begin, joined.results
        return pickle.dumps(done, pickle.HIGHEST_PROTOCOL)
