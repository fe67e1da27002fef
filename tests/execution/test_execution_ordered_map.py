"""Mapping over blocks: the order, how much is held at a time, and how it ends."""

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from xentcli.execution import available_jobs, ordered_map

SECONDS = 20  # until a test that waits for another thread gives up

any_jobs = pytest.mark.parametrize("jobs", [1, 2, 5])
several_jobs = pytest.mark.parametrize("jobs", [2, 5])


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


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


@any_jobs
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 100])
def test_every_item_once_and_in_order(jobs: int, count: int) -> None:
    assert list(ordered_map(lambda i: i * i, range(count), jobs)) == [i * i for i in range(count)]


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


@any_jobs
def test_few_items_are_held_at_a_time(jobs: int) -> None:
    items = Counted(60)
    for taken, _ in enumerate(ordered_map(lambda i: i, items, jobs)):
        assert items.asked - taken <= jobs + 2
    assert items.asked == 60


@any_jobs
def test_items_without_end(jobs: int) -> None:
    """Of a stream that is still being written, say."""
    items = Counted(10**9)
    results = ordered_map(lambda i: i, items, jobs)
    assert [next(results) for _ in range(30)] == list(range(30))
    close = getattr(results, "close", None)
    if close:
        close()
    assert items.asked <= 30 + jobs + 2


@any_jobs
@pytest.mark.parametrize("at", [0, 1, 2, 17, 39])
def test_an_error_in_the_function_comes_out(jobs: int, at: int) -> None:
    def work(i: int) -> int:
        if i == at:
            raise ValueError(f"item {i}")
        return i

    with pytest.raises(ValueError, match=f"^item {at}$"):
        list(ordered_map(work, range(40), jobs))


@any_jobs
@pytest.mark.parametrize("at", [0, 1, 2, 17, 39])
def test_an_error_in_the_items_comes_out(jobs: int, at: int) -> None:
    with pytest.raises(OSError, match="the file is gone"):
        list(ordered_map(lambda i: i, Counted(40, fails_at=at), jobs))


@any_jobs
def test_results_before_an_error_are_still_given(jobs: int) -> None:
    got: list[int] = []
    with pytest.raises(ZeroDivisionError):
        got.extend(ordered_map(lambda i: 12 // (6 - i), range(9), jobs))
    assert got == [2, 2, 3, 4, 6, 12]


@several_jobs
def test_closing_early_stops(jobs: int) -> None:
    started: list[int] = []

    def work(i: int) -> int:
        started.append(i)
        return i

    items = Counted(1000)
    results: Any = ordered_map(work, items, jobs)
    next(results)
    results.close()
    assert items.asked <= jobs + 3
    assert len(started) <= items.asked


@several_jobs
def test_a_consumer_that_fails_leaves_nothing_running(jobs: int) -> None:
    def consume() -> None:
        for result in ordered_map(lambda i: i, range(100), jobs):
            if result == 5:
                raise KeyError(result)

    with pytest.raises(KeyError):
        consume()
    gc.collect()


def test_available_jobs() -> None:
    assert available_jobs() >= 1
