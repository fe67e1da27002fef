"""Whatever call of the system fails: the old bytes or the new, never a part, nothing left over."""

import errno
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from in_one_test import in_one_test

from xentcli.errors import OutputError
from xentcli.storage.open import open_output

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = b"old" * 1000
NEW = b"new" * 5000
CALLS = ["open", "write", "pwrite", "fsync", "close", "replace", "rename", "link", "unlink"]


class Failing:
    """Stands for a function of the system whose n-th call fails, or all from there on."""

    def __init__(self, name: str, n: int, number: int, *, lasting: bool) -> None:
        self.function: Callable[..., Any] = getattr(os, name)
        self.name, self.n, self.number, self.lasting = name, n, number, lasting
        self.calls = 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls += 1
        if self.calls != self.n and not (self.lasting and self.calls > self.n):
            return self.function(*arguments, **options)
        if self.name == "close":
            self.function(*arguments)
        raise OSError(self.number, os.strerror(self.number))


class Recording(Failing):
    """Never fails, and writes down that it was called."""

    def __init__(self, name: str, log: list[str]) -> None:
        super().__init__(name, 0, 0, lasting=False)
        self.log = log

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.log.append(self.name)
        return super().__call__(*arguments, **options)


def save(path: Path, *, force: bool) -> None:
    with open_output(str(path), force=force) as output:
        output.write(b"?" * 20)
        for start in range(20, len(NEW), 5000):
            output.write(NEW[start : start + 5000])
        output.write_at(0, NEW[:10])
        output.write_at(10, NEW[10:20])


def save_while(fault: Failing, path: Path, *, force: bool) -> str | None:
    """Return what is said when a function of the system fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, fault.name, fault)
        try:
            save(path, force=force)
        except OutputError as error:
            return error.message
    return None


@in_one_test
@pytest.mark.parametrize(
    ("number", "old"), [(errno.ENOSPC, OLD), (errno.EIO, None), (errno.EDQUOT, None)]
)
@pytest.mark.parametrize(
    ("call", "lasting"),
    [*((call, False) for call in CALLS), *((call, True) for call in CALLS if call != "unlink")],
)
def test_the_nth_call_fails(
    tmp_path: Path, call: str, old: bytes | None, number: int, *, lasting: bool
) -> None:
    path = tmp_path / "a"
    for n in count(1):
        path.unlink(missing_ok=True)
        if old:
            path.write_bytes(old)
        fault = Failing(call, n, number, lasting=lasting)
        message = save_while(fault, path, force=old is not None)
        content = path.read_bytes() if path.exists() else None
        assert content in ((old, NEW) if message else (NEW,))
        assert message is None or message.startswith(f"{path}: cannot be written: ")
        assert [other.name for other in tmp_path.iterdir()] == ([] if content is None else ["a"])
        if fault.calls < n:
            return


@pytest.mark.parametrize("force", [True, False])
def test_all_is_on_disk_before_it_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, force: bool
) -> None:
    calls: list[str] = []
    for name in ("write", "fsync", "link", "replace"):
        monkeypatch.setattr(os, name, Recording(name, calls))
    save(tmp_path / "a", force=force)
    moved = calls.index("replace" if force else "link")
    assert "write" not in calls[moved:]
    assert calls[moved - 1] == "fsync"


@pytest.mark.parametrize("call", ["write", "pwrite"])
def test_calls_that_write_only_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    function = getattr(os, call)
    monkeypatch.setattr(os, call, lambda fd, data, *offset: function(fd, bytes(data)[:7], *offset))
    save(tmp_path / "a", force=False)
    assert (tmp_path / "a").read_bytes() == NEW


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def save_late(path: Path) -> None:
        with open_output(str(path), force=False) as output:
            output.write(NEW)
            path.write_bytes(OLD)

    monkeypatch.setattr(os, "link", refuse)
    save(tmp_path / "a", force=False)
    assert (tmp_path / "a").read_bytes() == NEW
    with pytest.raises(OutputError, match="it exists already"):
        save_late(tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == OLD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
