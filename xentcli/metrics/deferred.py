"""Computes the measures of groups when they are looked at, as most of very many never are."""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

import numpy as np

from xentcli.core.dtypes import Places
from xentcli.results.groups import Group

_AT_ONCE = 1000  # computed together; all at once would take more memory than their sums


class DeferredGroups(Sequence[Group]):
    """Groups in order; each is computed anew whenever it is asked for.

    Parameters
    ----------
    order : sequence of int
        The places of the groups in their state, in the order in which they are shown.
    make : callable
        Returns the groups at some places, an array of int64 of shape (n,).
    """

    def __init__(self, order: Sequence[int], make: Callable[[Places], list[Group]]) -> None:
        self._order = np.array(order, np.int64)
        self._make = make

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> Group: ...
    @overload
    def __getitem__(self, index: slice) -> list[Group]: ...
    def __getitem__(self, index: int | slice) -> Group | list[Group]:
        found = self._make(np.atleast_1d(self._order[index]))
        return found if isinstance(index, slice) else found[0]

    def __iter__(self) -> Iterator[Group]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(Group.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} groups>"
