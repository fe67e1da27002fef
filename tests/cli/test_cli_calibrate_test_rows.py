"""xent calibrate --test: what it says of the rows of other files."""

from typing import Any

import numpy as np
from cli_files import DIGITS, WEAK, write_rows
from cli_tools import Run, refusal

import xentcli as xent

UNFOLDED = ("--folds", "0")
"""Without the losses out of fold, which take most of the time."""


def test_other_files(run: Run) -> None:
    outcome = run("calibrate", *DIGITS, "--test", WEAK, DIGITS[1], "--json", *UNFOLDED)
    assert outcome.err == ""
    found = outcome.json["tested"]["metrics"]
    assert found["loss_before"]["value"] == float(run("loss", WEAK, DIGITS[1]).out)
    value = str(outcome.json["temperature"])
    cooled = run("loss", WEAK, DIGITS[1], "--temperature", value)
    assert found["loss_after"]["value"] == float(cooled.out)
    files = [(file["role"], file["name"], file["shape"]) for file in outcome.json["files"][2:]]
    assert files == [
        ("test logits", str(WEAK), [450, 10]),
        ("test labels", str(DIGITS[1]), [450]),
    ]


def test_other_rows_and_their_labels_in_one_file(run: Run) -> None:
    """What the shell makes of --test t-*.npz was the rows of one with the labels of the other."""
    labels = np.load(DIGITS[1])
    for name, path in (("a", DIGITS[0]), ("b", WEAK)):
        np.savez(f"{name}.npz", logits=np.load(path), labels=labels)
    wanted = run("calibrate", *DIGITS, "--test", WEAK, DIGITS[1], "--json", *UNFOLDED).json
    found = run("calibrate", "a.npz", "--test", "b.npz", "b.npz", "--json", *UNFOLDED).json
    assert found["tested"] == wanted["tested"]
    assert [(file["role"], file["name"]) for file in found["files"][2:]] == [
        ("test logits", "b.npz"),
        ("test labels", "b.npz"),
    ]
    twice = refusal(run("calibrate", "a.npz", "--test", WEAK, WEAK, *UNFOLDED))
    assert twice.error == f"{WEAK}: given as logits and as labels"
    told = refusal(run("calibrate", "a.npz", "--test", "a.npz", "b.npz", *UNFOLDED))
    assert told.error.startswith("b.npz: whole rows, as a.npz has, which holds labels: more rows")
    assert told.hint.startswith("a file that holds both is named twice, --test b.npz b.npz; ")


def test_other_files_of_another_model(run: Run) -> None:
    np.save("more.npy", np.pad(np.load(DIGITS[0]), ((0, 0), (0, 2))))
    outcome = run("calibrate", *DIGITS, "--test", "more.npy", DIGITS[1], "--json", *UNFOLDED)
    fitted = "the rows to test on have 12 classes, and those that were fitted 10"
    assert outcome.err == f"note: {fitted}: are they of one model?\n"
    assert outcome.json["tested"]["num_classes"] == 12


def test_other_files_with_the_classes_elsewhere(run: Run) -> None:
    """Labels that are names mean the same there, and numbers do not."""
    z = np.load(DIGITS[0])[:40, :3].astype(float)
    y = (z.argmax(axis=1) + (np.arange(40) % 5 == 0)) % 3  # every fifth is wrong
    write_rows("z.csv", "abc", z)
    write_rows("moved.csv", "cab", z[:, [2, 0, 1]])
    write_rows("y.csv", ["label"], y[:, None])
    write_rows("names.csv", ["label"], [["abc"[i]] for i in y])
    order = "moved.csv: its classes are in another order than those that were fitted"
    for labels, same in (("names.csv", True), ("y.csv", False)):
        test = ("--test", "moved.csv", labels, "--json", *UNFOLDED)
        outcome = run("calibrate", "z.csv", labels, *test)
        assert f"note: {order}; labels that are numbers go by the order here\n" in outcome.err
        found = outcome.json["tested"]["metrics"]["loss_before"]["value"]
        assert (found == outcome.json["metrics"]["loss_before"]["value"]) == same
    np.save("z.npy", z)
    write_rows("w.csv", "bca", [[1, 2, 5]])
    options = ("--classes", "a,b,c", "--weight", "w.csv", "--test", "moved.csv", "names.csv")
    outcome = run("calibrate", "z.npy", "names.csv", *options, "--json", *UNFOLDED)
    assert f"note: {order}" in outcome.err
    found = outcome.json["tested"]["metrics"]["loss_before"]
    assert found == outcome.json["metrics"]["loss_before"]
    given: Any = {"weight": [1, 2, 5], "test": ("moved.csv", "names.csv"), "folds": 0}
    for logits, classes in (("z.csv", None), ("z.npy", ["a", "b", "c"])):
        one = xent.calibrate(logits, "names.csv", classes=classes, **given)
        assert one.tested is not None
        assert one.tested.metrics["loss_before"] == one.loss_before
    by_place = ("--weight", "1,2,5", "--test", "moved.csv", "names.csv", "--json")
    found = run("calibrate", "z.csv", "names.csv", *by_place, *UNFOLDED).json
    assert found["tested"]["metrics"]["loss_before"] == found["metrics"]["loss_before"]
    unnamed = run("calibrate", "z.npy", "y.csv", *options[2:], *UNFOLDED)
    assert (unnamed.code, unnamed.out) == (1, "")
    assert "z.npy: its classes have no names, and w.csv and moved.csv name them" in unnamed.err
    given = {"classes": ["a", "b", "c"], "test": ("moved.csv", "names.csv"), "folds": 0}
    one = xent.calibrate("z.npy", "names.csv", **given)
    assert one.tested is not None
    assert one.tested.metrics["loss_before"] == one.loss_before
    there = run("calibrate", "z.csv", "y.csv", "--test", "z.csv", "y.csv", "--json", *UNFOLDED)
    assert "order" not in there.err


def test_what_is_odd_about_other_files(run: Run) -> None:
    """They may hold something else than what was fitted, and have none of its rows' weights."""
    np.save("p.npy", np.exp(xent.log_softmax(np.load(DIGITS[0]))))
    np.save("v.npy", np.linspace(0.0, 1.0, 450))
    more = ("--sample-weight", "v.npy", "--test", "p.npy", DIGITS[1], *UNFOLDED)
    outcome = run("calibrate", *DIGITS, *more, "--json")
    kind = (
        "these look like probabilities, not logits: xent calibrate --probs PROBS LABELS would fit"
    )
    weights = "the weights of rows concern the temperature and the losses alone"
    alone = f"{weights}; the rows to test on have no such weights"
    assert outcome.err == f"warning: p.npy: {kind}\nwarning: {alone}\n"
    found = outcome.json["tested"]["metrics"]["loss_before"]["value"]
    assert found == run("loss", "p.npy", DIGITS[1]).number
    test = ("p.npy", DIGITS[1])
    notes = xent.calibrate(*DIGITS, sample_weight="v.npy", test=test, folds=0).notes
    assert {f"p.npy: {kind}", alone} <= {*notes}
    lost = np.load(DIGITS[0])
    lost[3, np.load(DIGITS[1])[3]] = -np.inf
    np.save("lost.npy", lost)
    outcome = run("calibrate", *DIGITS, "--test", "lost.npy", DIGITS[1], *UNFOLDED)
    assert outcome.err == "warning: lost.npy: the loss is infinite: a label has probability 0\n"
