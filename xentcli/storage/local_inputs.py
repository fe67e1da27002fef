"""Opens local files to read, and checks that they have not changed meanwhile."""

import os
import stat
import time
from functools import partial
from pathlib import Path
from typing import IO

from xentcli.errors import InputError, reading
from xentcli.storage.inputs import Input

_YOUNG_SECONDS = 60  # twice as long as Linux keeps written memory before it goes to the disk
_SAME_TIME_SECONDS = 2  # the longest time in which two writes may get the same time stamp
_NO_DISK = 0  # the major number of file systems that have no device of their own
_SAMPLES, _SAMPLE_BYTES = 8, 64  # few, as there may be many shards
WHILE_WRITTEN = "something still writes it: run again when that is done"
"""The hint for a file that changes while it is read."""

ContentSample = tuple[bytes, ...]


def open_local(name: str, path: str) -> Input:
    """Open a file, a device or a pipe."""
    with reading(name):
        return input_of(name, Path(path).open("rb", buffering=0), path)


def input_of(name: str, file: IO[bytes], place: str | int) -> Input:
    """Return the input of an open file; its path or an open descriptor finds it again."""
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        return Input(name, file, None)
    sample = _sample(file.fileno(), status.st_size) if _may_change_unseen(status) else None
    check = partial(_check, name, place, status, sample)
    size = status.st_size if file.tell() == 0 else None
    data = Input(name, file, size, check=check, shareable=size is not None)
    if size is not None and time.time() - _written(status) > _SAME_TIME_SECONDS:
        data.version = (*_identity(status), status.st_ctime_ns)
    return data


def _check(
    name: str, place: str | int, before: os.stat_result, sample: ContentSample | None
) -> None:
    """Raise InputError unless a file is still the one that was opened, and nobody wrote to it."""
    with reading(name):
        now = os.stat(place)  # noqa: PTH116 - of a path or of a descriptor
        changed = _was_written(before, now)
        if not changed and sample is not None:
            changed = _sample_at(place, now.st_size) != sample
    if changed:
        raise InputError(f"{name}: the file changed while it was read", hint=WHILE_WRITTEN)


def _was_written(before: os.stat_result, now: os.stat_result) -> bool:
    """Whether a file was written to, and not only linked to or given another mode or owner.

    A program that writes and then restores the time of the last write still moves the time of the
    last change, which cannot be restored. A new mode, owner or link moves that time too.
    """
    if _identity(before) != _identity(now):
        return True
    return before.st_ctime_ns != now.st_ctime_ns and _metadata(before) == _metadata(now)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _metadata(status: os.stat_result) -> tuple[int, ...]:
    return status.st_mode, status.st_uid, status.st_gid, status.st_nlink


def _may_change_unseen(status: os.stat_result) -> bool:
    """Whether a program may write to a file without moving any of its times.

    A program that has mapped the file into memory moves the times only with its first write after
    the system has put earlier ones on the disk, and a slow clock gives the same time twice. Both
    concern files that were written to just now, whatever time they were given since, and files
    that are on no disk (tmpfs) or that other machines may write to (NFS).
    """
    return time.time() - _written(status) < _YOUNG_SECONDS or os.major(status.st_dev) == _NO_DISK


def _written(status: os.stat_result) -> float:
    """Return when a file was written to, whatever time it was given since."""
    return max(status.st_mtime, status.st_ctime)


def _sample_at(place: str | int, size: int) -> ContentSample:
    if isinstance(place, int):
        return _sample(place, size)
    descriptor = os.open(place, os.O_RDONLY)
    try:
        return _sample(descriptor, size)
    finally:
        os.close(descriptor)


def _sample(descriptor: int, size: int) -> ContentSample:
    """Return some bytes from all parts of a file."""
    if size <= _SAMPLES * _SAMPLE_BYTES:
        return (os.pread(descriptor, size, 0),)
    last = size - _SAMPLE_BYTES
    places = (last * i // (_SAMPLES - 1) for i in range(_SAMPLES))
    return tuple(os.pread(descriptor, _SAMPLE_BYTES, place) for place in places)
