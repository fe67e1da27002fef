"""Mapping over blocks: the order, how much is held at a time, and how it ends."""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from xentcli.execution import available_jobs, ordered_map

SECONDS = 20  # until a test that waits for another thread gives up

several_jobs = pytest.mark.parametrize("jobs", [2, 3])


any_way = pytest.mark.parametrize(
    ("jobs", "shareable"),
    [(1, False), (2, False), (5, False), (2, True), (3, True)],
    ids=["alone", "2 threads", "5 threads", "2 processes", "3 processes"],
)
any_workers = pytest.mark.parametrize("shareable", [False, True], ids=["threads", "processes"])


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.fixture(autouse=True)
def _no_thread_and_no_process_is_left() -> Iterator[None]:
    before = set(threading.enumerate()), open_files()
    yield
    assert set(threading.enumerate()) <= before[0]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert open_files() <= before[1]


class Counted:
    """Numbers from 0, counted as they are asked for; may fail at one."""

    def __init__(self, count: int, fails_at: int = -1) -> None:
        self.count = count
        self.fails_at = fails_at
        self.asked = 0

    def __iter__(self) -> Iterator[int]:
        for i in range(self.count):
            if i == self.fails_at:
                raise OSError("the file is gone")
            self.asked += 1
            yield i


@any_way
@pytest.mark.parametrize("count", [0, 1, 3, 100])
def test_every_item_once_and_in_order(jobs: int, count: int, shareable: bool) -> None:
    assert list(ordered_map(lambda i: i * i, range(count), jobs, shareable=shareable)) == [
        i * i for i in range(count)
    ]


@several_jobs
def test_the_order_is_that_of_the_items_not_of_their_ends(jobs: int) -> None:
    """Each even item ends only after the odd one behind it."""
    ended = [threading.Event() for _ in range(20)]

    def work(i: int) -> int:
        if i % 2 == 0:
            assert ended[i + 1].wait(SECONDS)
        ended[i].set()
        return i

    assert list(ordered_map(work, range(20), jobs)) == list(range(20))


@several_jobs
def test_all_threads_work_at_once(jobs: int) -> None:
    together = threading.Barrier(jobs, timeout=SECONDS)
    threads = set()

    def work(_: int) -> int:
        threads.add(threading.get_ident())
        return together.wait()

    assert len(list(ordered_map(work, range(4 * jobs), jobs))) == 4 * jobs
    assert len(threads) == jobs


def test_one_job_needs_no_thread() -> None:
    threads = list(ordered_map(lambda _: threading.get_ident(), range(5), 1))
    assert set(threads) == {threading.get_ident()}


@any_way
def test_few_items_are_held_at_a_time(jobs: int, shareable: bool) -> None:
    items = Counted(60)
    for taken, _ in enumerate(ordered_map(lambda i: i, items, jobs, shareable=shareable)):
        assert items.asked - taken <= jobs + 2
    assert items.asked == 60


@any_way
def test_items_without_end(jobs: int, shareable: bool) -> None:
    """Of a stream that is still being written, say."""
    items = Counted(10**9)
    results = ordered_map(lambda i: i, items, jobs, shareable=shareable)
    assert [next(results) for _ in range(30)] == list(range(30))
    close = getattr(results, "close", None)
    if close:
        close()
    assert items.asked <= 30 + jobs + 2


@any_way
@pytest.mark.parametrize("at", [0, 2, 39])
def test_an_error_in_the_function_comes_out(jobs: int, at: int, shareable: bool) -> None:
    def work(i: int) -> int:
        if i == at:
            raise ValueError(f"item {i}")
        return i

    with pytest.raises(ValueError, match=f"^item {at}$"):
        list(ordered_map(work, range(40), jobs, shareable=shareable))


@any_way
@pytest.mark.parametrize("at", [0, 2, 39])
def test_an_error_in_the_items_comes_out(jobs: int, at: int, shareable: bool) -> None:
    with pytest.raises(OSError, match="the file is gone"):
        list(ordered_map(lambda i: i, Counted(40, fails_at=at), jobs, shareable=shareable))


@any_way
def test_results_before_an_error_are_still_given(jobs: int, shareable: bool) -> None:
    got: list[int] = []
    with pytest.raises(ZeroDivisionError):
        got.extend(ordered_map(lambda i: 12 // (6 - i), range(9), jobs, shareable=shareable))
    assert got == [2, 2, 3, 4, 6, 12]


@any_workers
@several_jobs
def test_closing_early_stops(jobs: int, shareable: bool) -> None:
    started: list[int] = []

    def work(i: int) -> int:
        started.append(i)
        return i

    items = Counted(1000)
    results: Any = ordered_map(work, items, jobs, shareable=shareable)
    next(results)
    results.close()
    assert items.asked <= jobs + 3
    assert len(started) <= items.asked


@any_workers
@several_jobs
def test_a_consumer_that_fails_leaves_nothing_running(jobs: int, shareable: bool) -> None:
    before = set(threading.enumerate())

    def consume() -> None:
        for result in ordered_map(lambda i: i, range(100), jobs, shareable=shareable):
            if result == 5:
                raise KeyError(result)

    with pytest.raises(KeyError):
        consume()
    assert set(threading.enumerate()) <= before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process may use every core")
def test_available_jobs_are_the_cores_that_the_process_may_use() -> None:
    cores = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        assert available_jobs() == 1
    finally:
        os.sched_setaffinity(0, cores)
    assert available_jobs() == len(cores)


def test_available_jobs_where_no_system_call_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_jobs() == 1


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
        ({3, 4}, kill_this_process),
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


@pytest.mark.parametrize("most", [0, 1, 2])
def test_where_the_system_allows_few_threads(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def start_a_few(thread: threading.Thread) -> None:
        if len(started) == most:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_a_few)
    items = Counted(40)
    for i, (result, thread) in enumerate(
        ordered_map(lambda i: (i * i, threading.current_thread()), items, 4)
    ):
        assert result == i * i
        assert thread in started or (most == 0 and thread is threading.main_thread())
        assert items.asked - i <= 4 + 2
    assert not any(thread.is_alive() for thread in started)


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
        {"ends_at": 1700},
        {"fails_at": 1700, "error": ZeroDivisionError},
        {"gone_at": 1700, "error": OSError},
        {"alone": range(0, 3000, 7)},
    )
    for case in cases:
        ends_at, fails_at = case.get("ends_at", -1), case.get("fails_at", -1)
        alone = case.get("alone", ())
        items = Counted(3000, fails_at=case.get("gone_at", -1))
        results: list[tuple[int, ...]] = []
        caught: type[BaseException] | None = None
        try:
            results.extend(ordered_map(work, items, 2, shareable=True, join=join))
        except (ZeroDivisionError, OSError) as error:
            caught = type(error)
        assert caught == case.get("error"), case
        got = [i for result in results for i in result]
        assert got == list(range(1700 if caught else 3000)), case
        assert not case.get("joined") or len(results) < 1000


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

    for ends_at, odd_at in ((-1, -1), (1700, -1), (-1, 1700), (2999, -1)):
        parents.clear()
        results = list(ordered_map(work, range(3000), 2, shareable=True, join=join))
        case = (ends_at, odd_at)
        assert [i for result in results for i in result.told] == [*range(3000)], case
        assert sorted(i for result in results for i in result.waits) == [*range(3000)], case
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
