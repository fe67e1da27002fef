"""Items that are counted, and what no map may leave behind."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

SECONDS = 20  # until a test that waits for another thread gives up

several_jobs = pytest.mark.parametrize("jobs", [2, 3])


any_way = pytest.mark.parametrize(
    ("jobs", "shareable"),
    [(1, False), (2, False), (5, False), (2, True)],
    ids=["alone", "2 threads", "5 threads", "2 processes"],
)
some_workers = pytest.mark.parametrize(
    ("jobs", "shareable"), [(2, False), (3, True)], ids=["2 threads", "3 processes"]
)


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
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
