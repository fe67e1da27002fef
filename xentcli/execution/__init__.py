"""Maps work over items: in this thread, in several, or in processes, chosen by name."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import chain, islice
from typing import TypeVar

from xentcli.errors import UsageError, missing_library
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


def checked_address(text: str) -> str:
    """Return the address of a cluster's scheduler.

    Raises
    ------
    UsageError
        If the text is not an address.
    """
    if re.fullmatch(r"local:[1-9][0-9]{0,3}|(tcp|tls|wss?)://[^\s/]+:[0-9]{1,5}/?", text):
        return text
    raise UsageError(f"--scheduler: {text!r} is no address, tcp://HOST:PORT or local:N")


def on_cluster(address: str, join: Join | None = None) -> Scheduler:
    """Return the scheduler of a cluster, which may join the results of neighbouring items."""
    try:
        from xentcli.execution.dask import Dask
    except ImportError as error:
        raise missing_library(f"--scheduler {address}", "distributed", "cluster") from error
    return Dask(address, join)


def notes_of(cluster: str | None) -> list[str]:
    """Return notes on workers whose results may differ from this process's in the last bits."""
    if cluster is None:
        return []
    from xentcli.execution import dask

    return dask.notes_of(cluster)


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
    the address of a `cluster`, its workers do the work. If `join` is given, processes and workers
    join the results of neighbours, and small items that are sent in one request count as one.
    """
    if cluster is not None:
        return on_cluster(cluster, join).map(work, items, jobs)
    todo = iter(items)
    first = list(islice(todo, 2))
    name = "serial" if len(first) < 2 else choose(jobs, shareable=shareable)  # not worth it for one
    return scheduler(name, join).map(work, chain(first, todo), jobs)
