"""Labels that are numbers or words for them, ignored ones, and the column that holds labels."""

from pathlib import Path

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Run, refusal
from formulas import cross_entropies
from in_one_test import in_one_test
from label_tools import (
    INDICES,
    LABELS,
    LOGITS,
    LOSS,
    LOSSES,
    NAMES,
    assert_losses,
    label_files,  # noqa: F401 - a fixture
    write_beside,
    write_labels,
)


def test_numbers_are_indices(run: Run) -> None:
    for labels in (INDICES, INDICES.astype(float)):
        write_labels(labels)
        for logits in ("z.csv", "z.npy --classes b,a,c", "z.npy"):
            assert_losses(run(*LOSS, *logits.split(), "--labels", "y.csv"))
        write_beside("both.csv", ["0", "1", "2"], labels)
        outcome = run(*LOSS, "both.csv", "--label-column", "label")
        assert_losses(outcome, note=None)
        assert "labels are columns" not in outcome.err


def test_true_and_false_are_1_and_0(run: Run) -> None:
    indices = INDICES % 2
    write_rows("two.csv", ["cat", "dog"], LOGITS[:, :2])
    two = cross_entropies(LOGITS[:, :2], indices)
    for words in (("FALSE", "TRUE"), ("false", "true"), ("False", "True")):
        write_labels(words[i] for i in indices)
        assert_losses(run(*LOSS, "two.csv", "--labels", "y.csv"), two)
    assert_losses(run(*LOSS, "z.npy", "--labels", "y.csv"), cross_entropies(LOGITS, indices))
    assert "is none of the 3 classes" in refusal(run("loss", "z.csv", "y.csv")).error
    assert run("one-hot", "y.csv").out.splitlines()[-1] == ("0,1" if indices[-1] else "1,0")
    write_rows("z.csv", ["True", "other", "False"], LOGITS)
    want = cross_entropies(LOGITS, np.where(indices, 0, 2))
    assert_losses(run(*LOSS, "z.csv", "--labels", "y.csv"), want, None)
    np.save("b.npy", indices.astype(bool))
    assert_losses(run(*LOSS, "z.csv", "--labels", "b.npy"), want, None)
    note = f"note: b.npy: labels are true and false, read as 1 and 0 of {len(NAMES)} classes\n"
    assert run("loss", "z.npy", "b.npy").err == note
    Path("b.jsonl").write_text("".join(f"{str(bool(i)).lower()}\n" for i in indices))
    write_rows("two.csv", ["yes", "no"], LOGITS[:, :2])
    for labels in ("b.jsonl", "b.npy", "y.csv"):
        two = cross_entropies(LOGITS[:, :2], 1 - indices)
        assert_losses(run(*LOSS, "two.csv", "--labels", labels), two, None)


@in_one_test
@pytest.mark.parametrize("ignored", [-100, -1, 2, 7])
@pytest.mark.parametrize("numbers", [True, False])
def test_ignored_labels(run: Run, ignored: int, numbers: bool) -> None:
    """They keep their number, whatever names the classes have."""
    write_rows("z.csv", ["1", "2", "3"] if numbers else NAMES, LOGITS)
    labels = [i + 1 for i in INDICES.tolist()] if numbers else [*LABELS]
    labels[1] = labels[4] = ignored
    write_labels(labels)
    want = LOSSES.copy()
    want[[1, 4]] = 0
    if ignored == 2:  # is a label among numbers, an index among names
        want[(1 if numbers else 2) == INDICES] = 0
    arguments = ["z.csv", "--header", "--labels", "y.csv", "--ignore-index", str(ignored)]
    assert_losses(run(*LOSS, *arguments), want, None)


def test_an_empty_cell_in_labels_that_are_numbers(run: Run) -> None:
    write_beside("both.csv", NAMES, ["0.0", "2.0", "", "1.0", "0.0", "2.0"])
    assert refusal(run("loss", "both.csv", "--label-column", "label")) == (
        "both.csv:4: column 'label': an empty cell",
        "mark rows to leave out by -100, for --ignore-index -100",
    )


@in_one_test
@pytest.mark.parametrize(
    ("command", "header"),
    [
        ("loss z.npy y.csv", "label"),
        ("loss z.npy y.csv", "cat,dog"),
        ("eval z.npy y.csv", "cat,dog"),
        ("one-hot y.csv", "cat,dog"),
        ("one-hot y.csv --classes cat", "label"),
    ],
)
def test_labels_of_a_header_alone(run: Run, command: str, header: str) -> None:
    np.save("z.npy", [[0.5, 1.5], [2.5, 0.5]])
    Path("y.csv").write_text(f"{header}\n")
    assert run(*command.split()).err == "error: y.csv: there is a header but no row\n"


def test_where_there_are_no_classes_no_label_marks_rows(run: Run) -> None:
    np.save("z.npy", np.zeros((2, 0)))
    np.save("y.npy", [1, 1])
    assert run("loss", "z.npy", "y.npy").err == (
        "error: y.npy[0]: label 1 is outside 0..-1 (2 such rows)\n"
    )


def test_which_column_holds_the_labels(run: Run) -> None:
    rows = [[f"img_{label}", 1, label] for label in LABELS]
    write_rows("y.csv", ["id", "fold", "label"], rows)
    beside = "columns 'id', 'fold' are not taken for labels; rows are matched by place"
    assert_losses(run(*LOSS, "z.csv", "--labels", "y.csv"), note=f"note: y.csv: {beside}\n")
    write_rows("y.csv", ["id", "truth", "label"], rows)
    assert refusal(run("loss", "z.csv", "y.csv")) == (
        "y.csv: columns 'truth', 'label' may be the labels",
        "--label-column truth or --label-column label",
    )
    by_place = "note: y.csv: rows are matched by place, not by column 'id'\n"
    for logits in ("z.csv", "z.npy"):
        words = (*LOSS, logits, "--labels", "y.csv", "--label-column", "label")
        names = () if logits == "z.csv" else ("--classes", "cat,dog,bird")
        assert_losses(run(*words, *names), note=by_place)
    # Nothing is said of columns that are no ids, or that are read for something else.
    write_rows("y.csv", ["humidity", "label"], [[1, label] for label in LABELS])
    assert_losses(run(*words, *names))
    write_rows("y.csv", ["site_id", "label"], [["s", label] for label in LABELS])
    grouped = run("eval", *words[len(LOSS) :], *names, "--by", "site_id")
    assert "matched by place" not in grouped.err


@in_one_test
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_an_encoding_holds_for_logits_and_labels(run: Run, encoding: str) -> None:
    for name in ("z", "y"):
        text = Path(f"{name}.csv").read_text().replace("cat", "naïve")
        Path(name).write_bytes(text.encode(encoding))
    options = ["--labels", "y", "--encoding", encoding]
    assert_losses(run(*LOSS, "z", *options))
    assert_losses(run(*LOSS, "z.npy", *options, "--classes", "naïve,dog,bird"))
    refused = refusal(run("loss", "z", "y"))
    assert refused.error.startswith("z: ")
    assert "--encoding utf-16" in refused.hint


@pytest.mark.parametrize("kind", ["csv", "npy"])
def test_one_hot_labels_look_1_based_by_all_of_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A zero in another block says that they are not."""
    monkeypatch.setattr("xentcli.formats.csv.source.CsvSource.block_bytes", 2**12)
    for count in (1, 2**20 if kind == "npy" else 2**13):
        for first in (0, 1):
            labels = np.append(np.full(count, first), 10).astype(np.uint8)
            np.save("many.npy", labels)
            if kind == "csv":
                np.savetxt("many.csv", labels, "%d")
            refused = refusal(run("one-hot", f"many.{kind}", "--num-classes", "10", "-o", "o.npy"))
            assert "label 10 is outside 0..9" in refused.error
            assert ("labels look 1-based" in refused.hint) == (first == 1)


@pytest.mark.parametrize(
    ("header", "said"), [("p_2,p_0,p_1", True), ("p_1,p_2,p_3", False), ("0,1,2", False)]
)
def test_a_note_says_that_a_label_base_counts_columns(run: Run, header: str, *, said: bool) -> None:
    """Numbers that name the columns in another order name no label where a base is given."""
    write_rows("z.csv", header.split(","), LOGITS.tolist())
    np.save("y.npy", np.array(INDICES) + 1)
    outcome = run("loss", "z.csv", "y.npy", "--label-base", "1")
    assert outcome.number == pytest.approx(LOSSES.mean(), rel=1e-12)
    note = "z.csv: labels count the columns, by --label-base, though these are 2, 0, 1"
    assert (note in outcome.err) == said
