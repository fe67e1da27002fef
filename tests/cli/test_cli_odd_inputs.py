"""Inputs of odd shapes, and from odd places: one row, one number, nothing, a redirected file."""

import gzip
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Outcome, Run, run_shell


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ends_with(outcome: Outcome, code: int, first_line: str) -> None:
    assert (outcome.code, outcome.err.splitlines()[0]) == (code, first_line)


def test_a_redirected_file_that_is_read_twice(run: Run, folder: Path) -> None:
    """Standard input is checked for changes after a copy has taken its place."""
    for command, array in (("softmax --axis 0", np.eye(3)), ("one-hot", np.arange(3))):
        np.save("z.npy", array)
        (folder / "z.npy.gz").write_bytes(gzip.compress(Path("z.npy").read_bytes()))
        outcome = run(*command.split(), "-", stdin=folder / "z.npy.gz")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == run(*command.split(), "z.npy").out


def test_shards_of_one_row(run: Run, folder: Path) -> None:
    for name in ("a", "b"):
        np.save(folder / f"{name}.npy", np.full(3, -np.inf))
    np.save("label.npy", np.array(1))
    both = ("--logits", "a.npy", "--logits", "b.npy", "--labels", "label.npy")
    ends_with(run("loss", *both), 1, "error: a.npy and 1 more: every logit is -inf")


def test_nll_of_one_row_with_a_column_as_long(run: Run, folder: Path) -> None:
    np.save("row.npy", np.log([0.2, 0.3, 0.5]))
    (folder / "y.csv").write_text("0\n1\n2\n")
    outcome = run("nll", "--log-probs", "row.npy", "--labels", "y.csv")
    ends_with(outcome, 1, "error: y.csv:1: class probability 2 is above 1")


def test_one_hot_of_one_number_has_no_header(run: Run, folder: Path) -> None:
    np.save(folder / "y.npy", np.array(1))
    assert run("one-hot", "y.npy", "--classes", "a,b,c").out == "0\n1\n0\n"


def test_the_label_of_one_row_has_no_index(run: Run, folder: Path) -> None:
    np.save(folder / "row.npy", np.zeros(3))
    np.save(folder / "y.npy", np.array(9))
    outcome = run("explain", "--logits", "row.npy", "--labels", "y.npy")
    ends_with(outcome, 1, "error: y.npy: label 9 is outside 0..2")


def test_no_classes(run: Run, folder: Path) -> None:
    for name in ("x.npy", "y.npy"):
        np.save(folder / name, np.zeros((5, 0)))
    outcome = run("loss", "--logits", "x.npy", "--labels", "y.npy")
    assert "warning: nothing is used: there are no classes, so the mean is NaN" in outcome.err


def test_one_column_that_is_not_finite(run: Run, folder: Path) -> None:
    (folder / "x.csv").write_text("1\nnan\n")
    what = "along axis 0, 1 of 1 rows hold NaN or inf, or nothing but -inf"
    ends_with(run("softmax", "x.csv"), 1, f"error: x.csv: {what}")


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


def test_a_binary_format_of_json(run: Run, folder: Path) -> None:
    np.save(folder / "x.npy", np.zeros((1, 2)))
    outcome = run("softmax", "x.npy", "--json", "--to", "npy")
    assert (outcome.code, outcome.out) == (2, "")


def npy_header(shape: str) -> bytes:
    """Return an NPY file of a header alone."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text + b"\n").to_bytes(2, "little") + text + b"\n"


@pytest.mark.parametrize("shape", ["(100000000000000, 0)", f"({'1, ' * 70})"])
def test_a_shape_that_cannot_be(run: Run, folder: Path, shape: str) -> None:
    (folder / "x.npy").write_bytes(npy_header(shape))
    for command in ("softmax", "info"):
        outcome = run(command, "x.npy")
        assert outcome.code == 1
        assert outcome.err.startswith("error: x.npy: the NPY header has an impossible shape: (1")


def test_an_npy_header_that_is_no_dictionary(run: Run, folder: Path) -> None:
    (folder / "x.npy").write_bytes(npy_header("print(1)"))
    error = run("info", "x.npy").err
    assert error.startswith("error: x.npy: the NPY header cannot be read: ")
    assert " at 0x" not in error


def test_a_label_that_is_no_class(run: Run, folder: Path) -> None:
    (folder / "y.csv").write_text("99999999999\n0\n")
    outcome = run("one-hot", "y.csv")
    ends_with(outcome, 1, "error: y.csv: one-hot rows of 100,000,000,000 classes")


def test_a_very_wide_row_of_text(run: Run, folder: Path) -> None:
    row = np.linspace(-1.0, 1.0, 120_001)
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


@pytest.mark.parametrize(
    ("content", "what"),
    [("<!DOCTYPE html>\n<p>1,2", "a web page"), ("<?xml?>", "XML")],
)
def test_text_that_is_no_table(run: Run, folder: Path, content: str, what: str) -> None:
    (folder / "x.csv").write_text(content)
    assert run("info", "x.csv").err.startswith(f"error: x.csv: {what}, which is not one of npy")


def test_a_label_column_that_is_read_as_a_class(run: Run, folder: Path) -> None:
    (folder / "x.csv").write_text("cat,dog,label\n1,2,0\n3,4,1\n")
    outcome = run("softmax", "x.csv")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        "error: x.csv: column 'label' may be no class: its name says 'label'\n"
        "hint: leave out what is none: --drop label, or name the classes: --columns cat,dog\n"
    )
    assert run("softmax", "x.csv", "--drop", "label").err == ""
    assert run("loss", "--logits", "x.csv", "--label-column", "label").err == ""
