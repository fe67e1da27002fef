"""The tasks that workers of a dask cluster run, and their outcome."""

import pickle
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, NamedTuple

from distributed import get_worker

from xentcli import __version__
from xentcli.execution.batches import JoinedResults, as_one, parted
from xentcli.execution.machine import machine
from xentcli.execution.scheduler import Join
from xentcli.text import first_line


class Done(NamedTuple):
    """The outcome of a task: what a worker made of its items."""

    results: list[bytes]
    """Each result is pickled by itself, since the next item may use its memory again."""
    items: int
    seconds: float
    worker: str
    machines: dict[str, str]
    """The NumPy and processor of the workers, by address."""
    error: str = ""
    """Why the item after these `items` failed."""
    hint: str | None = None
    """What to do about it, if the error says so."""
    refused: bool = False
    """Whether the worker is of another version."""
    rests: tuple[bytes, ...] = ()
    """The parts of the results that are not sent at once, pickled."""
    holds: bool = False
    """Whether a worker holds such rests."""


def do(version: str, held: bytes, content: bytes) -> Done:
    """Work on the items of a task, up to one that fails."""
    begin = time.perf_counter()
    if version != __version__:
        return _refused(version)
    address, failed = get_worker().address, ("", None)
    results = Results()
    try:
        work, results.join = _loaded(held)
        items = pickle.loads(content)  # noqa: S301 - by our own client
        coming = getattr(getattr(work, "__self__", None), "coming", None)
        with coming(items) if coming else nullcontext():
            for item in items:
                results.add(work(item))
    except Exception as failure:  # noqa: BLE001 - told to the client
        failed = first_line(failure), getattr(failure, "hint", None)
    seconds = time.perf_counter() - begin
    machines = {address: machine()}
    return Done(results.pickled(), results.items, seconds, address, machines, *failed)


def merge(version: str, join: bytes, *parts: Done) -> Done:
    """Merge the outcomes of consecutive tasks into one, up to one that failed."""
    if version != __version__:
        return _refused(version)
    ends = (i for i, part in enumerate(parts, 1) if part.error)
    done = parts[: next(ends, len(parts))]
    merged: Join = pickle.loads(join)  # noqa: S301 - by our own client
    results = as_one(unpickled(each for part in done for each in part.results), merged)
    told, rests = zip(*map(parted, results), strict=True) if results else ((), ())
    more = unpickled(rest for part in done for rest in part.rests)
    more += [rest for rest in rests if rest is not None]
    machines: dict[str, str] = {}
    for part in done:
        machines |= part.machines
    return done[-1]._replace(
        results=_pickled(told),
        items=sum(part.items for part in done),
        seconds=sum(part.seconds for part in done),
        machines=machines,
        rests=tuple(_pickled(as_one(more, merged))),
    )


def tell(version: str, done: Done) -> Done:
    """Return an outcome without its rests, which the worker keeps."""
    if version != __version__:
        return _refused(version)
    return done._replace(rests=(), holds=bool(done.rests))


def merge_rests(version: str, join: bytes, *parts: Done) -> Done:
    """Merge the rests of several outcomes into one."""
    return merge(version, join, *(part._replace(results=[]) for part in parts))


def _refused(version: str) -> Done:
    what = f"xent {__version__} is there, and xent {version} here"
    return Done([], 0, 0.0, get_worker().address, {}, what, refused=True)


@lru_cache(4)
def _loaded(held: bytes) -> tuple[Callable[[Any], Any], Join | None]:
    """Return the work and the join; each worker unpickles them and opens the inputs once."""
    loaded: tuple[Callable[[Any], Any], Join | None] = pickle.loads(held)  # noqa: S301 - as above
    return loaded


class Results:
    """The results of a task, whose neighbours are joined as a tree."""

    def __init__(self, join: Join | None = None) -> None:
        self.items = 0
        self.join = join
        self._joined = JoinedResults()

    def add(self, result: Any) -> None:
        """Take the result of the next item."""
        self.items += 1
        if self.join is None:  # the next item may use its memory again
            result = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
        self._joined.add(result, self.join)

    def pickled(self) -> list[bytes]:
        """Return what is sent back."""
        results = self._joined.results
        return results if self.join is None else _pickled(results)


def unpickled(contents: Iterable[bytes]) -> list[Any]:
    """Return the values that the client or a worker pickled."""
    return [pickle.loads(content) for content in contents]  # noqa: S301 - by ours


def _pickled(results: Iterable[Any]) -> list[bytes]:
    return [pickle.dumps(result, pickle.HIGHEST_PROTOCOL) for result in results]
