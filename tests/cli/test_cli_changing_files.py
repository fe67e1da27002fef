"""Files that change while they are read: an error, and no output."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_tools import Run
from in_one_test import in_one_test


def shorter(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 8)


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(8))


def rewritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(file.read(1))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def restored(path: Path) -> None:
    """Leave no trace in the time of the last write."""
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@in_one_test
@pytest.mark.parametrize(
    ("change", "options"),
    [
        (shorter, ["-o", "out.txt"]),
        (longer, ["-o", "out.csv", "--reduction", "none"]),
        (rewritten, ["--json"]),
        (replaced, []),
        (restored, []),
    ],
)
def test_logits_that_change_meanwhile(
    run: Run, folder: Path, options: list[str], change: Callable[[Path], None]
) -> None:
    """The command has opened the logits when it asks for the labels."""
    logits, pipe = folder / "z.npy", folder / "slow"
    os.utime(logits, (1e9, 1e9))
    os.mkfifo(pipe)

    def feed() -> None:
        with pipe.open("wb") as file:
            change(logits)
            file.write((folder / "y.npy").read_bytes())

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    before = {path.name for path in folder.iterdir()} | {"slow"}
    outcome = run("loss", "z.npy", "--labels", "slow", *options)
    feeder.join()
    assert outcome.code == 1
    assert "z.npy: " in outcome.err
    assert "while it was read" in outcome.err
    assert not outcome.stdout or options == ["--reduction", "none"]
    assert {path.name for path in folder.iterdir()} == before


@pytest.mark.parametrize("command", [["softmax"], ["one-hot"], ["info"]])
def test_every_command_minds(
    run: Run, folder: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file changes with the first of its blocks."""
    from xentcli.formats.csv.source import CsvSource

    decode = CsvSource.decode

    def decode_and_change(*arguments: object, **options: object) -> object:
        with (folder / "y.csv").open("a") as file:
            file.write("0\n")
        return decode(*arguments, **options)  # type: ignore[arg-type]

    os.utime(folder / "y.csv", (1e9, 1e9))
    monkeypatch.setattr(CsvSource, "decode", decode_and_change)
    outcome = run(*command, "y.csv", "-o", "out.csv")
    assert outcome.code == 1
    assert outcome.err.startswith("error: y.csv: the file changed while it was read\nhint: ")
    assert not (folder / "out.csv").exists()
