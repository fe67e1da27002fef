"""The command with half a gigabyte more than it has, and a line without an end to read."""

import os
import resource
import subprocess
import sys

import psutil

MORE_BYTES = 2**29


def main() -> None:
    limit = psutil.Process().memory_info().vms + MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    line = "tr '\\0' 1 < /dev/zero"
    with subprocess.Popen(["sh", "-c", line], stdout=subprocess.PIPE) as maker:  # noqa: S607
        assert maker.stdout is not None
        os.dup2(maker.stdout.fileno(), 0)
        maker.stdout.close()
        sys.argv = ["xent", "softmax", "-", "--jobs", "1"]
        from xentcli.__main__ import main as run

        try:
            run()
        finally:
            os.close(0)  # which ends the line
