"""Takes several items at once, and joins their results."""

import pickle
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

from xentcli.execution.scheduler import Join

Item = TypeVar("Item")

_WORK_FOR_COST = 1000  # seconds worked for each second that sending takes
_MOST_UNSENT_SECONDS = 10.0  # of work that must be done again if a process dies
_MOST_UNSENT_BYTES = 2**22


def batches(items: Iterator[Item], count: Callable[[], int]) -> Iterator[list[Item]]:
    """Yield items, `count()` at once; if an item fails, those before it come before its error."""
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


class JoinedResults:
    """The results of neighbouring items, joined as a tree."""

    def __init__(self) -> None:
        self._done: list[tuple[int, Any]] = []
        """The number of items that each result covers, and the result."""

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
        """The joined results: only one for 2**k items, if all could be joined."""
        return [result for _, result in self._done]


def as_one(results: list[Any], join: Join) -> list[Any]:
    """Return results joined as a tree into one, or unchanged if two of them cannot be joined."""
    level = results
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        joined = [join(*pair) for pair in pairs]
        if any(each is None for each in joined):
            return results
        level = joined + level[2 * len(joined) :]
    return level


def parted(result: Any) -> tuple[Any, Any]:
    """Return the part of a result that is sent at once, and the rest or None.

    A result that has such parts has a method of this name. Rests are joined in any order.
    """
    return result.parted() if hasattr(result, "parted") else (result, None)


class Unsent:
    """Holds back the rests of a process's results; they are joined, and sent now and then."""

    def __init__(self, join: Join) -> None:
        self._join = join
        self._rest: Any = None
        self._seconds = 0.0
        """The time worked since the rests were last sent."""
        self._worth = 0.0
        """The time to work until it is worth it to send them again."""

    def answer(self, results: list[Any], seconds: float, *, last: bool) -> bytes:
        """Return the answer that sends some results; if it cannot be pickled, nothing changes."""
        begin = time.perf_counter()
        told, rest, sent = [], self._rest, []
        for result in results:
            part, more = parted(result)
            told.append(part)
            if more is not None and rest is not None:
                joined = self._join(rest, more)
                sent += [rest] if joined is None else []
                rest = more if joined is None else joined
            elif more is not None:
                rest = more
        worked = self._seconds + seconds
        all_sent = rest is None or last or worked >= self._worth
        if rest is not None and all_sent:
            sent.append(rest)
        content = _answer(seconds, told, sent, whole=all_sent)
        if sent:
            cost = time.perf_counter() - begin
            small = len(content) <= _MOST_UNSENT_BYTES
            self._worth = min(_MOST_UNSENT_SECONDS, _WORK_FOR_COST * cost) if small else 0.0
        self._rest, self._seconds = (None, 0.0) if all_sent else (rest, worked)
        return content


def _answer(seconds: float, told: list[Any], sent: list[Any], *, whole: bool) -> bytes:
    """Pickle an answer: whether nothing is held back, how long it took, and the results."""
    return bytes([whole]) + pickle.dumps((seconds, told, sent), pickle.HIGHEST_PROTOCOL)


class ProcessWork:
    """Works on the items of a process, and joins their results."""

    def __init__(self, work: Callable[[Any], Any], join: Join | None) -> None:
        self._work = work
        self._join = join
        self._unsent = Unsent(join) if join else None

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request; one without items asks for all that was held back."""
        begin, joined = time.perf_counter(), JoinedResults()
        items = pickle.loads(request)  # noqa: S301 - by our own process
        for item in items:
            joined.add(self._work(item), self._join)
        results, seconds = joined.results, time.perf_counter() - begin
        if self._unsent is None:
            return _answer(seconds, results, [], whole=True)
        return self._unsent.answer(results, seconds, last=not items)
