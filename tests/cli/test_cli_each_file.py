"""softmax and log-softmax of several files into as many: -o 'out/{stem}.npy'."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, command

SECONDS = 60


@pytest.fixture
def shards(tmp_path: Path) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    made = [rng.normal(size=(4 + i, 3, 2)) for i in range(3)]
    for folder in ("run", "out"):
        (tmp_path / folder).mkdir()
    for i, logits in enumerate(made):
        np.save(tmp_path / "run" / f"z-{i}.npy", logits)
        np.savetxt(tmp_path / "run" / f"z.{i}.csv.gz", logits[:, 0], delimiter=",")
    return made


def softmax(logits: np.ndarray, axis: int) -> np.ndarray:
    shares: np.ndarray = np.exp(logits) / np.exp(logits).sum(axis, keepdims=True)
    return shares


def test_each_file_gets_what_the_whole_would(shards: list[np.ndarray], run: Run) -> None:
    for axis, jobs in ((-1, 1), (1, 1), (0, 2)):
        options = [f"--axis={axis}", f"--jobs={jobs}", "--force", "--output"]
        assert run("softmax", "run/*.npy", *options, "out/{stem}.npy") == (0, b"", b"")
        got = [np.load(f"out/z-{i}.npy") for i in range(3)]
        want = softmax(np.concatenate(shards), axis)
        np.testing.assert_allclose(np.concatenate(got), want, rtol=1e-14, err_msg=str(axis))
    assert sorted(path.name for path in Path("out").iterdir()) == ["z-0.npy", "z-1.npy", "z-2.npy"]


def test_text_that_is_compressed(shards: list[np.ndarray], run: Run) -> None:
    # The outputs lie beside the inputs, and are not taken for more of them the second time.
    for more in ([], ["--force"]):
        outcome = run("log-softmax", "run/*.gz", "-o", "run/{stem}-new.csv.gz", *more)
        assert outcome == (0, b"", b"")
    for i, logits in enumerate(shards):
        got = np.loadtxt(f"run/z.{i}-new.csv.gz", delimiter=",")
        np.testing.assert_allclose(got, np.log(softmax(logits[:, 0], -1)), rtol=1e-12)
    assert run("softmax", "run/z-1.npy", "-o", "out/one-{stem}.npy").code == 0
    np.testing.assert_allclose(np.load("out/one-z-1.npy"), softmax(shards[1], -1), rtol=1e-14)


REFUSED = {
    ("run/*.npy", "out/{name}.npy"): r"out/\{name\}.npy: \{name\} stands for nothing",
    ("run/*.npy", "out"): r"out: it is a folder\nhint: --output out/\{stem\}.npy writes ",
    ("run/*.npy", "there/{stem}.npy"): r"there/z-0.npy: cannot be written: there is no folder",
    ("run/*.npy", "out/{stem}.xyz"): r"out/\{stem\}.xyz: its extension names no format",
    ("run/*.npy", "out/{stem}.json"): r"--json is one object, and not one for each input",
    ("run/*.npy", "run/{stem}.npy"): r"run/z-0.npy: cannot be written: it exists already",
    ("1,2,3", "out/{stem}.npy"): r"out/\{stem\}.npy: \{stem\} is the name of a file",
    (
        "*/z-0.npy",
        "out/{stem}.npy",
    ): r"out/z-0.npy: it would be the output of bad/z-0.npy and of other",
    ("bad/*.npy", "out/{stem}.npy"): r"bad/z-3.npy\[1, 0, 1\]: logit nan \(2 such rows\)",
}


def test_what_cannot_be_is_one_line_and_no_file(shards: list[np.ndarray], run: Run) -> None:
    for folder in ("other", "bad"):
        Path(folder).mkdir()
    np.save("other/z-0.npy", shards[0])
    bad = shards[2].copy()
    bad[1:3, 0, 1] = np.nan
    for i, logits in enumerate([shards[0], shards[1], shards[2], bad]):
        np.save(f"bad/z-{i}.npy", logits)
    for (inputs, output), said in REFUSED.items():
        outcome = run("softmax", inputs, "--output", output)
        assert outcome.code in (1, 2), outcome
        assert re.match(f"error: {said}", outcome.err), outcome.err
        assert not list(Path("out").iterdir()), output


@pytest.mark.usefixtures("shards")
def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    pipe, out = tmp_path / "run" / "pipe.npy", tmp_path / "out"
    os.mkfifo(pipe)
    line = command("softmax", "run/z-0.npy", pipe, "-o", "out/{stem}.npy")
    with subprocess.Popen(line, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        with pipe.open("wb") as writer:
            header = {"descr": "<f8", "fortran_order": False, "shape": (10**6, 3, 2)}
            np.lib.format.write_array_header_1_0(writer, header)
            writer.write(bytes(2**18))  # more than is looked at, and less than the first block
            writer.flush()
            end = time.monotonic() + SECONDS
            while not list(out.glob(".xent.*/z-0.npy")):  # one is done, the other waits
                assert time.monotonic() < end
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 128 + signal.SIGINT
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert list(out.iterdir()) == []
