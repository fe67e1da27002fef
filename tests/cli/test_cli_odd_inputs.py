"""Inputs of odd shapes, and from odd places: one row, one number, nothing, a redirected file."""

import gzip
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Outcome, Run, run_shell
from in_one_test import in_one_test


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ends_with(outcome: Outcome, code: int, first_line: str) -> None:
    assert (outcome.code, outcome.err.splitlines()[0]) == (code, first_line)


def npy_header(shape: str) -> bytes:
    """Return an NPY file of a header alone."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text + b"\n").to_bytes(2, "little") + text + b"\n"


IMPOSSIBLE = "x.npy: the NPY header has an impossible shape: (1"
LABELLED = "cat,dog,label\n1,2,0\n3,4,1\n"


@in_one_test
@pytest.mark.parametrize(
    ("files", "line", "said"),
    [
        (
            {"a.npy": [-np.inf] * 3, "b.npy": [-np.inf] * 3, "y.npy": 1},
            "loss --logits a.npy --logits b.npy --labels y.npy",
            "a.npy and 1 more: every logit is -inf",
        ),
        (
            {"x.npy": np.log([0.2, 0.3, 0.5]), "y.csv": "0\n1\n2\n"},
            "nll x.npy y.csv",
            "y.csv:1: class probability 2 is above 1",
        ),
        (
            {"x.npy": np.zeros(3), "y.npy": 9},
            "explain x.npy y.npy",
            "y.npy: label 9 is outside 0..2\n",  # one row has no index
        ),
        (
            {"x.csv": "1\nnan\n"},
            "softmax x.csv",
            "x.csv: along axis 0, 1 of 1 rows hold NaN or inf, or nothing but -inf",
        ),
        (
            {"y.csv": "99999999999\n0\n"},
            "one-hot y.csv",
            "y.csv: one-hot rows of 100,000,000,000 classes",
        ),
        ({"x.npy": npy_header("(100000000000000, 0)")}, "softmax x.npy", IMPOSSIBLE),
        ({"x.npy": npy_header("(100000000000000, 0)")}, "info x.npy", IMPOSSIBLE),
        ({"x.npy": npy_header(f"({'1, ' * 70})")}, "softmax x.npy", IMPOSSIBLE),
        ({"x.npy": npy_header("print(1)")}, "info x.npy", "x.npy: the NPY header cannot be read: "),
        (
            {"x.csv": "<!DOCTYPE html>\n<p>1,2"},
            "info x.csv",
            "x.csv: a web page, which is not one of npy",
        ),
        ({"x.csv": "<?xml?>"}, "info x.csv", "x.csv: XML, which is not one of npy"),
        (
            {"x.csv": LABELLED},
            "softmax x.csv",
            "x.csv: column 'label' may be no class: its name says 'label'\n",
        ),
    ],
)
def test_one_line_says_what_is_odd(
    run: Run, folder: Path, files: dict[str, Any], line: str, said: str
) -> None:
    for name, content in files.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        elif isinstance(content, str):
            (folder / name).write_text(content)
        else:
            np.save(folder / name, content)
    outcome = run(*line.split())
    assert (outcome.code, outcome.out if line[:4] != "info" else "") == (1, "")
    assert outcome.err.startswith(f"error: {said}"), outcome.err
    assert " at 0x" not in outcome.err


def test_a_binary_format_of_json(run: Run, folder: Path) -> None:
    np.save(folder / "x.npy", np.zeros((1, 2)))
    outcome = run("softmax", "x.npy", "--json", "--to", "npy")
    assert (outcome.code, outcome.out) == (2, "")


def test_a_redirected_file_that_is_read_twice(run: Run, folder: Path) -> None:
    """Standard input is checked for changes after a copy has taken its place."""
    for command, array in (("softmax --axis 0", np.eye(3)), ("one-hot", np.arange(3))):
        np.save("z.npy", array)
        (folder / "z.npy.gz").write_bytes(gzip.compress(Path("z.npy").read_bytes()))
        outcome = run(*command.split(), "-", stdin=folder / "z.npy.gz")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == run(*command.split(), "z.npy").out


def test_one_hot_of_one_number_has_no_header(run: Run, folder: Path) -> None:
    np.save(folder / "y.npy", np.array(1))
    assert run("one-hot", "y.npy", "--classes", "a,b,c").out == "0\n1\n0\n"


def test_no_classes(run: Run, folder: Path) -> None:
    for name in ("x.npy", "y.npy"):
        np.save(folder / name, np.zeros((5, 0)))
    outcome = run("loss", "--logits", "x.npy", "--labels", "y.npy")
    assert "warning: nothing is used: there are no classes, so the mean is NaN" in outcome.err


NOTHING = "warning: nothing is used: there are no rows"


@in_one_test
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "loss empty.json y.npy",
            "error: empty.json: it is empty, and does not say how many classes there are",
        ),
        ("compare none.npy none.npy --labels empty.json", NOTHING),
        (
            "eval empty.json empty.npy",
            "error: empty.json: it is empty, and does not say how many classes there are",
        ),
        (
            "compare empty.npy empty.npy",
            "error: empty.npy: it is empty, and does not say how many classes there are",
        ),
        ("loss z.npy empty.json", "error: empty.json: 0 labels for the 2 rows of z.npy"),
        ("loss none.npy y.npy", "error: y.npy: 2 labels for the 0 rows of none.npy"),
        ("loss none.npy y.csv", "error: y.csv: there is a header but no row"),
        ("loss none.npy empty.json", f"{NOTHING}, so the mean is NaN"),
        ("loss none.npy empty.json --reduction sum", f"{NOTHING}, so the sum is 0"),
        ("loss none.npy empty.json --reduction none", NOTHING),
        ("nll lists.npz", f"{NOTHING}, so the mean is NaN"),
        ("nll lists.npz --reduction sum", f"{NOTHING}, so the sum is 0"),
        ("nll lists.npz --reduction none", NOTHING),
        ("eval lists.npz --metric accuracy", NOTHING),
        ("compare lists.npz lists.npz --metric agreement", NOTHING),
    ],
)
@pytest.mark.usefixtures("folder")
def test_no_rows(run: Run, line: str, said: str) -> None:
    """An error says what is wrong first; the mean over no row is NaN, as PyTorch's."""
    np.save("z.npy", np.zeros((2, 3)))
    np.save("y.npy", [0, 1])
    np.save("none.npy", np.zeros((0, 3)))
    np.save("empty.npy", np.zeros(0))
    Path("empty.json").write_text("[]")
    Path("y.csv").write_text("label\n")
    values, none = np.zeros((0, 2)), np.zeros(0, int)
    np.savez("lists.npz", top_values=values, top_indices=values.astype(int), labels=none)
    outcome = run(*line.split())
    told = [text for text in outcome.err.splitlines() if text.startswith(("error", "warning"))]
    assert (outcome.code, told) == (int(said.startswith("error")), [said])


def test_no_room_for_rows_that_are_not_counted(folder: Path) -> None:
    np.savetxt("x.csv", np.zeros((2000, 8)), delimiter=",")
    outcome = run_shell("ulimit -f 20; xentcli softmax x.csv --to npy | cat > /dev/null", folder)
    folder_of_copies = tempfile.gettempdir()
    what = f"a temporary copy of <stdout> in {folder_of_copies}: cannot be written: file too large"
    ends_with(outcome, 1, f"error: {what}")


def test_no_room_for_ids_that_wait(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (f"{'x' * 10**5}{i},1,2\n" for i in range(12))
    Path("x.csv").write_text("id,a,b\n" + "".join(rows))
    missing = str(folder / "missing")
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", missing)
        outcome = run("softmax", "x.csv", "--id-column", "id", "--json")
    what = f"a temporary copy of the ids in {missing}: cannot be written: no such file or directory"
    ends_with(outcome, 1, f"error: {what}")


def test_pipes_of_several_arrays(run: Run, folder: Path) -> None:
    for name in ("a", "b"):
        os.mkfifo(folder / name)
    outcome = run("loss", "--logits", "a", "--logits", "b", "--label-key", "y")
    ends_with(outcome, 2, "error: --label-key reads several files twice, which pipes are not")


def test_a_very_wide_row_of_text(run: Run, folder: Path) -> None:
    row = np.linspace(-1.0, 1.0, 70_001)
    np.save(folder / "x.npy", row[None])
    assert run("log-softmax", "x.npy", "-o", "x.csv").code == 0
    content = (folder / "x.csv").read_text()
    assert content.count("\n") == 1
    want = row - np.log(np.exp(row).sum())
    np.testing.assert_allclose(np.array(content.split(","), float), want, rtol=1e-12)


def test_a_pattern_of_file_urls(run: Run, folder: Path) -> None:
    for i in (2, 10):
        np.save(folder / f"x-{i}.npy", np.full((1, 2), float(i)))
    assert run("log-softmax", f"file://{folder}/x-*.npy", "--quiet").out.count("\n") == 2


def test_info_goes_on_after_an_error(run: Run, folder: Path) -> None:
    np.save(folder / "x.npy", np.zeros((1, 2)))
    outcome = run("info", "no.npy", "x.npy", "none.npy")
    assert outcome.code == 1
    assert outcome.out.splitlines()[1].startswith("x.npy,,npy,1 2,float64")
    assert outcome.err.splitlines() == [
        "error: no.npy: cannot be read: no such file or directory",
        "error: none.npy: cannot be read: no such file or directory",
    ]


def test_a_label_column_that_is_read_as_a_class(run: Run, folder: Path) -> None:
    (folder / "x.csv").write_text(LABELLED)
    assert "hint: leave out what is none: --drop label, or name" in run("softmax", "x.csv").err
    assert run("softmax", "x.csv", "--drop", "label").err == ""
    assert run("loss", "--logits", "x.csv", "--label-column", "label").err == ""
