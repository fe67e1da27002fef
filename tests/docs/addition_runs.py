"""Runs of code that adds to xent and then calls the command."""

import os
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryFile

from doc_tools import ROOT
from forking import forking_of, start


def run(code: str, folder: Path, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=folder,
        env=environment(ROOT, folder),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def run_again(code: str, folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Do the same in a fork of a process that has imported the package, in a fifth of the time.

    What is added is imported last there, and first where users have it.
    """
    with Path(os.devnull).open("rb") as nothing, TemporaryFile() as out, TemporaryFile() as err:
        forked = start(
            forking_of("xentcli.*"),
            "addition_runs:main",
            [code, *arguments],
            folder=folder,
            variables=environment(ROOT, folder, *sys.path),
            streams=[nothing.fileno(), out.fileno(), err.fileno()],
        )
        done = forked.wait()
        for each in (out, err):
            each.seek(0)
        return done, out.read().decode(), err.read().decode()


def environment(*path: str | Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}


def main() -> None:
    """Run the code that is the first argument as `python -W error -c` does."""
    from xentcli.cli.command import load_command

    load_command.cache_clear()  # so that options and pages of help show what is added
    warnings.simplefilter("error")
    _, code, *arguments = sys.argv
    sys.argv = ["-c", *arguments]
    exec(code, {"__name__": "__main__"})  # noqa: S102
