"""Where logits, probabilities and labels of loss and nll stand, in which shapes and blocks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import log_probs
from cli_tools import Run, refusal
from close_to import close_to
from formulas import cross_entropies, log_softmax, mean_cross_entropy
from numpy.typing import NDArray

Array = NDArray[Any]
LOSS = ["loss", "--logits", "z.npy", "--labels", "y.npy"]


@pytest.fixture
def loss(logits: Array, labels: Array) -> Any:
    return close_to(mean_cross_entropy(logits, labels), rel=1e-14)


@pytest.mark.usefixtures("folder")
def test_files_and_standard_input(run: Run, loss: Any) -> None:
    for logits_name in ("z.npy", "z.csv", "-"):
        for labels_name in ("y.npy", "y.csv", "-"):
            stdin = Path("z.csv" if logits_name == "-" else "y.npy").read_bytes()
            outcome = run("loss", logits_name, labels_name, stdin=stdin)
            if logits_name == labels_name:
                assert refusal(outcome, 2)
            else:
                assert float(outcome.out) == loss, (logits_name, labels_name)


# Labels


def test_label_column_beside_the_logits(run: Run, folder: Path, loss: Any) -> None:
    logits, labels = (folder / name for name in ("z.csv", "y.csv"))
    rows = zip(logits.read_text().splitlines(), labels.read_text().splitlines(), strict=True)
    (folder / "both.csv").write_text("".join(f"{z},{y},text\n" for z, y in rows))
    command = ["loss", "--logits", "both.csv", "--label-column", "label"]
    assert refusal(run(*command)) == (
        "both.csv: column 'text' may be no class: it holds text",
        "leave out what is none: --drop text, or name the classes: --columns cat,dog,bird",
    )
    for choice in (["--drop", "text"], ["--columns", "cat,dog,bird"], ["--columns", "1,2,3"]):
        outcome = run(*command, *choice)
        assert float(outcome.out) == loss, outcome.err


@pytest.mark.usefixtures("folder")
def test_label_column_of_the_labels(run: Run, loss: Any) -> None:
    Path("many.csv").write_text("id,label,note\n9,0,a\n8,1,b\n7,2,c\n6,0,d\n5,1,e\n")
    assert float(run("loss", "z.npy", "many.csv", "--label-column", "label").out) == loss


def test_whole_floats_are_labels(run: Run, folder: Path, labels: Array, loss: Any) -> None:
    np.save(folder / "y.npy", labels.astype(np.float64))
    assert float(run(*LOSS).out) == loss


def test_class_probabilities(run: Run, folder: Path, logits: Array) -> None:
    probs = np.random.default_rng(1).dirichlet(np.ones(3), size=5)
    np.save(folder / "p.npy", probs)
    outcome = run("loss", "z.npy", "p.npy")
    want = float(-(probs * log_softmax(logits)).sum(axis=1).mean())
    assert float(outcome.out) == close_to(want, rel=1e-14)
    assert outcome.err == ""
    np.save(folder / "p.npy", probs / 2)
    uneven = run("loss", "z.npy", "p.npy")
    assert float(uneven.out) == close_to(want / 2, rel=1e-14)
    assert "do not sum to 1" in uneven.err


# Axes


def test_class_axis(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(4)
    deep, labels = rng.normal(size=(2, 4, 3)), rng.integers(0, 3, (2, 4))
    np.save(folder / "deep.npy", deep)
    np.save(folder / "torch.npy", deep.swapaxes(1, 2))
    np.save(folder / "y.npy", labels)
    want = close_to(mean_cross_entropy(deep, labels), rel=1e-14)
    for line in ("torch.npy", "deep.npy", "deep.npy --class-axis 2", "deep.npy --class-axis=-1"):
        found = run("loss", "--labels", "y.npy", "--logits", *line.split())
        assert float(found.out) == want, line
        assert found.err == "", "the labels fit one axis only"
    assert run("loss", "deep.npy", "y.npy", "--class-axis", "1").code == 1


def test_class_axis_that_may_be_either(run: Run, folder: Path) -> None:
    cube = np.random.default_rng(4).normal(size=(2, 3, 3))
    labels = np.random.default_rng(5).integers(0, 3, (2, 3))
    np.save(folder / "cube.npy", cube)
    np.save(folder / "y.npy", labels)
    outcome = run("loss", "cube.npy", "y.npy")
    assert float(outcome.out) == pytest.approx(mean_cross_entropy(cube.swapaxes(1, 2), labels))
    assert outcome.err.startswith("note: axis 1 holds the classes")
    got = float(run("loss", "cube.npy", "y.npy", "--class-axis", "2").out)
    assert got == close_to(mean_cross_entropy(cube, labels), rel=1e-14)


def test_one_row_of_logits(run: Run, folder: Path, logits: Array, labels: Array) -> None:
    np.save(folder / "z.npy", logits[3])
    want = close_to(mean_cross_entropy(logits[3], labels[3]), rel=1e-14)
    for label in (np.array(0), np.array([0])):
        np.save(folder / "y.npy", label)
        assert float(run(*LOSS).out) == want


def test_a_wrong_label_of_one_row_of_logits(run: Run, folder: Path) -> None:
    """Logits of shape (C,) have a label without axes, which a CSV file holds in its first line."""
    np.save(folder / "row.npy", np.arange(3.0))
    (folder / "row.csv").write_text("7\n")
    assert refusal(run("loss", "row.npy", "row.csv")) == (
        "row.csv:1: label 7 is outside 0..2",
        "if 7 marks rows to leave out: --ignore-index 7",
    )


def test_several_names_for_one_row_of_logits(run: Run, folder: Path) -> None:
    """A CSV file does not tell how many labels it has; NumPy's dtype of names says nothing."""
    np.save(folder / "row.npy", np.arange(3.0))
    for count in (2, 3):  # 3 are as many as classes
        (folder / "row.csv").write_text("label\n" + "cat\n" * count)
        assert refusal(run("loss", "row.npy", "row.csv", "--classes", "cat,dog,fox")) == (
            f"row.csv: {count} labels for one row of logits, of shape (3,) (row.npy)",
            "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary",
        )


def test_classes_are_counted_along_the_first_axis_of_a_csv(run: Run, folder: Path) -> None:
    (folder / "columns.csv").write_text("1.5,2.5\n3.5,4.5\n0.5,9.5\n")
    (folder / "two.csv").write_text("0\n2\n")
    found = run("loss", "columns.csv", "two.csv", "--class-axis", "0", "--json").json
    assert (found["num_classes"], found["rows"]) == (3, 2)


def test_jobs_and_formats_do_not_change_a_bit(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentcli.formats.csv.source.CsvSource.block_bytes", 2**14)
    logits = np.random.default_rng(6).normal(size=(200, 40)).astype(np.float32)
    labels = np.arange(200) % 40
    np.save(folder / "big.npy", logits)
    np.save(folder / "labels.npy", labels)
    np.savetxt(folder / "big.csv", logits, "%.9g", ",")
    arguments = ["labels.npy", "--dtype", "float32"]
    whole = run("loss", "big.npy", *arguments).out
    assert float(whole) == close_to(mean_cross_entropy(logits, labels), rel=1e-6)
    for jobs in ("1", "3"):
        assert run("loss", "big.csv", *arguments, "--jobs", jobs).out == whole, jobs


# nll


def test_nll_of_log_probs_and_of_probs(run: Run, folder: Path, logits: Array, loss: Any) -> None:
    np.save(folder / "lp.npy", log_probs(logits))
    np.save(folder / "p.npy", np.exp(log_probs(logits)))
    for option, name in (("--log-probs", "lp.npy"), ("--probs", "p.npy")):
        outcome = run("nll", option, name, "--labels", "y.npy", "--json")
        assert (outcome.json["command"], outcome.json["loss"]) == ("nll", loss)
        assert outcome.err == ""


def test_nll_takes_the_options_of_loss(
    run: Run, folder: Path, logits: Array, labels: Array
) -> None:
    np.save(folder / "lp.npy", log_probs(logits))
    weight = np.array([1.0, 2.0, 0.5])
    arguments = ["--weight", "1,2,0.5", "--ignore-index", "2", "--reduction", "none"]
    outcome = run("nll", "lp.npy", "y.npy", *arguments)
    got = [float(line) for line in outcome.out.splitlines()]
    want = cross_entropies(logits, labels) * weight[labels] * (labels != 2)
    np.testing.assert_allclose(got, want.astype(float), rtol=1e-14)
    for option in ("--label-smoothing", "--temperature"):
        assert run("nll", "lp.npy", "y.npy", option, "1").code == 2
