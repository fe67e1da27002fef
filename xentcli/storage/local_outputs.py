"""Writes local files: each appears whole or not at all, unless it is a device."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xentcli.errors import OutputError, writing
from xentcli.storage.outputs import Output

_LONGEST_STEM_BYTES = 200  # a file's name has at most 255


def check_local(name: str, path: str, *, force: bool) -> None:
    """Raise OutputError now if a file cannot be written later."""
    with writing(name):
        target = Path(os.path.realpath(path))
        if Path(path).is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        if Path(path).is_file() and not force:
            raise FileExistsError(errno.EEXIST, "exists")
        if not Path(path).exists() and not target.parent.is_dir():
            raise OutputError(f"{name}: cannot be written: there is no folder {target.parent}")


def is_streamed(path: str) -> bool:
    """Whether a path is that of a device or a pipe, which a file must not replace."""
    return Path(path).exists() and not Path(path).is_file()


@contextmanager
def streaming(name: str, path: str) -> Iterator[Output]:
    """Open a device or a pipe, to which bytes are written as they come."""
    with writing(name):
        descriptor = os.open(path, os.O_WRONLY)
    try:
        yield Output(name, descriptor, seekable=False)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(name: str, path: str, *, force: bool, waiting: str | None = None) -> Iterator[Output]:
    """Open a file beside its place, and move it there when the block ends without an error.

    A file that must wait for others goes to the path `waiting` instead; the caller moves it with
    `put_in_place` when all are there.
    """
    target = Path(os.path.realpath(path))
    place = Path(waiting) if waiting else target
    long = len(os.fsencode(target.name)) >= _LONGEST_STEM_BYTES
    temporary = place.with_name(f".{'xent' if long else target.name}.{os.urandom(6).hex()}.tmp")
    try:
        with writing(name):
            descriptor = _create(temporary, target)
        try:
            yield Output(name, descriptor, seekable=True)
            with writing(name):
                os.fsync(descriptor)
        finally:
            with writing(name):
                os.close(descriptor)
        with writing(name):
            put_in_place(temporary, place, force=force or waiting is not None)
            sync_folder(place.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _create(temporary: Path, target: Path) -> int:
    """Create the file that will replace the target; nobody else may read it than the target.

    If there is no target, the file gets the mode of any new file.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    try:
        before = target.stat()
    except FileNotFoundError:
        return os.open(temporary, flags, 0o666)
    descriptor = os.open(temporary, flags, 0o600)
    try:
        _keep_owner_and_mode(descriptor, before)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _keep_owner_and_mode(descriptor: int, before: os.stat_result) -> None:
    """Give a file the owner, the group and the mode of another, as far as the system allows.

    The bits that set the user or the group of a program are dropped, since its content is new. If
    the group cannot be kept, the file's own group may do no more than everybody may.
    """
    mode = stat.S_IMODE(before.st_mode) & ~(stat.S_ISUID | stat.S_ISGID)
    with suppress(OSError):
        os.fchown(descriptor, before.st_uid, -1)
    with suppress(OSError):
        os.fchown(descriptor, -1, before.st_gid)
    if os.fstat(descriptor).st_gid != before.st_gid:
        others = mode & stat.S_IRWXO
        mode &= ~stat.S_IRWXG | others << 3
    os.fchmod(descriptor, mode)


def put_in_place(temporary: Path, target: Path, *, force: bool) -> None:
    """Give a file its name; another file of that name is overwritten only with `force`."""
    if force:
        temporary.replace(target)
    else:
        # A link, unlike a rename, never overwrites a file that appeared there meanwhile.
        try:
            target.hardlink_to(temporary)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if target.exists():
                raise FileExistsError(errno.EEXIST, "exists") from None
            temporary.replace(target)
        else:
            temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, if the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
