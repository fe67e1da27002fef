"""Labels that are names of classes: where the names stand, and names that do not fit."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_files import write_rows
from cli_tools import Run, refusal
from in_one_test import in_one_folder, in_one_test
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


def test_names_are_looked_up_in_the_header(run: Run) -> None:
    write_labels(INDICES, "i.csv")
    for command in ("loss --logits", "nll --log-probs", "explain --logits"):
        arguments = [*command.split(), "z.csv", "--json", "-q", "--labels"]
        by_name, by_index = run(*arguments, "y.csv"), run(*arguments, "i.csv")
        assert by_name.code == by_index.code == 0, command
        assert (by_name.json, by_name.err) == (by_index.json, "")


def test_names_in_many_blocks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentcli.formats.csv.source.CsvSource.block_bytes", 32)
    write_rows("many.csv", NAMES, np.tile(LOGITS, (4, 1)))
    write_labels(LABELS * 4)
    Path("bare.csv").write_text("".join(f"{label}\n" for label in LABELS * 4))
    for labels, jobs in (("y.csv", "1"), ("bare.csv", "2")):
        outcome = run(*LOSS, "many.csv", "--labels", labels, "--jobs", jobs)
        assert_losses(outcome, np.tile(LOSSES, 4), None)


def test_names_beside_the_logits(run: Run) -> None:
    write_beside("both.csv", NAMES, [f" {label} " for label in LABELS])
    assert_losses(run(*LOSS, "both.csv", "--label-column", "label"))
    rows = Path("both.csv").read_text().replace(",label", ",y").splitlines()
    Path("more.tsv").write_text("".join(f"x,{row}\n" for row in rows).replace(",", "\t"))
    assert_losses(run(*LOSS, "z.csv", "--labels", "more.tsv", "--label-column", "y"))


@in_one_test
@pytest.mark.parametrize("command", ["loss", "explain", "one-hot"])
def test_an_unknown_name(run: Run, command: str) -> None:
    arguments = {
        "loss": ["z.csv", "y.csv"],
        "explain": ["z.csv", "y.csv", "--rows", "3:"],
        "one-hot": ["y.csv", "--classes", ",".join(NAMES)],
    }[command]
    there = "there are 'cat', 'dog', 'bird'"
    odd = (
        ("caat", "label 'caat' is none of the 3 classes", "did you mean 'cat'?"),
        ("CAT", "label 'CAT' is none of the 3 classes", "did you mean 'cat'?"),
        ("zebra", "label 'zebra' is none of the 3 classes", there),
        ("7", "label '7' is none of the 3 classes", there),
        ("c" * 99, f"label '{'c' * 37}...' is none of the 3 classes", there),
        ("[red]\x1b[31m", r"label '[red]\x1b[31m' is none of", there),
        ('" "', "an empty cell instead of a label", "label rows to leave out -100"),
    )
    for label, message, hint in odd if command == "loss" else odd[::3]:
        write_labels([*LABELS[:4], label, LABELS[5]])
        refused = refusal(run(command, *arguments))
        assert refused.error.startswith(f"y.csv:6: {message}")
        if command == "loss" or not message.startswith("an empty"):
            assert refused.hint == hint


def test_all_unknown_names_are_counted_in_any_block(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentcli.formats.csv.source.CsvSource.block_bytes", 32)
    write_rows("z.csv", NAMES, np.tile(LOGITS, (4, 1)))
    labels = LABELS * 4
    labels[15], labels[18], labels[22] = "caat", "dgo", "Bird"
    write_labels(labels)
    assert refusal(run("loss", "z.csv", "y.csv")) == (
        "y.csv:17: label 'caat' is none of the 3 classes (3 such rows)",
        "did you mean 'cat'?",
    )


# --classes


@in_one_test
@pytest.mark.parametrize(
    ("name", "content"),
    [
        (" cat,dog , bird", ""),
        ("c.txt", "cat\r\ndog\r\nbird\r\n"),
        ("c.txt", "class\ncat\ndog\nbird\n"),
        ("c.csv", '\ufeff"cat"\ndog\nbird'),
        ("c.txt", " cat\ndog \nbird\n\n\n"),
    ],
)
def test_classes_name_the_columns_of_npy(run: Run, name: str, content: str) -> None:
    if content:
        Path(name).write_text(content, newline="")
    outcome = run(*LOSS, "z.npy", "--labels", "y.csv", "--classes", name)
    assert_losses(outcome, note=None)
    assert ("read as a header" in outcome.err) == content.startswith("class")


def test_names_with_commas(run: Run) -> None:
    """A line of text is a name as it stands; in CSV, a name with a comma is quoted."""
    names = ["tench, Tinca tinca", "dog", "bird"]
    quoted = [f'"{name}"' for name in names]
    write_labels(quoted[i] for i in INDICES)
    Path("c.txt").write_text("\n".join(names))
    Path("c.csv").write_text("\n".join(quoted))
    for classes in ("c.txt", "c.csv", ",".join(quoted)):
        assert_losses(run(*LOSS, "z.npy", "--labels", "y.csv", "--classes", classes))
    Path("c.csv").write_text("\n".join(names))
    outcome = run(*LOSS, "z.npy", "--labels", "y.csv", "--classes", "c.csv")
    assert refusal(outcome).error == "c.csv:1: 2 cells"


@in_one_folder
@pytest.mark.parametrize("command", ["one-hot", "loss z.npy"])
@pytest.mark.parametrize("name", ["c.txt", "there/c", "c.csv.gz"])
def test_a_file_of_names_that_is_not_there(run: Run, command: str, name: str) -> None:
    """It is no name of a class: one-hot would make it the one class of labels that all are 0."""
    outcome = run(*command.split(), "-", "--classes", name, stdin=b"0\n0\n")
    assert (outcome.code, f"there is no file {name!r}" in outcome.err) == (2, True)


@in_one_test
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("z.npy", 1, "y.csv:2: label 'cat' is a name, and the classes have no names (6 such"),
        ("z.npy --classes cat,dog", 1, "--classes has 2 names for 3 classes"),
        ("z.npy --classes no", 1, "--classes has 1 name for 3 classes"),
        ("z.npy --classes cat,dog,cat", 1, "--classes: two classes are named 'cat': 1"),
        ("z.npy --classes=", 2, "--classes has an empty value"),
        ("z.npy --classes empty.txt", 2, "empty.txt: it names no class"),
        ("z.npy --classes gap.txt", 1, "gap.txt:2: a class without a name"),
        ("z.npy --classes odd.txt", 1, "odd.txt:2: the names of classes must be UTF-8"),
        ("z.csv --classes dog,cat,bird", 1, "z.csv: the header names the same classes"),
        ("z.csv --label-base 0", 2, "--label-base counts numbers, and the labels are"),
    ],
)
def test_names_that_do_not_fit(run: Run, arguments: str, code: int, message: str) -> None:
    Path("empty.txt").write_text("\n\n")
    Path("gap.txt").write_text("cat\n\ndog\n")
    Path("odd.txt").write_bytes(b"cat\nd\xf6g\nbird\n")
    outcome = run(*LOSS, *arguments.split(), "--labels", "y.csv", "-o", "out.csv")
    assert refusal(outcome, code).error.startswith(message)
    assert not Path("out.csv").exists()


@in_one_test
@pytest.mark.parametrize("kind", ["header", "classes"])
@pytest.mark.parametrize("file", ["y.csv", "y.npy", "text.csv"])
def test_classes_that_are_named_by_numbers(run: Run, kind: str, file: str) -> None:
    """Labels are these names: an index would silently be another class."""
    numbers = [5, -1, 30]
    write_rows("z.csv", list(map(str, numbers)), LOGITS)
    named = np.array(numbers)[INDICES]
    np.save("y.npy", named)
    write_labels(named)
    write_labels((f'"{i}"' if i != 30 else " 30" for i in named), "text.csv")
    logits = ["z.csv", "--header"] if kind == "header" else ["z.npy", "--classes=5,-1,30"]
    where = "z.csv: labels are columns" if kind == "header" else "labels are the names in --classes"
    said = f"note: {where}: 5, -1, 30 (else --label-base 0)\n"
    assert_losses(run(*LOSS, *logits, "--labels", file), note=said)
    if file != "y.npy":
        return
    counted = refusal(run(*LOSS, *logits, "--labels", file, "--label-base", "0"))
    assert counted.error.startswith("y.npy[0]: label 5 is outside 0..2")
    named[3] = 2
    np.save("y.npy", named)
    assert refusal(run(*LOSS, *logits, "--labels", file)) == (
        "y.npy[3]: label 2 is none of the 3 classes",
        "if labels count the classes from 0: --label-base 0",
    )


def test_classes_that_are_named_by_decimals(run: Run) -> None:
    """Labels of a table are these names if one is no index; else they count, which a note says."""
    ask, said = ("--label-column", "label"), "note: both.csv: labels that are numbers count the"
    for codes in (("250.00", "272.4", "401.9"), ("0.1", "0.2", "0.3"), ("1.5", "2.5", "1.0")):
        write_beside("both.csv", codes, [codes[i] for i in INDICES])
        assert_losses(run(*LOSS, "both.csv", *ask))
        write_beside("both.csv", codes, [codes[0]] * 5 + ["9.5"])
        refused = refusal(run(*LOSS, "both.csv", *ask))
        assert refused.error == "both.csv:7: label '9.5' is none of the 3 classes"
        for labels in (INDICES, INDICES.astype(float)):
            write_beside("both.csv", codes, labels)
            what = f"classes from 0, though these are called {', '.join(codes)}"
            note = f"{said} {what} (--label-base 0 says so, too)\n"
            assert_losses(run(*LOSS, "both.csv", *ask), note=note)
            assert_losses(run(*LOSS, "both.csv", *ask, "--label-base", "0"))


def test_labels_that_are_names_are_no_numbers(run: Run) -> None:
    """What headers share is left out where labels are numbers; names are found as they stand."""
    write_rows("z.csv", ["k5", "k0", "k3"], LOGITS)
    numbers = np.array([5, 0, 3])[INDICES]
    write_labels(numbers, "numbers.csv")
    write_labels((f"k{i}" for i in numbers), "names.csv")
    said = "note: z.csv: labels are columns: 5, 0, 3 (else --label-base 0)\n"
    assert_losses(run(*LOSS, "z.csv", "--labels", "numbers.csv"), note=said)
    assert_losses(run(*LOSS, "z.csv", "--labels", "names.csv"), note="")


def test_names_beside_the_logits_have_no_note_of_numbers(run: Run) -> None:
    """Notes say what labels mean as numbers: not of names, nor of true and false for yes and no."""
    stars, ask = ("1 star", "2 stars", "3 stars"), ("--label-column", "label")
    write_beside("names.csv", stars, [stars[i] for i in INDICES])
    write_beside("numbers.csv", stars, INDICES + 1)
    said = "labels are columns: 1 star, 2 stars, 3 stars (else --label-base 0)\n"
    for suffix in (".csv", ".parquet"):
        for kind in ("names", "numbers") if suffix != ".csv" else ():
            pd.read_csv(f"{kind}.csv").to_parquet(kind + suffix)
        note = f"note: numbers{suffix}: {said}"
        assert_losses(run(*LOSS, f"names{suffix}", *ask))
        assert_losses(run(*LOSS, f"numbers{suffix}", *ask), note=note)
    assert_losses(run(*LOSS, "-", *ask, stdin=Path("names.csv").read_bytes()))
    write_rows("flags.csv", ["yes", "no", "label"], [[1, 0, True], [0, 2, False], [3, 0, False]])
    pd.read_csv("flags.csv").to_parquet("flags.parquet")
    want = np.log1p(np.exp([-1.0, -2.0, 3.0]))
    for suffix in (".csv", ".parquet"):
        assert_losses(run(*LOSS, f"flags{suffix}", *ask), want)


def test_shards_of_which_some_have_numbers_for_labels_have_the_note(run: Run) -> None:
    """The note is true of their labels, whichever shard stands first; of names alone it is not."""
    for name, labels in (("a", ["yes", "no"]), ("b", ["no", "no"]), ("c", [1, 0])):
        rows = ([2, i, label] for i, label in enumerate(labels))
        write_rows(f"{name}.csv", ["yes", "no", "label"], rows)
    said = "note: {}: label 0 is 'yes', and 1 is 'no', by place (else --columns no,yes)\n"
    ask = ("--label-column", "label")
    yes, no = np.log1p(np.exp([-2.0, -1.0])), np.log1p(np.exp([2.0, 1.0]))
    for shards, losses in (("ab", [yes[0], no[1], *no]), ("ac", [yes[0], no[1], no[0], yes[1]])):
        for order in (shards, shards[::-1]):
            files = [f"{name}.csv" for name in order]
            note = said.format(f"{files[0]} and 1 more") if "c" in shards else ""
            want = losses if order == shards else [*losses[2:], *losses[:2]]
            inputs = [each for file in files for each in ("--logits", file)]
            assert_losses(run(*LOSS[:-1], *inputs, *ask), want, note)


# Other commands


def test_one_hot_of_names(run: Run) -> None:
    want = "".join(",".join(map(str, row)) + "\n" for row in np.eye(3, dtype=int)[INDICES])
    assert run("one-hot", "y.csv", "--classes", "cat,dog,bird").out == f"cat,dog,bird\n{want}"
    refused = refusal(run("one-hot", "y.csv"))
    assert refused.error.startswith("y.csv:2: label 'cat' is a name")
    assert "--classes" in refused.hint
    write_labels(INDICES * 5)
    assert run("one-hot", "y.csv", "--classes", "0,10,5").code == 0


def test_explain_names_the_classes(run: Run) -> None:
    found = run("explain", "z.npy", "y.csv", "--classes", "cat,dog,bird", "--to", "csv").out
    header, *rows = (line.split(",") for line in found.splitlines())
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["class"] for row in table[:3]] == NAMES
    assert [row["label"] for row in table[::3]] == LABELS[:3]


def test_explain_warns_of_names_that_a_spreadsheet_would_run(run: Run) -> None:
    write_rows("z.csv", ["cat", "=dog", "bird"], LOGITS)
    write_labels(INDICES)
    outcome = run("explain", "z.csv", "y.csv", "-o", "out.csv")
    said = "warning: out.csv: a spreadsheet would run the cell '=dog' as a formula\n"
    assert (outcome.code, outcome.err) == (0, said)


def test_a_name_may_be_longer_than_the_csv_module_allows(run: Run) -> None:
    long = "b" * 2**18
    Path("long.csv").write_text(f"a\n{long}\n", encoding="utf-8")
    Path("y.txt.csv").write_text(f"{long}\n", encoding="utf-8")
    np.save("two.npy", np.array([[0.0, 0.0]]))
    found = run(*LOSS, "two.npy", "--labels", "y.txt.csv", "--classes", "long.csv", "-q")
    assert found.number == pytest.approx(np.log(2.0))


@in_one_test
@pytest.mark.parametrize("order", [[0, 1, 2], [10, 0, 2]])
def test_names_that_leave_out_the_first_words_that_all_share(run: Run, order: list[int]) -> None:
    """A model's columns are prob_class_0, ..., of classes that are called class_0, ..."""
    write_rows("z.csv", [f"model_prob_class_{number}" for number in order], LOGITS)
    for called in ("model_prob_class_", "prob_class_", "class_", ""):
        labels = [f"{called}{order[i]}" for i in INDICES]
        write_labels(labels)
        note = None if not called else ""
        assert_losses(run(*LOSS, "z.csv", "--labels", "y.csv"), note=note)
        if called:
            Path("bare.csv").write_text("".join(f"{label}\n" for label in labels[:3]))
            write_rows("z3.csv", [f"model_prob_class_{number}" for number in order], LOGITS[:3])
            assert_losses(run(*LOSS, "z3.csv", "--labels", "bare.csv"), LOSSES[:3], None)
    write_labels(["lass_2", *(f"class_{order[i]}" for i in INDICES[1:])])
    odd = refusal(run(*LOSS, "z.csv", "--labels", "y.csv"))
    assert odd.error.startswith("y.csv:2: label 'lass_2' ")
