"""Maps work in this thread, one item after the other."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from xentcli.execution.scheduler import unending

Item = TypeVar("Item")
Result = TypeVar("Result")


class Serial:
    """Works on items as they come, without another thread or process, and holds no results."""

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], jobs: int
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`."""
        del jobs
        return map(unending(work), items)
