"""Where the clusters of lists of classes have their names, and which row has which."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_files import DATA
from cli_tools import Run, refusal
from clustered_lists import (
    BASE,
    LABELS,
    PATIENTS,
    SITES,
    USED,
    N,
    T,
    V,
    assert_same,
    write,
    write_all,
)

NOTE = "the errors of means take the rows of a slice"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_all()


@pytest.mark.parametrize(
    ("kind", "cluster"),
    [
        *(("jsonl", cluster) for cluster in (None, "patient", "patient.npy")),
        ("parquet", "site"),
    ],
)
def test_sequences_of_any_lengths(run: Run, kind: str, cluster: str | None) -> None:
    """Some are empty, and one has no patient."""
    lines = [json.loads(line) for line in Path(write("all", "jsonl", BASE)).read_text().split("\n")]
    lengths = [(7 * i) % (T + 1) for i in range(N)]
    for line, length in zip(lines, lengths, strict=True):
        line.update({n: each[:length] for n, each in line.items() if isinstance(each, list)})
    lines[3]["patient"] = None
    np.save("patient.npy", [str(line["patient"] or "") for line in lines])
    path = Path(f"ragged.{kind}")
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(lines), path)
    else:
        path.write_text("\n\n".join(map(json.dumps, lines)))
    there = np.arange(T) < np.array(lengths)[:, None]
    np.save("flat.npy", BASE[there])
    np.save("flat_y.npy", LABELS[there])
    names = {
        None: np.repeat(np.arange(N), lengths),
        "site": SITES[there],
    }.get(cluster, np.repeat(np.load("patient.npy"), lengths))
    np.save("flat_names.npy", names)
    mine = () if cluster is None else ("--cluster", cluster)
    found = run("eval", path, "--num-classes", str(V), *mine, "--json").json
    flat = ("--log-probs", "flat.npy", "flat_y.npy", "--cluster", "flat_names.npy", "--json")
    whole = run("eval", *flat).json
    assert_same(found["metrics"], whole["metrics"], ("loss", "accuracy", "brier", "entropy"))
    assert found["clusters"] == whole["clusters"] < N


def test_clusters_beside_labels_or_in_a_file(run: Run) -> None:
    ids = np.argsort(-BASE.reshape(-1, V), -1)
    values = np.take_along_axis(BASE.reshape(-1, V), ids, -1)
    np.savez("rows.npz", topk_logprobs=values, topk_ids=ids, num_classes=V)
    table = {"label": LABELS.reshape(-1), "patient": np.repeat(PATIENTS, T)}
    pd.DataFrame(table).to_csv("y.csv", index=False)
    np.save("each.npy", table["patient"])
    whole = run("eval", "base.npz", "--cluster", "patient", "--json").json
    named = ("--top-values", "rows.npz:topk_logprobs", "--top-indices", "rows.npz:topk_ids")
    for inputs in (
        ("rows.npz", "y.csv", "--label-column", "label", "--cluster", "patient"),
        ("rows.npz", "y.csv", "--label-column", "label", "--cluster", "each.npy"),
        (*named, "--num-classes", str(V), "y.npy", "--cluster", "each.npy"),
    ):
        found = run("eval", *inputs, "--json").json
        assert_same(found["metrics"], whole["metrics"], ("loss", "accuracy", "brier", "entropy"))
    plain = run("eval", "rows.npz", "y.npy", "--json")
    assert plain.json["clusters"] is None
    assert NOTE not in plain.err
    assert "independent" not in plain.err
    own = run("eval", "rows.npz", "y.npy", "--cluster", "axis0", "--json").json
    assert own["clusters"] == int(USED.sum())


@pytest.mark.parametrize(
    ("cluster", "flat"),
    [("axis0", False), ("patient.npy", True), ("site.npy", False)],
)
def test_a_shifted_row_is_in_the_cluster_of_its_label(run: Run, cluster: str, flat: bool) -> None:
    if flat:
        np.save("patient.npy", np.repeat(PATIENTS, T))
        for name in ("base.npy", "y.npy", "site.npy"):
            whole = np.load(name)
            np.save(name, whole.reshape(N * T, *whole.shape[2:]))
        arrays: Any = dict(np.load("base.npz"))
        for name in ("topk_logprobs", "topk_ids", "labels"):
            arrays[name] = arrays[name].reshape(N * T, *arrays[name].shape[2:])
        np.savez("base.npz", **arrays)
    more = ("--cluster", cluster, "--shift", "1", "--json")
    found = run("eval", "base.npz", *more).json
    whole = run("eval", "--log-probs", "base.npy", "y.npy", "--class-axis", "-1", *more).json
    assert_same(found["metrics"], whole["metrics"], ("loss", "accuracy", "brier", "entropy"))
    assert found["clusters"] == whole["clusters"]


def test_what_is_refused(run: Run) -> None:
    np.save("few.npy", np.arange(N + 1))
    np.save("turned.npy", np.zeros((T, N)))  # names of as many rows
    for inputs, said in (
        (("eval", "base.npz", "--cluster", "town"), "there is no column 'town'"),
        (("compare", "base.npz", "new.npz", "--cluster", "town"), "there is no column 'town'"),
        (("eval", write("r", "parquet", BASE), "--cluster", "town"), "no column 'town'"),
        (("eval", "base.npz", "--cluster", "few.npy"), "one for each row is needed"),
        (("eval", "base.npz", "--cluster", "turned.npy"), f"clusters of shape ({T}, {N}) for"),
    ):
        assert said in refusal(run(*inputs)).error
    assert "'patient'" in (refusal(run("eval", "base.npz", "--cluster", "town")).hint or "")
    lines = [json.loads(line) for line in Path(write("r", "jsonl", BASE)).read_text().split("\n")]
    lines[4]["site"] = lines[4]["site"][:2]
    Path("r.jsonl").write_text("\n".join(map(json.dumps, lines)))
    outcome = refusal(run("eval", "r.jsonl", "--cluster", "site"))
    assert outcome.error.startswith("r.jsonl:5: 2 'site' of 5 rows")
    base = DATA / "text_base.kld"
    of_bases = refusal(run("compare", base, base, "--cluster", "rows"), 2)
    assert of_bases.error == "--cluster is not for bases of llama-perplexity"


def test_a_note_on_lists_whose_cluster_is_missing(run: Run) -> None:
    note = "note: rows for which no cluster is named count as one cluster\n"
    name = write("all", "npz", BASE)
    np.save("c.npy", [float("nan"), *range(1, N)])
    np.save("all.npy", np.arange(N))
    for words in (("eval", name, "--metric", "accuracy"), ("compare", name, name)):
        assert run(*words, "--cluster", "c.npy").err.count(note) == 1, words
        assert note not in run(*words, "--cluster", "all.npy").err, words
