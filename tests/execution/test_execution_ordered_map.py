"""Mapping over blocks: the order, how much is held at a time, and how it ends."""

import os
import threading
from typing import Any

import pytest
from in_one_test import in_one_test
from ordered_map_tools import SECONDS, Counted, any_way, nothing_is_left, several_jobs, some_workers

from xentcli.execution import available_jobs, ordered_map

__all__ = ["nothing_is_left"]


@in_one_test
@any_way
@pytest.mark.parametrize("count", [0, 1, 3, 100])
def test_every_item_once_and_in_order(jobs: int, count: int, shareable: bool) -> None:
    assert list(ordered_map(lambda i: i * i, range(count), jobs, shareable=shareable)) == [
        i * i for i in range(count)
    ]


@in_one_test
@any_way
def test_work_that_raises_stop_iteration_ends_no_map(jobs: int, shareable: bool) -> None:
    """It is a mistake in the work: the items behind it would be missing without a word."""

    def work(i: int) -> int:
        return i if i != 3 else next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(ordered_map(work, range(9), jobs, shareable=shareable))


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


@in_one_test
@any_way
def test_few_items_are_held_at_a_time(jobs: int, shareable: bool) -> None:
    items = Counted(60)
    for taken, _ in enumerate(ordered_map(lambda i: i, items, jobs, shareable=shareable)):
        assert items.asked - taken <= jobs + 2
    assert items.asked == 60


@in_one_test
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


@in_one_test
@any_way
@pytest.mark.parametrize("at", [0, 39])
def test_an_error_in_the_function_comes_out(jobs: int, at: int, shareable: bool) -> None:
    def work(i: int) -> int:
        if i == at:
            raise ValueError(f"item {i}")
        return i

    with pytest.raises(ValueError, match=f"^item {at}$"):
        list(ordered_map(work, range(40), jobs, shareable=shareable))


@in_one_test
@any_way
@pytest.mark.parametrize("at", [0, 39])
def test_an_error_in_the_items_comes_out(jobs: int, at: int, shareable: bool) -> None:
    with pytest.raises(OSError, match="the file is gone"):
        list(ordered_map(lambda i: i, Counted(40, fails_at=at), jobs, shareable=shareable))


@in_one_test
@any_way
def test_results_before_an_error_are_still_given(jobs: int, shareable: bool) -> None:
    got: list[int] = []
    with pytest.raises(ZeroDivisionError):
        got.extend(ordered_map(lambda i: 12 // (6 - i), range(9), jobs, shareable=shareable))
    assert got == [2, 2, 3, 4, 6, 12]


@some_workers
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


@some_workers
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
