"""Lists of the most probable classes in lines count as they do in arrays."""

import gzip
import json
import math
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, refusal
from in_one_test import in_one_test
from top_lists_tools import MODEL, K, V, written

TOKENS = np.roll(MODEL.labels, 1, axis=1)
"""The label of each row stands one further on, in sequences of 5."""
MASK = np.arange(20).reshape(4, 5) % 3 > 0


def save(kind: str, **more: Any) -> Path:
    """Write the lists, with arrays beside them, whole, or a sequence or a row a line."""
    arrays = {"topk_logprobs": MODEL.top(MODEL.log_probs), "topk_ids": MODEL.indices, **more}
    if kind == "npz":
        np.savez("s.npz", allow_pickle=False, **arrays)
        return Path("s.npz")
    leading = 2 if kind == "rows" else 1
    each = {name: array.reshape(-1, *array.shape[leading:]) for name, array in arrays.items()}
    lists = [array.tolist() for array in each.values()]
    lines = [dict(zip(each, line, strict=True)) for line in zip(*lists, strict=True)]
    Path(f"{kind}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return Path(f"{kind}.jsonl")


def bound(rows: list[tuple[int, int]], labels: list[int]) -> float:
    """Return the mean over rows of the losses of labels, each at least that of the smallest."""
    bounds = []
    for place, label in zip(rows, labels, strict=True):
        values = MODEL.top(MODEL.log_probs)[place].tolist()
        listed = dict(zip(MODEL.indices[place].tolist(), values, strict=True))
        left = 1.0 - math.fsum(map(math.exp, values))
        least = max(-min(values), -math.log(left + 1e-6))
        bounds.append(-listed[label] if label in listed else least)
    return math.fsum(bounds) / len(bounds)


@in_one_test
@pytest.mark.parametrize("kind", ["jsonl", "json", "pairs.jsonl"])
def test_compressed(kind: str, run: Run) -> None:
    """With a byte order mark, too."""
    path = written(kind)
    marked = Path(f"marked{path.suffix}")
    marked.write_bytes(BOM_UTF8 + path.read_bytes())
    assert run("nll", marked).out == run("nll", path).out
    Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert run("nll", f"{path}.gz").out == run("nll", path).out != ""
    assert run("nll", "-", stdin=Path(f"{path}.gz").read_bytes()).out == run("nll", path).out


@in_one_test
@pytest.mark.parametrize("kind", ["npz", "lines"])
def test_a_mask_is_of_labels_and_goes_with_them(kind: str, run: Run) -> None:
    """Tokens and their mask have the same places, and both are one further on."""
    rows = [(i, j) for i in range(4) for j in range(4) if MASK[i, j + 1]]
    expected = bound(rows, [int(TOKENS[i, j + 1]) for i, j in rows])
    masked = save(kind, labels=TOKENS, loss_mask=MASK.astype(int))
    found = run("nll", masked, "--shift", "1", "--json").json
    assert (found["used"], found["rows"]) == (len(rows), 20)
    assert found["lower_bound"] == pytest.approx(expected, abs=1e-12)
    ignored = save(kind, labels=np.where(MASK, TOKENS, -100))
    assert run("nll", ignored, "--shift", "1", "--json").json == found
    unread = save(kind, labels=TOKENS, attention_mask=MASK.astype(int))
    assert "'attention_mask' is not read: a row is left out if" in run("nll", unread).err


def test_a_mask_of_places_stays_with_their_rows(run: Run) -> None:
    places = np.repeat(MASK[..., None], K, -1).astype(int)
    rows = [(i, j) for i in range(4) for j in range(4) if MASK[i, j]]
    expected = bound(rows, [int(TOKENS[i, j + 1]) for i, j in rows])
    for kind in ("npz", "lines"):
        path = save(kind, labels=TOKENS, target_mask=places)
        found = run("nll", path, "--shift", "1", "--json").json
        assert (found["used"], found["rows"]) == (len(rows), 20), kind
        assert found["lower_bound"] == pytest.approx(expected, abs=1e-12), kind


def test_rows_that_have_a_line_each_shift_as_those_of_an_array(run: Run) -> None:
    places = [divmod(row, 5) for row in range(20)]
    expected = bound(places[:-1], [int(TOKENS[place]) for place in places[1:]])
    found = run("nll", save("rows", label=TOKENS), "--shift", "1", "--json").json
    assert (found["used"], found["rows"]) == (19, 20)
    assert found["lower_bound"] == pytest.approx(expected, abs=1e-12)


def test_lines_say_how_many_classes_there_are(run: Run) -> None:
    for kind, shape in (("rows", (4, 5)), ("lines", (4,))):
        counts = np.full(shape, V)
        path = save(kind, labels=MODEL.labels, vocab_size=counts)
        found = run("nll", path, "--json").json
        assert found["num_classes"] == V, kind
        assert found["lower_bound"] == pytest.approx(MODEL.bound()[0], abs=1e-12)
        outside = np.where(np.arange(20).reshape(4, 5) == 7, V, MODEL.labels)
        refused = run("nll", save(kind, labels=outside, vocab_size=counts))
        assert refused.code == 1
        assert f"label {V} is outside 0..{V - 1}" in refused.err
        counts.reshape(-1)[2:] = V + 1
        refused = run("nll", save(kind, labels=MODEL.labels, vocab_size=counts))
        said = f"{kind}.jsonl:3: {V + 1} classes, and the lines before have {V}"
        assert (refused.code, said in refused.err) == (1, True), refused.err


def test_a_column_says_how_many_classes_there_are(run: Run) -> None:
    """Each row of a table says it, and so may lines, with a fraction of 0 or as a text."""
    path = save("rows", label=MODEL.labels)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for kind, count in (("parquet", V), ("jsonl", float(V)), ("jsonl", f"{V}")):
        each = [{**row, "vocab_size": count} for row in rows]
        if kind == "parquet":
            pq.write_table(pa.Table.from_pylist(each), "t.parquet")
        else:
            Path("t.jsonl").write_text("\n".join(map(json.dumps, each)))
        found = run("nll", f"t.{kind}", "--json").json
        assert (found["num_classes"], found["exact_rows"]) == (V, MODEL.bound()[1])
    rows = [{**row, "vocab_size": V + i % 2} for i, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(rows), "t.parquet")
    told = refusal(run("nll", "t.parquet")).error
    assert told == f"t.parquet:1: {V + 1} classes, and the lines before have {V}"
    arrays = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    np.savez("t.npz", allow_pickle=False, **arrays)
    told = refusal(run("nll", "t.npz")).error
    assert told.endswith(f"'vocab_size' is {V} and {V + 1}: how many classes are there?")


@in_one_test
@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("cat", "t.jsonl:2: 'cat' is not a number"),
        ("1_0", "t.jsonl:2: '1_0' is not a number"),
        (None, "t.jsonl: row 1 has no label: it is null or NaN"),
    ],
)
def test_a_label_that_is_no_class_is_named(label: Any, says: str, run: Run) -> None:
    row = {"values": [-1.0, -2.0], "indices": [4, 5], "label": 4}
    lines = [row, {**row, "label": label}]
    Path("t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert refusal(run("nll", "t.jsonl")).error == says


@in_one_test
@pytest.mark.parametrize("name", ["values", "topk_logprobs", "topk_logits"])
def test_logits_far_below_0_are_no_log_probabilities(name: str, run: Run) -> None:
    """Those of GPT-2 are: no row sums to 1, however probable the classes that are not listed."""
    truth = math.fsum(MODEL.losses) / 20
    values = MODEL.top(MODEL.logits - 60.0)
    arrays = {name: values, "indices": MODEL.indices, "labels": MODEL.labels}
    for more in ({}, {"num_classes": np.array(V)}):
        np.savez("far.npz", allow_pickle=False, **arrays, **more)
        outcome = run("nll", "far.npz", "--json")
        found = outcome.json
        assert (found["loss"], found["exact_rows"]) == (None, 0)
        assert 0.3 < found["lower_bound"] < truth
        assert "raw logits without their log-sum-exp" in outcome.err
        brier = run("eval", "far.npz", "--metric", "brier", "--json").json["metrics"]["brier"]
        assert (brier["value"], brier.get("lower_bound")) == (None, None)


def test_log_probabilities_that_a_file_calls_logits_are_said_to_be_none(run: Run) -> None:
    values = MODEL.top(MODEL.log_probs)
    rows = {"topk_logits": values, "topk_ids": MODEL.indices, "labels": MODEL.labels}
    for more, said in (({}, True), ({"log_sum_exp": np.zeros((4, 5))}, False)):
        np.savez("t.npz", allow_pickle=False, **rows, **more)
        outcome = run("loss", "t.npz", "--json")
        assert outcome.json["lower_bound"] == pytest.approx(MODEL.bound()[0], abs=1e-12)
        assert outcome.json["exact_rows"] == MODEL.bound()[1]
        taken = "what is called logits is taken for log-probabilities"
        assert (taken in outcome.err) is said


@in_one_test
@pytest.mark.parametrize("kind", ["log", "probs"])
def test_lists_of_rows_that_differ_in_their_lengths(kind: str, run: Run) -> None:
    """In lines and tables, of one file or of several, of which each has a longest list."""
    values = [[-0.5, -1.5], [-0.25], [-1.0, -2.0, -3.0], [-0.75, -1.25]]
    labels, losses = [3, 0, 2, 9], [1.5, 0.25, 3.0, 1.25]  # the last one is in no list
    left = 1.0 - math.exp(-0.75) - math.exp(-1.25)
    losses[3] = -math.log(left + 1e-6)
    name = "topk_probs" if kind == "probs" else "topk_logprobs"
    rows = [
        {
            name: [math.exp(v) if kind == "probs" else v for v in each],
            "topk_ids": [0, 3, 2][: len(each)],
            "label": label,
        }
        for each, label in zip(values, labels, strict=True)
    ]
    lines = [*map(json.dumps, rows)]
    Path("all.jsonl").write_text("\n".join(lines))
    Path("part-0.jsonl").write_text("\n".join(lines[:2]))
    Path("part-1.jsonl").write_text("\n".join(lines[2:]))
    pq.write_table(pa.Table.from_pylist(rows), "all.parquet")
    how = ("nll", "--probs") if kind == "probs" else ("nll",)
    for path in ("all.jsonl", "part-*.jsonl", "all.parquet"):
        found = run(*how, path, "--json").json
        assert found["lower_bound"] == pytest.approx(math.fsum(losses) / 4, rel=1e-12), path
        assert found["exact_rows"] == 3
    for line, loss in zip(lines[:3], losses, strict=False):  # a row by itself is one line, too
        assert float(run(*how, "-", stdin=line.encode()).out) == pytest.approx(loss, rel=1e-12)


def test_one_line_of_lists_of_different_lengths_through_a_pipe(run: Run) -> None:
    """As of a file that is called lines; it was an error."""
    lists = {"topk_logprobs": [[-0.5, -1.5], [-0.25]], "topk_ids": [[1, 2], [3]]}
    line = json.dumps({**lists, "labels": [1, 3]}) + "\n"
    assert run("nll", "-", stdin=line.encode()).number == 0.375
    wrong = json.dumps({**lists, "labels": [1, 3, 3]}) + "\n"
    assert run("nll", "-", stdin=wrong.encode()).err == (
        "error: <stdin>:topk_logprobs[1]: a list of 1 where the first has 2\n"
    )


def test_labels_of_sequences_of_different_lengths_in_a_file_of_their_own(run: Run) -> None:
    """Each sequence has as many as rows; those of another sequence were as many in all."""
    values = MODEL.top(MODEL.log_probs)
    counts, lists, labels = [2, 5, 1, 3], [], []
    for i, n in enumerate(counts):
        row = {"topk_logprobs": values[i, :n].tolist(), "topk_ids": MODEL.indices[i, :n].tolist()}
        lists.append(row)
        labels.append(MODEL.labels[i, :n].tolist())
    places = [(i, j) for i, n in enumerate(counts) for j in range(n)]
    expected = bound(places, [int(MODEL.labels[place]) for place in places])
    Path("l.jsonl").write_text("\n".join(map(json.dumps, lists)))
    pq.write_table(pa.Table.from_pylist(lists), "l.parquet")

    def write(rows: list[list[int | None]]) -> list[str]:
        Path("y.jsonl").write_text("\n".join(map(json.dumps, rows)))
        Path("named.jsonl").write_text("\n".join(json.dumps({"labels": row}) for row in rows))
        pq.write_table(pa.table({"labels": rows}), "y.parquet")
        return ["y.jsonl", "named.jsonl", "y.parquet"]

    for path in write(labels):
        for name in ("l.jsonl", "l.parquet"):
            found = run("nll", name, path, "--json").json
            assert found["lower_bound"] == pytest.approx(expected, abs=1e-12), (name, path)
    moved = [[*labels[0], labels[1][0]], labels[1][1:], *labels[2:]]
    for rows, said in (
        (moved, ("y.jsonl:1: 3 labels for the 2 rows of sequence 0 of l.jsonl", "row 0: 3 labels")),
        (labels[:3], ("y.jsonl: labels of 3 sequences, and l.jsonl has 4", "labels of 3")),
        ([*labels[:3], [1, None, 2]], ("l.jsonl: row 9 has no label: it is null or NaN",) * 2),
    ):
        write(rows)
        assert refusal(run("nll", "l.jsonl", "y.jsonl")).error == said[0]
        assert said[1] in refusal(run("nll", "l.jsonl", "y.parquet")).error
    Path("y.json").write_text(json.dumps(labels))
    Path("y.csv").write_text("labels\n" + "".join(f'"{row}"\n' for row in labels))
    for name, place in (("y.json", "y.json[1]"), ("y.csv", "y.csv:3: column 'labels'")):
        told = refusal(run("nll", "l.jsonl", name))
        assert told.error == f"{place}: a list of 5 where the first has 2"
        assert told.hint.startswith("sequences of different lengths are read one a line, as JSON")


def test_labels_of_another_shape_with_as_many_numbers_are_an_error(run: Run) -> None:
    """Labels of (T, N) were taken in their order for lists of (N, T)."""
    path = save("npz")
    np.save("y.npy", MODEL.labels)
    np.save("flat.npy", MODEL.labels.ravel())
    np.save("turned.npy", MODEL.labels.T)
    assert run("nll", path, "y.npy").out == run("nll", path, "flat.npy").out != ""
    for name in (path, save("lines")):
        told = refusal(run("nll", name, "turned.npy")).error
        assert told == "turned.npy: shape (5, 4), and there are (4, 5) rows"
