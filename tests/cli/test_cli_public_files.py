"""Files as other programs write them: the right number, or a hint that leads there."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cli_files import write_rows
from cli_tools import Run
from close_to import close_to
from in_one_test import in_one_test

N = 9
NAMES = ["cat", "dog", "fox"]
Y = np.array([0, 1, 2, 2, 1, 0, 1, 2, 0])
TEXT = np.array(NAMES)[Y]
P = np.random.default_rng(5).dirichlet(np.ones(3), N).round(4)
P[:, 2] = (1 - P[:, 0] - P[:, 1]).round(4)
PROBS = pd.DataFrame(P, columns=NAMES)
RIGHT = float(-np.log(P[np.arange(N), Y]).mean())
ONE_HOT = pd.DataFrame(np.eye(3, dtype=int)[Y], columns=NAMES)[["fox", "cat", "dog"]]


def write(**frames: pd.DataFrame) -> None:
    for name, frame in frames.items():
        frame.to_csv(f"{name}.csv", index=False)


def follow(run: Run, command: str) -> set[Any]:
    """Return the numbers, or errors, to which the ways of a hint lead."""
    outcome = run(*shlex.split(command))
    assert outcome.code in (1, 2), outcome.out
    hint = outcome.err.partition("hint: ")[2]
    words = [word.rstrip(",;") for word in shlex.split(hint)]
    ways = [words[i : i + 2] for i, word in enumerate(words) if word.startswith("--")]
    ends: set[Any] = set()
    for way in ways:
        end = run(*shlex.split(command), *way)
        ends.add(round(float(end.out), 9) if end.code == 0 else end.err.partition("hint")[0])
    return ends


@in_one_test
@pytest.mark.parametrize(
    "named",
    [
        "confidence({})",
        "P (species={})",
        'Scored Probabilities for Class "{}"',
        "Probability:Class={}",
        "[{}]",
        "prob<{}>",
        "{} (%)",
    ],
)
def test_what_stands_around_the_names_of_classes(run: Run, named: str) -> None:
    columns = {named.format(name): PROBS[name] for name in reversed(NAMES)}
    write(p=pd.DataFrame(columns), y=pd.DataFrame({"label": TEXT}))
    assert run("nll", "--probs", "p.csv", "y.csv").number == close_to(RIGHT, rel=1e-12)


@in_one_test
@pytest.mark.parametrize(
    ("written", "named"),
    [("1", "{}"), ("1", "is_{}"), ("True", "label={}"), ("TRUE", "{}"), ('"True"', "is_{}")],
)
def test_dummies_go_by_name_however_they_are_written(run: Run, written: str, named: str) -> None:
    words = {"1": "0", "True": "False", "TRUE": "FALSE", '"True"': '"False"'}
    hot = ONE_HOT.rename(columns=named.format)
    rows = [[written if cell else words[written] for cell in row] for row in hot.values]
    write_rows("y.csv", [*hot.columns], rows)
    write(p=PROBS.add_prefix("prob_"))
    right = close_to(RIGHT, rel=1e-12)
    assert run("nll", "--probs", "p.csv", "y.csv").number == right
    assert run("nll", "--probs", "p.csv", "y.csv", "--label-column", "1-3").number == right
    np.save("p.npy", P[:, [2, 0, 1]])  # without names, in the order of the columns
    assert run("nll", "--probs", "p.npy", "y.csv").number == right


@in_one_test
@pytest.mark.parametrize(("kind", "format_"), [("int", "csv"), ("bool", "parquet")])
def test_one_hot_columns_beside_the_classes(run: Run, kind: Any, format_: str) -> None:
    hot = ONE_HOT.add_prefix("label_").astype(kind)
    table = pd.concat([PROBS.add_prefix("prob_"), hot], axis=1)
    getattr(table, f"to_{format_}")(f"p.{format_}", index=False)
    command = f"nll --probs p.{format_}"
    assert follow(run, command) == {round(RIGHT, 9)}, "the hint names them together"
    for said in ("4-6", "label_*"):
        outcome = run(*shlex.split(command), "--label-column", said)
        assert outcome.number == close_to(RIGHT, rel=1e-12)
    twice = f"{command} --labels p.{format_} --columns prob_* --label-column label_*"
    assert run(*shlex.split(twice)).number == close_to(RIGHT, rel=1e-12)


def test_true_and_false_name_none_of_three_classes(run: Run) -> None:
    write(p=PROBS, y=pd.DataFrame({"label": Y > 0}))
    outcome = run("nll", "--probs", "p.csv", "y.csv")
    assert "label 'False' is none of the 3 classes (9 such rows)" in outcome.err
    write(p=PROBS[["cat", "dog"]], y=pd.DataFrame({"label": Y > 0}))
    want = -np.log(P[np.arange(N), np.minimum(Y, 1)]).mean()
    assert run("nll", "--probs", "p.csv", "y.csv").number == close_to(want, rel=1e-12)


def test_ids_of_another_case_are_the_same(run: Run) -> None:
    truth = pd.DataFrame({"image_id": range(N), "label": TEXT})[::-1]
    write(p=PROBS.assign(Image_ID=range(N)), y=truth)
    right = close_to(RIGHT, rel=1e-12)
    assert run("nll", "--probs", "p.csv", "y.csv").number == right
    assert run("nll", "--probs", "p.csv", "y.csv", "--id-column", "Image_ID").number == right


def test_numbers_that_both_files_have_may_be_ids(run: Run) -> None:
    """Of two ways the first is right; the other one says for which files."""
    truth = pd.DataFrame({"image": range(N), "label": TEXT})
    write(p=PROBS.assign(image=range(N)), y=truth[::-1])
    outcome = run("nll", "--probs", "p.csv", "y.csv")
    assert (
        "match rows by it: --id-column image; if rows are in the same order: --drop" in outcome.err
    )
    found = run("nll", "--probs", "p.csv", "y.csv", "--id-column", "image")
    assert found.number == close_to(RIGHT, rel=1e-12)
    write(y=truth)
    assert follow(run, "nll --probs p.csv y.csv") == {round(RIGHT, 9)}


def test_ids_of_other_names(run: Run) -> None:
    truth = pd.DataFrame({"id": range(N), "label": TEXT})
    write(p=PROBS.assign(image_id=range(N)), y=truth)
    outcome = run("nll", "--probs", "p.csv", "y.csv")
    hint = "to match rows by it, call it 'id', as the other file does; if rows are in the same"
    assert hint in outcome.err
    assert follow(run, "nll --probs p.csv y.csv") == {round(RIGHT, 9)}


@pytest.mark.parametrize("command", ["loss", "nll --probs"])
def test_several_labels_of_a_row_are_no_probabilities(run: Run, command: str) -> None:
    several = ONE_HOT.assign(fox=1, dog=1)
    write(p=PROBS, y=several)
    outcome = run(*command.split(), "p.csv", "y.csv")
    assert re.search(r"error: y.csv:2: [23] classes of one row are 1", outcome.err)
    y = several[NAMES].to_numpy()
    z = np.log(P / (1 - P)) if command != "loss" else P
    want = (np.log1p(np.exp(z)) - y * z).mean()
    (found,) = follow(run, f"{command} p.csv y.csv")
    assert found == close_to(want, rel=1e-8)


@pytest.mark.parametrize("kind", ["csv", "npy"])
def test_names_are_no_binary_labels(run: Run, kind: str) -> None:
    words = np.array(["no", "yes"])[Y % 2]
    write(p=PROBS[["cat"]], y=pd.DataFrame({"label": words}))
    np.save("y.npy", words)
    outcome = run("nll", "--probs", "p.csv", f"y.{kind}", "--binary")
    place = {"csv": "y.csv:2", "npy": "y.npy[0]"}[kind]
    assert outcome.err.startswith(f"error: {place}: label 'no' is none of the 2 classes (9 such")
    assert "hint: labels of a binary loss are 0 and 1, or false and true" in outcome.err


@in_one_test
@pytest.mark.parametrize(
    ("logits", "labels", "noted"),
    [
        ("logits-train.npy", "labels-test.npy", True),
        ("val/z.npy", "y_dev.npy", False),
        ("test_z.npy", "train/test_y.npy", False),
        ("z.npy", "y_test.npy", False),
        ("contest.npy", "y_train.npy", False),
        ("z-1.npy", "y-2.npy", True),
        ("z_01.npy", "y-1.npy", False),
        ("z-10k.npy", "y-1.npy", False),
        ("resnet50.npy", "y-1.npy", False),
        ("resnet-50.npy", "labels-2012.npy", False),
        ("run-logits-1.npy", "run_labels_2.npy", True),
    ],
)
def test_parts_of_the_data_that_differ(run: Run, logits: str, labels: str, noted: bool) -> None:
    for name, values in ((logits, np.log(P)), (labels, Y)):
        Path(name).parent.mkdir(exist_ok=True)
        np.save(name, values)
    outcome = run("loss", logits, labels)
    assert outcome.number == close_to(RIGHT, rel=1e-3)
    assert ("do they belong together?" in outcome.err) == noted


@pytest.mark.parametrize("lines", [True, False])
def test_tables_in_json_are_named(run: Run, lines: bool) -> None:
    text = PROBS.to_json(orient="records", lines=True) if lines else PROBS.to_json()
    Path("p.json").write_text(text)
    outcome = run("softmax", "p.json")
    assert outcome.err.startswith("error: p.json: columns of a table, and no array\nhint: ")
    cure = outcome.err.split("CSV: ")[1].strip()
    how = f"path{', lines=True' * lines}, precise_float=True"
    assert cure == f"pandas.read_json({how}).to_csv('a.csv', index=False)"
    eval(cure, {"pandas": pd, "path": "p.json"})  # noqa: S307 - it is the one above
    assert pd.read_csv("a.csv").to_numpy().tolist() == PROBS.to_numpy().tolist()  # to the last bit


def test_columns_in_json_are_named(run: Run) -> None:
    """Lists of one length may be columns; of other lengths, or of lists, they are arrays."""
    frame = PROBS.assign(label=TEXT)
    Path("p.json").write_text(json.dumps(frame.to_dict("list")))
    for command in (["softmax", "p.json"], ["nll", "--probs", "p.json"]):
        hint = run(*command).err.split("hint: --key NAME ")[1]
        cure = hint.split("; if these are columns of a table, they are read from CSV: ")[1].strip()
        assert cure == "pandas.DataFrame(json.load(open(path))).to_csv('a.csv', index=False)"
    frame.to_csv("a.csv", index=False)
    found = run("nll", "--probs", "a.csv", "--label-column", "label")
    assert found.number == close_to(RIGHT, rel=1e-12)
    for text in ('{"a": [1, 2], "b": [1]}', '{"a": [[1]], "b": [[2]]}'):
        Path("p.json").write_text(text)
        assert run("softmax", "p.json").err.endswith("hint: --key NAME says which\n")


def test_labels_in_json_that_have_ids_beside_them(run: Run) -> None:
    """They are no table of classes, as numbers in logits are."""
    np.save("z.npy", np.log(P))
    Path("y.jsonl").write_text("".join(f'{{"id": {i}, "label": {y}}}\n' for i, y in enumerate(Y)))
    for key in ([], ["--label-key", "label"]):
        assert run("loss", "z.npy", "y.jsonl", *key).number == close_to(RIGHT, rel=1e-3)
