"""What eval, compare and info say of lists of the most probable classes."""

import json
import math
import re
from pathlib import Path
from shlex import quote
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from cli_files import DATA, log_probs
from cli_tools import Run, Terminal
from close_to import close_to
from in_one_test import in_one_test
from safetensors.numpy import save_file
from top_lists_tools import MODEL, K, V, written


def test_what_else_lists_say_of_a_model(run: Run) -> None:
    rows, labels = np.exp(MODEL.log_probs.reshape(-1, V)), MODEL.labels.reshape(-1)
    order = np.argsort(-rows, -1)
    place = [
        int(np.flatnonzero(each == label)[0]) for each, label in zip(order, labels, strict=True)
    ]
    path = written("npz")
    listed = ("--num-classes", str(V), "--top-k", "3,6,7")
    found = run("eval", path, *listed, "--json")
    assert "top 7 accuracy does not apply" in found.err
    metrics = found.json["metrics"]
    for k, name in ((1, "accuracy"), (3, "top3_accuracy"), (6, "top6_accuracy")):
        assert metrics[name]["value"] == sum(each < k for each in place) / 20
    assert metrics["top7_accuracy"]["value"] is None
    entropies = [-math.fsum(p * math.log(p) for p in row) for row in rows.tolist()]
    scores = [
        math.fsum((p - (i == label)) ** 2 for i, p in enumerate(row))
        for row, label in zip(rows.tolist(), labels.tolist(), strict=True)
    ]
    for name, truth in (("entropy", entropies), ("brier", scores), ("loss", MODEL.losses)):
        mean = math.fsum(truth) / 20
        assert metrics[name]["value"] is None
        assert metrics[name]["lower_bound"] <= mean
        assert mean <= (metrics[name]["upper_bound"] or math.inf)
    np.save("z.npy", MODEL.log_probs)
    np.save("y.npy", MODEL.labels)
    whole = run("eval", "z.npy", "y.npy", "--class-axis", "-1", "--json")
    for name in ("ece", "ece_by_chance", "mce", "mean_confidence", "accuracy"):
        assert metrics[name]["value"] == close_to(whole.json["metrics"][name]["value"], rel=1e-9)


@in_one_test
@pytest.mark.parametrize("listed", [4, 2])
@pytest.mark.parametrize("cluster", ["", "--cluster patient.npy"])
def test_no_label_is_beyond_as_many_classes_as_there_are(
    run: Run, listed: int, cluster: str
) -> None:
    """As of whole rows, where that is asked for; by default, it is left out of both."""
    rng = np.random.default_rng(4)
    rows = log_probs(rng.normal(size=(8, 4)))
    ids = np.argsort(-rows, -1)[:, :listed]
    labels = rng.integers(0, 4, 8)
    np.savez(
        "top.npz", topk_logprobs=np.take_along_axis(rows, ids, -1), topk_ids=ids, labels=labels
    )
    np.save("rows.npy", rows)
    np.save("y.npy", labels)
    np.save("patient.npy", np.arange(8) // 2)
    lists, whole = "eval top.npz --num-classes 4", "eval --log-probs rows.npy y.npy"
    asked = "--top-k 3,4,5 --metric top3_accuracy --metric top4_accuracy --metric top5_accuracy"
    found, want = (run(*f"{each} {asked} {cluster}".split()).table for each in (lists, whole))
    assert found[listed < 3 :] == want[listed < 3 :]
    assert want[2]["value"] == "1.0"
    if listed < 3:
        assert found[0] == dict.fromkeys(want[0], "") | {"metric": "top3_accuracy"}
    for each in (lists, whole):
        usual = run(*each.split(), *cluster.split())
        assert "top" not in usual.out + usual.err


def test_forms_and_gates_of_an_evaluation_of_lists(run: Run, terminal: Terminal) -> None:
    path = DATA / "top20.npz"
    assert run("eval", path, "--metric", "accuracy").out == "0.3416666666666667\n"
    assert run("eval", path, "--metric", "brier").out.startswith(">= 0.8118")
    assert run("eval", path).out.splitlines()[1].startswith("loss,>= 2.68")
    assert run("eval", path, "--fail-if", "brier > 0.8").code == 3
    undecided = run("eval", path, "--fail-if", "brier > 0.812")
    assert (undecided.code, "does not tell" in undecided.err) == (3, True)
    assert ">= 0.8118, <= 0.8158" in terminal("eval", path, columns=100).text
    raw = run("eval", DATA / "topk_nemo.jsonl", "--json").json
    assert (raw["listed"], raw["used"], raw["num_classes"]) == (5, 108, None)
    for refused in (("--by", "axis0"), ("--metric", "auroc"), ("--fail-if", "mrr > 1")):
        assert run("eval", path, *refused).code == 2


def test_lists_of_two_models(run: Run, terminal: Terminal) -> None:
    rng = np.random.default_rng(3)
    moved = MODEL.logits + rng.normal(size=MODEL.logits.shape)
    paths, rows, losses = ["a.npz", "b.npz"], [], []
    for path, logits, count in zip(paths, (MODEL.logits, moved), (K, 30), strict=True):
        log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        ids = np.argsort(-logits, -1)[..., :count]
        values = np.take_along_axis(log_probs, ids, -1)
        np.savez(path, topk_logprobs=values, topk_ids=ids, labels=MODEL.labels)
        rows.append(log_probs.reshape(-1, V))
        losses.append(run("nll", path, "--json").json["lower_bound"])
    found = run("compare", *paths, "--json").json
    metrics = found["metrics"]
    assert [metrics[name]["lower_bound"] for name in ("loss_base", "loss_new")] == losses
    truth = float((np.exp(rows[0]) * (rows[0] - rows[1])).sum(-1).mean())
    assert 0.0 < metrics["kl"]["lower_bound"] <= truth
    assert metrics["kl"]["value"] is metrics["loss_difference"]["value"] is None
    same = (rows[0].argmax(-1) == rows[1].argmax(-1)).mean()
    assert metrics["agreement"]["value"] == same
    alone = run("compare", *paths, "--metric", "kl")
    assert alone.out.startswith(">= ")
    assert metrics["kl"]["standard_error"] is None
    assert "kl is a lower bound of the mean, and has no standard error" in alone.err
    assert "against" in terminal("compare", *paths, columns=100).text
    assert run("compare", *paths, "--metric", "js").code == 2
    assert run("compare", *paths, "--by", "axis0").code == 2
    np.savez(paths[1], topk_logprobs=values, topk_ids=ids, labels=MODEL.labels + 1)
    assert "the rows of both files must be the same ones" in run("compare", *paths).err
    np.savez(paths[1], topk_logprobs=values[:2], topk_ids=ids[:2], labels=MODEL.labels[:2])
    assert "10 rows, and" in run("compare", *paths).err


def test_lists_in_which_every_label_is_listed_are_compared_exactly(run: Run) -> None:
    ids, labels = np.array([[0, 1], [2, 1], [4, 0]]), np.array([1, 2, 0])
    means, paths = [], ["a.npz", "b.npz"]
    for path, values in zip(paths, ([-0.5, -1.5], [-0.7, -1.1]), strict=True):
        listed = np.tile(values, (3, 1))
        np.savez(path, values=listed, indices=ids, labels=labels)
        means.append(listed[np.arange(3), [1, 0, 1]] * -1.0)
    found = run("compare", *paths, "--json").json["metrics"]
    apart = means[1] - means[0]
    assert found["loss_difference"]["value"] == pytest.approx(apart.mean())
    error = apart.std(ddof=1) / math.sqrt(3)
    assert found["loss_difference"]["standard_error"] == pytest.approx(error)


def test_info_knows_lists(run: Run) -> None:
    found = run("info", DATA / "top20.npz", "--json").json["files"]
    assert {each["name"]: each["looks_like"] for each in found} == {
        "top_logprobs": "the largest of each row",
        "top_indices": "their classes",
        "labels": "labels",
        "vocab_size": "number of classes",
    }
    assert {each["fits"] for each in found} == {f"xent nll {quote(str(DATA / 'top20.npz'))}"}
    np.savez("t.npz", topk_logits=[[2.0, 1.0]], topk_ids=[[1, 2]])
    found = run("info", "t.npz", "--json").json["files"]
    assert {each["fits"] for each in found} == {"xent nll t.npz LABELS"}


def test_info_knows_pairs(run: Run) -> None:
    for kind in ("pairs.jsonl", "pairs.parquet"):
        path = written(kind)
        found = {each["name"]: each for each in run("info", path, "--json").json["files"]}
        assert found["logprobs"]["looks_like"] == "pairs of a token and its log-probability"
        assert run(*found["logprobs"]["fits"].split()[1:]).code == 0


def test_models_are_of_the_kinds_that_are_said(run: Run) -> None:
    """What is said of the first model was taken for all of them."""
    rows = [([-0.5, -1.5], 0), ([-0.25, -2.5], 1)]
    for name, value_of in (("logs", float), ("probs", math.exp)):
        lines = [
            {"top_values": [*map(value_of, values)], "top_indices": [0, 1], "label": label}
            for values, label in rows
        ]
        Path(f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    for names, kinds in (
        (("probs", "logs"), ("probs", "log-probs")),
        (("logs", "probs"), ("logits", "probs")),
    ):
        files = [f"{name}.jsonl" for name in names]
        said = [each for kind in kinds for each in ("--input", kind)]
        found = run("compare", *files, *said, "--json").json["metrics"]
        assert found["loss_base"]["value"] == pytest.approx((0.5 + 2.5) / 2, rel=1e-14)
        assert found["loss_difference"]["value"] == pytest.approx(0.0, abs=1e-15)


def test_models_that_list_nothing_predict_nothing(run: Run) -> None:
    """Two empty lists were an agreement."""
    for name, classes in (("a", [3, 4]), ("b", [3, 5])):
        row = {"top_values": [-0.5, -1.5], "top_indices": classes, "label": 3}
        empty = {"top_values": [], "top_indices": [], "label": 3}
        Path(f"{name}.jsonl").write_text("\n".join(map(json.dumps, (row, empty))))
    assert run("compare", "a.jsonl", "b.jsonl", "--metric", "agreement").number == 0.5
    assert run("eval", "a.jsonl", "--metric", "mean_confidence").number == math.exp(-0.5) / 2


def test_top_k_accuracies_by_name_are_those_of_whole_rows(run: Run) -> None:
    """Also of more classes than there are, and of one; a gate computes what it names."""
    rng = np.random.default_rng(4)
    logits, labels = rng.normal(size=(30, 4)), rng.integers(0, 4, 30)
    order = np.argsort(-logits, -1)[:, :3]
    rows = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    values = np.take_along_axis(rows, order, -1)
    lists: dict[str, Any] = {"top_values": values, "top_indices": order, "labels": labels}
    np.savez("lists.npz", num_classes=4, **lists)
    np.save("z.npy", logits)
    np.save("y.npy", labels)
    ranks = np.argmax(np.argsort(-logits, -1) == labels[:, None], -1)
    for names in (["top2_accuracy", "top3_accuracy", "top5_accuracy"], ["top1_accuracy"]):
        asked = [word for name in names for word in ("--metric", name)]
        found = run("eval", "lists.npz", *asked)
        assert (found.code, found.out) == (0, run("eval", "z.npy", "y.npy", *asked).out)
        for name, line in zip(names[:-1], found.out.splitlines()[1:], strict=False):
            assert line.startswith(f"{name},{float((ranks < int(name[3])).mean())!r},")
    assert run("eval", "lists.npz", "--top-k", "1,2").out.count("top1_accuracy") == 1
    share = float((ranks < 2).mean())
    gated = run("eval", "lists.npz", "--metric", "loss", "--fail-if", "top2_accuracy < 0.9")
    assert (gated.code, f"top2_accuracy is {share:.4g}"[:20] in gated.err) == (3, True)


@in_one_test
@pytest.mark.parametrize(("dtype", "digits"), [("bfloat16", 8), ("float16", 11)])
@pytest.mark.parametrize("both", [False, True])
def test_logits_of_16_bits_with_their_log_sum_exp(
    run: Run, dtype: str, digits: int, both: bool
) -> None:
    """They are rounded by as much as they are large, and so are the sums of their rows.

    They were refused where these were above 1, as if the log-sum-exp were that of other rows.
    """
    rng = np.random.default_rng(6)
    logits = rng.normal(size=(200, 4)) * 3.0 + 25.0
    labels = rng.integers(0, 4, 200)
    sums = np.log(np.exp(logits).sum(-1))
    order = np.argsort(-logits, -1)[:, :3]
    stored = np.dtype(getattr(ml_dtypes, dtype, dtype))
    arrays = {
        "topk_logits": np.take_along_axis(logits, order, -1).astype(stored),
        "topk_ids": np.ascontiguousarray(order),
        "log_sum_exp": sums.astype(stored if both else np.float32),
        "labels": labels,
        "num_classes": np.array([4]),
    }
    save_file(arrays, "lists.safetensors")
    found = run("loss", "lists.safetensors", "--json")
    losses = sums - logits[np.arange(200), labels]
    listed = (order == labels[:, None]).any(-1)
    assert found.json["exact"] == pytest.approx(listed.mean(), abs=1e-12)  # what is left is rounded
    scale = logits.max() + both * sums.max()
    told = float(
        re.findall(f"{dtype}: a loss is right to ±([^,]+), as its logits are", found.err)[0]
    )
    assert told == pytest.approx(scale * 2.0**-digits, rel=0.05)
    assert found.json["lower_bound"] <= losses.mean() + told
    assert losses.mean() - told <= (found.json["upper_bound"] or math.inf)
    arrays["log_sum_exp"] = np.roll(sums, 1).astype(np.float32)
    save_file(arrays, "lists.safetensors")
    assert "the log-sum-exp is not that of these values" in run("loss", "lists.safetensors").err
