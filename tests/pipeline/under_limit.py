"""Commands one after another, each in a fork that may take so much more address space.

The process that forks has imported what they need, so that what a command takes beyond that is what
its file makes it take. pyarrow's usual allocator sets a gigabyte of addresses aside, whatever is
asked of it, and the usual one of the system 64 MiB for each thread but two.
"""

import ctypes
import json
import os
import resource
import sys
from pathlib import Path

os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # before it is imported
_M_ARENA_MAX = -8


def main() -> None:
    """Run the commands; what each of them says goes into a file beside the one that it reads."""
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    import h5py  # noqa: F401
    import pyarrow.compute
    import pyarrow.ipc  # noqa: F401

    from xentcli.cli.app import main as run
    from xentcli.formats.json.values import parser

    parser()
    limit, commands = json.loads(sys.argv[1])
    for arguments in commands:
        if os.fork() == 0:
            _limit(arguments[-1], limit)
            sys.argv = ["xent", *arguments]
            run()
        os.wait()


def _limit(file: str, limit: int) -> None:
    """Send what is said into a file, and allow this process so many bytes more than it has."""
    output = os.open(f"{file}.said", os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + limit, -1))
