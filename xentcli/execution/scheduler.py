"""The interface of schedulers, which map work over items and keep their order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Join = Callable[[Any, Any], Any]
"""Joins two neighbouring results into one; returns None if they cannot be joined."""


class Scheduler(Protocol):
    """Maps work over items: in this thread, in several, in processes, or on a cluster."""

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], jobs: int
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`; at most `jobs` + 2 items are held."""


def unending(work: Callable[[Item], Result]) -> Callable[[Item], Result]:
    """Return the same work, whose StopIteration would end a `map` as if there were no more items.

    It is a mistake in what was added to xent, such as `next` of nothing.
    """

    def call(item: Item) -> Result:
        try:
            return work(item)
        except StopIteration as error:
            raise RuntimeError("the work raised StopIteration") from error

    return call


def in_order(
    submit: Callable[[Any], Callable[[], Result]], items: Iterable[Any], most: int
) -> Iterator[Result]:
    """Yield results in the order of `items`, of which at most `most` are under way at a time.

    `submit` begins the work on an item and returns a function that waits for its result. If
    `items` itself raises an error, the results of the items before come first.
    """
    todo = iter(items)
    waiting: deque[Callable[[], Result]] = deque()
    failed: BaseException | None = None
    more = True
    while True:
        while more and len(waiting) < most:
            try:
                item = next(todo)
            except StopIteration:
                more = False
            except Exception as error:  # noqa: BLE001 - raised below
                more, failed = False, error
            else:
                waiting.append(submit(item))
        if waiting:
            yield waiting.popleft()()
        elif failed:
            raise failed
        else:
            return
