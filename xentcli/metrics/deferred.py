"""Computes the results of groups when they are looked at, as most of very many never are."""

from collections.abc import Callable, Iterator, Sequence
from operator import eq
from typing import TypeVar, overload

import numpy as np

from xentcli.core.dtypes import Places

Item = TypeVar("Item")
Paired = TypeVar("Paired")
Made = TypeVar("Made")
_AT_ONCE = 1000  # computed together; all at once would take more memory than their sums


class Deferred(Sequence[Item]):
    """A result for each group in order; each is computed anew whenever it is asked for.

    Parameters
    ----------
    order : sequence of int
        The places of the groups in their state, in the order in which they are shown.
    make : callable
        Returns the results at some places, an array of int64 of shape (n,).
    """

    def __init__(self, order: Sequence[int], make: Callable[[Places], list[Item]]) -> None:
        self._order = np.array(order, np.int64)
        self._make = make

    def joined(
        self, other: "Deferred[Paired]", join: Callable[[Item, Paired], Made]
    ) -> "Deferred[Made]":
        """Return what `join` makes of both results of each group; both are of the same groups."""
        if len(self) != len(other):
            raise ValueError(f"results of {len(self)} groups, and of {len(other)}")

        def make(places: Places) -> list[Made]:
            return [*map(join, self._make(places), other._make(places))]

        return Deferred(self._order.tolist(), make)

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        found = self._make(np.atleast_1d(self._order[index]))
        return found if isinstance(index, slice) else found[0]

    def __iter__(self) -> Iterator[Item]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} groups>"
