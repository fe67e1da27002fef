"""Maps work over a dask cluster, whose workers open inputs themselves and send back results.

The work itself is held by a task too, so that dask makes it again if the worker that held it dies.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from distributed import KilledWorker

from xentcli import __version__
from xentcli.execution.addresses import AddressedScheduler
from xentcli.execution.batches import batches
from xentcli.execution.dask_client import CLOSE_SECONDS, connected
from xentcli.execution.dask_task import Done, do, merge, merge_rests, tell, unpickled
from xentcli.execution.dask_tree import MOST_MERGED, Tree
from xentcli.execution.dask_waiting import Waiting
from xentcli.execution.machine import differences
from xentcli.execution.pace import Pace
from xentcli.execution.scheduler import Join, in_order

Item = TypeVar("Item")
Result = TypeVar("Result")

_MACHINES: dict[str, dict[str, str]] = {}
"""The NumPy and processor of each worker, by the addresses of its cluster and of itself."""
_TASKS_A_THREAD = 4  # under way, so that no thread of a worker waits for the next one


class Dask(AddressedScheduler):
    """Maps over the cluster at an address; ``local:N`` starts N workers on this machine."""

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], jobs: int
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`.

        Raises
        ------
        InputError
            If the cluster cannot be reached, or is lost; if workers die each time that they work on
            the same items, cannot open what this process can, or are of another version.
        """
        del jobs
        client = connected(self._address)
        threads = max(1, sum(client.nthreads().values()))
        waiting = Waiting(client, self._address, work)
        tasks = Tasks(client, waiting, (work, self._join), Pace(threads))
        try:
            yield from tasks.results(iter(items), _TASKS_A_THREAD * threads)
        finally:
            tasks.cancel()

    @classmethod
    def notes_of(cls, address: str) -> list[str]:
        """Return notes on workers whose NumPy or processor differs from this process's."""
        return list(differences(_MACHINES.get(address, {})))


class _TaskGroup:
    """Neighbouring tasks, each with its items, whose results a worker merges."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.tasks: list[tuple[Any, list[Any]]] = []
        self.unsent: list[list[Any]] = []
        """The items of tasks that are sent at once, when the group is full or waited for."""
        self.merged: Any = None
        self.told: Any = None
        """The part of the merged result that is fetched when its turn has come."""


class Tasks:
    """The tasks of one map."""

    def __init__(
        self,
        client: Any,
        waiting: Waiting,
        work: tuple[Callable[[Any], Any], Join | None],
        pace: Pace,
    ) -> None:
        self._client = client
        self._waiting = waiting
        self._pace = pace
        self._join = pickle.dumps(work[1]) if work[1] is not None else b""
        self._fan_in = self._most_merged = 1
        self._group = _TaskGroup(1)
        self._first: list[_TaskGroup] = [self._group]
        """The groups that were begun before it was known whether results can be joined."""
        self._under_way: set[Any] = set()
        # As bytes: if dask itself failed to unpickle the work, its error would not say what failed.
        held = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        self._held = client.submit(bytes, held, pure=False)

    def results(self, items: Iterator[Any], most: int) -> Iterator[Any]:
        """Yield the results of items, with at most `most` tasks under way."""
        if self._join and most > _TASKS_A_THREAD:  # some tasks run while others are merged
            self._most_merged = min(MOST_MERGED, most // 2)
        self._tree = Tree(partial(self._merge, merge_rests), self._taken, most)
        for results in in_order(self._submit, batches(items, lambda: self._pace.items), most):
            with self._pace.busy():
                yield from results
        yield from self._tree.taken()

    def _submit(self, batch: list[Any]) -> Callable[[], list[Any]]:
        """Begin to work on some items; return a function that waits for their results."""
        with self._pace.busy(begun=1):
            if len(self._group.tasks) == self._group.size:  # all are sent
                self._group = _TaskGroup(self._fan_in)
                self._first += [self._group] if self._fan_in == 1 < self._most_merged else []
            group = self._group
            group.unsent.append(batch)
            if len(group.tasks) + len(group.unsent) == group.size:
                self._send(group)
            if len(group.tasks) == group.size > 1:
                self._merge_group(group)
            return partial(self._results_of_group, group)

    def cancel(self) -> None:
        """Cancel all tasks that are under way."""
        futures = list(self._under_way)
        canceling = partial(self._client.cancel, futures, asynchronous=True, force=True)
        with suppress(Exception):  # the cluster may be gone, or say nothing any more
            self._client.sync(canceling, callback_timeout=CLOSE_SECONDS)

    def _send(self, group: "_TaskGroup") -> None:
        """Begin tasks of a group in one message: each message costs as much as half a task."""
        batches, group.unsent = group.unsent, []
        group.tasks += zip(self._begin(batches), batches, strict=True)

    def _begin(self, batches: list[list[Any]]) -> list[Any]:
        contents = [pickle.dumps(batch, pickle.HIGHEST_PROTOCOL) for batch in batches]
        same = [__version__] * len(batches), [self._held] * len(batches)
        futures: list[Any] = self._client.map(do, *same, contents, pure=False)
        self._under_way.update(futures)
        return futures

    def _merge_group(self, group: "_TaskGroup") -> None:
        """Have a worker merge the results of a group's tasks."""
        group.merged = self._merge(merge, [future for future, _ in group.tasks])
        group.told = self._soon(tell, __version__, group.merged)

    def _merge(self, function: Any, futures: list[Any]) -> Any:
        merged = self._soon(function, __version__, self._join, *futures)
        if function is merge_rests:  # dask does them again if it must
            self._under_way.difference_update(futures)
        return merged

    def _soon(self, function: Any, *arguments: Any) -> Any:
        """Submit a task that other tasks need, so that it runs before those that wait."""
        future = self._client.submit(function, *arguments, pure=False, priority=1)
        self._under_way.add(future)
        return future

    def _merge_first(self) -> None:
        """Merge the groups that were begun before it was known that results can be joined."""
        first, self._first = [group for group in self._first if group.tasks], []
        for i in range(0, len(first), self._fan_in):
            group, *others = first[i : i + self._fan_in]
            for other in others:
                group.tasks += other.tasks
                other.tasks = []
            if others:
                self._merge_group(group)
        self._group = _TaskGroup(self._fan_in)

    def _results_of_group(self, group: "_TaskGroup") -> list[Any]:
        """Return the results of all tasks of a group; a second call returns none."""
        if self._group.unsent and (group.tasks or group is self._group):  # it will be waited for
            self._send(self._group)
        if group is self._group:  # no more tasks will join it
            self._group = _TaskGroup(1)
            if len(group.tasks) > 1 and group.merged is None:
                self._merge_group(group)
        tasks, group.tasks = group.tasks, []
        if group.merged is not None and tasks:
            with suppress(KilledWorker):  # then each task by itself
                return self._told(group, tasks)
        return [result for task in tasks for result in self._results_of_task(*task)]

    def _told(self, group: "_TaskGroup", tasks: list[tuple[Any, list[Any]]]) -> list[Any]:
        """Return the part of a group's results that is fetched; workers hold the rest."""
        done = self._done(group.told, [item for _, batch in tasks for item in batch])
        self._under_way.difference_update(future for future, _ in tasks)
        if done.holds:
            return unpickled(done.results) + self._tree.add(group.merged, len(tasks))
        self._under_way.discard(group.merged)
        return unpickled(done.results)

    def _taken(self, future: Any) -> Done:
        self._under_way.discard(future)
        return self._waiting.wait_for_held(future)

    def _results_of_task(self, future: Any, batch: list[Any]) -> list[Any]:
        try:
            return self._results(future, batch)
        except KilledWorker:
            # dask blames all tasks that waited at a worker for its death: try each item alone.
            return [result for item in batch for result in self._alone(item)]

    def _results(self, future: Any, batch: list[Any]) -> list[Any]:
        done = self._done(future, batch)
        with self._pace.busy():
            return unpickled(done.results)

    def _done(self, future: Any, batch: list[Any]) -> Done:
        """Wait for some tasks, and learn from their outcome how to run the next ones."""
        done = self._waiting.wait(future)
        self._under_way.discard(future)
        if done.error:
            self._waiting.fail(done, batch)
        _MACHINES.setdefault(self._waiting.address, {}).update(done.machines)
        self._pace.learn(done.items, done.seconds)
        if len(done.results) > 1:  # results that hold something of each row stay apart
            self._most_merged = 1
        self._fan_in = self._most_merged
        if self._first:
            self._merge_first()
        return done

    def _alone(self, item: Any) -> list[Any]:
        """Return the result of an item that may have killed a worker, by a task of its own."""
        (future,) = self._begin([[item]])
        try:
            self._waiting.wait(future)
        except KilledWorker as error:
            self._waiting.died(item, error)
        return self._results(future, [item])
