"""Bad input: one line that says what and where, perhaps a hint, the exit code, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from cli_files import copy_files
from cli_tools import Run, refusal
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
def inputs(run: Run, wrong_files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to the folder with the wrong files, which no test changes."""
    del run
    monkeypatch.chdir(wrong_files)
    return wrong_files


UNUSABLE: list[tuple[Command, str, str]] = [
    ([*LOSS, "missing.npy", "--labels", "y.npy"], "missing.npy: cannot be read: no such file", ""),
    ([*LOSS, "z.npy", "--labels", "missing"], "missing: cannot be read: no such file", ""),
    ([*LOSS, ".", "--labels", "y.npy"], ".: cannot be read: is a directory", "names its files"),
    (["loss", "", "y.npy"], "the name of a file to read is empty", "is not set"),
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
    ([*LOSS, "z.npy", "--labels", "y.npy", "--weight", "1,2"], "--weight must have one", ""),
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
    error, tip = refusal(run(*arguments))
    assert error.startswith(message)
    assert hint in tip
    assert (inputs / "kept.csv").read_text() == "kept\n"


@in_one_folder
@pytest.mark.parametrize(
    ("labels", "logits_kind", "labels_kind"),
    [
        ("few", "npy", "npy"),
        ("many", "npy", "csv"),
        ("few", "npy", "piped csv"),
        ("many", "npy", "piped npy"),
        ("many", "csv", "npy"),
        ("few", "csv", "csv"),
        ("many", "csv", "piped csv"),
        ("few", "csv", "piped npy"),
        ("few", "piped npy", "csv"),
        ("many", "piped npy", "npy"),
        ("many", "piped csv", "csv"),
        ("few", "piped csv", "npy"),
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
    error = refusal(run(*arguments, "-o", "out.txt", stdin=stdin)).error
    assert error.startswith("<stdin>: " if "piped" in labels_kind else f"{names['--labels']}: ")
    assert f"{4 if labels == 'few' else 6} labels" in error
    assert ("<stdin>" if "piped" in logits_kind else names["--logits"]) in error
    assert not (inputs / "out.txt").exists()


@in_one_folder
@pytest.mark.parametrize("option", ["--label-base", "--ignore-index"])
def test_a_number_that_no_label_can_have(run: Run, option: str) -> None:
    """Beyond 64 bits, a number is as good or as bad as any other that is no label."""
    outcome = run(*LOSS, "z.npy", "--labels", "y.npy", option, str(2**70))
    assert "a mistake in xent" not in outcome.err


@in_one_folder
@pytest.mark.parametrize("command", ["softmax", "loss"])
def test_a_temperature_that_makes_numbers_overflow(run: Run, command: str) -> None:
    """NumPy's own warnings are no part of the screen, and the file holds no infinity."""
    files = ["z.npy"] if command == "softmax" else ["--logits", "z.npy", "--labels", "y.npy"]
    assert "temperature" in refusal(run(command, *files, "--temperature", "1e-310")).error


def test_no_hint_that_would_lead_to_the_next_error(run: Run) -> None:
    assert "--label-base 1" not in refusal(run("one-hot", "y.npy", "--num-classes", "2")).hint
    assert "--ignore-index" not in refusal(run("one-hot", "negative.npy")).hint
    refused = refusal(run("softmax", "z.csv", "--no-header"))
    assert refused.error == "z.csv:1: column 1: 'cat' is not a number"
    assert "--drop 1" not in refused.hint, "without the column, the next one is the same"


@in_one_folder
@pytest.mark.parametrize(
    "arguments", [["softmax", "nan.npy"], [*LOSS, "nan.npy", "--labels", "y.npy"]]
)
def test_an_output_that_cannot_be_written_is_known_before_the_work(
    run: Run, arguments: Command
) -> None:
    """The output's error comes first, not after hours with the input."""
    assert refusal(run(*arguments, "-o", "kept.csv")).error.startswith("kept.csv: ")


def test_bad_input_in_a_later_block_leaves_no_output(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two blocks, one could be written."""
    monkeypatch.chdir(tmp_path)
    logits = np.zeros((2**10 + 1, 2**10), np.float16)
    logits[-1, 5] = np.nan
    np.save("big.npy", logits)
    assert (
        refusal(run("softmax", "big.npy", "-o", "out.npy")).error == "big.npy[1024, 5]: logit nan"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["big.npy"]
