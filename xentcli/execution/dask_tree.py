"""What tasks of a cluster came to, held by its workers, who make one of it as a tree."""

from collections.abc import Callable
from typing import Any

from xentcli.execution.dask_task import Done, unpickled

MOST_MERGED = 16
"""By one task of the cluster."""


class Tree:
    """Holds what is not told at once, of at most so many tasks.

    More would be too much to do again where a worker that holds it ends, and for the scheduler to
    know of.
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
        """Hold what some tasks came to; return what is to be held no longer."""
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
        """Return all that is held, as one if it can be."""
        held = [future for level in reversed(self._levels) for future in level]
        self._levels, self._tasks = [[]], 0
        while len(held) > 1:
            groups = [held[i : i + MOST_MERGED] for i in range(0, len(held), MOST_MERGED)]
            held = [self._merge(group) if len(group) > 1 else group[0] for group in groups]
        return unpickled(rest for future in held for rest in self._wait(future).rests)
