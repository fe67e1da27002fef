"""Lists of pairs to which a server adds a chosen token that is less probable, with its rank."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_files import log_probs
from cli_tools import Run
from close_to import close_to
from in_one_test import in_one_test

V, ROWS = 8, 40


def entries(row: npt.NDArray[Any], listed: int, chosen: int) -> dict[str, dict[str, Any]]:
    """Return what vLLM tells of a row: the chosen token first, and the most probable ones."""
    order = np.argsort(-row).tolist()
    classes = dict.fromkeys([chosen, *order[:listed]])
    return {f"{c}": {"logprob": float(row[c]), "rank": order.index(c) + 1} for c in classes}


def written(listed: int, *, as_pairs: bool) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Write lists and the whole rows that they are taken from, and return these and the labels."""
    rng = np.random.default_rng(13)
    rows = log_probs(rng.normal(size=(ROWS, V)) * 1.5)
    labels, chosen = rng.integers(0, V, (2, ROWS))
    lists: list[Any] = [entries(*each) for each in zip(rows, [listed] * ROWS, chosen, strict=True)]
    if as_pairs:
        lists = [[{"token_id": int(c), **one} for c, one in each.items()] for each in lists]
    documents = [
        {
            "input_ids": chosen[i : i + 10].tolist(),
            "logprobs": lists[i : i + 10],
            "labels": labels[i : i + 10].tolist(),
        }
        for i in range(0, ROWS, 10)
    ]
    Path("lists.jsonl").write_text("\n".join(map(json.dumps, documents)), "utf-8")
    np.save("rows.npy", rows)
    np.save("y.npy", labels)
    return rows, labels


@in_one_test
@pytest.mark.parametrize("as_pairs", [False, True])
@pytest.mark.parametrize("listed", [3, 1, 0])
def test_a_token_beyond_the_list_is_no_floor(run: Run, listed: int, as_pairs: bool) -> None:
    rows, labels = written(listed, as_pairs=as_pairs)
    told = [json.loads(line)["logprobs"] for line in Path("lists.jsonl").read_text().splitlines()]
    lowers = []
    for one, row, label in zip((e for each in told for e in each), rows, labels, strict=True):
        each = one if as_pairs else [{"token_id": int(c), **e} for c, e in one.items()]
        left = 1.0 - math.fsum(math.exp(e["logprob"]) for e in each)
        ranks = {e["rank"]: -e["logprob"] for e in each}
        floor = max((ranks[k] for k in ranks if {*range(1, k + 1)} <= {*ranks}), default=0.0)
        of_list = max(floor, -math.log(left + 1e-6))
        lowers.append(-row[label] if label in {e["token_id"] for e in each} else of_list)
    found = run("nll", "lists.jsonl", "--json", "--num-classes", "8").json
    truth = -math.fsum(rows[np.arange(ROWS), labels].tolist()) / ROWS
    assert found["lower_bound"] == close_to(math.fsum(lowers) / ROWS, rel=1e-9)
    assert found["lower_bound"] < truth <= (found["upper_bound"] or math.inf)


@in_one_test
@pytest.mark.parametrize("as_pairs", [False, True])
@pytest.mark.parametrize("listed", [3, 1, 0])
def test_a_token_beyond_the_list_is_no_hit(run: Run, listed: int, as_pairs: bool) -> None:
    """As of whole rows, up to the length of the lists."""
    written(listed, as_pairs=as_pairs)
    asked = ("--top-k", "2,3,4", "--num-classes", "8", "--json")
    metrics = run("eval", "lists.jsonl", *asked).json["metrics"]
    whole = run("eval", "--log-probs", "rows.npy", "y.npy", "--top-k", "2,3,4", "--json").json
    for k, name in enumerate(("accuracy", "top2_accuracy", "top3_accuracy", "top4_accuracy"), 1):
        want = whole["metrics"][name]["value"] if k <= listed else None
        assert metrics[name]["value"] == want
    for name in ("mean_confidence", "ece"):
        want = whole["metrics"][name]["value"] if listed else None
        assert metrics[name]["value"] == (None if want is None else close_to(want, rel=1e-9))
    for name in ("entropy", "brier"):
        truth = whole["metrics"][name]["value"]
        assert metrics[name]["lower_bound"] <= truth <= metrics[name]["upper_bound"]
    same = run("compare", "lists.jsonl", "lists.jsonl", "--json").json["metrics"]["agreement"]
    assert same["value"] == (1.0 if listed else None)


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_files_of_lists_of_different_lengths(run: Run, kind: str) -> None:
    rows, labels = written(3, as_pairs=True)
    lowers, hits = [], 0
    for at, listed in ((slice(20), 5), (slice(20, ROWS), 2)):
        ids = np.argsort(-rows[at], -1)[:, :listed]
        values = np.take_along_axis(rows[at], ids, -1)
        name = f"part-{at.start or 0}.{kind}"
        if kind == "npz":
            np.savez(name, topk_logprobs=values, topk_ids=ids, labels=labels[at])
        else:
            arrays = {"topk_logprobs": values, "topk_ids": ids, "labels": labels[at]}
            pq.write_table(pa.table({n: each.tolist() for n, each in arrays.items()}), name)
        for row, own, label in zip(values, ids.tolist(), labels[at].tolist(), strict=True):
            left = -math.log(1.0 - math.fsum(np.exp(row).tolist()) + 1e-6)
            hits += label in own[:2]
            lowers.append(-row[own.index(label)] if label in own else max(-row[-1], left))
    told = run("nll", f"part-*.{kind}", "--json").json
    assert told["lower_bound"] == close_to(math.fsum(lowers) / ROWS, rel=1e-9)
    assert told["bounded_because"] == "have a label outside the top 5"
    found = run("eval", f"part-*.{kind}", "--top-k", "2,3", "--json").json
    assert found["listed"] == 5
    assert found["metrics"]["top2_accuracy"]["value"] == hits / ROWS
    assert found["metrics"]["top3_accuracy"]["value"] is None
    states = []
    for start in (20, 0):
        states.append(f"{start}.json")
        run("eval", f"part-{start}.{kind}", "--top-k", "2,3", "--state", states[-1])
    merged = run("merge", *states, "--json").json
    assert merged["listed"] == 5
    assert merged["metrics"] == found["metrics"]
