"""Checks that a scheduler yields a result for each item, in the order of the items.

A result that is missing or comes twice would be a wrong number that nothing else could notice.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

from xentcli.errors import XentError
from xentcli.execution.scheduler import Join, Scheduler, unending


class NumberedResult(NamedTuple):
    """The result of the items from one number up to another, which is not included."""

    start: int
    stop: int
    value: Any


@dataclass(frozen=True)
class NumberedWork:
    """Works on an item that comes with its number."""

    work: Callable[[Any], Any]

    def __call__(self, numbered: tuple[Any, int]) -> NumberedResult:
        """Return the result with its number."""
        item, number = numbered
        return NumberedResult(number, number + 1, unending(self.work)(item))


@dataclass(frozen=True)
class NumberedJoin:
    """Joins results only if they are neighbours."""

    join: Join

    def __call__(self, one: NumberedResult, other: NumberedResult) -> NumberedResult | None:
        """Return the result of both; None if they are no neighbours or cannot be joined."""
        if one.stop != other.start:
            return None
        value = self.join(one.value, other.value)
        return None if value is None else NumberedResult(one.start, other.stop, value)


class InTurn:
    """Maps by another scheduler, and checks what it yields.

    Parameters
    ----------
    kind : callable
        Makes the other scheduler of its address and of what joins two results.
    address : str
        Its address.
    join : callable, optional
        Makes one result of those of neighbouring items, where it can.
    """

    def __init__(
        self,
        kind: Callable[[str, Join | None], Scheduler],
        address: str,
        join: Join | None,
    ) -> None:
        self._address = address
        self._scheduler = kind(address, None if join is None else NumberedJoin(join))

    def map(self, work: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> Iterator[Any]:
        """Yield ``work(item)`` in the order of `items`, or the joined results of several items.

        Raises
        ------
        XentError
            If a result is missing, comes twice or out of order, or is none of the work's.
        """
        numbers = count()
        numbered = zip(items, numbers, strict=False)  # asks for a number once there is an item
        done = 0
        for result in self._results(NumberedWork(work), numbered, jobs):
            if not isinstance(result, NumberedResult):
                raise self._error(f"{type(result).__name__} where a result of the work should be")
            if result.start != done:
                raise self._error(f"the result of item {result.start} as that of item {done}")
            yield result.value
            done = result.stop
        if next(numbered, None) is not None or next(numbers) > done:
            raise self._error(f"no result of item {done}")

    def _results(
        self, work: Callable[[Any], Any], items: Iterable[Any], jobs: int
    ) -> Iterator[Any]:
        """Yield what the other scheduler yields."""
        results: object = self._scheduler.map(work, items, jobs)
        if not isinstance(results, Iterable):
            raise self._error(f"{type(results).__name__}, and nothing to iterate over")
        try:
            yield from results
        except BrokenPipeError as error:  # which otherwise means that nobody reads the output
            raise XentError(
                f"--scheduler {self._address}: {type(self._scheduler).__name__}.map has lost a "
                "process or a connection: broken pipe"
            ) from error

    def _error(self, yields: str) -> XentError:
        return XentError(
            f"--scheduler {self._address}: {type(self._scheduler).__name__}.map yields {yields}",
            hint="a scheduler yields work(item) for each item, in their order: xent help design",
        )
