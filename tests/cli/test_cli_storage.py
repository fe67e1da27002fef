"""Compressed files, URLs, files that change, odd places: what the user of the command sees."""

import gzip
import io
import os
import shlex
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, run_shell
from in_one_test import in_one_test

from xentcli.storage.compression import CODECS

LOSS = ["loss", "--logits"]


@in_one_test
@pytest.mark.parametrize("suffix", sorted(CODECS))
@pytest.mark.parametrize("kind", ["csv", "npy", "tsv"])
def test_compressed_out_and_in(run: Run, folder: Path, suffix: str, kind: str) -> None:
    plain, name = run("softmax", "z.npy").stdout, f"out.{kind}{suffix}"
    assert run("softmax", "z.npy", "-o", name) == (0, b"", b"")
    assert run("log-softmax", name, "-q").code == 0
    again = run("softmax", name, "-q", "--to", "csv", "--temperature", "1")
    assert again.stdout == run("softmax", "-", "-q", stdin=plain).stdout
    piped = run("softmax", "-", "-q", *(["--from", kind]), stdin=(folder / name).read_bytes())
    assert piped.stdout == again.stdout
    info = run("info", name, "--json").json["files"][0]
    assert (info["format"], info["shape"]) == (kind, [5, 3])
    assert info["bytes"] == (folder / name).stat().st_size
    loss = run(*LOSS, name, "--labels", "y.npy", "-q")
    assert loss.stdout == run(*LOSS, "-", "--labels", "y.npy", "-q", stdin=plain).stdout
    assert run("softmax", "z.npy", "-o", name).err.startswith(f"error: {name}: cannot be written")


def test_a_transform_along_the_rows_of_compressed_logits(run: Run, folder: Path) -> None:
    (folder / "z.npy.gz").write_bytes(gzip.compress((folder / "z.npy").read_bytes()))
    want = run("softmax", "z.npy", "--axis", "0").stdout
    assert run("softmax", "z.npy.gz", "--axis", "0").stdout == want


@pytest.mark.parametrize("name", ["z.csv", "z.npy"])
def test_compressed_input_that_is_cut_off(run: Run, folder: Path, name: str) -> None:
    rows = 1000 if name == "z.npy" else 0
    if rows:
        np.save(folder / name, np.random.default_rng(0).normal(size=(rows, 50)))
    content = gzip.compress((folder / name).read_bytes())
    (folder / f"{name}.gz").write_bytes(content[: len(content) // 2])
    outcome = run("softmax", f"{name}.gz", "-o", "out.csv")
    error = f"error: {name}.gz: the gzip data end too early\nhint: the file is cut off\n"
    assert outcome == (1, b"", error.encode())
    assert not (folder / "out.csv").exists()


def test_the_extension_of_a_compression_alone(run: Run, folder: Path) -> None:
    assert run("softmax", "z.npy", "-o", "out.gz").code == 2
    assert run("softmax", "z.npy", "-o", "out.gz", "--to", "csv").code == 0
    assert gzip.decompress((folder / "out.gz").read_bytes()) == run("softmax", "z.npy").stdout
    assert run(*LOSS, "z.npy", "--labels", "y.npy", "-o", "loss.gz", "--json").code == 0
    assert gzip.decompress((folder / "loss.gz").read_bytes()).startswith(b"{")
    assert run("info", "z.npy", "-o", "info.npy.gz").code == 2


def test_urls(run: Run, folder: Path) -> None:
    url = (folder / "z.npy").as_uri()
    want = run("softmax", "z.npy").stdout
    assert run("softmax", url).stdout == want
    assert run("softmax", url, "-o", (folder / "out.csv").as_uri()).code == 0
    assert (folder / "out.csv").read_bytes() == want
    assert run("softmax", "z.npy", "-o", "memory://cli/out.csv.gz") == (0, b"", b"")
    assert (
        run("softmax", "memory://cli/out.csv.gz", "-q").stdout
        == run("softmax", "out.csv", "-q").stdout
    )
    for outcome in (
        run("softmax", "nothing://a"),
        run("softmax", "z.npy", "-o", "nothing://a.csv"),
    ):
        assert (outcome.code, outcome.stdout) == (1, b"")
        assert outcome.err.startswith("error: nothing://a")
        assert len(outcome.err.splitlines()) == 1


# Files that change


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


@in_one_test
@pytest.mark.parametrize("change", [shorter, longer, rewritten, replaced])
@pytest.mark.parametrize(
    "options", [["-o", "out.txt"], ["-o", "out.csv", "--reduction", "none"], ["--json"], []]
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
    outcome = run(*LOSS, "z.npy", "--labels", "slow", *options)
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


# Odd places


def test_output_over_its_own_input(run: Run, folder: Path) -> None:
    before = (folder / "z.npy").read_bytes()
    want = run("softmax", "z.npy", "--to", "npy").stdout
    refused = run("softmax", "z.npy", "-o", "z.npy")
    assert refused.err == (
        "error: z.npy: cannot be written: it exists already\nhint: --force overwrites it\n"
    )
    assert (folder / "z.npy").read_bytes() == before
    assert run("softmax", "z.npy", "-o", "z.npy", "--force") == (0, b"", b"")
    assert (folder / "z.npy").read_bytes() == want


def test_devices_and_pipes(run: Run, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    feeder = threading.Thread(
        target=lambda: (folder / "fifo").write_bytes(
            gzip.compress((folder / "z.npy").read_bytes())
        ),
        daemon=True,
    )
    feeder.start()
    assert run("softmax", "fifo").stdout == run("softmax", "z.npy").stdout
    feeder.join()
    assert run("softmax", "z.npy", "--to", "npy", "-o", "/dev/null") == (0, b"", b"")
    full = run("softmax", "z.npy", "--to", "csv", "-o", "/dev/full")
    assert full == (1, b"", b"error: /dev/full: cannot be written: no space left on device\n")
    assert (
        run("softmax", "/dev/null").err
        == "error: /dev/null: the file is empty\nhint: was it written to the end?\n"
    )
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert stat.S_ISFIFO((folder / "fifo").stat().st_mode)


def test_a_compressed_pipe(run: Run, folder: Path) -> None:
    os.mkfifo(folder / "out.csv.gz")
    got: list[bytes] = []
    reader = threading.Thread(
        target=lambda: got.append((folder / "out.csv.gz").read_bytes()), daemon=True
    )
    reader.start()
    assert run("softmax", "z.npy", "-o", "out.csv.gz") == (0, b"", b"")
    reader.join()
    assert gzip.decompress(got[0]) == run("softmax", "z.npy").stdout


def test_two_runs_that_write_the_same_file(run: Run, folder: Path) -> None:
    runs = "xentcli softmax z.npy --temperature $t -o out.csv.gz --force"
    assert run_shell(f"for t in 1 2; do {runs} & done; wait", folder) == (0, b"", b"")
    whole = {run("softmax", "z.npy", "--temperature", t).stdout for t in ("1", "2")}
    assert gzip.decompress((folder / "out.csv.gz").read_bytes()) in whole
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


# What the shell has opened


@in_one_test
@pytest.mark.parametrize(
    ("name", "force"), [("/dev/stdout", ""), ("/dev/fd/1", "--force"), ("/proc/self/fd/1", "")]
)
def test_standard_output_by_its_name_in_a_log(
    run: Run, folder: Path, name: str, force: str
) -> None:
    want = run("softmax", "z.npy").stdout
    line = f"(echo before; xentcli softmax z.npy --to csv -o {name} {force}; echo after) > log"
    assert run_shell(line, folder) == (0, b"", b"")
    assert (folder / "log").read_bytes() == b"before\n" + want + b"after\n"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_other_descriptors_of_the_shell(run: Run, folder: Path) -> None:
    want = run("softmax", "z.npy").stdout
    assert run_shell("xentcli softmax z.npy --to csv -o /dev/stderr 2> log", folder).code == 0
    assert (folder / "log").read_bytes() == want
    line = "xentcli softmax z.npy --to csv -o >(cat > copy) && sleep 0.2"
    assert run_shell(line, folder) == (0, b"", b"")
    assert (folder / "copy").read_bytes() == want
    outcome = run_shell("xentcli softmax z.npy --to csv -o /dev/stdout >&-", folder)
    assert outcome == (1, b"", b"error: /dev/stdout: cannot be written: it is closed\n")


def test_a_reader_that_is_gone_where_standard_output_is_closed(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    np.save(folder / "big.npy", np.zeros((50_000, 9), np.float32))
    line = "true < fifo & xentcli softmax big.npy --to csv -o fifo >&-"
    assert run_shell(line, folder) == (141, b"", b"")


def test_a_standard_output_that_does_not_block_gets_everything(run: Run, folder: Path) -> None:
    np.save(folder / "big.npy", np.random.default_rng(0).normal(size=(20_000, 9)))
    python = "import os, subprocess, sys; os.set_blocking(1, False); "
    python += "sys.exit(subprocess.call([sys.executable, '-m', 'xentcli', 'softmax', 'big.npy']))"
    line = f'{shlex.quote(sys.executable)} -c "{python}" | (sleep 0.5; cat)'
    outcome = run_shell(line, folder)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.stdout == run("softmax", "big.npy").stdout


# Secrets


@pytest.mark.usefixtures("folder")
def test_nothing_that_lets_somebody_in_is_shown(run: Run) -> None:
    import fsspec

    url = "memory://user:word@cli/z.npy?key=s1gned"
    content = io.BytesIO()
    np.save(content, np.zeros((5, 3), np.float32))
    place = fsspec.filesystem("memory")._strip_protocol(url)
    fsspec.filesystem("memory").pipe(place, content.getvalue())
    outcomes = [
        run("info", url, "--json"),
        run("info", url),
        run(*LOSS, url, "--labels", "y.npy", "--json"),
        run(*LOSS, url, url, "--labels", "y.npy"),
        run("softmax", url, "--columns", "a"),
        run("softmax", "z.npy", "-o", url, "--force"),
        run("softmax", "z.npy", "-o", "http://user:word@h/a.npy?key=s1gned"),
        run("softmax", "z.npy", "-o", "http://user:word@h/a?key=s1gned"),
        run("softmax", "http://user:word@127.0.0.1:1/a?key=s1gned"),
        run("softmax", f"simplecache::{url}"),
    ]
    assert [outcome.code for outcome in outcomes] == [0, 0, 0, 2, 1, 0, 1, 2, 1, 1]
    for outcome in outcomes:
        said = outcome.stdout.decode() + outcome.err
        assert not any(word in said for word in ("user", "word", "s1gned", "key="))


def test_a_file_whose_time_was_restored(run: Run, folder: Path) -> None:
    """The same story as above, by somebody who leaves no trace in the time of the last write."""
    path, pipe = folder / "z.npy", folder / "slow"
    os.mkfifo(pipe)

    def feed() -> None:
        with pipe.open("wb") as file:
            before = path.stat()
            path.write_bytes(path.read_bytes()[::-1])
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            file.write((folder / "y.npy").read_bytes())

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    outcome = run(*LOSS, "z.npy", "--labels", "slow")
    feeder.join()
    assert outcome.code == 1
    assert "z.npy: " in outcome.err
