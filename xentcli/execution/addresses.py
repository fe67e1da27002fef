"""Schedulers that an address names: those of a dask cluster, and any that is registered."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from xentcli.errors import InputError, UsageError, XentError, missing_library
from xentcli.execution.in_turn import InTurn
from xentcli.execution.scheduler import Join, Scheduler
from xentcli.text import first_line

Class = TypeVar("Class", bound=type["AddressedScheduler"])
_FROM_OUTSIDE: dict[str, type["AddressedScheduler"]] = {}
_OF_DASK = ("local", "tcp", "tls", "ws", "wss")


class AddressedScheduler:
    """A scheduler that ``--scheduler NAME:...`` chooses; a subclass has `map`.

    Parameters
    ----------
    address : str
        What the user has given.
    join : callable, optional
        Makes one result of those of neighbouring items, where it can; it need not be used.
    """

    def __init__(self, address: str, join: Join | None = None) -> None:
        self._address = address
        self._join = join

    def map(self, work: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> Iterator[Any]:
        """Yield ``work(item)`` in the order of `items`, which are data that can be pickled."""
        raise NotImplementedError(f"{type(self).__name__} has no map(work, items, jobs)")

    @classmethod
    def check(cls, address: str) -> None:
        """Raise UsageError if no scheduler can have this address."""

    @classmethod
    def notes_of(cls, address: str) -> Iterable[str]:
        """Return notes on how the results of the last maps may differ from this process's."""
        del address
        return ()


def register(name: str) -> Callable[[Class], Class]:
    """Register the decorated class, from outside this package, as the scheduler at ``name:...``.

    Examples
    --------
    >>> @register("here")
    ... class Here(AddressedScheduler):
    ...     def map(self, work, items, jobs):
    ...         return map(work, items)
    >>> list(scheduler_at("here://").map(abs, [-1, 2], jobs=1))
    [1, 2]
    >>> forget("here")

    Raises
    ------
    ValueError
        If no address begins with the name, it is one of dask's, or the class is no scheduler.
    """
    if not (isinstance(name, str) and re.fullmatch(r"[A-Za-z][\w.+-]*", name)):
        raise ValueError(
            f"a scheduler has the name that its addresses have before ':', not {name!r}"
        )
    if name in _OF_DASK:
        raise ValueError(f"{name}: is an address of dask's: give your scheduler another name")

    def registered(kind: Class) -> Class:
        if not (isinstance(kind, type) and issubclass(kind, AddressedScheduler)):
            raise ValueError(f"the scheduler {name!r}: {kind!r} is no class of AddressedScheduler")
        if kind.map is AddressedScheduler.map:
            raise ValueError(f"the scheduler {name!r} has no map(self, work, items, jobs)")
        _FROM_OUTSIDE[name] = kind
        return kind

    return registered


def forget(name: str) -> None:
    """Remove a scheduler that was registered."""
    del _FROM_OUTSIDE[name]


def checked_address(text: str) -> str:
    """Return the address of a scheduler.

    Raises
    ------
    UsageError
        If the text is not an address.
    """
    kind = _FROM_OUTSIDE.get(text.partition(":")[0])
    if kind is not None:
        kind.check(text)
        return text
    if re.fullmatch(r"local:[1-9][0-9]{0,3}|(tcp|tls|wss?)://[^\s/]+:[0-9]{1,5}/?", text):
        return text
    known = ", ".join(["tcp://HOST:PORT", *(f"{name}:..." for name in _FROM_OUTSIDE)])
    raise UsageError(f"--scheduler: {text!r} is no address, {known} or local:N")


def scheduler_at(address: str, join: Join | None = None) -> Scheduler:
    """Return the scheduler at an address, which may join the results of neighbouring items."""
    kind = _kind_of(address)
    return InTurn(kind, address, join) if kind in _FROM_OUTSIDE.values() else kind(address, join)


def notes_of(address: str) -> list[str]:
    """Return notes on workers whose results may differ from this process's in the last bits."""
    notes: object = _kind_of(address).notes_of(address)
    if isinstance(notes, str) or not isinstance(notes, Iterable):
        raise XentError(
            f"--scheduler {address}: notes_of gives {type(notes).__name__}, and no list of notes",
            hint="what a scheduler must have: xent help design",
        )
    return [*notes]


def _kind_of(address: str) -> type[AddressedScheduler]:
    kind = _FROM_OUTSIDE.get(address.partition(":")[0])
    if kind is not None:
        return kind
    try:
        from xentcli.execution.dask import Dask
    except ImportError as error:
        raise missing_library(f"--scheduler {address}", "distributed", "cluster") from error
    except ValueError as error:  # dask reads its configuration at once
        raise InputError(f"--scheduler {address}: {first_line(error)}") from error
    return Dask
