"""Work over threads: NumPy's and pandas' inner loops let other threads run."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from xentcli.execution.interface import in_order

Item = TypeVar("Item")
Result = TypeVar("Result")


class Threads:
    """As many threads as there are jobs, for the time of one map."""

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], jobs: int
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`."""
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="xent")
        try:
            yield from in_order(lambda item: pool.submit(work, item).result, items, jobs + 2)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
