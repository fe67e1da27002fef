"""Blocks over threads: NumPy's and pandas' inner loops let other threads run."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_thread_map(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of `items`; see `ordered_map`."""
    todo = iter(items)
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="xent")
    running: deque[Future[Result]] = deque()
    try:
        while True:
            for item in islice(todo, jobs + 2 - len(running)):
                running.append(pool.submit(function, item))
            if not running:
                return
            yield running.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
