"""What users name: one file, or a pattern of names that many files match."""

import glob
import os
import re
from pathlib import Path

from xentcli.errors import InputError
from xentcli.storage.names import is_url, local_name

_WILD = re.compile(r"[*?[]")


def natural_key(path: str) -> tuple[list[str | tuple[int, str]], str]:
    """Return what sorts names as people do: ``shard-2`` before ``shard-10``.

    Runs of digits are compared as the numbers that they are; names that differ in leading zeros
    alone are compared as text.
    """
    parts: list[str | tuple[int, str]] = []
    for i, part in enumerate(re.split("([0-9]+)", path)):
        digits = part.lstrip("0")
        parts.append((len(digits), digits) if i % 2 else part)
    return parts, path


def expand(name: str) -> list[str]:
    """Return the files that a pattern matches, in natural order; any other name as it is.

    `*`, `?` and `[...]` match within a name, `**` across folders. A file that has just this name
    is that file, and a URL of another place is no pattern.
    """
    pattern = local_name(name)
    if not _WILD.search(pattern) or is_url(pattern) or os.path.lexists(pattern):
        return [name]
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207 - Path's needs a folder to start in
    found = {path for path in matches if not Path(path).is_dir()}
    if not found:
        raise InputError(f"{name}: no file matches this pattern")
    return sorted(found, key=natural_key)


def reads_once(path: str) -> bool:
    """Whether what `path` names can be opened and read only once: a pipe, a terminal."""
    return path == "-" or Path(path).is_fifo() or Path(path).is_char_device()
