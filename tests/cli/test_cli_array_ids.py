"""Ids in arrays beside logits and labels: rows go by place, and two orders are an error."""

import json

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run, refusal

import xentcli as xent
from xentcli.errors import XentError

RANDOM = np.random.default_rng(5)
LOGITS = RANDOM.normal(size=(12, 3))
LABELS = RANDOM.integers(0, 3, 12)
IDS = np.array([f"r{i}" for i in range(12)])
MOVED = np.roll(np.arange(12), 5)
LOSS = (np.log(np.exp(LOGITS).sum(axis=1)) - LOGITS[np.arange(12), LABELS]).mean()


def write(path: str, name: str, values: np.ndarray, order: np.ndarray, id_: str = "id") -> str:
    """Write an array and the ids of its rows, in an order."""
    ids, rows = IDS[order], values[order]
    if path.endswith(".npz"):
        np.savez(path, **{name: rows, id_: ids})
        return path
    lines = [{id_: i, name: row} for i, row in zip(ids.tolist(), rows.tolist(), strict=True)]
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("\n".join(map(json.dumps, lines)) if path.endswith("l") else json.dumps(lines))
    return path


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        ("z.npz", "y.npz"),
        ("z.npz", "y.jsonl"),
        ("z.jsonl", "y.json"),
        ("z.jsonl", "y.jsonl"),
        ("z.json", "y.npz"),
    ],
)
def test_ids_in_two_orders_are_an_error(run: Run, logits: str, labels: str) -> None:
    write(logits, "logits", LOGITS, np.arange(12))
    write(labels, "labels", LABELS, np.arange(12))
    assert run("loss", logits, labels).number == pytest.approx(LOSS, rel=1e-12)
    write(labels, "labels", LABELS, MOVED)
    error, hint = refusal(run("loss", logits, labels))
    assert "the id of row 0 is 'r7', and 'r0' in" in error
    assert "put the rows of both files in the same order" in hint
    with pytest.raises(XentError, match="the id of row 0"):
        xent.evaluate(logits, labels)


def test_ids_of_two_names_are_compared_if_they_are_the_same_ones(run: Run) -> None:
    """Of samples that were shuffled they told nothing, as their array had another name."""
    write("z.npz", "logits", LOGITS, np.arange(12), "sample_ids")
    write("y.npz", "labels", LABELS, MOVED, "id")
    told = refusal(run("loss", "z.npz", "y.npz")).error
    assert told.startswith("y.npz:id: the id of row 0 is 'r7', and 'r0' in z.npz:sample_ids")
    np.savez("y.npz", labels=LABELS, id=np.arange(12) + 7)  # ids of something else
    assert run("loss", "z.npz", "y.npz").number == pytest.approx(LOSS, rel=1e-12)


def test_ids_in_two_orders_in_two_models(run: Run) -> None:
    write("a.npz", "logits", LOGITS, np.arange(12), "image_id")
    write("b.npz", "logits", LOGITS, MOVED, "image_id")
    both = ("compare", "a.npz", "b.npz", "--key", "logits", "--json")
    assert "the id of row 0 is 'r7', and 'r0' in a.npz:image_id" in refusal(run(*both)).error
    write("b.npz", "logits", LOGITS, np.arange(12), "image_id")
    assert run(*both).json["metrics"]["kl"]["value"] == 0


def test_ids_of_tokens_name_no_rows(run: Run) -> None:
    write("z.npz", "logits", LOGITS, np.arange(12), "token_ids")
    write("y.npz", "labels", LABELS[MOVED.argsort()], MOVED, "token_ids")
    assert run("loss", "z.npz", "y.npz").number == pytest.approx(LOSS, rel=1e-12)


@pytest.mark.parametrize("ids", [IDS, np.arange(12)], ids=["names", "numbers"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_beside_arrays(run: Run, kind: str, ids: np.ndarray) -> None:
    np.savez("z.npz", logits=LOGITS, id=ids)
    for order in (np.arange(12), MOVED):
        frame = pd.DataFrame({"id": ids[order], "label": LABELS[order]})
        frame.to_csv("y.csv", index=False)
        frame.to_parquet("y.parquet", index=False)
        outcome = run("loss", "z.npz", f"y.{kind}")
        if order is MOVED:
            assert f"y.{kind}: the id of row 0 is '{ids[7]}'" in refusal(outcome).error
        else:
            assert outcome.number == pytest.approx(LOSS, rel=1e-12)
