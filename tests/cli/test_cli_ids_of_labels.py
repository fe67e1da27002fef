"""A model without ids, beside one whose rows and labels have ids in different orders."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Run, refusal
from close_to import close_to
from compare_tools import CLASSES, IDS, ONE, TRUE, TWO, Array
from in_one_test import in_one_test

import xentcli as xent

ORDER = np.random.default_rng(8).permutation(40)
SITES = np.random.default_rng(9).choice(["north", "south", "west"], 40)
NAMED = ("--classes", ",".join(CLASSES))
LABELS = ("--labels", "y.csv")


def losses_of(z: Array) -> Array:
    """Return the loss of each row."""
    found: Array = np.log(np.exp(z).sum(axis=1)) - z[np.arange(40), TRUE]
    return found


def kl_of(z: Array, w: Array) -> Array:
    """Return the KL divergence of each row from one model to another."""
    p, q = (np.exp(each) / np.exp(each).sum(axis=1, keepdims=True) for each in (z, w))
    found: Array = (p * np.log(p / q)).sum(axis=1)
    return found


@pytest.fixture
def tables(run: Run) -> Run:
    """Write one model without ids, another whose ids are in another order, and labels with ids."""
    np.save("one.npy", ONE)
    write_rows("sites.csv", ["id", "site"], [[IDS[i], SITES[i]] for i in ORDER[::-1]])
    write_rows("two.csv", ["id", *CLASSES], [[IDS[i], *TWO[i].tolist()] for i in ORDER])
    write_rows("y.csv", ["id", "label"], [[IDS[i], CLASSES[TRUE[i]]] for i in range(40)])
    return run


@pytest.mark.parametrize("options", [(), ("--id-column", "id"), ("--rows", "3:30")])
def test_the_ids_of_the_labels_are_those_of_the_rows(tables: Run, options: tuple[str, ...]) -> None:
    both = ("compare", "one.npy", "two.csv", *LABELS, *NAMED, *options, "--json")
    if "--rows" in options:
        write_rows("two.csv", ["id", *CLASSES], [[IDS[i], *TWO[i].tolist()] for i in range(40)])
    outcome = tables(*both)
    rows = slice(3, 30) if "--rows" in options else slice(None)
    found = outcome.json["metrics"]
    for name, z in (("loss_base", ONE), ("loss_new", TWO)):
        assert found[name]["value"] == pytest.approx(losses_of(z)[rows].mean(), rel=1e-12)
    assert found["kl"]["value"] == pytest.approx(kl_of(ONE, TWO)[rows].mean(), rel=1e-9)
    by_place = "one.npy: there is no column 'id' as in y.csv: these rows are matched by place"
    assert by_place in outcome.err
    moved = "two.csv: in another order than y.csv; matched by 'id'"
    assert (moved in outcome.err) == ("--rows" not in options)


def test_an_id_that_labels_lack(tables: Run) -> None:
    write_rows("y.csv", ["id", "label"], [[IDS[i] + "x" * (i == 7), 0] for i in range(40)])
    outcome = tables("compare", "one.npy", "two.csv", *LABELS)
    assert outcome.code == 1
    assert f"y.csv:9: there is no row with the id '{IDS[7]}x' in two.csv" in outcome.err


def test_an_order_that_nothing_tells(tables: Run) -> None:
    outcome = tables("compare", "two.csv", "one.npy", *LABELS)
    assert (outcome.code, outcome.out) == (1, "")
    assert "one.npy: there is no column 'id', and the rows of y.csv and of two.csv" in outcome.err
    assert "if it is that of the labels, name one.npy first" in outcome.err
    assert tables("compare", "one.npy", "two.csv", *LABELS, *NAMED).code == 0


def test_one_order_needs_no_ids(tables: Run) -> None:
    write_rows("y.csv", ["id", "label"], [[IDS[i], CLASSES[TRUE[i]]] for i in ORDER])
    np.save("one.npy", ONE[ORDER])
    found = tables("compare", "two.csv", "one.npy", *LABELS, "--json").json["metrics"]
    assert found["loss_new"]["value"] == pytest.approx(losses_of(ONE).mean(), rel=1e-12)
    assert found["loss_base"]["value"] == pytest.approx(losses_of(TWO).mean(), rel=1e-12)


def test_groups_in_a_file_of_another_order(tables: Run) -> None:
    means = {site: losses_of(ONE)[site == SITES].mean() for site in SITES}
    alone = ("one.npy", "y.csv", *NAMED, "--json")
    both = ("compare", "one.npy", "two.csv", *LABELS, *NAMED, "--json")
    for command, name in ((("eval", *alone), "loss"), (both, "loss_base")):
        outcome = tables(*command, "--by", "sites.csv")
        groups = {g["name"]: g["metrics"][name]["value"] for g in outcome.json["groups"]}
        assert groups == close_to(means, rel=1e-12), command
        assert "sites.csv: in another order than y.csv; matched by 'id'" in outcome.err
    in_python = xent.evaluate("one.npy", "y.csv", by="sites.csv", classes=CLASSES).groups
    found = {group.name: group.metrics["loss"].value for group in in_python}
    assert found == close_to(means, rel=1e-12)
    by_order = xent.evaluate(ONE, TRUE, cluster=SITES).loss.standard_error
    clustered = tables("eval", *alone, "--cluster", "sites.csv").json["metrics"]["loss"]
    assert clustered["standard_error"] == close_to(by_order, rel=1e-12)


def test_a_group_that_some_rows_lack(tables: Run) -> None:
    write_rows("sites.csv", ["id", "site"], [[IDS[i], SITES[i]] for i in ORDER if i != 7])
    outcome = tables("eval", "one.npy", "y.csv", *NAMED, "--by", "sites.csv")
    assert outcome.code == 1
    assert f"there is no group with the id '{IDS[7]}' in sites.csv" in outcome.err


def test_weights_in_a_file_of_another_order(tables: Run) -> None:
    weights = np.random.default_rng(10).uniform(0.5, 3, 40)
    write_rows("weights.csv", ["id", "weight"], [[IDS[i], weights[i]] for i in ORDER[::-1]])
    fitted = ONE.copy()
    fitted[np.arange(40), TRUE] += 2.0  # so that there is a temperature
    np.save("one.npy", fitted)
    weighted = ("one.npy", "y.csv", *NAMED, "--sample-weight", "weights.csv")
    outcome = tables("loss", *weighted)
    want = (weights * losses_of(fitted)).sum() / weights.sum()
    assert outcome.number == close_to(want, rel=1e-12)
    assert "weights.csv: in another order than y.csv; matched by 'id'" in outcome.err
    found = tables("calibrate", *weighted, "--folds", "0", "--json").json["temperature"]
    around = [
        (weights * losses_of(fitted / (found * factor))).sum() for factor in (0.999, 1.0, 1.001)
    ]
    assert min(around) == around[1]


def test_binary_labels_and_weights_in_two_orders(tables: Run) -> None:
    """Logits without ids go by place with their labels, whose ids find the weights."""
    z, labels = ONE[:, 0] - ONE[:, 1], TRUE % 2
    weights = np.random.default_rng(11).uniform(0.5, 3, 40)
    np.save("z.npy", z)
    write_rows("y.csv", ["id", "label"], [[IDS[i], labels[i]] for i in range(40)])
    write_rows("weights.csv", ["ID", "weight"], [[IDS[i], weights[i]] for i in ORDER])
    write_rows("w.csv", ["id", "weight"], [[IDS[i], weights[i]] for i in ORDER])
    losses = np.logaddexp(0, np.where(labels == 1, -z, z))
    want = (weights * losses).sum() / weights.sum()
    binary = ("z.npy", "y.csv", "--binary")
    outcome = tables("loss", *binary, "--sample-weight", "w.csv")
    assert outcome.number == close_to(want, rel=1e-12)
    assert "w.csv: in another order than y.csv; matched by 'id'" in outcome.err
    of_rows = tables("loss", *binary, "--sample-weight", "w.csv", "--reduction", "none").out
    assert [*map(float, of_rows.split())] == close_to([*(weights * losses).tolist()], rel=1e-12)
    groups = tables("eval", *binary, "--by", "sites.csv", "--json").json["groups"]
    means = {site: losses[site == SITES].mean() for site in SITES}
    found = {g["name"]: g["metrics"]["loss"]["value"] for g in groups}
    assert found == close_to(means, rel=1e-12)
    write_rows("z.csv", ["id", "z"], [[IDS[i], z[i]] for i in ORDER[::-1]])
    named = tables("loss", "z.csv", "y.csv", "--binary", "--sample-weight", "weights.csv")
    assert named.number == close_to(want, rel=1e-12)  # ID is id


def test_weights_with_ids_that_nothing_else_has(tables: Run) -> None:
    np.save("y.npy", TRUE)
    write_rows("w.csv", ["id", "weight"], [[IDS[i], 1 + i] for i in ORDER])
    error, hint = refusal(tables("loss", "one.npy", "y.npy", "--sample-weight", "w.csv"))
    assert error == "w.csv: weights go by place, and there are other columns beside them"
    assert hint.startswith("write the weights alone, in the order of the rows")


def test_ids_that_one_file_has_as_floats(run: Run) -> None:
    """As pandas writes a column of integers of which one was missing."""
    values = [[i, *ONE[i].tolist()] for i in range(4)]
    for ids, others in ((["3.0", "2.0"], ["2", "3"]), (["3", "2"], ["2.0", "3.0"])):
        write_rows("z.csv", ["id", *CLASSES], [[ids[i], *values[i][1:]] for i in range(2)])
        write_rows("w.csv", ["id", "label"], [[others[i], CLASSES[i]] for i in range(2)])
        outcome = refusal(run("loss", "z.csv", "w.csv"))
        assert outcome.error == f"z.csv:2: there is no label with the id '{ids[0]}' in w.csv"
        hint = f"there is '{others[1]}': write the ids of both files as whole numbers"
        assert outcome.hint == hint


@in_one_test
@pytest.mark.parametrize(("logits", "jobs"), [("z.npy", "1"), ("z.npy", "2"), ("z.csv", "1")])
def test_ids_of_labels_name_rows_that_have_none(run: Run, logits: str, jobs: str) -> None:
    z = np.random.default_rng(8).normal(size=(400, 3))
    np.save("z.npy", z)
    write_rows("z.csv", ["a", "b", "c"], z.tolist())
    np.save("new.npy", z * 1.5)
    write_rows("y.csv", ["id", "label"], [[f"img_{i}", i % 3] for i in range(400)])
    command = (logits, "y.csv", "--id-column", "id", "--jobs", jobs)
    lines = run("loss", *command, "--reduction", "none", "--rows", "5:9").table
    assert [line["id"] for line in lines] == [f"img_{i}" for i in range(5, 9)]
    without = run("loss", logits, "y.csv", "--reduction", "none", "--rows", "5:9")
    assert [line["loss"] for line in lines] == without.out.split()
    for metric, named in (("eval", "worst_rows"), ("compare", "changed_rows")):
        models = (logits, "y.csv") if metric == "eval" else (logits, "new.npy", "--labels", "y.csv")
        rows = run(metric, *models, *command[2:], "--metric", named).table
        assert rows, "some are listed"
        assert all(row["id"] == f"img_{row['row']}" for row in rows)


def test_ids_of_slices_name_no_rows(run: Run) -> None:
    np.save("z.npy", np.random.default_rng(8).normal(size=(2, 4, 3)))
    tokens = [{"id": i, "labels": [0, 1, 2, 1]} for i in "ab"]
    Path("y.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in tokens))
    outcome = run("loss", "z.npy", "y.jsonl", "--id-column", "id", "--reduction", "none")
    assert "id" not in outcome.out
