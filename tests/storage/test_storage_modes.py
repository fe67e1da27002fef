"""Modes, owners and groups of files that are written."""

import errno
import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from in_one_test import in_one_test
from local_tools import NEW, OLD, save


@in_one_test
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444, 0o664, 0o666, 0o755])
def test_the_mode_of_an_overwritten_file_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    path.chmod(mode)
    mask = os.umask(0o022)
    try:
        save(path, force=True)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@in_one_test
@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6777, 0o1644, 0o4000])
def test_nothing_runs_as_another_user_any_more(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    path.chmod(mode)
    save(path, force=True)
    assert stat.S_IMODE(path.stat().st_mode) == mode & ~0o6000


class Created(NamedTuple):
    """What the system was asked for of the file beside the output."""

    mode: int
    owners: list[tuple[int, int]]


def save_and_watch(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: int | None = None
) -> Created:
    created = Created(0, [])
    status, change, opened = os.fstat, os.fchown, os.open

    def watched_open(name: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
        nonlocal created
        descriptor = opened(name, flags, mode, **options)
        if flags & os.O_CREAT:
            created = created._replace(mode=stat.S_IMODE(status(descriptor).st_mode))
        return descriptor

    def watched_change(descriptor: int, owner: int, group: int) -> None:
        created.owners.append((owner, group))
        if error is not None:
            raise OSError(error, os.strerror(error))
        change(descriptor, owner, group)

    monkeypatch.setattr(os, "open", watched_open)
    monkeypatch.setattr(os, "fchown", watched_change)
    before = os.umask(0)
    try:
        save(path, force=True)
    finally:
        os.umask(before)
    return created


@in_one_test
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_nobody_reads_early_what_takes_a_files_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    path.chmod(mode)
    assert save_and_watch(path, monkeypatch).mode == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner_and_group_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    os.chown(path, 12345, 54321)
    path.chmod(0o4750)
    save(path, force=True)
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 54321, 0o750)


@in_one_test
@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(("mode", "kept"), [(0o660, 0o600), (0o664, 0o644), (0o755, 0o755)])
def test_a_group_that_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, kept: int
) -> None:
    """The group that the file has instead may do what everybody may."""
    path = tmp_path / "a"
    path.write_bytes(OLD)
    os.chown(path, 12345, 54321)
    path.chmod(mode)
    created = save_and_watch(path, monkeypatch, errno.EPERM)
    assert created.owners == [(12345, -1), (-1, 54321)]
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == kept


@in_one_test
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_the_mode_of_a_new_file_is_what_the_user_set(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        save(tmp_path / "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~mask
