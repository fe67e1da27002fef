"""Errors of lists of classes come from clusters: sequences unasked, or rows of one name.

Lists of all classes say what whole rows say, so that the errors of both must be the same.
"""

from pathlib import Path

import numpy as np
import pytest
from cli_files import log_probs
from cli_tools import Run, Terminal, refusal
from close_to import close_to
from clustered_lists import (
    BASE,
    LABELS,
    NEW,
    SITES,
    USED,
    N,
    T,
    V,
    assert_same,
    robust,
    write,
    write_all,
)

NOTE = "note: the errors of means take the rows of a slice of the first axis to depend"
MEANS = ("loss", "perplexity", "accuracy", "top2_accuracy", "brier", "mean_confidence", "entropy")
BY_NAME = {"patient": "patient.npy", "site": "site.npy"}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_all()


@pytest.mark.parametrize(
    ("cluster", "kinds"),
    [
        (None, ("npz", "jsonl")),
        ("axis0", ("npz",)),
        ("rows", ("npz",)),
        ("patient", ("npz", "parquet")),
        ("site", ("npz", "jsonl")),
        ("site.npy", ("npz",)),
    ],
)
def test_lists_of_all_classes_have_the_errors_of_whole_rows(
    run: Run, cluster: str | None, kinds: tuple[str, ...]
) -> None:
    mine = () if cluster is None else ("--cluster", cluster)
    whole_rows = () if cluster is None else ("--cluster", BY_NAME.get(cluster, cluster))
    top = ("--top-k", "2", "--json")
    rows = ("--log-probs", "base.npy", "y.npy", "--class-axis", "-1")
    whole = run("eval", *rows, *whole_rows, *top).json
    for kind in kinds:
        path = write("lists", kind, BASE)
        outcome = run("eval", path, "--num-classes", str(V), *mine, *top)
        assert_same(outcome.json["metrics"], whole["metrics"], MEANS)
        assert outcome.json["clusters"] == whole["clusters"], kind
        assert (NOTE in outcome.err) == (cluster is None), kind
        assert "independent" not in outcome.err


@pytest.mark.parametrize("cluster", [None, "rows", "site"])
def test_two_models(run: Run, cluster: str | None) -> None:
    mine = () if cluster is None else ("--cluster", cluster)
    whole_rows = () if cluster is None else ("--cluster", BY_NAME.get(cluster, cluster))
    outcome = run("compare", "base.npz", "new.npz", *mine, "--json")
    models = ("--log-probs", "base.npy", "--log-probs", "new.npy", "--labels", "y.npy")
    whole = run("compare", *models, "--class-axis", "-1", *whole_rows, "--json").json
    names = ("loss_base", "loss_new", "loss_difference", "agreement")
    assert_same(outcome.json["metrics"], whole["metrics"], names)
    same = (BASE.argmax(-1) == NEW.argmax(-1)).reshape(-1)[USED].astype(float).tolist()
    of = {"rows": np.arange(N * T), "site": SITES.reshape(-1)}
    each = of.get(cluster or "", np.arange(N * T) // T)
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


@pytest.mark.parametrize(
    ("command", "cluster"),
    [("eval", "site"), ("eval", "site{}.npy"), ("compare", None), ("compare", "site{}.npy")],
)
def test_parts_merge_to_the_same_bits(run: Run, command: str, cluster: str | None) -> None:
    more = () if cluster is None else ("--cluster", cluster)
    for i, part in enumerate((slice(0, 9), slice(9, 10), slice(10, None))):
        paths = [write(f"base{i}", "npz", BASE, part), write(f"new{i}", "npz", NEW, part)]
        named = paths if command == "compare" else paths[:1]
        np.save(f"site{i}.npy", np.load("site.npy")[part])
        run(command, *named, *(each.format(i) for each in more), "--state", f"{i}.json")
    of_all = [each.format("") for each in more]
    merged = run("merge", "2.json", "0.json", "1.json", "--json", "--state", "m.json").json
    again = run("merge", "1.json", "2.json", "0.json", "--json", "--state", "n.json").json
    named = ["base.npz", "new.npz"] if command == "compare" else ["base.npz"]
    for jobs in "12" if cluster is None else "1":
        whole = run(command, *named, *of_all, "--json", "--jobs", jobs).json
        assert merged["metrics"] == again["metrics"] == whole["metrics"]
        assert merged.get("clusters") == whole.get("clusters") == (N if cluster is None else 5)
    assert Path("m.json").read_bytes() == Path("n.json").read_bytes()
    run(command, *named, "--cluster", "rows", "--state", "other.json")
    assert "clusters" in refusal(run("merge", "0.json", "other.json")).error
    if command == "eval":
        files = run("eval", "base[0-2].npz", *of_all, "--json").json
        assert files["metrics"] == whole["metrics"]


def test_sequences_longer_than_a_block(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is cut, though its rows are read, and compared, some at a time."""
    monkeypatch.setattr("xentcli.pipeline.top_lists.top_rows._BLOCK_ELEMENTS", 2**10)
    monkeypatch.setattr("xentcli.pipeline.in_part.partly_compared._PAIRS", 2**14)
    classes, read, compared = 32, 2**10 // 32 + 9, 2**14 // 32**2 + 9
    draw = np.random.default_rng(4)
    one, apart = draw.normal(size=(2, 2, read, classes))
    rows = [log_probs(one), log_probs(one + apart / 2)]
    labels = np.where(draw.random((2, read)) < 0.5, one.argmax(-1), draw.integers(0, classes, read))
    ids = np.broadcast_to(np.arange(classes), rows[0].shape)

    def save(name: str, each: np.ndarray, length: int) -> None:
        arrays = {"topk_logprobs": each, "topk_ids": ids, "labels": labels}
        some = {key: array[:, :length] for key, array in arrays.items()}
        np.savez(f"{name}.npz", allow_pickle=False, num_classes=classes, **some)
        np.save(f"{name}.npy", each[:, :length])
        np.save("y.npy", labels[:, :length])

    save("a", rows[0], read)
    of_rows = ("--class-axis", "-1", "--json")
    whole = run("eval", "--log-probs", "a.npy", "y.npy", *of_rows).json
    found = run("eval", "a.npz", "--json").json
    assert found["clusters"] == 2
    assert_same(found["metrics"], whole["metrics"], ("loss", "accuracy", "brier", "entropy"))
    for name, each in zip("ab", rows, strict=True):
        save(name, each, compared)
    models = ("--log-probs", "a.npy", "--log-probs", "b.npy", "--labels", "y.npy")
    whole = run("compare", *models, *of_rows).json
    found = run("compare", "a.npz", "b.npz", "--json").json
    names = ("loss_base", "loss_new", "loss_difference", "agreement")
    assert_same(found["metrics"], whole["metrics"], names)


def test_people_see_how_many_clusters_there_are(terminal: Terminal) -> None:
    told = f"{USED.sum()} rows that list 4 of 4 classes"
    assert terminal("eval", "base.npz").lines[0] == f"{told}, in 24 clusters"
    assert terminal("eval", "base.npz", "--cluster", "rows").lines[0] == told
