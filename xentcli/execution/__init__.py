"""How a function is mapped over items: in this thread, in several, or in processes."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_jobs() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    jobs: int,
    *,
    forks: bool = False,
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of `items`, computed by `jobs` threads.

    At most `jobs` + 2 items are held at a time. With `forks`, processes may do what threads do:
    each walks `items` on its own, so that doing so must be cheap, and results must be small.
    """
    todo = iter(items)
    first = list(islice(todo, 2))
    if len(first) < 2:  # one block is not worth a thread
        return map(function, first)
    if jobs == 1:
        return map(function, chain(first, todo))
    if forks and sys.platform == "linux":
        from xentcli.execution.processes import ordered_process_map

        return ordered_process_map(function, chain(first, todo), jobs)
    from xentcli.execution.threads import ordered_thread_map

    return ordered_thread_map(function, chain(first, todo), jobs)
