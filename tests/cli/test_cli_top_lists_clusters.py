"""Errors of lists of classes come from clusters: sequences unasked, or rows of one name.

Lists of all classes say what whole rows say, so that the errors of both must be the same.
"""

import json
import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_files import DATA, log_probs
from cli_tools import Run, Terminal, refusal
from close_to import close_to

N, T, V = 24, 5, 4
DRAW = np.random.default_rng(11)
BASE, NEW = (
    log_probs(DRAW.normal(size=(N, T, V)) * 2.0 + DRAW.normal(size=(N, 1, V))) for _ in range(2)
)
LABELS = np.where(DRAW.random((N, T)) < 0.2, -100, DRAW.integers(0, V, (N, T)))
PATIENTS = np.array([f"patient {i}" for i in DRAW.integers(0, 7, N)])
SITES = DRAW.integers(0, 5, (N, T))
USED = LABELS.reshape(-1) >= 0
NOTE = "note: the errors of means take the rows of a slice of the first axis to depend"
MEANS = ("loss", "perplexity", "accuracy", "top2_accuracy", "brier", "mean_confidence", "entropy")
BY_NAME = {"patient": "patient.npy", "site": "site.npy"}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, rows in (("base", BASE), ("new", NEW)):
        np.save(f"{name}.npy", rows)
        write(name, "npz", rows)
    np.save("y.npy", LABELS)
    np.save("patient.npy", PATIENTS)
    np.save("site.npy", SITES)


def write(name: str, kind: str, rows: np.ndarray, part: slice = slice(None), k: int = V) -> str:
    """Write the k largest of each row, in some order, with their labels and clusters."""
    path = f"{name}.{kind}"
    ids = np.random.default_rng(2).permuted(np.argsort(-rows, -1)[..., :k], axis=-1)
    arrays: dict[str, Any] = {
        "topk_logprobs": np.take_along_axis(rows, ids, -1)[part],
        "topk_ids": ids[part],
        "labels": LABELS[part],
        "patient": PATIENTS[part],
        "site": SITES[part],
    }
    lines = [
        dict(zip(arrays, each, strict=True))
        for each in zip(*(array.tolist() for array in arrays.values()), strict=True)
    ]
    if kind == "npz":
        np.savez(path, allow_pickle=False, num_classes=V, **arrays)
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(lines), path)
    else:
        Path(path).write_text("\n".join(map(json.dumps, lines)))
    return path


def assert_same(found: dict[str, Any], whole: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        here, there = found[name], whole[name]
        assert there["standard_error"] > 0.0
        for part in ("value", "standard_error", "low", "high", "n"):
            assert here[part] == close_to(there[part], rel=1e-12), (name, part)


def robust(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Return the error of a mean: sqrt(G / (G-1) * sum((S - m*n)**2)) / N over G clusters."""
    mean, gaps = math.fsum(values) / len(values), defaultdict(list)
    for value, name in zip(values, clusters, strict=True):
        gaps[name].append(value - mean)
    spread = math.fsum(math.fsum(each) ** 2 for each in gaps.values())
    return math.sqrt(len(gaps) / (len(gaps) - 1) * spread) / len(values)


@pytest.mark.parametrize("kind", ["npz", "jsonl", "parquet"])
@pytest.mark.parametrize("cluster", [None, "axis0", "rows", "patient", "site", "site.npy"])
def test_lists_of_all_classes_have_the_errors_of_whole_rows(
    run: Run, kind: str, cluster: str | None
) -> None:
    path = write("lists", kind, BASE)
    mine = () if cluster is None else ("--cluster", cluster)
    whole_rows = () if cluster is None else ("--cluster", BY_NAME.get(cluster, cluster))
    top = ("--top-k", "2", "--json")
    outcome = run("eval", path, "--num-classes", str(V), *mine, *top)
    whole = run("eval", "--log-probs", "base.npy", "y.npy", "--class-axis", "-1", *whole_rows, *top)
    assert_same(outcome.json["metrics"], whole.json["metrics"], MEANS)
    assert outcome.json["clusters"] == whole.json["clusters"]
    assert (NOTE in outcome.err) == (cluster is None)
    assert "independent" not in outcome.err


@pytest.mark.parametrize("cluster", [None, "axis0", "rows", "patient", "site"])
def test_two_models(run: Run, cluster: str | None) -> None:
    mine = () if cluster is None else ("--cluster", cluster)
    whole_rows = () if cluster is None else ("--cluster", BY_NAME.get(cluster, cluster))
    outcome = run("compare", "base.npz", "new.npz", *mine, "--json")
    models = ("--log-probs", "base.npy", "--log-probs", "new.npy", "--labels", "y.npy")
    whole = run("compare", *models, "--class-axis", "-1", *whole_rows, "--json").json
    names = ("loss_base", "loss_new", "loss_difference", "agreement")
    assert_same(outcome.json["metrics"], whole["metrics"], names)
    same = (BASE.argmax(-1) == NEW.argmax(-1)).reshape(-1)[USED].astype(float).tolist()
    of = {"patient": np.repeat(PATIENTS, T), "site": SITES.reshape(-1)}
    each = {"rows": np.arange(N * T), **of}.get(cluster or "", np.arange(N * T) // T)
    error = outcome.json["metrics"]["agreement"]["standard_error"]
    assert error == close_to(robust(same, each[USED].tolist()), rel=1e-12)
    assert outcome.json["metrics"]["kl"]["standard_error"] is None
    assert outcome.json["clusters"] == (None if cluster == "rows" else len({*each[USED].tolist()}))
    assert (NOTE in outcome.err) == (cluster is None)


def test_lists_of_some_classes_against_a_formula(run: Run) -> None:
    """Means that are only bounded have no error, whatever the clusters are."""
    path = write("some", "npz", BASE, k=2)
    found = run("eval", path, "--top-k", "2", "--json").json["metrics"]
    of_row = (np.arange(N * T) // T)[USED].tolist()
    order = np.argsort(-BASE, -1).reshape(-1, V)[USED]
    labels = LABELS.reshape(-1)[USED, None]
    for k, name in ((1, "accuracy"), (2, "top2_accuracy")):
        hits = (order[:, :k] == labels).any(-1).astype(float).tolist()
        assert found[name]["standard_error"] == close_to(robust(hits, of_row), rel=1e-12)
    peaks = np.exp(BASE.max(-1)).reshape(-1)[USED].tolist()
    error = found["mean_confidence"]["standard_error"]
    assert error == close_to(robust(peaks, of_row), rel=1e-12)
    for name in ("loss", "perplexity", "brier", "entropy"):
        assert found[name]["value"] is found[name]["standard_error"] is found[name]["low"] is None


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize("cluster", [None, "patient", "patient.npy", "site"])
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


@pytest.mark.parametrize("command", ["eval", "compare"])
@pytest.mark.parametrize("cluster", [None, "site"])
def test_parts_merge_to_the_same_bits(run: Run, command: str, cluster: str | None) -> None:
    more = () if cluster is None else ("--cluster", cluster)
    for i, part in enumerate((slice(0, 9), slice(9, 10), slice(10, None))):
        paths = [write(f"base{i}", "npz", BASE, part), write(f"new{i}", "npz", NEW, part)]
        named = paths if command == "compare" else paths[:1]
        run(command, *named, *more, "--state", f"{i}.json")
    merged = run("merge", "2.json", "0.json", "1.json", "--json", "--state", "m.json").json
    again = run("merge", "1.json", "2.json", "0.json", "--json", "--state", "n.json").json
    named = ["base.npz", "new.npz"] if command == "compare" else ["base.npz"]
    for jobs in "12":
        whole = run(command, *named, *more, "--json", "--jobs", jobs).json
        assert merged["metrics"] == again["metrics"] == whole["metrics"]
        assert merged.get("clusters") == whole.get("clusters") == (N if cluster is None else 5)
    assert Path("m.json").read_bytes() == Path("n.json").read_bytes()
    if command == "eval":
        files = run("eval", "base[0-2].npz", *more, "--json").json
        assert files["metrics"] == whole["metrics"]
    other = ("--cluster", "rows")
    run(command, *named, *other, "--state", "other.json")
    assert "clusters" in refusal(run("merge", "0.json", "other.json")).error


def test_sequences_longer_than_a_block(run: Run) -> None:
    """None is cut, though its rows are read, and compared, some at a time."""
    classes, length = 32, 9_000
    rows = [log_probs(DRAW.normal(size=(2, length, classes))) for _ in range(2)]
    labels = DRAW.integers(0, classes, (2, length))
    ids = np.broadcast_to(np.arange(classes), rows[0].shape)
    for name, each in zip("ab", rows, strict=True):
        arrays = {"topk_logprobs": each, "topk_ids": ids, "labels": labels}
        np.savez(f"{name}.npz", allow_pickle=False, num_classes=classes, **arrays)
        np.save(f"{name}.npy", each)
    np.save("y.npy", labels)
    of_rows = ("--class-axis", "-1", "--json")
    whole = run("eval", "--log-probs", "a.npy", "y.npy", *of_rows).json
    found = run("eval", "a.npz", "--json").json
    assert found["clusters"] == 2
    assert_same(found["metrics"], whole["metrics"], ("loss", "accuracy", "brier", "entropy"))
    models = ("--log-probs", "a.npy", "--log-probs", "b.npy", "--labels", "y.npy")
    whole = run("compare", *models, *of_rows).json
    found = run("compare", "a.npz", "b.npz", "--json").json
    names = ("loss_base", "loss_new", "loss_difference", "agreement")
    assert_same(found["metrics"], whole["metrics"], names)


def test_people_see_how_many_clusters_there_are(terminal: Terminal) -> None:
    told = f"{USED.sum()} rows that list 4 of 4 classes"
    assert terminal("eval", "base.npz").lines[0] == f"{told}, in 24 clusters"
    assert terminal("eval", "base.npz", "--cluster", "rows").lines[0] == told


def test_what_is_refused(run: Run) -> None:
    np.save("few.npy", np.arange(N + 1))
    for inputs, said in (
        (("eval", "base.npz", "--cluster", "town"), "there is no column 'town'"),
        (("compare", "base.npz", "new.npz", "--cluster", "town"), "there is no column 'town'"),
        (("eval", write("r", "parquet", BASE), "--cluster", "town"), "no column 'town'"),
        (("eval", "base.npz", "--cluster", "few.npy"), "one for each row is needed"),
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
