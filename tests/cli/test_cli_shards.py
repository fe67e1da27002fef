"""Many files as one array, and the shift of language models, as they are typed."""

import resource
import shlex
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, Terminal, command, run_shell
from in_one_test import in_one_test
from numpy.typing import NDArray

import xentcli as xent

Array = NDArray[Any]
LABELS = np.arange(23) % 4


@pytest.fixture
def shards(folder: Path) -> Array:
    """Fill the folder with logits and labels, in one file and in twelve; return the logits."""
    logits = np.random.default_rng(2).normal(size=(23, 4))
    np.save(folder / "x.npy", logits)
    np.save(folder / "y.npy", LABELS)
    for i in range(12):
        rows = slice(2 * i, 2 * i + 2)
        np.save(folder / f"x-{i}.npy", logits[rows])
        np.save(folder / f"y-{i}.npy", LABELS[rows])
        table = np.column_stack([logits[rows], LABELS[rows]]).tolist()
        lines = ["a,b,c,d,label", *(",".join(map(repr, row)) for row in table), ""]
        (folder / f"xy-{i}.csv").write_text("\n".join(lines))
    return logits


@pytest.fixture
def one(run: Run, shards: Array) -> bytes:  # noqa: ARG001
    return run("loss", "--logits", "x.npy", "--labels", "y.npy").stdout


X = ["--logits", "x-*.npy"]


def test_patterns_and_repeated_options(run: Run, one: bytes) -> None:
    halves = ["x-?.npy", "x-1[01].npy"]
    for logits in (X, [o for half in halves for o in ("--logits", half)]):
        for labels in ("y.npy", "y-*.npy"):
            assert run("loss", *logits, "--labels", labels) == (0, one, b"")
    assert run("loss", "--logits", "xy-*.csv", "--label-column", "label").stdout == one
    together = run("loss", *X, "--labels", "xy-*.csv", "--label-column", "label")
    assert together == (0, one, b"")
    rows = run("loss", "--logits", "x.npy", "--labels", "y.npy", "--reduction", "none").stdout
    assert run("loss", *X, "--labels", "y-*.npy", "--reduction", "none").stdout == rows


def test_labels_of_the_wrong_order_are_noted(run: Run, one: bytes) -> None:
    labels = [o for name in sorted(f"y-{i}.npy" for i in range(12)) for o in ("--labels", name)]
    outcome = run("loss", *X, *labels)
    assert "y-0.npy and 11 more: read in the order given, y-10.npy before y-2.npy" in outcome.err
    assert outcome.stdout != one


def test_nll_of_shards(run: Run, folder: Path, shards: Array, one: bytes) -> None:
    for i in range(12):
        rows = shards[2 * i : 2 * i + 2]
        log_probs = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
        np.save(folder / f"lp-{i}.npy", log_probs)
        np.save(folder / f"p-{i}.npy", np.exp(log_probs))
    for option, pattern in (("--log-probs", "lp-*.npy"), ("--probs", "p-*.npy")):
        outcome = run("nll", option, pattern, "--labels", "y.npy")
        assert float(outcome.out) == pytest.approx(float(one), rel=1e-13)


def test_arrays_of_several_files(run: Run, shards: Array) -> None:  # noqa: ARG001
    for line in ("softmax x", "log-softmax x", "softmax --axis 0 x", "one-hot y"):
        *command, name = line.split()
        want = run(*command, f"{name}.npy").stdout
        assert run(*command, f"{name}-*.npy") == (0, want, b"")
        files = [f"{name}-{i}.npy" for i in range(12)]
        assert run(*command, *files, "--jobs", "3") == (0, want, b"")
        assert run(*command, f"{name}-?.npy", f"{name}-1?.npy").stdout == want


def test_info_lists_what_a_pattern_matches(run: Run, shards: Array) -> None:  # noqa: ARG001
    found = run("info", "x.npy", "x-*.npy", "--json").json["files"]
    assert [file["file"] for file in found] == ["x.npy", *(f"x-{i}.npy" for i in range(12))]


def test_explain_shards(run: Run, shards: Array) -> None:  # noqa: ARG001
    for more in ([], ["--shift", "3"]):
        want = run("explain", "--logits", "x.npy", "--labels", "y.npy", "--rows", "1:6", *more)
        got = run("explain", *X, "--labels", "y-*.npy", "--rows", "1:6", *more)
        assert (got.code, got.stdout) == (0, want.stdout)


def test_one_line_where_files_do_not_fit(run: Run, folder: Path, shards: Array) -> None:
    np.save(folder / "x-3.npy", shards[:2].astype("f4"))
    np.save(folder / "y-4.npy", LABELS[:1])
    (folder / "x[0].npy").write_bytes((folder / "x.npy").read_bytes())
    assert run("loss", "--logits", "x[0].npy", "--labels", "y.npy").code == 0
    for arguments, line in (
        (["loss", *X, "--labels", "y.npy"], "x-3.npy: numbers are float32, and float64 in x-0.npy"),
        (
            ["loss", "--logits", "xy-*.csv", "--drop", "label", "--labels", "y-*.npy"],
            "y-4.npy: 1 labels for the 2 rows of xy-4.csv",
        ),
        (["softmax", "z-*.npy"], "z-*.npy: no file matches this pattern"),
        (["loss", "--logits", "x.npy", "--labels", "q?"], "q?: no file matches this pattern"),
        (["softmax", "x.npy", "-"], "standard input cannot be one of several files"),
        (["softmax", "x.npy", "y.npy"], "y.npy: rows of shape (), and x.npy has rows of (4,)"),
    ):
        outcome = run(*arguments)
        assert outcome.err.splitlines()[0] == f"error: {line}"
        assert outcome.code in (1, 2)
        assert outcome.stdout == b""


def test_a_pattern_that_the_shell_expands(run: Run, one: bytes) -> None:  # noqa: ARG001
    outcome = run("loss", "--logits", "x-0.npy", "x-1.npy", "--labels", "y.npy")
    assert outcome.code == 2
    assert "by a quoted pattern: 'run/*.npy'" in outcome.err


def test_pipes_as_files(shards: Array, folder: Path) -> None:
    outcome = run_shell("xentcli softmax <(cat x-0.npy) <(cat x-1.npy)", folder)
    got = np.array([line.split(",") for line in outcome.out.splitlines()], float)
    want = np.exp(shards[:4]) / np.exp(shards[:4]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_two_hundred_files_where_forty_may_be_open(folder: Path) -> None:
    """One block of logits runs through all of them; labels are NPY and CSV in turn."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(400, 3)), rng.integers(3, size=400).astype(np.float64)
    for i in range(200):
        rows = slice(2 * i, 2 * i + 2)
        np.save(folder / f"x-{i}.npy", x[rows])
        if i % 2:
            np.save(folder / f"y-{i}.npy", y[rows])
        else:
            (folder / f"y-{i}.csv").write_text("".join(f"{label}\n" for label in y[rows]))
    done = subprocess.run(
        command("loss", "--logits", "x-*.npy", "--labels", "y-*.*", "--jobs", "2"),
        cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"{float(xent.cross_entropy(x, y))!r}\n"


# The shift


@pytest.fixture
def tokens(folder: Path) -> tuple[Array, Array]:
    """Write (2, 5, 3) logits as language models give them, and their labels; return both."""
    rng = np.random.default_rng(8)
    logits, labels = rng.normal(size=(2, 5, 3)), rng.integers(3, size=(2, 5))
    labels[0, 3] = -100
    np.save(folder / "t.npy", logits)
    np.save(folder / "l.npy", labels)
    return logits, labels


TOKENS = ["loss", "--logits", "t.npy", "--labels", "l.npy", "--class-axis", "-1"]


def shifted_losses(logits: Array, labels: Array, shift: int) -> Array:
    z, y = logits[:, : 5 - shift], labels[:, shift:]
    log_probs = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_probs, np.maximum(y, 0)[..., None], axis=-1)[..., 0]
    return np.where(y == -100, 0.0, -picked)


def test_what_is_said_of_the_shift(
    run: Run, terminal: Terminal, tokens: tuple[Array, Array]
) -> None:
    losses = shifted_losses(*tokens, 2)
    outcome = run(*TOKENS, "--shift", "2", "--json")
    answer = outcome.json
    assert answer["loss"] == pytest.approx(losses.sum() / 5, rel=1e-14)
    counts = {"rows": 6, "used": 5, "ignored": 1, "unpaired": 4}
    assert counts.items() <= answer.items()
    assert outcome.err == "note: rows without a label 2 further on, left out: 4\n"
    screen = terminal(*TOKENS, "--shift", "2")
    assert "left out 4 rows that the shift leaves no label" in " ".join(screen.text.split())
    assert "left out" not in terminal(*TOKENS, "--shift", "0").text


def test_each_loss_of_the_shift(run: Run, folder: Path, tokens: tuple[Array, Array]) -> None:
    outcome = run(*TOKENS, "--shift", "1", "--reduction", "none", "-o", "losses.npy")
    assert outcome.code == 0
    got = np.load(folder / "losses.npy")
    assert got.shape == (2, 4)
    np.testing.assert_allclose(got, shifted_losses(*tokens, 1), rtol=1e-13)


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize("shift", ["5", "6", "1000000000000"])
def test_a_shift_that_leaves_nothing(run: Run, shift: str) -> None:
    outcome = run(*TOKENS, "--shift", shift)
    assert outcome.out == "nan\n"
    assert outcome.err.splitlines()[1] == (
        "warning: nothing is used: the shift leaves no row a label, so the mean is NaN"
    )


def test_labels_in_the_file_of_the_logits(run: Run, shards: Array) -> None:  # noqa: ARG001
    want = run("loss", "--logits", "x.npy", "--labels", "y.npy", "--shift", "3")
    for logits in ("xy-*.csv", "all.csv"):
        texts = [Path(f"xy-{i}.csv").read_text().splitlines() for i in range(12)]
        Path("all.csv").write_text("\n".join([texts[0][0], *(r for t in texts for r in t[1:]), ""]))
        got = run("loss", "--logits", logits, "--label-column", "label", "--shift", "3")
        assert got == want
    outcome = run(
        "loss", "--logits", "-", "--label-column", "label", "--shift", "3", stdin=b"a,label\n1,0\n"
    )
    assert outcome.code == 2
    assert "reads a file of logits and labels twice" in outcome.err


OUTPUTS = [
    "softmax 'run/*' -o run/out.csv",
    "nll --picked 'run/*' --reduction none -o run/out.csv",
    "one-hot 'run/*' --num-classes 3 -o run/out.csv",
    "eval 'run/*' labels.npy -o run/out.json",
    "eval 'run/*' labels.npy --report run/page.html --plot run/picture.png",
    "compare 'run/*' 'run/*' --labels labels.npy -o run/out.json",
    "calibrate 'run/*' labels.npy -o run/out.json",
    "explain 'run/*' labels.npy -o run/out.csv",
    "loss 'run/*' labels.npy --json -o run/out.json",
]


@in_one_test
@pytest.mark.parametrize(
    ("line", "shards"), [(OUTPUTS[0], 1), *((output, 2) for output in OUTPUTS)]
)
def test_what_a_run_has_written_is_none_of_its_inputs(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, shards: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    name, *arguments = shlex.split(line)
    values = np.array([[0, 1, 2]] if name == "one-hot" else [[2.0, 1.5, 0.25], [0.5, 1.25, 0.0]])
    shape = -1 if name in ("nll", "one-hot") else (-1, 3)
    for i in range(shards):
        np.save(f"run/a{i}.npy", (values * -1.0 if name == "nll" else values).reshape(shape))
    np.save("labels.npy", [0, 2] * shards)
    first = run(name, *arguments)
    assert first.code == 0
    written = {path: path.read_bytes() for path in Path("run").glob("out.*")}
    again = run(name, *arguments, "--force")
    assert again == first
    assert {path: path.read_bytes() for path in Path("run").glob("out.*")} == written
