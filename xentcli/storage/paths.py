"""Finds the local files that users name, one by one or by a pattern."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import translate
from pathlib import Path

from xentcli.errors import InputError
from xentcli.storage.names import STANDARD_STREAM, is_url, local_name

_WILD = frozenset("*?[")
_FOLDERS = "**"


_WRITTEN: ContextVar[tuple[str, ...]] = ContextVar("written", default=())


@contextmanager
def will_write(names: Iterable[str]) -> Iterator[None]:
    """Keep patterns from matching these names, which will be written, while the block runs."""
    token = _WRITTEN.set(tuple(names))
    try:
        yield
    finally:
        _WRITTEN.reset(token)


def unmatched(without: Iterable[str]) -> tuple[str, ...]:
    """Return all names that no pattern may match: these, and those of `will_write`."""
    return (*without, *_WRITTEN.get())


def natural_key(path: str) -> tuple[list[str | tuple[int, str]], str]:
    """Return a key that sorts names as people do: ``shard-2`` before ``shard-10``.

    Runs of digits are compared as the numbers that they are; names that differ in leading zeros
    alone are compared as text.
    """
    parts: list[str | tuple[int, str]] = []
    for i, part in enumerate(re.split("([0-9]+)", path)):
        digits = part.lstrip("0")
        parts.append((len(digits), digits) if i % 2 else part)
    return parts, path


def expand(name: str, without: Iterable[str] = ()) -> list[str]:
    """Return the local files that a pattern matches; any other name comes back as it is.

    They are in natural order. `*`, `?` and `[...]` match within a name, `**` across folders. If a
    file has exactly this name, the name is not a pattern.

    Parameters
    ----------
    name : str
        A name or a pattern.
    without : iterable of str
        Names that will be written, besides those of `will_write`. No pattern matches them, even
        through links.
    """
    pattern = local_name(name)
    if _WILD.isdisjoint(pattern) or is_url(pattern) or os.path.lexists(pattern):
        return [name]
    others = unmatched(without)
    here = [local_name(other) for other in others if other != STANDARD_STREAM]
    left_out = {os.path.realpath(path) for path in here if not is_url(path)}
    found = {
        path
        for path in _matches(pattern)
        if not Path(path).is_dir() and os.path.realpath(path) not in left_out
    }
    if not found:
        raise InputError(f"{name}: no file matches this pattern")
    return sorted(found, key=natural_key)


def _matches(pattern: str) -> Iterable[str]:
    """Return the paths that match a pattern, spelt as the pattern is.

    After `**`, wildcards do not follow symbolic links to folders, whose files have other names
    already, or which contain themselves.
    """
    parts = re.sub("/+", "/", pattern).split("/")
    root = "" if parts[0] else "/"
    if parts[-1] == _FOLDERS:
        parts.append("*")
    found, links = [root], True
    for part in parts if parts[0] else parts[1:]:
        links = links and part != _FOLDERS
        found = list(dict.fromkeys(path for at in found for path in _inside(at, part, links)))
    return found


def _inside(folder: str, part: str, links: bool) -> Iterator[str]:
    """Yield the paths that one part of a pattern matches in a folder."""
    if part == _FOLDERS:
        yield from _all_folders(folder)
    elif _WILD.isdisjoint(part):
        path = os.path.join(folder, part)  # noqa: PTH118 - keeps the name as it was written
        if os.path.lexists(path):
            yield path
    else:
        matches = re.compile(translate(part)).match
        for entry in _entries(folder):
            hidden = entry.name.startswith(".") and not part.startswith(".")
            if matches(entry.name) and not hidden and (links or not _is_linked_folder(entry)):
                yield os.path.join(folder, entry.name)  # noqa: PTH118


def _all_folders(folder: str) -> Iterator[str]:
    """Yield a folder and the folders in it at any depth, except hidden ones and links."""
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        yield folder
        waiting += [
            os.path.join(folder, entry.name)  # noqa: PTH118
            for entry in _entries(folder)
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
        ]


def _entries(folder: str) -> "list[os.DirEntry[str]]":
    """Return the entries of a folder; none if it is not a folder or may not be read."""
    try:
        with os.scandir(folder or ".") as entries:
            return list(entries)
    except OSError:
        return []


def _is_linked_folder(entry: "os.DirEntry[str]") -> bool:
    return entry.is_symlink() and entry.is_dir()


def kind_of(path: str) -> str | None:
    """Return whether a local path is a ``file`` or a ``directory``; None if nothing is there."""
    if not os.path.exists(path):  # noqa: PTH110 - never raises
        return None
    return "directory" if os.path.isdir(path) else "file"  # noqa: PTH112


def is_there(path: str) -> bool:
    """Whether a file, a pipe or a device has this name, which may be too long for a name."""
    return os.path.exists(path) and not os.path.isdir(path)  # noqa: PTH110, PTH112 - never raise


def are_files(name: str) -> bool:
    """Whether a name is standard input, a URL, or that of a file or a pattern of files here."""
    if name == STANDARD_STREAM:
        return True
    try:
        return is_url(local_name(name)) or all(map(is_there, expand(local_name(name))))
    except InputError:  # a pattern that no file matches
        return False


def reads_once(path: str) -> bool:
    """Whether `path` can be opened and read only once, as a pipe or a terminal."""
    if path == STANDARD_STREAM:
        return True
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - of any name
    except (OSError, ValueError):  # whoever reads the file says what is wrong
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def is_blank(path: str) -> bool:
    """Whether a file of this machine that can be read more than once has no byte."""
    path = local_name(path)
    if is_url(path):
        return False
    try:
        status = os.stat(path)  # noqa: PTH116 - of any name
    except (OSError, ValueError):  # whoever reads the file says what is wrong
        return False
    return stat.S_ISREG(status.st_mode) and not status.st_size
