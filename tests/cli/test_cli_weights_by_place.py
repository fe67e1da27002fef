"""Weights and groups without ids, where ids show logits and labels in two orders."""

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Run
from compare_tools import CLASSES, IDS, ONE, TRUE

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
