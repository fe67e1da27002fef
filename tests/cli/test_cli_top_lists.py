"""Losses of lists of the most probable classes: exact where the label is listed, else bounded."""

import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_files import DATA
from cli_tools import Run, Terminal
from in_one_test import in_one_test
from top_lists_tools import MODEL, K, V, written

KINDS = ["npz", "columns.npz", "safetensors", "h5", "parquet", "json", "jsonl"]
PAIRS = ["pairs.jsonl", "pairs.parquet", "masked.parquet"]


@in_one_test
@pytest.mark.parametrize("kind", [*KINDS, *PAIRS])
def test_lists_are_found_by_their_names(kind: str, run: Run) -> None:
    command = "loss" if kind in ("npz", "jsonl") else "nll"
    expected, exact = MODEL.bound()
    assert 0 < exact < 20
    done = run(command, written(kind), "--json")
    assert done.code == 0, done.err
    found = done.json
    assert (found["loss"], found["exact_rows"], found["rows"]) == (None, exact, 20)
    assert found["lower_bound"] == pytest.approx(expected, abs=1e-12)
    assert found["lower_bound"] <= math.fsum(MODEL.losses) / 20
    if kind == "npz":
        assert run(command, "top.npz").out == f">= {found['lower_bound']!r}\n"
    share = f"{100 * exact / 20:.1f} % of rows exact, {100 - 100 * exact / 20:.1f} % have a label"
    assert share in done.err
    if kind not in PAIRS:
        assert f"{share} outside the top {K}" in done.err


def test_lists_that_options_name(run: Run) -> None:
    np.save("v.npy", MODEL.top(MODEL.logits))
    np.save("i.npy", MODEL.indices.astype("i4"))
    np.savez("o.npz", lse=MODEL.log_sum_exp, y=MODEL.labels)
    np.save("y.npy", MODEL.labels)
    lists = ("--top-values", "v.npy", "--top-indices", "i.npy")
    expected, exact = MODEL.bound()
    whole = run("loss", *lists, "y.npy", "--log-sum-exp", "o.npz:lse")
    assert float(whole.out[3:]) == pytest.approx(expected, abs=1e-9)
    raw = run("loss", *lists, "--labels", "y.npy", "--num-classes", str(V), "--json")
    truth = math.fsum(MODEL.losses) / 20
    assert raw.json["lower_bound"] <= truth
    assert raw.json["exact"] == 0.0
    assert "raw logits without their log-sum-exp" in raw.err
    hits = run("eval", *lists, "--labels", "y.npy", "--metric", "accuracy")
    assert "log-sum-exp" not in hits.err, "which no sum would change"
    assert hits.err.count("\n") == 1, "but what the error is of"
    keyed = ("o.npz", "--label-key", "y")
    named = run("loss", *lists, *keyed, "--log-sum-exp", "o.npz:lse", "--json")
    assert named.json["exact_rows"] == exact


@in_one_test
@pytest.mark.parametrize("kind", ["npz", "parquet", "json", "jsonl"])
def test_lists_come_through_a_pipe(kind: str, run: Run) -> None:
    path = written(kind)
    piped = run("nll", "-", stdin=path.read_bytes())
    assert piped.out == run("nll", path).out
    if kind in ("npz", "jsonl"):
        np.save("y.npy", MODEL.labels)
        assert run("loss", "-", "y.npy", stdin=path.read_bytes()).out == piped.out


def test_several_files_are_one_array(run: Run) -> None:
    values, whole = MODEL.top(MODEL.log_probs), MODEL.bound()[0]
    for i, part in enumerate((slice(0, 1), slice(1, 4))):
        arrays: dict[str, Any] = {"topk_logprobs": values[part]}
        arrays["topk_indices"] = MODEL.indices[part]
        np.savez(f"own-{i}.npz", labels=MODEL.labels[part], **arrays)
        np.savez(f"top-{i}.npz", **arrays)
        np.save(f"y-{i}.npy", MODEL.labels[part])
    one = run("nll", "own-*.npz")
    assert float(one.out[3:]) == pytest.approx(whole, abs=1e-12)
    assert run("nll", "top-*.npz", "y-*.npy").out == one.out
    losses = run("nll", "own-*.npz", "--reduction", "none").out.split()
    assert losses == [
        line
        for i in range(2)
        for line in run("nll", f"own-{i}.npz", "--reduction", "none").out.split()
    ]
    both = run("eval", "own-*.npz", "--json").json
    assert [each["shape"] for each in both["files"]] == [[1, 5, K], [3, 5, K]]
    assert both["metrics"]["loss"]["lower_bound"] == pytest.approx(whole, abs=1e-12)
    assert both["rows"] == 20
    np.savez("own-2.npz", logits=values)
    assert "own-2.npz: no lists" in run("nll", "own-*.npz").err


def test_every_class_is_listed(run: Run) -> None:
    order = np.argsort(MODEL.logits, -1)
    values = np.take_along_axis(MODEL.logits, order, -1)
    np.savez("all.npz", top_values=values, top_indices=order, labels=MODEL.labels)
    done = run("loss", "all.npz", "--num-classes", str(V))
    assert float(done.out) == pytest.approx(math.fsum(MODEL.losses) / 20, abs=1e-12)


def test_what_was_normalised_again_is_no_probability(run: Run) -> None:
    listed = MODEL.top(MODEL.log_probs)
    scaled = listed - np.log(np.exp(listed).sum(-1, keepdims=True))
    for name, values, options in (("l", scaled, ()), ("p", np.exp(scaled), ("--probs",))):
        path = f"{name}.npz"
        np.savez(path, topk_probs=values, topk_ids=MODEL.indices, labels=MODEL.labels)
        done = run("nll", *options, path)
        assert "normalised again" in done.err
        assert float(done.out[3:]) <= math.fsum(MODEL.losses) / 20
    assert "xent nll --probs" in run("nll", "p.npz").err
    np.savez("q.npz", topk_probs=np.exp(listed), topk_ids=MODEL.indices)
    np.save("y.npy", MODEL.labels)
    done = run("nll", "--probs", "q.npz", "y.npy")
    assert float(done.out[3:]) == pytest.approx(MODEL.bound()[0], abs=1e-9)


def test_padding_masks_shifts_and_ignored_labels(run: Run) -> None:
    values, indices = MODEL.top(MODEL.log_probs), MODEL.indices.copy()
    values[0, 0] = [-0.5, -1.5, math.nan, -math.inf, -9999.0, -2.0]
    indices[0, 0] = [3, 4, 3, 3, 3, -1]
    labels, mask = MODEL.labels.copy(), np.ones((4, 5))
    labels[0, 0], labels[1, 2], mask[3] = 4, -100, 0
    np.savez("t.npz", values=values, indices=indices, labels=labels, loss_mask=mask)
    done = run("nll", "t.npz", "--reduction", "none", "--json")
    losses = np.array(done.json["losses"], float).reshape(4, 5)
    assert losses[0, 0] == 1.5
    assert done.json["ignored"] == 6
    expected = np.array(MODEL.losses).reshape(4, 5)
    known = ~np.isnan(losses) & mask.astype(bool) & (labels != -100)
    known[0, 0] = False
    np.testing.assert_allclose(losses[known], expected[known])
    ahead = np.roll(MODEL.labels, 1, axis=1)
    np.savez("s.npz", values=MODEL.top(MODEL.log_probs), indices=MODEL.indices)
    np.save("ahead.npy", ahead)
    shifted = run("nll", "s.npz", "ahead.npy", "--shift", "1", "--json").json
    assert (shifted["rows"], shifted["used"]) == (20, 16)
    assert run("nll", "s.npz", "ahead.npy").code == 0


def test_logits_with_their_log_sum_exp_a_sequence_a_line(run: Run) -> None:
    losses, bounded = [], 0
    for line in (DATA / "topk_nemo.jsonl").read_text().splitlines():
        each = json.loads(line)
        columns = ("labels", "loss_mask", "topk_logits", "topk_token_ids", "log_sum_exp_logits")
        for label, mask, logits, ids, total in zip(*(each[c] for c in columns), strict=True):
            if mask:
                listed = dict(zip(ids, logits, strict=True))
                rest = 1.0 - math.fsum(math.exp(z - total) for z in logits)
                least = max(total - min(logits), -math.log(rest + 1e-6))
                losses.append(total - listed[label] if label in listed else least)
                bounded += label not in listed
    found = run("loss", DATA / "topk_nemo.jsonl", "--json").json
    assert (found["used"], found["bounded_rows"], found["ignored"]) == (len(losses), bounded, 12)
    assert found["lower_bound"] == pytest.approx(math.fsum(losses) / len(losses), abs=1e-12)


def test_tokens_of_a_sequence_a_line_are_the_labels_of_the_rows_before(run: Run) -> None:
    """The keys are axolotl's, whose mask has a number for each class."""
    rng = np.random.default_rng(1)
    lines, losses, exact = [], [], 0
    for length in (4, 6, 1):
        rows = np.log(rng.dirichlet(np.ones(9), length))
        ids = np.argsort(-rows, -1)[:, :4]
        tokens = rng.integers(0, 9, length)
        mask = np.ones(ids.shape, int)
        mask[:, 3] = 0
        values = np.take_along_axis(rows, ids, -1)
        line = {"input_ids": tokens, "target_logprobs": values, "target_token_ids": ids}
        line["target_mask"] = mask
        lines.append(json.dumps({name: each.tolist() for name, each in line.items()}))
        for row, listed, label in zip(
            rows[:-1].tolist(), ids[:-1].tolist(), tokens[1:].tolist(), strict=True
        ):
            known = label in listed[:3]
            left = 1.0 - math.fsum(math.exp(row[i]) for i in listed[:3])
            bound = max(-row[listed[2]], -math.log(left + 1e-6))
            losses.append(-row[label] if known else bound)
            exact += known
    Path("a.jsonl").write_text("\n".join(lines))
    shifted = ("--label-key", "input_ids", "--shift", "1")
    pq.write_table(pa.Table.from_pylist([*map(json.loads, lines)]), "a.parquet")
    each = [{key: np.array(there) for key, there in json.loads(line).items()} for line in lines]
    Path("a.pkl").write_bytes(pickle.dumps(each, 4))
    strided = [{key: np.asfortranarray(there) for key, there in line.items()} for line in each]
    Path("b.pkl").write_bytes(pickle.dumps(strided, 4))
    for name in ("a.jsonl", "a.parquet", "a.pkl", "b.pkl"):
        found = run("nll", name, *shifted, "--json").json
        assert (found["used"], found["rows"], found["exact_rows"]) == (8, 11, exact), name
        assert found["lower_bound"] == pytest.approx(math.fsum(losses) / 8, abs=1e-12)
    alone = run("nll", "a.jsonl")
    assert "tokens are the labels of the places before them: --label-key input_ids" in alone.err


def test_bounds_at_a_terminal(terminal: Terminal) -> None:
    text = terminal("nll", DATA / "top20.npz", columns=100).text
    assert "% of rows exact" in text
    assert "have a label outside the top 20)" in text
    values = MODEL.logits[..., :38]
    indices = np.broadcast_to(np.arange(38), values.shape)
    labels = np.zeros(values.shape[:-1], int)
    np.savez("r.npz", top_values=values, top_indices=indices, labels=labels)
    text = terminal("loss", "r.npz", "--num-classes", "40", columns=100).text
    assert ", <= " in text


def test_each_block_of_lists_has_its_own_rows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentcli.pipeline.top_lists.top_rows._BLOCK_ELEMENTS", 2**12)
    rng = np.random.default_rng(3)
    log_probs = np.log(rng.dirichlet(np.ones(30), 2**12 // 20 + 9))  # of two blocks
    listed = np.argsort(-log_probs)[:, :20]
    arrays = {"v": np.take_along_axis(log_probs, listed, 1), "i": listed, "l": listed[:, 3]}
    paths = [f"{name}.npy" for name in arrays]
    for path, values in zip(paths, arrays.values(), strict=True):
        np.save(path, values)
    lists = ("--top-values", paths[0], "--top-indices", paths[1], paths[2])
    made = run("nll", *lists, "--reduction", "none", "-o", "o.npy")
    assert made.code == 0, made.err
    np.testing.assert_allclose(np.load("o.npy"), -arrays["v"][:, 3], rtol=1e-12)
