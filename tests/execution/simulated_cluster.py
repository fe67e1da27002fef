"""A dask cluster with a clock of its own: what a thousand workers do to scheduler and client.

``python tests/execution/simulated_cluster.py`` prints a table. Which tasks are cut, how many are
under way and what is merged is the package's own code; what scheduler, workers and the client's
other work cost is given.
"""

import heapq
import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from xentcli.execution.dask import Tasks
from xentcli.execution.dask_task import Done, merge, merge_rests, tell
from xentcli.execution.dask_waiting import Waiting
from xentcli.execution.pace import Pace
from xentcli.pipeline.flow import Merging

SCHEDULER_SECONDS = 0.0019  # of a task; measured, as the client's share is
CLIENT_SECONDS = 0.0013


class Outcome(NamedTuple):
    """What a simulated run came to."""

    seconds: float
    tasks: int
    scheduler: float
    """The share of the time for which it had something to do."""
    client: float
    workers: float
    most_under_way: int
    fetched: int
    """States that come to the client."""
    depth: int
    """Merges that a state goes through, at most."""


class Depth(NamedTuple):
    """A state that counts the merges it came through."""

    merges: int

    def merge(self, other: "Depth") -> "Depth":
        return Depth(max(self.merges, other.merges) + 1)

    def parted(self) -> "tuple[None, Depth]":
        return None, self


class Cluster:
    """Stands where dask's client would: tasks wait for the scheduler, then for a free worker."""

    def __init__(
        self, workers: int, item_seconds: Callable[[], float], merge_seconds: float
    ) -> None:
        self.now = 0.0
        self.tasks = 0
        self.worked = 0.0
        self.under_way = self.most_under_way = 0
        self._free = [0.0] * workers
        self._scheduler_free = 0.0
        self._item_seconds = item_seconds
        self._merge_seconds = merge_seconds

    def clock(self) -> float:
        return self.now

    def map(self, function: Any, *columns: list[Any], pure: bool) -> list[Any]:
        return [self.submit(function, *each, pure=pure) for each in zip(*columns, strict=True)]

    def submit(self, function: Any, *arguments: Any, pure: bool, priority: int = 0) -> Any:
        del pure, priority
        if function is bytes:
            return None
        if function is tell:  # where it is held
            return self._tell(*arguments)
        merges = function in (merge, merge_rests)
        parts: list[SimulatedFuture] = list(arguments[2:]) if merges else []
        items = 0 if parts else len(pickle.loads(arguments[-1]))
        seconds = len(parts) * self._merge_seconds + sum(self._item_seconds() for _ in range(items))
        self.now += CLIENT_SECONDS / 2
        self._scheduler_free = max(self._scheduler_free, self.now) + SCHEDULER_SECONDS
        ready = max((each.ready for each in parts), default=0.0)
        if parts:  # by a worker that is free when all of them are there
            free = min((each for each in self._free if each >= ready), default=max(self._free))
            self._free.remove(free)
            heapq.heapify(self._free)
        else:
            free = heapq.heappop(self._free)
        begin = max(free, self._scheduler_free, ready)
        heapq.heappush(self._free, begin + seconds)
        self.tasks += 1
        self.worked += seconds
        if parts:
            self.under_way -= len(parts) - 1 if function is merge else -1
            done = function(*arguments[:2], *(each.done for each in parts))
        else:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            done = Done([pickle.dumps(Depth(0))], items, seconds, "", {})
        return SimulatedFuture(begin + seconds, done)

    def _tell(self, version: str, merged: "SimulatedFuture") -> "SimulatedFuture":
        self.now += CLIENT_SECONDS / 2
        self._scheduler_free = max(self._scheduler_free, self.now) + SCHEDULER_SECONDS
        self.tasks += 1
        ready = max(self._scheduler_free, merged.ready)
        return SimulatedFuture(ready, tell(version, merged.done))

    def cancel(self, futures: Any, *, asynchronous: bool, force: bool) -> None:
        del futures, asynchronous, force

    def sync(self, call: Callable[[], None], callback_timeout: float) -> None:
        del callback_timeout
        call()


@dataclass(eq=False)
class SimulatedFuture:
    """A task, by when it has ended on the clock of its cluster."""

    ready: float
    done: Done


class SimulatedWaiting(Waiting):
    """Waits on the clock of its cluster; nothing goes wrong."""

    def wait(self, future: SimulatedFuture) -> Done:
        self._client.now = max(self._client.now, future.ready)
        self._client.under_way -= 1
        return future.done


def simulate(
    workers: int, items: int, item_seconds: float, merge_seconds: float, *, seed: int = 0
) -> Outcome:
    """Run a map over so many items, each of about so many seconds."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    cluster = Cluster(workers, lambda: item_seconds * rng.uniform(0.5, 1.5), merge_seconds)
    waiting = SimulatedWaiting(cluster, "", abs)
    tasks = Tasks(cluster, waiting, (abs, Depth.merge), Pace(workers, cluster.clock))
    states, busy, fetched = Merging[Depth](), 0.0, 0
    for state in tasks.results(iter(range(items)), 4 * workers):
        spent = CLIENT_SECONDS / 2 + (merge_seconds if state else 0)
        cluster.now += spent
        busy += spent
        if state:
            states.add(state)
            fetched += 1
    merged = states.merged()
    assert merged is not None
    return Outcome(
        cluster.now,
        cluster.tasks,
        cluster.tasks * SCHEDULER_SECONDS / cluster.now,
        (busy + cluster.tasks * CLIENT_SECONDS / 2) / cluster.now,
        cluster.worked / cluster.now / workers,
        cluster.most_under_way,
        fetched,
        merged.merges,
    )


HEADER = (
    "workers      items   item  merge     time    tasks scheduler client workers under way fetched"
    " depth"
)
CASES = (
    (10, 10**5, 0.01, 0.0001),
    (100, 10**5, 1.0, 0.0001),
    (1000, 10**6, 1.0, 0.0001),
    (1000, 10**6, 1.0, 0.01),
    (1000, 10**6, 0.1, 0.0001),
)

if __name__ == "__main__":
    print(HEADER)  # noqa: T201
    for workers, items, seconds, each_merge in CASES:
        o = simulate(workers, items, seconds, each_merge)
        print(  # noqa: T201
            f"{workers:7,} {items:9,} {seconds:5g}s {each_merge * 1000:4g}ms {o.seconds:6.0f}s"
            f" {o.tasks:8,} {o.scheduler:9.0%} {o.client:6.0%} {o.workers:7.0%}"
            f" {o.most_under_way:9,} {o.fetched:7,} {o.depth:5}"
        )
