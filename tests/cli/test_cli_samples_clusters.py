"""Accuracies by the lengths of choices have errors that come from clusters, by a plain formula."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run, refusal
from close_to import close_to
from harness_samples import Object, choices_doc, first_best, random_docs, write_docs

BY_LENGTH = ("acc_norm", "acc_bytes")


def hits_of(docs: list[Object], measure: str) -> list[bool]:
    """Return which docs are right by the log-likelihood per character, or per byte."""
    found = []
    for doc in docs:
        texts = doc["doc"]["choices"]
        sizes = [len(text.encode() if measure == "acc_bytes" else text) for text in texts]
        values = [float(pair[0]) for pair in doc["filtered_resps"]]
        scores = [value / size for value, size in zip(values, sizes, strict=True)]
        found.append(first_best(scores) == int(doc["target"]))
    return found


def robust(hits: Sequence[bool], clusters: Sequence[Hashable]) -> float:
    """Return the error of a share: sqrt(G / (G-1) * sum((S - m*n)**2)) / N over G clusters."""
    mean, gaps = math.fsum(hits) / len(hits), defaultdict(list)
    for hit, name in zip(hits, clusters, strict=True):
        gaps[name].append(hit - mean)
    count = len(gaps)
    spread = math.fsum(math.fsum(each) ** 2 for each in gaps.values())
    return math.sqrt(count / (count - 1) * spread) / len(hits)


@pytest.mark.parametrize("by_id", [False, True])
def test_errors_of_clusters(run: Run, by_id: bool) -> None:
    docs = random_docs(1)
    names = [f"subject {number * number % 7}" for number in range(len(docs))]
    path = write_docs("a.jsonl", *docs)
    np.save("subject.npy", np.array(names))
    table = pd.DataFrame({"doc_id": range(len(docs)), "subject": names})
    table[::-1].to_csv("subject.csv", index=False)
    beside = "subject.csv" if by_id else "subject.npy"
    outcome = run("eval", path, "--cluster", beside, "--json")
    assert "independent" not in outcome.err
    found, plain = outcome.json, run("eval", path, "--json").json
    assert found["clusters"] == len(set(names)) == 4
    for name in BY_LENGTH:
        measure, error = found["metrics"][name], robust(hits_of(docs, name), names)
        assert measure["standard_error"] == close_to(error, rel=1e-13)
        assert measure["value"] == plain["metrics"][name]["value"]
        assert measure["n"] == len(docs)
        reach = 3.182446305284263 * error  # Student's t of 3 degrees of freedom
        low, high = measure["value"] - reach, measure["value"] + reach
        assert measure["low"] == close_to(max(0.0, low), rel=1e-12)
        assert measure["high"] == close_to(min(1.0, high), rel=1e-12)
        rows = robust(hits_of(docs, name), range(len(docs)))
        assert plain["metrics"][name]["standard_error"] == close_to(rows, rel=1e-13)
    accuracy = found["metrics"]["accuracy"]["standard_error"]
    right = [
        first_best([float(v) for v, _ in d["filtered_resps"]]) == int(d["target"]) for d in docs
    ]
    assert accuracy == close_to(robust(right, names), rel=1e-13)


def test_each_doc_as_a_cluster_of_its_own(run: Run) -> None:
    path = write_docs("a.jsonl", *random_docs(1))
    plain, found = (
        run("eval", path, *more, "--json").json["metrics"] for more in ((), ("--cluster", "axis0"))
    )
    for name in BY_LENGTH:
        assert found[name]["standard_error"] == close_to(plain[name]["standard_error"], rel=1e-14)
        assert found[name]["low"] != plain[name]["low"]  # Student's interval, and not Wilson's


def test_tasks_are_groups_with_clusters_of_their_own(run: Run) -> None:
    """A cluster may have docs of both tasks; in each, these are one cluster."""
    tasks = {task: random_docs(seed) for seed, task in enumerate("ab", 1)}
    for task, docs in tasks.items():
        write_docs(f"samples_{task}_2026-01-02T03-04-05.678901.jsonl", *docs)
    names = np.arange(80) % 9
    np.save("subject.npy", names)
    found = run("eval", "samples_*.jsonl", "--cluster", "subject.npy", "--json").json
    for place, (group, docs) in enumerate(zip(found["groups"], tasks.values(), strict=True)):
        mine = names[40 * place :][:40].tolist()
        assert group["clusters"] == 9
        for name in BY_LENGTH:
            error = group["metrics"][name]["standard_error"]
            assert error == close_to(robust(hits_of(docs, name), mine), rel=1e-13)
    both = hits_of([*tasks["a"], *tasks["b"]], "acc_norm")
    error = found["metrics"]["acc_norm"]["standard_error"]
    assert error == close_to(robust(both, names.tolist()), rel=1e-13)


def test_docs_are_no_sequence(run: Run) -> None:
    path = write_docs("a.jsonl", *random_docs(1))
    for command in ("eval", "loss"):
        refused = refusal(run(command, path, "--shift", "1"))
        assert refused.error == "a.jsonl: --shift is for rows of a sequence, and these are docs"


def test_one_cluster_has_no_error(run: Run) -> None:
    docs = [choices_doc(i, ["x", "yy"], [-1.0, -2.0 - i], i % 2) for i in range(4)]
    path = write_docs("a.jsonl", *docs)
    np.save("subject.npy", np.zeros(4, int))
    found = run("eval", path, "--cluster", "subject.npy", "--json").json["metrics"]["acc_norm"]
    assert found["value"] == sum(hits_of(docs, "acc_norm")) / 4
    assert found["standard_error"] is found["low"] is None
