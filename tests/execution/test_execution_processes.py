"""Mapping in processes: those that end, what they cannot send, and what they join."""

import os
import select
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from ordered_map_tools import SECONDS, Counted, nothing_is_left, several_jobs

from xentcli.execution import ordered_map

__all__ = ["nothing_is_left"]


def one_by_one(function: Callable[[int], Any], count: int, jobs: int = 2) -> list[Any]:
    return list(ordered_map(function, range(count), jobs, shareable=True))


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@several_jobs
def test_processes_work_at_once(jobs: int) -> None:
    """Each waits until all have begun."""
    begun, begin = os.pipe()
    here = os.getpid()
    there, go = os.pipe()

    def work(i: int) -> int:
        if i < jobs:
            os.write(begin, b".")
            os.read(there, 1)
        return os.getpid()

    def release() -> None:
        for _ in range(jobs):
            os.read(begun, 1)
        os.write(go, b"." * jobs)

    releasing = threading.Thread(target=release)
    releasing.start()
    pids = one_by_one(work, 4 * jobs, jobs)
    releasing.join(SECONDS)
    for descriptor in (begun, begin, there, go):
        os.close(descriptor)
    assert len(set(pids[:jobs])) == jobs
    assert here not in pids


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ({0}, kill_this_process),
        ({3, 4}, lambda: os._exit(3)),
        ({0, 1, 2, 3, 4, 5}, kill_this_process),
        ({19}, lambda: os._exit(3)),
    ],
)
def test_what_a_process_that_ends_leaves_undone_is_done_here(
    at: set[int], end: Callable[[], None]
) -> None:
    here = os.getpid()

    def work(i: int) -> int:
        if i in at and os.getpid() != here:
            end()
        return -i

    assert one_by_one(work, 20) == [-i for i in range(20)]


def test_what_a_process_cannot_send_is_done_here() -> None:
    functions = one_by_one(lambda i: lambda: i, 6)
    assert [function() for function in functions] == list(range(6))


def test_where_no_process_can_be_made_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError("too many processes")

    monkeypatch.setattr(os, "fork", fork)
    assert one_by_one(lambda _: os.getpid(), 9) == [os.getpid()] * 9


def test_processes_join_neighbours_and_lose_none() -> None:
    """Whatever fails on the way, of the items or of their work."""
    here = os.getpid()

    def work(i: int) -> tuple[int, ...]:
        if i == ends_at and os.getpid() != here:
            os._exit(3)
        return (i + 0 // (i - fails_at),)

    def join(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...] | None:
        return one + other if one[0] not in alone else None

    cases: tuple[dict[str, Any], ...] = (
        {"joined": True},
        {"ends_at": 700, "alone": range(0, 1200, 7)},
        {"fails_at": 700, "error": ZeroDivisionError},
        {"gone_at": 700, "error": OSError},
    )
    for case in cases:
        ends_at, fails_at = case.get("ends_at", -1), case.get("fails_at", -1)
        alone = case.get("alone", ())
        items = Counted(1200, fails_at=case.get("gone_at", -1))
        results: list[tuple[int, ...]] = []
        caught: type[BaseException] | None = None
        try:
            results.extend(ordered_map(work, items, 2, shareable=True, join=join))
        except (ZeroDivisionError, OSError) as error:
            caught = type(error)
        assert caught == case.get("error"), case
        got = [i for result in results for i in result]
        assert got == list(range(700 if caught else 1200)), case
        assert not case.get("joined") or len(results) < 400


class Kept(NamedTuple):
    """Numbers that are told, and numbers that may wait."""

    told: tuple[int, ...] = ()
    waits: tuple[int, ...] = ()

    def parted(self) -> "tuple[Kept, Kept | None]":
        return Kept(self.told), Kept(waits=self.waits) if self.waits else None


def test_what_may_wait_in_a_process_comes_once() -> None:
    """Also what a process held that ended, and what it could not send."""
    here, parents = os.getpid(), []

    def work(i: int) -> Kept:
        if os.getpid() == here:
            parents.append(i)
        elif i == ends_at:
            os._exit(3)
        elif i == odd_at:
            return Kept((i, lambda: i), (i,))  # type: ignore[arg-type]
        return Kept((i,), (i,))

    def join(one: Kept, other: Kept) -> Kept:
        return Kept(one.told + other.told, one.waits + other.waits)

    for ends_at, odd_at in ((-1, -1), (700, -1), (-1, 700), (1199, -1)):
        parents.clear()
        results = list(ordered_map(work, range(1200), 2, shareable=True, join=join))
        case = (ends_at, odd_at)
        assert [i for result in results for i in result.told] == [*range(1200)], case
        assert sorted(i for result in results for i in result.waits) == [*range(1200)], case
        assert bool(parents) == (case != (-1, -1)), case
        assert parents or sum(bool(result.waits) for result in results) < len(results) / 2, case


def test_results_larger_than_a_pipe() -> None:
    assert one_by_one(lambda i: bytes([i]) * 10**6, 12) == [bytes([i]) * 10**6 for i in range(12)]


def test_processes_end_with_the_one_that_asks() -> None:
    """Even when that is killed while they work: they notice when they want to answer."""
    alive, living = os.pipe()
    parent = os.fork()
    if parent == 0:
        try:
            for _ in ordered_map(lambda _: time.sleep(0.05), range(1000), 3, shareable=True):
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    os.close(living)
    os.waitpid(parent, 0)
    ended, _, _ = select.select([alive], [], [], SECONDS)
    assert ended  # no process has the other end open any more
    os.close(alive)


def test_no_more_processes_than_items(monkeypatch: pytest.MonkeyPatch) -> None:
    forked: list[int] = []
    fork = os.fork

    def counted() -> int:
        forked.append(0)
        return fork()

    monkeypatch.setattr(os, "fork", counted)
    assert one_by_one(lambda i: i, 3, jobs=50) == [0, 1, 2]
    assert len(forked) == 3
