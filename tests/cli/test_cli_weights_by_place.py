"""Weights and groups without ids, where ids show logits and labels in two orders."""

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Run
from compare_tools import CLASSES, IDS, ONE, TRUE

import xentcli as xent

ORDER = np.random.default_rng(8).permutation(40)
WEIGHTS = np.random.default_rng(9).uniform(0.5, 2, 40)
LOSSES = np.log(np.exp(ONE).sum(axis=1)) - ONE[np.arange(40), TRUE]
LOSS = (LOSSES * WEIGHTS).sum() / WEIGHTS.sum()


@pytest.fixture
def tables(run: Run) -> Run:
    """Write logits, and weights and groups in their order, without ids."""
    write_rows("z.csv", ["id", *CLASSES], [[IDS[i], *ONE[i].tolist()] for i in range(40)])
    write_rows("w.csv", ["weight"], [[w] for w in WEIGHTS.tolist()])
    write_rows("g.csv", ["group"], [["ab"[i % 2]] for i in range(40)])
    return run


@pytest.mark.parametrize("moved", [False, True])
def test_a_note_says_in_which_order_they_are_taken(tables: Run, *, moved: bool) -> None:
    order = ORDER if moved else range(40)
    write_rows("y.csv", ["id", "label"], [[IDS[i], CLASSES[TRUE[i]]] for i in order])
    outcome = tables("loss", "z.csv", "y.csv", "--sample-weight", "w.csv")
    assert outcome.number == pytest.approx(LOSS, rel=1e-12)
    note = "w.csv: no ids, so its weights are taken in the order of z.csv"
    assert (note in outcome.err) == moved
    outcome = tables("eval", "z.csv", "y.csv", "--by", "g.csv", "--json")
    first = outcome.json["groups"][0]["metrics"]["loss"]["value"]
    assert first == pytest.approx(LOSSES[::2].mean(), rel=1e-12)
    note = "g.csv: no ids, so its groups are taken in the order of z.csv"
    assert (note in outcome.err) == moved
    outcome = tables("compare", "z.csv", "z.csv", "--labels", "y.csv", "--by", "g.csv", "--json")
    assert outcome.code == 0
    assert (note in outcome.err) == moved


@pytest.mark.parametrize("moved", [False, True])
def test_weights_of_binary_labels_without_ids(tables: Run, *, moved: bool) -> None:
    order = ORDER if moved else range(40)
    write_rows("z.csv", ["id", "z"], [[IDS[i], ONE[i, 0]] for i in range(40)])
    write_rows("y.csv", ["id", "label"], [[IDS[i], TRUE[i] % 2] for i in order])
    outcome = tables("loss", "z.csv", "y.csv", "--binary", "--sample-weight", "w.csv")
    losses = np.logaddexp(0, np.where(TRUE % 2 == 1, -ONE[:, 0], ONE[:, 0]))
    assert outcome.number == pytest.approx((losses * WEIGHTS).sum() / WEIGHTS.sum(), rel=1e-12)
    note = "w.csv: no ids, so its weights are taken in the order of z.csv"
    assert (note in outcome.err) == moved


def test_each_command_says_how_files_were_matched(tables: Run) -> None:
    """Whatever reads rows by ids says that they were in another order, and what went by place.

    Python's results have the notes of the commands.
    """
    fitted = ONE.copy()
    fitted[np.arange(40), TRUE] += 2.0  # so that there is a temperature
    for name, order in (("z", range(40)), ("moved", ORDER)):
        table = [[IDS[i], *fitted[i].tolist()] for i in order]
        write_rows(f"{name}.csv", ["id", *CLASSES], table)
    write_rows("y.csv", ["id", "label"], [[IDS[i], CLASSES[TRUE[i]]] for i in ORDER])
    write_rows("same.csv", ["id", "label"], [[IDS[i], CLASSES[TRUE[i]]] for i in range(40)])
    np.save("y.npy", TRUE)
    moved = "{}.csv: in another order than {}.csv; matched by 'id'"
    placed = "{}: no ids, so its {} are taken in the order of z.csv"
    labels, weights = moved.format("y", "z"), placed.format("w.csv", "weights")
    rows, by, cluster = ("z.csv", "y.csv"), ("--by", "g.csv"), ("--cluster", "g.csv")
    two = ("compare", "z.csv", "moved.csv", "--labels")
    other = moved.format("moved", "z")
    fit = ("calibrate", "--folds", "0")
    cases: list[tuple[tuple[str, ...], list[str]]] = [
        (("loss", *rows, "--sample-weight", "w.csv"), [labels, weights]),
        (("explain", *rows), [labels]),
        (("eval", *rows, *by), [labels, placed.format("g.csv", "groups")]),
        ((*fit, *rows, "--sample-weight", "w.csv"), [labels, weights]),
        ((*fit, *rows, *cluster), [labels, placed.format("g.csv", "clusters")]),
        ((*fit, "z.csv", "same.csv", "--test", *rows), [labels]),
        ((*two, "y.npy"), [other, placed.format("y.npy", "labels")]),
        ((*two, "same.csv", *cluster), [other, placed.format("g.csv", "clusters")]),
    ]
    for command, said in cases:
        outcome = tables(*command)
        assert outcome.code == 0, outcome
        notes = [line for line in outcome.err.splitlines() if "another order" in line]
        assert len(notes) == sum("another order" in each for each in said), command
        for each in said:
            assert f"note: {each}" in outcome.err, command
    test = ("moved.csv", "same.csv")
    found = xent.calibrate(*rows, sample_weight="w.csv", test=test, folds=0)
    assert {labels, weights, moved.format("same", "moved")} <= {*found.notes}
    assert {labels, placed.format("g.csv", "groups")} <= {*xent.evaluate(*rows, by="g.csv").notes}
    compared = xent.compare("z.csv", "moved.csv", "same.csv", by="g.csv")
    assert {other, placed.format("g.csv", "groups")} <= {*compared.notes}
