"""The command killed, stopped or hindered anywhere: the old bytes or the whole new ones."""

import errno
import gzip
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from any_runs import NAMES, ROWS, SIGNALS, SOFTMAX, Runs, content, left_over, save_logits
from forks import CALLS, Ended, Fault, Forks
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from numpy.lib import format as npy_format

OLD = b"old\n" * 100


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    server = Forks()
    yield server
    server.close()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    save_logits(tmp_path / "z.npy", 0)
    os.utime(tmp_path / "z.npy", (0, 0))  # an old file is not opened again to be compared
    return tmp_path


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != "z.npy":
            path.unlink()


def whole_output(forks: Forks, folder: Path, name: str) -> bytes:
    assert forks.run([*SOFTMAX, "-o", name, "--force"], folder=folder) == (0, "", [])
    return (folder / name).read_bytes()


def run_with_fault(forks: Forks, folder: Path, name: str, old: bytes | None, fault: Fault) -> Ended:
    clear(folder)
    if old is not None:
        (folder / name).write_bytes(old)
    force = ["--force"] if old is not None else []
    return forks.run([*SOFTMAX, "-o", name, *force], fault, folder=folder)


def calls_of(forks: Forks, folder: Path, name: str, old: bytes | None) -> list[tuple[str, int]]:
    """Return each call that a run makes: its kind, and the how manieth it is of them."""
    ended = run_with_fault(forks, folder, name, old, Fault(what="nothing"))
    assert (ended.code, ended.error) == (0, "")
    return [(call, n + 1) for call in CALLS for n in range(ended.reached.count(call))]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("out.npy", "SIGKILL"),
        ("out.csv", "SIGINT"),
        ("out.npy.zst", "SIGTERM"),
        ("out.csv.gz", "SIGPIPE"),
    ],
)
def test_a_signal_at_the_nth_call(forks: Forks, work: Path, name: str, number: str) -> None:
    old = OLD if number == "SIGINT" or name == "out.npy" else None
    calls = calls_of(forks, work, name, old)
    new = (work / name).read_bytes()
    for call, n in calls:
        ended = run_with_fault(forks, work, name, old, Fault(call, n, number))
        # The last of all calls may come after everything is done.
        assert ended == (SIGNALS[number], "", [call]), n
        assert content(work / name) in (old, new), (call, n)
        assert len(left_over(work)) <= (number == "SIGKILL"), (call, n)


@pytest.mark.parametrize(
    ("name", "number", "old"),
    [
        ("out.csv.gz", f"{errno.ENOSPC}+", OLD),
        ("out.npy.zst", f"{errno.EIO}", None),
        ("out.npy", f"{errno.EIO}", OLD),
    ],
)
def test_an_error_of_the_nth_call(
    forks: Forks, work: Path, name: str, number: str, old: bytes | None
) -> None:
    calls = calls_of(forks, work, name, old)
    new = (work / name).read_bytes()
    for call, n in calls:
        if call == "unlink" and number.endswith("+"):
            continue  # then nothing can be removed
        ended = run_with_fault(forks, work, name, old, Fault(call, n, number))
        assert call in ended.reached
        assert content(work / name) in ((new,) if ended.code == 0 else (old, new)), (call, n)
        assert left_over(work) == [], (call, n)
        if ended.code:
            assert ended.code == 1
            names = [f"error: {name}: cannot be written: "]
            if call in {"open", "close"}:  # the input is looked at again, too
                names.append("error: z.npy: cannot be read: ")
            assert ended.error.startswith(tuple(names))
            assert len(ended.error.splitlines()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_of_the_size_of_files(forks: Forks, work: Path, name: str) -> None:
    """As a full disk does, it lets through a part of a write."""
    new = whole_output(forks, work, name)
    for limit in (len(new) // 2, len(new) - 1):
        (work / name).write_bytes(OLD)
        ended = forks.run([*SOFTMAX, "-o", name, "--force"], folder=work, limit=limit)
        assert ended == (1, f"error: {name}: cannot be written: file too large\n", [])
        assert (work / name).read_bytes() == OLD
        assert left_over(work) == []
    ended = forks.run([*SOFTMAX, "-o", name, "--force"], folder=work, limit=len(new))
    assert (ended.code, (work / name).read_bytes()) == (0, new)


def test_a_folder_that_must_not_be_written(forks: Forks, work: Path) -> None:
    inner = work / "inner"
    inner.mkdir()
    (inner / "old.csv").write_bytes(OLD)
    inner.chmod(0o555)
    for name in ("inner/new.csv", "inner/old.csv"):
        arguments = [*SOFTMAX, "-o", name, "--force"]
        ended = forks.run(arguments, folder=work, unprivileged=True)
        assert ended == (1, f"error: {name}: cannot be written: permission denied\n", [])
    assert [path.name for path in inner.iterdir()] == ["old.csv"]
    assert (inner / "old.csv").read_bytes() == OLD


def test_an_input_that_must_not_be_read(forks: Forks, work: Path) -> None:
    (work / "z.npy").chmod(0)
    ended = forks.run([*SOFTMAX, "-o", "a.csv"], folder=work, unprivileged=True)
    assert ended == (1, "error: z.npy: cannot be read: permission denied\n", [])


def test_any_runs_after_one_another(forks: Forks) -> None:
    Runs.forks = forks
    run_state_machine_as_test(
        Runs,
        settings=settings(
            max_examples=6,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_faults_happen_where_they_should(forks: Forks, work: Path) -> None:
    """The tests above would prove nothing with faults that never happen."""
    calls = calls_of(forks, work, "out.csv.gz", None)
    assert {call for call, _ in calls} == {*CALLS} - {"pwrite", "replace"}
    clear(work)
    new = gzip.decompress(whole_output(forks, work, "out.npy.gz"))
    assert npy_format.read_array(io.BytesIO(new)).shape == (ROWS, 7)
