"""Many files as one array, as they are typed: patterns, options that are repeated, pipes."""

import os
import re
import resource
import shlex
import subprocess
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from cli_files import log_probs, write_rows
from cli_tools import Run, command, refusal
from in_one_test import in_one_folder, in_one_test

import xentcli as xent

LABELS = np.arange(6) % 4
LOGITS = np.random.default_rng(2).normal(size=(6, 4))
PARTS = {2: slice(0, 2), 9: slice(2, 4), 10: slice(4, 6)}  # another order than that of text


@pytest.fixture
def shards(folder: Path) -> Path:
    """Fill the folder with arrays of six rows, each in one file and in three."""
    arrays = {"x": LOGITS, "y": LABELS, "lp": log_probs(LOGITS), "p": np.exp(log_probs(LOGITS))}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
        for i, rows in PARTS.items():
            np.save(folder / f"{name}-{i}.npy", array[rows])
    table = [[*row, label] for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True)]
    for i, rows in PARTS.items():
        write_rows(folder / f"xy-{i}.csv", [*"abcd", "label"], table[rows])
    write_rows(folder / "all.csv", [*"abcd", "label"], table)
    return folder


XY = "loss --logits x.npy --labels y.npy"


@in_one_folder
@pytest.mark.parametrize(
    ("whole", "in_parts"),
    [
        (XY, "loss --logits x-*.npy --labels y.npy"),
        (XY, "loss --logits x-?.npy --logits x-1[01].npy --labels y-*.npy"),
        (XY, "loss --logits xy-*.csv --label-column label"),
        (XY, "loss --logits x-*.npy --labels xy-*.csv --label-column label"),
        (f"{XY} --reduction none", "loss --logits x-*.npy --labels y-*.npy --reduction none"),
        (f"{XY} --shift 3", "loss --logits xy-*.csv --label-column label --shift 3"),
        (f"{XY} --shift 3", "loss --logits all.csv --label-column label --shift 3"),
        ("nll lp.npy y.npy", "nll --log-probs lp-*.npy --labels y-*.npy"),
        ("nll --probs p.npy y.npy", "nll --probs p-*.npy --labels y.npy"),
        ("explain x.npy y.npy --rows 3:6", "explain x-*.npy y-*.npy --rows 3:6"),
        (
            "explain x.npy y.npy --rows 1:3 --shift 3",
            "explain x-*.npy y-*.npy --rows 1:3 --shift 3",
        ),
        ("softmax x.npy", "softmax x-*.npy --jobs 3"),
        ("softmax x.npy", "softmax x-?.npy x-1?.npy"),
        ("softmax x.npy --axis 0", "softmax x-2.npy x-9.npy x-10.npy --axis 0 --jobs 3"),
        ("log-softmax x.npy", "log-softmax x-*.npy"),
        ("one-hot y.npy", "one-hot y-*.npy"),
    ],
)
def test_parts_give_what_the_whole_gives(run: Run, shards: Path, whole: str, in_parts: str) -> None:
    del shards
    jobs = () if "--jobs" in in_parts else ("--jobs", "1")
    want = run(*whole.split())
    assert (want.code, want.stdout != b"") == (0, True)
    found = run(*in_parts.split(), *jobs)
    of_parts = rb"note: the shift leads from each of 3 files into the next, as in one text; .*\n"
    assert found._replace(stderr=re.sub(of_parts, b"", found.stderr)) == want


def test_files_of_labels_in_another_order(run: Run, shards: Path) -> None:
    del shards
    by_text = sorted(f"y-{i}.npy" for i in PARTS)
    labels = [o for name in by_text for o in ("--labels", name)]
    outcome = run("loss", "--logits", "x-*.npy", *labels)
    assert "y-10.npy and 2 more: read in the order given, y-10.npy before y-2.npy" in outcome.err
    assert (outcome.code, outcome.out) == (1, "")
    assert "name the files of both in the same order" in outcome.err


@pytest.mark.usefixtures("shards")
def test_what_is_said_of_each_file_alike_is_one_note(run: Run) -> None:
    """Of a thousand files of arrays there were two thousand notes."""
    for i in PARTS:
        np.savez(f"b-{i}.npz", logits=np.load(f"x-{i}.npy"), labels=np.load(f"y-{i}.npy"))
    assert run("loss", "b-*.npz").err.splitlines() == [
        "note: b-2.npz: the values are 'logits', by name (else --key) (and so in 2 more)",
        "note: b-2.npz: the labels are 'labels', by name (else --label-key) (and so in 2 more)",
    ]


@pytest.mark.usefixtures("shards")
def test_files_whose_words_stand_in_another_order(run: Run) -> None:
    """Only numbers were compared: the labels of one were taken for the rows of the other."""
    for i, word in zip(PARTS, ("train", "val", "extra"), strict=True):
        Path(f"{word}_x.npy").write_bytes(Path(f"x-{i}.npy").read_bytes())
        Path(f"{word}_y.npy").write_bytes(Path(f"y-{i}.npy").read_bytes())
    files = [["--logits", f"{w}_x.npy", "--labels", f"{w}_y.npy"] for w in ("train", "val")]
    assert run("loss", *files[0], *files[1]).code == 0
    crossed = [*files[0][:2], *files[1][:2], *files[1][2:], *files[0][2:]]
    told = refusal(run("loss", *crossed))
    assert told.error == "val_y.npy stands at the place of train_x.npy"
    assert told.hint == "name the files of both in the same order"
    Path("labels").mkdir()
    for word in ("train", "extra"):  # the labels of val are missing
        Path("labels", f"{word}_x.npy").write_bytes(Path(f"{word}_y.npy").read_bytes())
    noted = run("loss", *files[0][:2], *files[1][:2], "--labels", "labels/*.npy").err
    assert "names differ: labels/extra_x.npy is for train_x.npy" in noted


def test_info_lists_what_a_pattern_matches(run: Run, shards: Path) -> None:
    del shards
    found = run("info", "x.npy", "x-*.npy", "--json").json["files"]
    assert [file["file"] for file in found] == ["x.npy", *(f"x-{i}.npy" for i in PARTS)]


@in_one_test
@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("loss x-*.npy y.npy", 1, "x-9.npy: numbers are float32, and float64 in x-2.npy"),
        (
            "loss --logits xy-*.csv --drop label --labels y-*.npy",
            *(1, "y-10.npy: 1 labels for the 2 rows of xy-10.csv"),
        ),
        ("softmax z-*.npy", 1, "z-*.npy: no file matches this pattern"),
        ("loss x.npy q?", 1, "q?: no file matches this pattern"),
        ("softmax x.npy -", 2, "standard input cannot be one of several files"),
        ("softmax x.npy y.npy", 1, "y.npy: rows of shape (), and x.npy has rows of (4,)"),
        (
            "loss --logits - --label-column label --shift 3",
            *(2, "--shift reads a file of logits and labels twice, which a pipe is not"),
        ),
    ],
)
def test_one_line_where_files_do_not_fit(
    run: Run, shards: Path, line: str, code: int, message: str
) -> None:
    np.save(shards / "x-9.npy", LOGITS[PARTS[9]].astype("f4"))
    np.save(shards / "y-10.npy", LABELS[:1])
    outcome = run(*line.split(), "--jobs", "1", stdin=b"a,label\n1,0\n")
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith(f"error: {message}"), outcome.err


def test_a_file_that_a_pattern_misses_among_numbered_ones_is_a_note(run: Run, shards: Path) -> None:
    for name in "xy":
        (shards / f"{name}-2.npy").rename(shards / f"{name}-12.npy")
    said = run("loss", "x-*.npy", "--labels", "y-*.npy").err.splitlines()
    assert said[:2] == [
        f"note: {name}-11.npy: there is no such file, though the names of other files count it"
        for name in "xy"
    ]


@in_one_test
@pytest.mark.parametrize(("missing", "more"), [(3, 0), (5, 2)])
def test_three_missing_files_are_named_and_others_counted(
    run: Run, tmp_path: Path, missing: int, more: int
) -> None:
    for i in {*range(10)} - {*range(1, missing + 1)}:
        np.save(tmp_path / f"z-{i}.npy", np.zeros((1, 2)))
    said = run("softmax", "z-*.npy").err.splitlines()
    words = "there is no such file, though the names of other files count it"
    assert said[:3] == [f"note: z-{i}.npy: {words}" for i in (1, 2, 3)]
    assert said[3:] == ([f"note: and {more} more such files"] if more else [])


def test_a_file_that_is_given_twice_is_a_note(run: Run, shards: Path) -> None:
    said = run("softmax", "x-*.npy", "x-2.npy", "-o", "twice.npy").err
    assert "note: x-2.npy: given 2 times, and its rows count each time\n" in said
    (shards / "x-copy.npy").symlink_to("x-2.npy")
    for others in ("x-*.npy", "./x-2.npy"):
        said = run("softmax", others, "x-copy.npy", "--to", "npy").err
        words = "the same file as ./x-2.npy" if others[0] == "." else "the same file as x-2.npy"
        assert f"note: x-copy.npy: {words}, and its rows count each time\n" in said


def test_a_file_may_be_named_like_a_pattern(run: Run, shards: Path) -> None:
    (shards / "x[0].npy").write_bytes((shards / "x.npy").read_bytes())
    assert run("loss", "--logits", "x[0].npy", "--labels", "y.npy") == run(*XY.split())


def test_a_pattern_that_the_shell_expands(run: Run, shards: Path) -> None:
    del shards
    outcome = run("loss", "--logits", "x-2.npy", "x-9.npy", "--labels", "y.npy")
    assert outcome.code == 2
    assert "by a quoted pattern: 'run/*.npy'" in outcome.err


def test_pipes_as_files(run: Run, shards: Path) -> None:
    """As a shell has them for `<(cat x-2.npy)`."""
    with ExitStack() as stack:
        names = []
        for i in PARTS:
            reading, writing = os.pipe()
            stack.callback(os.close, reading)
            os.write(writing, (shards / f"x-{i}.npy").read_bytes())
            os.close(writing)
            names.append(f"/dev/fd/{reading}")
        assert run("softmax", *names) == run("softmax", "x.npy")


def test_more_files_than_may_be_open(folder: Path) -> None:
    """One block of logits runs through all of them; labels are NPY and CSV in turn."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(48, 3)), rng.integers(3, size=48).astype(np.float64)
    for i in range(48):
        np.save(folder / f"x-{i}.npy", x[i : i + 1])
        if i % 2:
            np.save(folder / f"y-{i}.npy", y[i : i + 1])
        else:
            (folder / f"y-{i}.csv").write_text(f"{y[i]}\n")
    done = subprocess.run(
        command("loss", "--logits", "x-*.npy", "--labels", "y-*.*", "--jobs", "2"),
        cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"{float(xent.cross_entropy(x, y))!r}\n"


# What a run has written


@in_one_test
@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("softmax 'run/*' -o run/out.csv", 1),
        ("softmax 'run/*' -o run/out.csv", 2),
        ("nll --picked 'run/*' --reduction none -o run/out.csv", 2),
        ("one-hot 'run/*' --num-classes 3 -o run/out.csv", 2),
        ("eval 'run/*' labels.npy -o run/out.json", 2),
        ("compare 'run/*' 'run/*' --labels labels.npy -o run/out.json", 2),
        ("calibrate 'run/*' labels.npy -o run/out.json", 2),
        ("explain 'run/*' labels.npy -o run/out.csv", 2),
        ("loss 'run/*' labels.npy --json -o run/out.json", 2),
    ],
)
def test_what_a_run_has_written_is_none_of_its_inputs(run: Run, line: str, count: int) -> None:
    Path("run").mkdir()
    name, *arguments = shlex.split(line)
    values = np.array([[0, 1, 2]] if name == "one-hot" else [[2.0, 1.5, 0.25], [0.5, 1.25, 0.0]])
    shape = -1 if name in ("nll", "one-hot") else (-1, 3)
    for i in range(count):
        np.save(f"run/a{i}.npy", (values * -1.0 if name == "nll" else values).reshape(shape))
    np.save("labels.npy", [0, 2] * count)
    first = run(name, *arguments)
    assert first.code == 0
    (written,) = Path("run").glob("out.*")
    content = written.read_bytes()
    assert run(name, *arguments, "--force") == first
    assert written.read_bytes() == content


@in_one_test
@pytest.mark.parametrize(
    "command", ["eval 'run/*'", "compare 'run/*' 'run/*'", "calibrate 'run/*'"]
)
def test_pages_and_pictures_are_none_of_the_inputs(run: Run, command: str) -> None:
    """They would be refused, or counted; that labels do not fit is known before any is drawn."""
    Path("run").mkdir()
    for name in ("page.html", "picture.svg"):
        Path(f"run/{name}").write_text("1,2,3,4\n")
    for i in range(2):
        np.save(f"run/{i}.npy", LOGITS[:2])
    written = ("--report", "run/page.html", "--plot", "run/picture.svg", "--force")
    outcome = run(*shlex.split(command), "--labels", "0,1,1", *written)
    assert (outcome.code, outcome.out) == (1, "")
    assert "3 labels for the 4 rows" in outcome.err
