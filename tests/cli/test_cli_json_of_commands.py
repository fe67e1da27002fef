"""What a command writes as JSON is read by the next one, with the names of its classes."""

import io

import numpy as np
import pandas as pd
import pytest
from cli_files import write_rows
from cli_tools import Run

NAMES = ["ant", "bee", "cat"]
LOGITS = np.random.default_rng(6).normal(size=(5, 3))
LABELS = np.array([2, 0, 1, 1, 2])
PROBS = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
LOSSES = -np.log(PROBS[np.arange(5), LABELS])


def write_inputs() -> None:
    write_rows("z.csv", NAMES, LOGITS.tolist())
    np.save("y.npy", LABELS)
    write_rows("names.csv", ["label"], [[NAMES[label]] for label in LABELS])


def test_probabilities_in_a_file_and_in_a_pipe(run: Run) -> None:
    write_inputs()
    run("softmax", "z.csv", "-o", "p.json")
    for labels in ("y.npy", "names.csv"):
        assert run("nll", "--probs", "p.json", "--labels", labels).number == pytest.approx(
            LOSSES.mean(), rel=1e-14
        )
    piped = run("softmax", "z.csv", "--json").out.encode()
    found = run("nll", "--probs", "-", "--labels", "names.csv", stdin=piped)
    assert found.number == pytest.approx(LOSSES.mean(), rel=1e-14)
    columns = [line["columns"] for line in run("info", "p.json", "--json").json["files"]]
    assert columns == [NAMES]


def test_one_hot_rows_are_labels(run: Run) -> None:
    write_inputs()
    run("one-hot", "y.npy", "-o", "y.json")
    assert run("loss", "z.csv", "y.json").number == pytest.approx(LOSSES.mean(), rel=1e-14)


def test_losses_are_the_array_of_a_loss(run: Run) -> None:
    write_inputs()
    run("loss", "z.csv", "y.npy", "--reduction", "none", "-o", "l.json")
    (found,) = run("info", "l.json", "--json").json["files"]
    assert found["shape"] == [5]
    assert found["mean"] == pytest.approx(LOSSES.mean(), rel=1e-14)


def test_rows_with_ids_are_not_read_by_place(run: Run) -> None:
    write_rows("ids.csv", ["id", *NAMES], [[f"r{i}", *row] for i, row in enumerate(LOGITS)])
    run("softmax", "ids.csv", "--id-column", "id", "-o", "p.json")
    outcome = run("softmax", "p.json")
    assert outcome.code == 1
    assert outcome.err.startswith("error: p.json: its rows have ids, which are not read from JSON")
    assert "--key values takes rows by place" in outcome.err
    chosen = run("softmax", "p.json", "--key", "values").out
    want = np.exp(PROBS) / np.exp(PROBS).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(pd.read_csv(io.StringIO(chosen), header=None), want, rtol=1e-14)
