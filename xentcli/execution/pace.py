"""Decides how many items go into one task of a cluster, or into one request to a process."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_TASK_SECONDS = 1.0
_MOST_ITEMS = 4096  # of a task
_MOST_GROWTH = 4  # from one task to the next, at most
_SCHEDULER_SECONDS = 0.0028  # what dask spends on a task and its share of merges, measured
_BUSY_SHARE = 0.5  # of the time that the scheduler, or the client, is busy with tasks, at most
_PAST_WEIGHT = 0.9  # weight of what was learnt before, against the latest task
_REQUEST_SECONDS = 0.5  # at most, so that the progress shown keeps moving
_REQUEST_SHARE = 1 / 32  # of the run, at most: in the end, others wait for the last request


class Pace:
    """Learns from the tasks that are done how many items make the next one.

    A second is long beside what a task costs, and short beside a run. On a cluster so large that
    tasks of a second would take more than half the time of its scheduler or its client, tasks are
    longer.

    Attributes
    ----------
    items : int
        How many items the next task has.
    """

    def __init__(self, threads: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.items = 1
        self._threads = threads
        self._clock = clock
        self._busy, self._begun = 0.0, 0  # since a task was last learnt from
        self._busy_of_task = 0.0

    @contextmanager
    def busy(self, begun: int = 0) -> Iterator[None]:
        """Count the time spent within as this process's own; `begun` tasks begin meanwhile."""
        self._begun += begun
        begin = self._clock()
        try:
            yield
        finally:
            self._busy += self._clock() - begin

    def learn(self, items: int, seconds: float) -> None:
        """Learn from how long a worker took for a task."""
        busy = self._busy / max(1, self._begun)  # many begin before the first is done
        self._busy_of_task += (1 - _PAST_WEIGHT) * (busy - self._busy_of_task)
        self._busy, self._begun = 0.0, 0
        dearest = max(_SCHEDULER_SECONDS, self._busy_of_task)
        wanted = max(_TASK_SECONDS, self._threads * dearest / _BUSY_SHARE)
        fitting = int(items * wanted / max(seconds, 1e-9))
        self.items = max(1, min(fitting, self.items * _MOST_GROWTH, _MOST_ITEMS))


class RequestPace:
    """Learns from the requests that are done how many items make the next one.

    Attributes
    ----------
    items : int
        How many items the next request has: a power of two, so that results are joined to one.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.items = 1
        self._clock = clock
        self._begin = clock()

    def learn(self, items: int, seconds: float, most: int) -> None:
        """Learn from how long a process took for a request; the next has at most `most` items."""
        wanted = min(_REQUEST_SECONDS, _REQUEST_SHARE * (self._clock() - self._begin))
        fitting = int(items * wanted / max(seconds, 1e-9))
        fitting = max(1, min(fitting, self.items * _MOST_GROWTH, most))
        self.items = 1 << (fitting.bit_length() - 1)
