"""Files opened by a fork under a limit of memory: what lies claims none."""

import os
import resource
import sys
from pathlib import Path

from forking import said_by

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.registry import open_source
from xentcli.storage.open import open_input


def said_of(folder: Path, names: list[str], limit_bytes: int) -> dict[str, str]:
    """Return how many rows each file has, or what is said of it, where so much memory is left."""
    code, *lines = said_by("limited:main", [str(limit_bytes), *names], folder).split("\n")
    said = dict(line.split("\t", 1) for line in [code.removeprefix("0 "), *lines])
    assert list(said) == names
    return said


def main() -> None:
    """Open files in the fork."""
    limit, *names = sys.argv[1:]
    limit_address_space(int(limit))
    for name in names:
        try:
            print(name, _rows_of(name), sep="\t")  # noqa: T201
        except InputError as error:
            print(name, error.message[:200], sep="\t")  # noqa: T201


def limit_address_space(more_bytes: int) -> None:
    """Let this process have so much more than it has."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        now = int(statm.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (now + more_bytes, -1))


def _rows_of(name: str) -> int:
    source = open_source(open_input(name), None, ReadOptions())
    rows = 0
    for block in source.blocks(2**16):
        source.decode(block)
        rows += block.rows
    return rows
