"""Maps work over items: in this thread, in several, or in processes, chosen by name."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import chain, islice
from typing import TypeVar

from xentcli.execution.scheduler import Join, Scheduler

Item = TypeVar("Item")
Result = TypeVar("Result")

SCHEDULERS = {"serial": "Serial", "threads": "Threads", "processes": "Processes"}
"""The class of each scheduler; its module in this folder has the scheduler's name."""


def available_jobs() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scheduler(name: str, join: Join | None = None) -> Scheduler:
    """Return the scheduler of this name; processes may join the results of neighbouring items."""
    made = getattr(import_module(f"xentcli.execution.{name}"), SCHEDULERS[name])
    chosen: Scheduler = made(join) if name == "processes" else made()
    return chosen


def choose(jobs: int, *, shareable: bool) -> str:
    """Return the name of the scheduler that fits: processes only if they can read the items."""
    if jobs == 1:
        return "serial"
    return "processes" if shareable and sys.platform == "linux" else "threads"


def ordered_map(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    jobs: int,
    *,
    shareable: bool = False,
    cluster: str | None = None,
    join: Join | None = None,
) -> Iterator[Result]:
    """Yield ``work(item)`` in the order of `items`, computed by `jobs` threads or processes.

    At most `jobs` + 2 items are held at a time. With `shareable`, processes may take the place of
    threads: items are then sent to them, and results sent back, so that both must be small. With
    the address of a `cluster`, the scheduler there has its workers do the work. If `join` is given,
    processes and workers join the results of neighbours, and small items that are sent in one
    request count as one.
    """
    if cluster is not None:
        from xentcli.execution.addresses import scheduler_at

        chosen = scheduler_at(cluster, join)
    else:
        todo = iter(items)
        first = list(islice(todo, 2))
        items = chain(first, todo)
        one = len(first) < 2  # more than one thread or process is not worth it
        chosen = scheduler("serial" if one else choose(jobs, shareable=shareable), join)
    return chosen.map(work, items, jobs)
