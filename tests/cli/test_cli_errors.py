"""Bad input: one line that says what and where, perhaps a hint, the exit code, and nothing else."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Outcome, Run, copy_files
from in_one_test import in_one_folder

Command = list[str]
pytestmark = pytest.mark.usefixtures("inputs")
LOSS = ["loss", "--logits"]
EXPLAIN = ["explain", "--logits", "z.npy", "--labels", "y.npy"]


@pytest.fixture(scope="module")
def wrong_files(sample_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with input that is wrong in many ways, and the sample files."""
    folder = copy_files(sample_files, tmp_path_factory.mktemp("wrong"))
    logits, labels = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    wrong: dict[str, list[float]] = {
        "wrong": [0, 1, 7, 0, 9],
        "negative": [0, -1, 2, -1, 0],
        "half": [0, 1, 3.5, 0, 0],
    }
    for name, values in wrong.items():
        np.save(folder / f"{name}.npy", values)
        lines = [str(value) for value in values]
        (folder / f"{name}.csv").write_text("\n".join(["label", *lines, ""]))
    for name, values in {"few": labels[:4], "many": np.append(labels, 0)}.items():
        np.save(folder / f"{name}.npy", values)
        (folder / f"{name}.csv").write_text("\n".join(["label", *map(str, values), ""]))
    for name, number in {"nan": np.nan, "inf": np.inf}.items():
        odd = logits.copy()
        odd[3, 1] = number
        np.save(folder / f"{name}.npy", odd)
        np.savetxt(folder / f"{name}.csv", odd, delimiter=",", header="a,b,c", comments="")
    masked = logits.copy()
    masked[2] = -np.inf
    np.save(folder / "masked.npy", masked)
    (folder / "ragged.csv").write_text("a,b\n1,2\n3\n")
    (folder / "text.csv").write_text("a,b\n1,2\n3,x\n")
    (folder / "cut.npy").write_bytes((folder / "z.npy").read_bytes()[:-8])
    (folder / "long.npy").write_bytes((folder / "z.npy").read_bytes() + b"12345678")
    np.save(folder / "names.npy", np.array(["a", "b"]))
    np.save(folder / "complex.npy", np.array([[1j, 2j]]))
    (folder / "nothing.csv").touch()
    (folder / "kept.csv").write_text("kept\n")
    (folder / "odd.npz").write_bytes(b"PK\3\4\0\0")
    return folder


@pytest.fixture
def inputs(wrong_files: Path, folder: Path) -> Path:
    """Fill the folder of the test with the wrong files too."""
    return copy_files(wrong_files, folder)


def parts(outcome: Outcome) -> tuple[str, str]:
    """Return the error and the hint, after checking that there is nothing else."""
    assert outcome.stdout == b""
    first, *rest = outcome.err.splitlines()
    assert first.startswith("error: ")
    assert len(rest) <= 1
    assert all(line.startswith("hint: ") for line in rest)
    assert "a mistake in xent" not in first
    return first.removeprefix("error: "), "".join(rest).removeprefix("hint: ")


UNUSABLE: list[tuple[Command, str, str]] = [
    ([*LOSS, "missing.npy", "--labels", "y.npy"], "missing.npy: cannot be read: no such file", ""),
    ([*LOSS, "z.npy", "--labels", "missing"], "missing: cannot be read: no such file", ""),
    ([*LOSS, ".", "--labels", "y.npy"], ".: cannot be read: is a directory", "names its files"),
    (["softmax", "ragged.csv"], "ragged.csv:3: 1 cell where there should be 2", ""),
    (["softmax", "text.csv"], "text.csv:3: column 'b': 'x' is not a number", ""),
    (["softmax", "nothing.csv"], "nothing.csv: the file is empty", ""),
    (["softmax", "odd.npz"], "odd.npz: ", ""),
    (["softmax", "cut.npy"], "cut.npy: the header promises 120 bytes", "cut off"),
    (["softmax", "long.npy"], "long.npy: the header promises 120 bytes", "follows the array"),
    (["softmax", "names.npy"], "names.npy: an array of <U1 does not hold real numbers", ""),
    (["softmax", "complex.npy"], "complex.npy: an array of complex128 does not hold", ""),
    (["softmax", "z.csv", "--from", "npy"], "z.csv: not an NPY file", ""),
    (["softmax", "z.csv", "--drop", "cat,dog,bird"], "z.csv: ", ""),
    # Labels
    ([*LOSS, "z.npy", "--labels", "wrong.npy"], "wrong.npy[2]: label 7 is outside 0..2 (2 ", ""),
    ([*LOSS, "z.npy", "--labels", "wrong.csv"], "wrong.csv:4: label 7 is outside 0..2 (2 such", ""),
    ([*LOSS, "z.npy", "--labels", "negative.csv"], "negative.csv:3: label -1", "--ignore-index"),
    ([*LOSS, "z.npy", "--labels", "half.npy"], "half.npy[2]: label 3.5 is not a whole number", ""),
    ([*LOSS, "z.csv", "--labels", "half.csv"], "half.csv:4: label 3.5 is not a whole number", ""),
    (["one-hot", "negative.csv"], "negative.csv:3: label -1 is outside 0..2", ""),
    (["one-hot", "half.npy"], "half.npy[2]: label 3.5 is not a whole number", ""),
    (["one-hot", "y.csv", "--num-classes", "2"], "y.csv:4: label 2 is outside 0..1", ""),
    # Values
    ([*LOSS, "nan.npy", "--labels", "y.npy"], "nan.npy[3, 1]: logit nan", "--non-finite propagate"),
    ([*LOSS, "nan.csv", "--labels", "y.csv"], "nan.csv:5: column 'b': logit nan", "--non-finite"),
    ([*LOSS, "inf.npy", "--labels", "y.npy"], "inf.npy[3, 1]: logit inf", "--non-finite"),
    ([*LOSS, "masked.npy", "--labels", "y.npy"], "masked.npy[2]: every logit is -inf", "--non-fin"),
    (["softmax", "nan.csv"], "nan.csv:5: column 'b': logit nan", "--non-finite propagate"),
    (["softmax", "inf.npy", "--axis", "0"], "inf.npy: along axis 0", "--non-finite propagate"),
    (["nll", "--log-probs", "nan.npy", "--labels", "wrong.npy"], "wrong.npy[2]: label 7", ""),
    (["nll", "--probs", "z.npy", "--labels", "y.npy"], "z.npy[0, 2]: probability -", "xent loss"),
    # Shapes
    ([*LOSS, "z.npy", "--labels", "y.npy", "--weight", "1,2"], "weight must have one number", ""),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--weight", "z.npy"], "z.npy: one row or one col", ""),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--class-axis", "2"], "z.npy: there is no axis 2", ""),
    (["softmax", "z.npy", "--axis", "2"], "z.npy: there is no axis 2 in shape (5, 3)", ""),
    (["nll", "--log-probs", "z.npy", "--labels", "z.npy"], "z.npy: ", ""),
    ([*EXPLAIN, "--rows", "7:9"], "z.npy: there is no row 7", ""),
    ([*LOSS, "z.npy", "--label-column", "label"], "z.npy: ", ""),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--label-column", "q"], "y.npy: npy has no columns", ""),
    (["softmax", "z.npy", "--drop", "cat"], "z.npy: npy has no columns", ""),
    # Output
    (["softmax", "z.npy", "-o", "kept.csv"], "kept.csv: cannot be written: it exists", "--force"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "-o", "kept.csv"], "kept.csv: cannot be", "--force"),
    (["info", "z.npy", "-o", "kept.csv"], "kept.csv: cannot be written: it exists", "--force"),
    (["softmax", "z.npy", "-o", "no/out.npy"], "no/out.npy: cannot be written: there is no", ""),
]  # fmt: skip


@in_one_folder
@pytest.mark.parametrize(("arguments", "message", "hint"), UNUSABLE)
def test_what_cannot_be_used(
    run: Run, inputs: Path, arguments: Command, message: str, hint: str
) -> None:
    outcome = run(*arguments)
    error, tip = parts(outcome)
    assert outcome.code == 1
    assert error.startswith(message)
    assert hint in tip
    assert (inputs / "kept.csv").read_text() == "kept\n"


MISUSED: list[tuple[Command, str]] = [
    (["softmax", "z.npy", "-o", "out.xyz"], "out.xyz: its extension names no format"),
    ([*LOSS, "-", "--labels", "-"], "only one input can be standard input"),
    ([*LOSS, "-", "--labels", "y.npy", "--weight", "-"], "only one input can be standard input"),
    (["explain", "--logits", "-", "--labels", "-"], "only one input can be standard input"),
    (["info", "-", "-"], "only one input can be standard input"),
    ([*LOSS, "z.npy"], "where are the labels?"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--weight", "1,2,x"], "--weight 1,2,x: neither"),
    (["explain", "--logits", "z.npy"], "where are the labels?"),
    (["nll", "--probs", "z.npy"], "where are the labels?"),
    (["nll", "--labels", "y.npy"], "there is no file of LOG_PROBS"),
    (["nll", "--probs", "z.npy", "--log-probs", "z.npy", "--labels", "y.npy"], "give one of"),
    (["softmax"], "there is no file of LOGITS"),
    (["loss", "--labels", "y.npy"], "there is no file of LOGITS"),
    ([*LOSS, "z.npy", "y.npy", "--labels", "y.npy"], "a file too many: y.npy"),
    ([*LOSS, "z.npy", "--logits", "-", "--labels", "y.npy"], "standard input cannot be one of"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--shift=-1"], "Invalid value for '--shift'"),
    (["softmax", "z.npy", "--bogus"], "No such option: --bogus"),
    (["bogus"], "there is no command 'bogus'"),
    (["--bogus"], "No such option: --bogus"),
    ([*EXPLAIN, "--rows", "3:1"], "--rows 3:1 has no row"),
    ([*EXPLAIN, "--rows", "a"], "--rows must be like 0:3"),
    ([*EXPLAIN, "--rows=-1"], "--rows must be like 0:3"),
    (["softmax", "z.npy", "--dtype", "int8"], "Invalid value for '--dtype'"),
    (["one-hot", "y.npy", "--dtype", "text"], "--dtype must be a dtype of numbers"),
    (["one-hot", "y.npy", "--dtype", "object"], "--dtype must be a dtype of numbers"),
    (["one-hot", "y.npy", "--num-classes", "0"], "Invalid value for '--num-classes'"),
    (["one-hot", "y.npy", "--classes", "a,b", "--num-classes", "3"], "--classes has 2 names"),
    (["softmax", "z.npy", "--temperature", "0"], "--temperature must be positive"),
    (["softmax", "z.npy", "--temperature", "-1"], "--temperature must be positive"),
    (["softmax", "z.npy", "--temperature", "nan"], "--temperature must be positive"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--temperature", "inf"], "--temperature must be"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--label-smoothing", "1.5"], "Invalid value for"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--reduction", "max"], "Invalid value for"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--non-finite", "zero"], "Invalid value for"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--jobs", "0"], "Invalid value for '--jobs'"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--color", "red"], "Invalid value for '--color'"),
    (["softmax", "z.npy", "--axis", "x"], "Invalid value for '--axis'"),
    (["softmax", "z.npy", "--from", "xyz"], "there is no format 'xyz'; there are "),
    (["softmax", "z.npy", "--to", "xyz"], "there is no format 'xyz'; there are "),
    (["softmax", "z.csv", "--delimiter", "ab"], "--delimiter must be one character"),
    (["softmax", "z.csv", "--delimiter", '"'], "--delimiter must be one character"),
]  # fmt: skip


@in_one_folder
@pytest.mark.parametrize(("arguments", "message"), MISUSED)
def test_usage(run: Run, arguments: Command, message: str) -> None:
    outcome = run(*arguments)
    error, hint = parts(outcome)
    assert outcome.code == 2
    assert error.startswith(message)
    assert not hint or hint.startswith(
        ("xent", "--to", "did you mean", "several files", "if each number")
    ), hint


@in_one_folder
@pytest.mark.parametrize("labels", ["few", "many"])
@pytest.mark.parametrize(
    ("logits_kind", "labels_kind"),
    [
        kinds
        for kinds in product(["npy", "csv", "piped npy", "piped csv"], repeat=2)
        if not all(kind.startswith("piped") for kind in kinds)
    ],
)
def test_too_few_or_too_many_labels(
    run: Run, inputs: Path, labels: str, logits_kind: str, labels_kind: str
) -> None:
    names = {"--logits": f"z.{logits_kind[-3:]}", "--labels": f"{labels}.{labels_kind[-3:]}"}
    arguments, stdin = ["loss"], None
    for (option, name), kind in zip(names.items(), (logits_kind, labels_kind), strict=True):
        piped = kind.startswith("piped")
        arguments += [option, "-" if piped else name]
        stdin = (inputs / name).read_bytes() if piped else stdin
    outcome = run(*arguments, "-o", "out.txt", stdin=stdin)
    error, _ = parts(outcome)
    assert outcome.code == 1
    assert error.startswith("<stdin>: " if "piped" in labels_kind else f"{names['--labels']}: ")
    assert f"{4 if labels == 'few' else 6} labels" in error
    assert ("<stdin>" if "piped" in logits_kind else names["--logits"]) in error
    assert not (inputs / "out.txt").exists()


@pytest.mark.parametrize("option", ["--label-base", "--ignore-index"])
def test_a_number_that_no_label_can_have(run: Run, option: str) -> None:
    """Beyond 64 bits, a number is as good or as bad as any other that is no label."""
    outcome = run(*LOSS, "z.npy", "--labels", "y.npy", option, str(2**70))
    assert "a mistake in xent" not in outcome.err


@pytest.mark.parametrize("command", ["softmax", "loss"])
def test_a_temperature_that_makes_numbers_overflow(run: Run, command: str) -> None:
    """NumPy's own warnings are no part of the screen, and the file holds no infinity."""
    files = ["z.npy"] if command == "softmax" else ["--logits", "z.npy", "--labels", "y.npy"]
    error, _ = parts(run(command, *files, "--temperature", "1e-310"))
    assert "temperature" in error


def test_labels_that_count_from_0_do_not_look_1_based(run: Run) -> None:
    """The hint would lead to the next error."""
    _, hint = parts(run("one-hot", "y.npy", "--num-classes", "2"))
    assert "--label-base 1" not in hint


def test_one_hot_suggests_no_option_that_it_has_not(run: Run) -> None:
    _, hint = parts(run("one-hot", "negative.npy"))
    assert "--ignore-index" not in hint


def test_hint_for_a_header_that_was_denied(run: Run) -> None:
    error, hint = parts(run("softmax", "z.csv", "--no-header"))
    assert error == "z.csv:1: column 1: 'cat' is not a number"
    assert "--drop 1" not in hint, "without the column, the next one is the same"


@pytest.mark.parametrize(
    "arguments", [["softmax", "nan.npy"], [*LOSS, "nan.npy", "--labels", "y.npy"]]
)
def test_an_output_that_cannot_be_written_is_known_before_the_work(
    run: Run, arguments: Command
) -> None:
    """The output's error comes first, not after hours with the input."""
    error, _ = parts(run(*arguments, "-o", "kept.csv"))
    assert error.startswith("kept.csv: ")


def test_bad_input_in_a_later_block_leaves_no_output(run: Run, folder: Path) -> None:
    """Of four blocks, three could be written."""
    logits = np.zeros((4, 2**20), np.float16)
    logits[3, 5] = np.nan
    np.save(folder / "big.npy", logits)
    before = {path.name for path in folder.iterdir()}
    outcome = run("softmax", "big.npy", "-o", "out.npy")
    error, _ = parts(outcome)
    assert (outcome.code, error) == (1, "big.npy[3, 5]: logit nan")
    assert {path.name for path in folder.iterdir()} == before


def test_debug_shows_where(run: Run) -> None:
    arguments = ["softmax", "missing.npy"]
    plain, debug = run(*arguments), run(*arguments, "--debug")
    assert plain == (1, b"", b"error: missing.npy: cannot be read: no such file or directory\n")
    assert (debug.code, debug.stdout) == (1, b"")
    assert debug.err.startswith("Traceback (most recent call last):\n")
    assert debug.err.endswith(plain.err)


def test_help_and_version(run: Run) -> None:
    for arguments in (["--help"], ["-h"], ["softmax", "--help"], ["info", "-h"], ["--version"], []):
        outcome = run(*arguments)
        assert (outcome.code, outcome.err) == (0, "")
        assert "xent" in outcome.out


@in_one_folder
@pytest.mark.parametrize(
    ("option", "text", "code", "says"),
    [
        ("--rows", f"0:{'9' * 5000}", 0, ""),
        ("--columns", "9" * 5000, 1, "there is no column"),
        ("--drop", f"1-{'9' * 5000}", 1, "there is no column"),
        ("--metric", f"top{'9' * 5000}_accuracy", 2, "there is no"),
    ],
)
def test_numbers_that_int_does_not_read(
    run: Run, option: str, text: str, code: int, says: str
) -> None:
    result = run("eval", "--logits", "z.csv", "--labels", "y.csv", f"{option}={text}")
    assert (result.code, says in result.err) == (code, True)
    assert "a mistake" not in result.err


@in_one_folder
@pytest.mark.parametrize("dtype", ["1_0", "9" * 5000, "(2,)f4", "f4,f4", "object", "O"])
def test_what_is_no_dtype_of_numbers(run: Run, dtype: str) -> None:
    result = run("one-hot", "y.npy", f"--dtype={dtype}")
    assert result.code == 2
    assert "must be a dtype of numbers" in result.err


@in_one_folder
@pytest.mark.parametrize("option", ["--bins", "--folds"])
@pytest.mark.parametrize("count", [2**31, 2**63, 10**20])
def test_more_parts_than_are_of_use(run: Run, option: str, count: int) -> None:
    result = run("calibrate", "--logits", "z.npy", "--labels", "y.npy", f"{option}={count}")
    assert (result.code, "is not in the range" in result.err) == (2, True)
