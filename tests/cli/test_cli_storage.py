"""Compressed files, URLs, odd places, secrets: what the user of the command sees."""

import gzip
import io
import os
import stat
import threading
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, refusal, run_forked
from in_one_test import in_one_test

from xentcli.storage.compression import CODECS

LOSS = ["loss", "--logits"]


@in_one_test
@pytest.mark.parametrize(
    ("suffix", "kind"), [*zip(sorted(CODECS), cycle(["npy", "tsv", "csv"])), (".gz", "csv")]
)
def test_compressed_out_and_in(run: Run, folder: Path, suffix: str, kind: str) -> None:
    plain, name = run("softmax", "z.npy").stdout, f"out.{kind}{suffix}"
    assert run("softmax", "z.npy", "-o", name) == (0, b"", b"")
    again = run("softmax", name, "-q", "--to", "csv", "--temperature", "1")
    assert again.stdout == run("softmax", "-", "-q", stdin=plain).stdout
    piped = run("softmax", "-", "-q", "--from", kind, stdin=(folder / name).read_bytes())
    assert piped.stdout == again.stdout
    info = run("info", name, "--json").json["files"][0]
    assert (info["format"], info["shape"]) == (kind, [5, 3])
    assert info["bytes"] == (folder / name).stat().st_size


def test_a_transform_along_the_rows_of_compressed_logits(run: Run, folder: Path) -> None:
    (folder / "z.npy.gz").write_bytes(gzip.compress((folder / "z.npy").read_bytes()))
    want = run("softmax", "z.npy", "--axis", "0").stdout
    assert run("softmax", "z.npy.gz", "--axis", "0").stdout == want


def test_compressed_input_that_is_cut_off(run: Run, folder: Path) -> None:
    np.save(folder / "z.npy", np.random.default_rng(0).normal(size=(1000, 50)))
    for name in ("z.csv", "z.npy"):
        content = gzip.compress((folder / name).read_bytes())
        (folder / f"{name}.gz").write_bytes(content[: len(content) // 2])
        outcome = run("softmax", f"{name}.gz", "-o", "out.csv")
        assert refusal(outcome) == (
            f"{name}.gz: the gzip data end too early",
            "the file is cut off",
        )
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
    there = "memory://cli/out.csv.gz"
    assert run("softmax", "z.npy", "-o", there) == (0, b"", b"")
    assert run("softmax", there, "-q").stdout == run("softmax", "out.csv", "-q").stdout
    for line in ("softmax nothing://a", "softmax z.npy -o nothing://a.csv"):
        refused = refusal(run(*line.split()))
        assert refused.error.startswith("nothing://a")
        assert not refused.hint


# Odd places


def test_output_over_its_own_input(run: Run, folder: Path) -> None:
    before = (folder / "z.npy").read_bytes()
    want = run("softmax", "z.npy", "--to", "npy").stdout
    refused = refusal(run("softmax", "z.npy", "-o", "z.npy"))
    assert refused == ("z.npy: cannot be written: it exists already", "--force overwrites it")
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
    empty = refusal(run("softmax", "/dev/null"))
    assert empty == ("/dev/null: the file is empty", "was it written to the end?")
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
    assert run_forked(f"for t in 1 2; do {runs} & done; wait", folder) == (0, b"", b"")
    whole = {run("softmax", "z.npy", "--temperature", t).stdout for t in ("1", "2")}
    assert gzip.decompress((folder / "out.csv.gz").read_bytes()) in whole
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


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
