"""Merges the outcomes of tasks that workers of a cluster hold, as a tree."""

from collections.abc import Callable
from typing import Any

from xentcli.execution.dask_task import Done, unpickled

MOST_MERGED = 16
"""How many outcomes one task of the cluster merges."""


class Tree:
    """Knows the rests of at most `most` tasks, which workers hold.

    With more, too much would be done again if a worker dies, and the scheduler would have too much
    to track.
    """

    def __init__(
        self, merge: Callable[[list[Any]], Any], wait: Callable[[Any], Done], most: int
    ) -> None:
        self._merge = merge
        self._wait = wait
        self._most = most
        self._tasks = 0
        self._levels: list[list[Any]] = [[]]

    def add(self, future: Any, tasks: int) -> list[Any]:
        """Add the outcome of some tasks; return all rests if it is time to fetch them."""
        self._tasks += tasks
        self._levels[0].append(future)
        for level, held in enumerate(self._levels):
            if len(held) < MOST_MERGED:
                break
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(self._merge(held))
            self._levels[level] = []
        return self.taken() if self._tasks >= self._most else []

    def taken(self) -> list[Any]:
        """Return all rests that workers hold, as one if they can be joined."""
        held = [future for level in reversed(self._levels) for future in level]
        self._levels, self._tasks = [[]], 0
        while len(held) > 1:
            groups = [held[i : i + MOST_MERGED] for i in range(0, len(held), MOST_MERGED)]
            held = [self._merge(group) if len(group) > 1 else group[0] for group in groups]
        return unpickled(rest for future in held for rest in self._wait(future).rests)
