"""Labels that are names of classes, beside logits or in a file of their own, and what is wrong."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cli_tools import Outcome, Run
from in_one_test import in_one_test

from xentcli import cross_entropy

NAMES = ["cat", "dog", "bird"]
LOGITS = np.random.default_rng(3).normal(size=(6, 3))
INDICES = np.array([0, 2, 1, 1, 0, 2])
LOSSES = np.asarray(cross_entropy(LOGITS, INDICES, reduction="none"))
LABELS = [NAMES[i] for i in INDICES]
LOSS = ["loss", "--reduction", "none", "--logits"]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    save(tmp_path / "z.csv", LOGITS, NAMES)
    np.save(tmp_path / "z.npy", LOGITS)
    save_labels(tmp_path / "y.csv", LABELS)


def save(path: Path, logits: Any, names: list[str] | None, labels: Any = None) -> None:
    frame = pd.DataFrame(logits, columns=names)
    if labels is not None:
        frame["label"] = labels
    frame.to_csv(path, index=False, header=names is not None)


def save_labels(path: Path, labels: Any, header: str = "label\n") -> None:
    path.write_text(header + "".join(f"{label}\n" for label in labels))


def losses(outcome: Outcome) -> list[float]:
    assert outcome.code == 0, outcome.err
    return [float(line) for line in outcome.out.splitlines()]


def error(outcome: Outcome, code: int = 1) -> list[str]:
    """Return the error and the hint, without notes."""
    assert (outcome.code, outcome.out) == (code, "")
    return [line for line in outcome.err.splitlines() if not line.startswith("note: ")]


@pytest.mark.parametrize("command", ["loss", "nll", "explain"])
def test_names_are_looked_up_in_the_header(run: Run, command: str) -> None:
    option = "--log-probs" if command == "nll" else "--logits"
    save_labels(Path("i.csv"), INDICES)
    by_name = run(command, option, "z.csv", "--labels", "y.csv", "--json", "-q")
    by_index = run(command, option, "z.csv", "--labels", "i.csv", "--json", "-q")
    assert by_name.code == by_index.code == 0
    assert by_name.json == by_index.json
    assert by_name.err == ""


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("header", ["label\n", ""])
def test_names_in_many_blocks(
    run: Run, monkeypatch: pytest.MonkeyPatch, header: str, jobs: str
) -> None:
    monkeypatch.setattr("xentcli.formats.csv.source.CsvSource.block_bytes", 64)
    save(Path("many.csv"), np.tile(LOGITS, (9, 1)), NAMES)
    save_labels(Path("y.csv"), LABELS * 9, header)
    got = losses(run(*LOSS, "many.csv", "--labels", "y.csv", "--jobs", jobs))
    assert got == LOSSES.tolist() * 9


def test_names_beside_the_logits(run: Run) -> None:
    save(Path("both.csv"), LOGITS, NAMES, [f" {label} " for label in LABELS])
    assert losses(run(*LOSS, "both.csv", "--label-column", "label")) == LOSSES.tolist()
    table = pd.read_csv("both.csv").rename(columns={"label": "y"})
    table.insert(0, "id", "x")
    table.to_csv("more.tsv", sep="\t", index=False)
    arguments = ["--labels", "more.tsv", "--label-column", "y"]
    assert losses(run(*LOSS, "z.csv", *arguments)) == LOSSES.tolist()


@pytest.mark.parametrize("kind", ["list", "lines", "header", "csv", "blanks"])
def test_classes_name_the_columns_of_npy(run: Run, kind: str) -> None:
    contents = {
        "list": "",
        "lines": "cat\r\ndog\r\nbird\r\n",
        "header": "class\ncat\ndog\nbird\n",
        "csv": '\ufeff"cat"\ndog\nbird',
        "blanks": " cat\ndog \nbird\n\n\n",
    }
    name = "c.csv" if kind == "csv" else "c.txt"
    Path(name).write_text(contents[kind])
    classes = " cat,dog , bird" if kind == "list" else name
    outcome = run(*LOSS, "z.npy", "--labels", "y.csv", "--classes", classes)
    assert losses(outcome) == LOSSES.tolist()
    assert ("read as a header" in outcome.err) == (kind == "header")


@in_one_test
@pytest.mark.parametrize("command", ["one-hot", "loss"])
@pytest.mark.parametrize("name", ["c.txt", "there/c", "c.csv.gz"])
def test_a_file_of_names_that_is_not_there(run: Run, command: str, name: str) -> None:
    """It is no name of a class: one-hot would make it the one class of labels that all are 0."""
    Path("zeros.csv").write_text("0\n0\n")
    logits = [] if command == "one-hot" else ["z.npy"]
    outcome = run(command, *logits, "zeros.csv", "--classes", name)
    assert (outcome.code, f"there is no file {name!r}" in outcome.err) == (2, True)


def test_names_with_commas(run: Run) -> None:
    """A line of text is a name as it stands; in CSV, a name with a comma is quoted."""
    names = ["tench, Tinca tinca", "dog", "bird"]
    quoted = [f'"{name}"' for name in names]
    save_labels(Path("y.csv"), [quoted[i] for i in INDICES])
    save_labels(Path("c.txt"), names, "")
    save_labels(Path("c.csv"), quoted, "")
    for classes in ("c.txt", "c.csv", ",".join(quoted)):
        outcome = run(*LOSS, "z.npy", "--labels", "y.csv", "--classes", classes)
        assert losses(outcome) == LOSSES.tolist()
    save_labels(Path("c.csv"), names, "")
    outcome = run(*LOSS, "z.npy", "--labels", "y.csv", "--classes", "c.csv")
    assert error(outcome)[0] == "error: c.csv:1: 2 cells"


UNKNOWN = [
    ("caat", "label 'caat' is none of the 3 classes", "did you mean 'cat'?"),
    ("CAT", "label 'CAT' is none of the 3 classes", "did you mean 'cat'?"),
    ("zebra", "label 'zebra' is none of the 3 classes", "there are 'cat', 'dog', 'bird'"),
    ("7", "label '7' is none of the 3 classes", "there are 'cat', 'dog', 'bird'"),
    ("c" * 99, f"label '{'c' * 37}...' is none of the 3 classes", "there are 'cat', 'dog', 'bird'"),
    ("[red]\x1b[31m", r"label '[red]\x1b[31m' is none of", "there are 'cat', 'dog', 'bird'"),
    ('" "', "an empty cell instead of a label", "label rows to leave out -100"),
]


@in_one_test
@pytest.mark.parametrize("command", ["loss", "explain", "one-hot"])
@pytest.mark.parametrize(("label", "message", "hint"), UNKNOWN)
def test_an_unknown_name(run: Run, command: str, label: str, message: str, hint: str) -> None:
    save_labels(Path("y.csv"), [*LABELS[:4], label, LABELS[5]])
    arguments = ["--logits", "z.csv", "--labels", "y.csv"]
    if command == "explain":
        arguments += ["--rows", "3:"]
    if command == "one-hot":
        arguments = ["y.csv", "--classes", ",".join(NAMES)]
    lines = error(run(command, *arguments))
    assert lines[0].startswith(f"error: y.csv:6: {message}")
    if command == "loss" or not message.startswith("an empty"):
        assert lines[1:] == [f"hint: {hint}"]


def test_all_unknown_names_are_counted_in_any_block(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentcli.formats.csv.source.CsvSource.block_bytes", 64)
    save(Path("z.csv"), np.tile(LOGITS, (9, 1)), NAMES)
    labels = LABELS * 9
    labels[15], labels[40], labels[53] = "caat", "dgo", "Bird"
    save_labels(Path("y.csv"), labels)
    assert error(run("loss", "--logits", "z.csv", "--labels", "y.csv")) == [
        "error: y.csv:17: label 'caat' is none of the 3 classes (3 such rows)",
        "hint: did you mean 'cat'?",
    ]


@pytest.mark.parametrize("words", [("True", "False"), ("TRUE", "FALSE"), ("true", "false")])
def test_true_and_false_are_1_and_0(run: Run, words: tuple[str, str]) -> None:
    indices = INDICES % 2
    save_labels(Path("y.csv"), [words[0] if i else words[1] for i in indices])
    want = cross_entropy(LOGITS, indices, reduction="none").tolist()
    assert losses(run(*LOSS, "z.npy", "--labels", "y.csv")) == want
    save(Path("two.csv"), LOGITS[:, :2], ["cat", "dog"])
    two = cross_entropy(LOGITS[:, :2], indices, reduction="none").tolist()
    assert losses(run(*LOSS, "two.csv", "--labels", "y.csv")) == two
    assert "is none of the 3 classes" in run(*LOSS, "z.csv", "--labels", "y.csv").err
    assert run("one-hot", "y.csv").out.splitlines()[-1] == ("0,1" if indices[-1] else "1,0")
    save(Path("z.csv"), LOGITS, ["True", "other", "False"])
    want = cross_entropy(LOGITS, np.where(indices, 0, 2), reduction="none").tolist()
    assert losses(run(*LOSS, "z.csv", "--labels", "y.csv")) == want
    np.save("b.npy", indices.astype(bool))
    assert losses(run(*LOSS, "z.csv", "--labels", "b.npy")) == want


@pytest.mark.parametrize("labels", [INDICES, INDICES.astype(float)])
def test_numbers_are_indices(run: Run, labels: Any) -> None:
    save_labels(Path("y.csv"), labels)
    for logits, options in [("z.csv", []), ("z.npy", ["--classes", "b,a,c"]), ("z.npy", [])]:
        outcome = run(*LOSS, logits, "--labels", "y.csv", *options)
        assert (losses(outcome), outcome.err) == (LOSSES.tolist(), "")
    save(Path("z.csv"), LOGITS, ["0", "1", "2"], labels)
    outcome = run(*LOSS, "z.csv", "--label-column", "label")
    assert losses(outcome) == LOSSES.tolist()
    assert "labels are columns" not in outcome.err


NUMBERS = [5, -1, 30]


@in_one_test
@pytest.mark.parametrize("kind", ["header", "classes"])
@pytest.mark.parametrize("labels", ["csv", "npy", "text"])
def test_classes_that_are_named_by_numbers(run: Run, kind: str, labels: str) -> None:
    """Labels are these names: an index would silently be another class."""
    save(Path("z.csv"), LOGITS, list(map(str, NUMBERS)))
    named = np.array(NUMBERS)[INDICES]
    np.save("y.npy", named)
    save_labels(Path("y.csv"), named)
    save_labels(Path("text.csv"), [f'"{i}"' if i != 30 else " 30" for i in named])
    logits = ["z.csv", "--header"] if kind == "header" else ["z.npy", "--classes=5,-1,30"]
    file = "text.csv" if labels == "text" else f"y.{labels}"
    outcome = run(*LOSS, *logits, "--labels", file)
    assert losses(outcome) == LOSSES.tolist()
    where = "z.csv: labels are columns" if kind == "header" else "labels are the names in --classes"
    assert outcome.err == f"note: {where}: 5, -1, 30 (else --label-base 0)\n"
    if labels != "npy":
        return
    counted = run(*LOSS, *logits, "--labels", file, "--label-base", "0")
    assert error(counted)[0].startswith("error: y.npy[0]: label 5 is outside 0..2")
    named[3] = 2
    np.save("y.npy", named)
    assert error(run(*LOSS, *logits, "--labels", file)) == [
        "error: y.npy[3]: label 2 is none of the 3 classes",
        "hint: if labels count the classes from 0: --label-base 0",
    ]


@in_one_test
@pytest.mark.parametrize("ignored", [-100, -1, 2, 7])
@pytest.mark.parametrize("numbers", [True, False])
def test_ignored_labels(run: Run, ignored: int, numbers: bool) -> None:
    """They keep their number, whatever names the classes have."""
    names = ["1", "2", "3"] if numbers else NAMES
    save(Path("z.csv"), LOGITS, names)
    labels: list[Any] = [i + 1 for i in INDICES] if numbers else list(LABELS)
    labels[1] = labels[4] = ignored
    save_labels(Path("y.csv"), labels)
    arguments = ["z.csv", "--header", "--labels", "y.csv", "--ignore-index", str(ignored)]
    want = LOSSES.copy()
    want[[1, 4]] = 0
    if ignored == 2:  # is a label among numbers, an index among names
        want[(1 if numbers else 2) == INDICES] = 0
    assert losses(run(*LOSS, *arguments)) == want.tolist()


def test_one_hot_of_names(run: Run) -> None:
    want = "".join(",".join(map(str, row)) + "\n" for row in np.eye(3, dtype=int)[INDICES])
    assert run("one-hot", "y.csv", "--classes", "cat,dog,bird").out == f"cat,dog,bird\n{want}"
    lines = error(run("one-hot", "y.csv"))
    assert lines[0].startswith("error: y.csv:2: label 'cat' is a name")
    assert "--classes" in lines[1]
    save_labels(Path("y.csv"), INDICES * 5)
    assert run("one-hot", "y.csv", "--classes", "0,10,5").code == 0


PROBLEMS: list[tuple[list[str], int, str]] = [
    (["z.npy"], 1, "error: y.csv:2: label 'cat' is a name, and the classes have no names (6 such"),
    (["z.npy", "--classes", "cat,dog"], 1, "error: --classes has 2 names for 3 classes"),
    (["z.npy", "--classes", "no"], 1, "error: --classes has 1 name for 3 classes"),
    (["z.npy", "--classes", "cat,dog,cat"], 1, "error: --classes: two classes are named 'cat': 1"),
    (["z.npy", "--classes", ""], 2, "error: --classes: it names no class"),
    (["z.npy", "--classes", "empty.txt"], 2, "error: empty.txt: it names no class"),
    (["z.npy", "--classes", "gap.txt"], 1, "error: gap.txt:2: a class without a name"),
    (["z.npy", "--classes", "odd.txt"], 1, "error: odd.txt:2: the names of classes must be UTF-8"),
    (["z.csv", "--classes", "dog,cat,bird"], 1, "error: z.csv: the header names the same classes"),
    (["z.csv", "--label-base", "0"], 2, "error: --label-base counts numbers, and the labels are"),
]


@in_one_test
@pytest.mark.parametrize(("arguments", "code", "message"), PROBLEMS)
def test_names_that_do_not_fit(run: Run, arguments: list[str], code: int, message: str) -> None:
    Path("empty.txt").write_text("\n\n")
    Path("gap.txt").write_text("cat\n\ndog\n")
    Path("odd.txt").write_bytes(b"cat\nd\xf6g\nbird\n")
    lines = error(run(*LOSS, *arguments, "--labels", "y.csv", "-o", "out.csv"), code)
    assert lines[0].startswith(message)
    assert len(lines) <= 2
    assert not Path("out.csv").exists()


def test_explain_names_the_classes(run: Run) -> None:
    out = run("explain", "--logits", "z.npy", "--labels", "y.csv", "--classes", "cat,dog,bird").out
    table = pd.read_csv(io.StringIO(out))
    assert table["class"].tolist()[:3] == NAMES
    assert table["label"].tolist()[::3] == LABELS[:3]


def test_an_empty_cell_in_labels_that_are_numbers(run: Run) -> None:
    save(Path("both.csv"), LOGITS, NAMES, ["0.0", "2.0", "", "1.0", "0.0", "2.0"])
    outcome = run(*LOSS, "both.csv", "--label-column", "label")
    assert error(outcome) == [
        "error: both.csv:4: column 'label': an empty cell",
        "hint: mark rows to leave out by -100, for --ignore-index -100",
    ]


def test_which_column_holds_the_labels(run: Run) -> None:
    rows = "".join(f"img_{label},1,{label}\n" for label in LABELS)
    Path("y.csv").write_text(f"id,fold,label\n{rows}")
    outcome = run(*LOSS, "z.csv", "--labels", "y.csv")
    left_out = "note: y.csv: columns 'id', 'fold' are left out; rows are matched by place\n"
    assert (losses(outcome), outcome.err) == (LOSSES.tolist(), left_out)
    Path("y.csv").write_text(f"id,truth,label\n{rows}")
    assert error(run(*LOSS, "z.csv", "--labels", "y.csv")) == [
        "error: y.csv: columns 'truth', 'label' may be the labels",
        "hint: --label-column truth or --label-column label",
    ]
    arguments = ["--labels", "y.csv", "--label-column", "label"]
    assert losses(run(*LOSS, "z.csv", *arguments)) == LOSSES.tolist()


def test_explain_warns_of_names_that_a_spreadsheet_would_run(run: Run) -> None:
    save(Path("z.csv"), LOGITS, ["cat", "=dog", "bird"])
    save_labels(Path("y.csv"), INDICES)
    outcome = run("explain", "--logits", "z.csv", "--labels", "y.csv", "-o", "out.csv")
    said = "warning: out.csv: a spreadsheet would run the cell '=dog' as a formula\n"
    assert (outcome.code, outcome.err) == (0, said)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_an_encoding_holds_for_logits_and_labels(run: Run, encoding: str) -> None:
    for name in ("z", "y"):
        text = Path(f"{name}.csv").read_text().replace("cat", "naïve")
        Path(name).write_bytes(text.encode(encoding))
    arguments = [*LOSS, "z", "--labels", "y", "--encoding", encoding]
    assert losses(run(*arguments)) == LOSSES.tolist()
    lines = error(run(*arguments[:-2]))
    assert lines[0].startswith("error: z: ")
    assert "--encoding utf-16" in lines[1]
    assert losses(run(*LOSS, "z.npy", *arguments[5:], "--classes", "naïve,dog,bird")) == list(
        LOSSES
    )


@pytest.mark.parametrize("zeros", [1, 2**20])
@pytest.mark.parametrize("kind", ["csv", "npy"])
def test_one_hot_labels_look_1_based_by_all_of_them(run: Run, zeros: int, kind: str) -> None:
    """A zero in another block says that they are not."""
    for labels, hinted in (([0] * zeros + [10], False), ([1] * zeros + [10], True)):
        if kind == "npy":
            np.save("many.npy", np.array(labels))
        else:
            Path("many.csv").write_text("\n".join(map(str, labels)))
        outcome = run("one-hot", f"many.{kind}", "--num-classes", "10", "-o", "o.npy", "--force")
        assert outcome.code == 1
        assert "label 10 is outside 0..9" in outcome.err
        assert ("labels look 1-based" in outcome.err) == hinted
