"""Work over a dask cluster: its workers open their own inputs, and send back what comes of items.

Work is a task of the cluster too, so that it is made again where the worker that held it has died.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from distributed import KilledWorker

from xentcli import __version__
from xentcli.execution.batches import batches
from xentcli.execution.dask_client import connected
from xentcli.execution.dask_task import do, merge
from xentcli.execution.dask_waiting import Waiting
from xentcli.execution.scheduler import Join, in_order
from xentcli.execution.machine import differences
from xentcli.execution.pace import Pace

Item = TypeVar("Item")
Result = TypeVar("Result")

_MACHINES: dict[str, dict[str, str]] = {}
"""What each worker of a cluster computes with, by the addresses of both."""
_TASKS_A_THREAD = 4  # under way, so that no thread of a worker waits for the next one

_MOST_MERGED = 16  # tasks, by one of the cluster: this process has a sixteenth of them to merge


class Dask:
    """A cluster, by the address of its scheduler; ``local:N`` starts N workers on this machine.

    Results of the same task that `join` makes one of are one.
    """

    def __init__(self, address: str, join: Join | None = None) -> None:
        self._address = address
        self._join = join

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
        tasks = Tasks(client, self._address, (work, self._join), Pace(threads))
        try:
            yield from tasks.results(iter(items), _TASKS_A_THREAD * threads)
        finally:
            tasks.cancel()


def notes_of(address: str) -> list[str]:
    """Say which workers of a cluster may have computed other last bits than this process does."""
    return list(differences(_MACHINES.get(address, {})))


class _TaskGroup:
    """Neighbouring tasks, each with its items, whose results are merged where they are."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.tasks: list[tuple[Any, list[Any]]] = []
        self.merged: Any = None


class Tasks:
    """The tasks of one map."""

    def __init__(
        self,
        client: Any,
        address: str,
        work: tuple[Callable[[Any], Any], Join | None],
        pace: Pace,
    ) -> None:
        self._client = client
        self._address = address
        self._waiting = Waiting(client, address, work[0])
        self._pace = pace
        self._join = pickle.dumps(work[1]) if work[1] is not None else b""
        self._fan_in = self._most_merged = 1
        self._group = _TaskGroup(1)
        self._under_way: set[Any] = set()
        # Not the work itself: what cannot be opened where it is sent to would fail namelessly.
        held = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        self._held = client.submit(bytes, held, pure=False)

    def results(self, items: Iterator[Any], most: int) -> Iterator[Any]:
        """Yield the results of items, of which `most` tasks are under way."""
        if self._join:
            self._most_merged = min(_MOST_MERGED, most // _TASKS_A_THREAD)
        for results in in_order(self._submit, batches(items, lambda: self._pace.items), most):
            with self._pace.busy():
                yield from results

    def _submit(self, batch: list[Any]) -> Callable[[], list[Any]]:
        """Have some items worked on; return what waits for their results."""
        with self._pace.busy(begun=1):
            if len(self._group.tasks) == self._group.size:
                self._group = _TaskGroup(self._fan_in)
            group = self._group
            group.tasks.append((self._begin(batch), batch))
            if len(group.tasks) == group.size > 1:
                group.merged = self._merge(group)
            return partial(self._results_of_group, group)

    def cancel(self) -> None:
        """Have nothing more worked on."""
        with suppress(Exception):  # the cluster may be gone
            self._client.cancel(list(self._under_way), force=True)

    def _begin(self, batch: list[Any]) -> Any:
        content = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)
        future = self._client.submit(do, __version__, self._held, content, pure=False)
        self._under_way.add(future)
        return future

    def _merge(self, group: "_TaskGroup") -> Any:
        """Have the results of tasks merged where they are."""
        futures = [future for future, _ in group.tasks]
        merged = self._client.submit(merge, __version__, self._join, *futures, pure=False)
        self._under_way.add(merged)
        return merged

    def _results_of_group(self, group: "_TaskGroup") -> list[Any]:
        """Return the results of all tasks of a group, once."""
        tasks, group.tasks = group.tasks, []
        if group is self._group:  # there are no more tasks than that
            self._group = _TaskGroup(1)
        if group.merged is not None and tasks:
            items = [item for _, batch in tasks for item in batch]
            with suppress(KilledWorker):  # some task was: each by itself
                results = self._results(group.merged, items)
                self._under_way.difference_update(future for future, _ in tasks)
                return results
        return [result for task in tasks for result in self._results_of_task(*task)]

    def _results_of_task(self, future: Any, batch: list[Any]) -> list[Any]:
        try:
            return self._results(future, batch)
        except KilledWorker:
            # What waited at a worker is blamed for its end with what ended it: each item by itself.
            return [result for item in batch for result in self._alone(item)]

    def _results(self, future: Any, batch: list[Any]) -> list[Any]:
        done = self._waiting.wait(future)
        self._under_way.discard(future)
        if done.error:
            self._waiting.fail(done, batch)
        _MACHINES.setdefault(self._address, {}).update(done.machines)
        self._pace.learn(done.items, done.seconds)
        if len(done.results) > 1:  # they hold something of each row
            self._most_merged = 1
        self._fan_in = self._most_merged
        with self._pace.busy():
            return [pickle.loads(result) for result in done.results]  # noqa: S301 - by our workers

    def _alone(self, item: Any) -> list[Any]:
        """Return the result of an item that workers died of, or waited beside such a one."""
        future = self._begin([item])
        try:
            self._waiting.wait(future)
        except KilledWorker as error:
            self._waiting.died(item, error)
        return self._results(future, [item])
