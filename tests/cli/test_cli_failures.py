"""What an exception means to a user, also where the system gives nothing more."""

import errno
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_tools import Run, refusal, run_shell
from in_one_test import in_one_folder

from xentcli import __main__ as program
from xentcli.cli import process
from xentcli.cli.failures import as_xent_error
from xentcli.errors import XentError
from xentcli.execution.addresses import AddressedScheduler, forget, register

NUMPY_SAYS = """

IMPORTANT: PLEASE READ THIS FOR ADVICE ON HOW TO SOLVE THIS ISSUE!

Original error was: libblas.so: failed to map segment from shared object
"""


@in_one_folder
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), "out of memory"),
        (MemoryError("Unable to allocate\n 3 GiB"), "out of memory: Unable to allocate 3 GiB"),
        (OSError(errno.ENOMEM, "no"), "out of memory: [Errno 12] no"),
        (ImportError(NUMPY_SAYS), "out of memory: libblas.so cannot be loaded"),
        (
            ImportError("a.so: cannot open shared object file: Error 24"),
            "the system lets no more files be open",
        ),
        (
            ImportError("a.so: undefined symbol"),
            "a library is installed and cannot be loaded: a.so: undefined symbol",
        ),
        (
            ImportError("cannot import name 'x' from 'a'"),  # raised by no line of xent
            "a library is installed and cannot be loaded: cannot import name 'x' from 'a'",
        ),
        (OSError(errno.EMFILE, "Too many", "a.py"), "the system lets no more files be open"),
        (OSError(errno.EFBIG, "File too large"), "<stdout>: cannot be written: file too large"),
        (OSError(errno.ENOSPC, "Full"), "<stdout>: cannot be written: full"),
        (
            OSError(errno.ENOSPC, "Full", "x.csv"),
            "x.csv: full",
        ),
    ],
)
def test_what_is_said(error: BaseException, says: str) -> None:
    meant = as_xent_error(error)
    assert type(meant) is XentError or says.startswith("<stdout>")
    assert (meant.message, meant.exit_code) == (says, 1)


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6))
from xentcli.__main__ import main
main()
"""


def test_few_files_may_be_open(folder: Path) -> None:
    """The limit is set when Python has started, which may itself need more of them."""
    outcome = run_shell(f"{sys.executable} -c '{LIMITED}' loss z.npy y.npy", folder)
    if outcome.code:
        assert outcome.code == 1
        assert outcome.err.startswith("error: ")
        assert "files" in outcome.err
        assert len(outcome.err.splitlines()) <= 2
    else:
        assert (outcome.out, outcome.err) == ("1.5739867937115093\n", "")


def test_one_file_may_be_open(run: Run, folder: Path) -> None:
    """Standard input is another one."""
    del folder
    lowest = os.dup(0)
    os.close(lowest)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 2, before[1]))
    try:
        outcome = run("loss", "z.npy", "y.npy")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert refusal(outcome).error.endswith(".npy: cannot be read: too many open files")


def test_what_fails_lets_go_of_its_files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words for an error are found once the file that a failed call has open is closed."""
    from xentcli.cli import app

    tried: list[bool] = []

    class Held:
        closed = False

        def __del__(self) -> None:
            Held.closed = True

    def fail(*_: object, **__: object) -> int:
        held = Held()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(id(held)))

    class Failures:
        @staticmethod
        def report(*_: object, **__: object) -> int:
            tried.append(Held.closed)
            if not Held.closed:
                raise OSError(errno.EMFILE, "no module can be read")
            return 1

    monkeypatch.setattr(app, "_made", lambda: fail)
    monkeypatch.setitem(sys.modules, "xentcli.cli.failures", Failures)
    monkeypatch.setattr("xentcli.cli.failures", Failures, raising=False)
    assert run("loss").code == 1
    assert tried == [False, True]


def test_nothing_is_left_to_say_it_with(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from xentcli.cli import failures

    def fail(*_: object, **__: object) -> int:
        raise MemoryError

    monkeypatch.setattr(failures, "report", fail)
    outcome = run("no-command")
    assert outcome == (1, b"", b"error: out of memory, or of files that may be open\n")


def test_a_scheduler_that_yields_nothing_is_an_error_and_nothing_is_written(
    run: Run, tmp_path: Path
) -> None:
    @register("idle")
    class Idle(AddressedScheduler):
        def map(self, work: object, items: object, jobs: int) -> Iterator[object]:
            del work, items, jobs
            return iter(())

    says = "error: --scheduler idle:1: Idle.map yields no result of item 0\n"
    (tmp_path / "z.csv").write_text("1,2\n3,4\n")
    try:
        for command in ("loss z.csv 0,1", "softmax z.csv"):
            asked = [*command.split(), "-o", "out.json", "--scheduler", "idle:1"]
            asked += [] if command.startswith("softmax") else ["--state", "state.json"]
            outcome = run(*asked)
            assert (outcome.code, outcome.out) == (1, ""), command
            assert outcome.err.startswith(says), (command, outcome.err)
    finally:
        forget("idle")
    assert [path.name for path in tmp_path.iterdir()] == ["z.csv"]


def test_no_memory_is_left_to_end_with(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python printed its traceback below what was said, or nothing else."""
    codes: list[int] = []

    def fail(*_: object, **__: object) -> int:
        raise MemoryError

    def leave(code: int) -> None:
        codes.append(code)
        raise InterruptedError

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(program, "main", fail)
    for code in (None, 2, 0):
        monkeypatch.setattr(process._Ending, "code", code)
        with pytest.raises(InterruptedError):
            program.program()
    assert (codes, capfd.readouterr().err) == ([1, 2, 0], "error: out of memory\n")
    with pytest.raises(SystemExit):
        process.leave(3)
    assert process._Ending.code == 3


def test_the_folder_that_it_runs_in_is_gone(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "gone"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    for rest in (
        ("loss", folder / "z.npy", folder / "y.npy"),
        ("loss", "1,2", "0", "-o", "x.json"),
    ):
        found = refusal(run(*map(str, rest)))
        assert found.error.startswith("the folder that this runs in is not there any more")
