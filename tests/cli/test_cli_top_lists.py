"""Lists of the most probable classes: exact where the label is listed, else bounded."""

import json
import math
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, Terminal
from in_one_test import in_one_test

Array = npt.NDArray[Any]
DATA = Path(__file__).parents[2] / "sample_data"
K, V = 6, 40


class Model:
    """Rows of a model, all of them, and what a file keeps: the K largest, in some order."""

    def __init__(self, lead: tuple[int, ...] = (4, 5)) -> None:
        rng = np.random.default_rng(8)
        self.logits = rng.normal(size=(*lead, V)) * 2.0
        self.total = np.log(np.exp(self.logits).sum(-1))
        self.log_probs = self.logits - self.total[..., None]
        self.labels = np.argmax(self.logits + rng.gumbel(size=self.logits.shape), -1)
        self.indices = rng.permuted(np.argsort(-self.logits, -1)[..., :K], axis=-1)

    def top(self, values: Array) -> Array:
        return np.take_along_axis(values, self.indices, -1)

    def losses(self) -> list[float]:
        rows, labels = self.log_probs.reshape(-1, V), self.labels.reshape(-1)
        return [-row[label] for row, label in zip(rows.tolist(), labels.tolist(), strict=True)]

    def bound(self) -> tuple[float, int]:
        """Return the mean of losses, each at least that of the smallest listed, and the exact."""
        listed = self.top(self.log_probs).reshape(-1, K).tolist()
        bounds, exact = [], 0
        for truth, values in zip(self.losses(), listed, strict=True):
            known = -truth >= min(values) - 1e-12
            left = 1.0 - math.fsum(map(math.exp, values))
            bounds.append(truth if known else max(-min(values), -math.log(left + 1e-6)))
            exact += known
        return math.fsum(bounds) / len(bounds), exact


MODEL = Model()


def written(folder: Path, kind: str, model: Model = MODEL) -> Path:
    """Return a file of log-probabilities, classes and labels, under the names of a dump."""
    values, path = model.top(model.log_probs), folder / f"top.{kind}"
    arrays = {"topk_logprobs": values, "topk_indices": model.indices, "labels": model.labels}
    lists: dict[str, Any] = {name: array.tolist() for name, array in arrays.items()}
    if kind.endswith("npz"):
        layout: Literal["C", "F"] = "F" if kind.startswith("columns") else "C"
        laid = {name: np.asarray(array, order=layout) for name, array in arrays.items()}
        np.savez(path, allow_pickle=False, **laid)
    elif kind == "safetensors":
        path.write_bytes(safetensors(arrays))
    elif kind == "parquet":
        pq.write_table(pa.table(lists), path)
    elif kind == "h5":
        with h5py.File(path, "w") as file:
            group = file.create_group("test")
            for name, array in arrays.items():
                group[name] = array
    elif kind == "json":
        path.write_text(json.dumps(lists))
    elif kind in ("pairs.jsonl", "pairs.parquet"):
        names = ("topk_logprobs", "topk_indices", "labels")
        each = zip(*(lists[name] for name in names), strict=True)
        made = [{"logprobs": pairs(v, i), "labels": y} for v, i, y in each]
        if kind == "pairs.parquet":
            pq.write_table(pa.Table.from_pylist(made), path)
        else:
            path.write_text("\n".join(map(json.dumps, made)))
    elif kind == "masked.parquet":  # what is left out is not among the largest
        more = {n: np.concatenate([each, each], -1) for n, each in arrays.items() if n != "labels"}
        counts = np.arange(2 * K) < np.full((4, 5, 1), K)
        table = {**more, "labels": arrays["labels"], "target_mask": counts.astype(int)}
        pq.write_table(pa.table({n: each.tolist() for n, each in table.items()}), path)
    else:
        rows = (dict(zip(lists, each, strict=True)) for each in zip(*lists.values(), strict=True))
        path.write_text("\n".join(map(json.dumps, rows)))
    return path


def pairs(values: list[list[float]], classes: list[list[int]]) -> list[list[dict[str, Any]]]:
    return [
        [{"logprob": v, "token": f"token_id:{i}"} for v, i in zip(*each, strict=True)]
        for each in zip(values, classes, strict=True)
    ]


def safetensors(arrays: dict[str, Array]) -> bytes:
    header, content = {}, b""
    for name, array in arrays.items():
        end = len(content) + array.nbytes
        kind = "F64" if array.dtype.kind == "f" else "I64"
        offsets = [len(content), end]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        content += array.tobytes()
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content


KINDS = ["npz", "columns.npz", "safetensors", "h5", "parquet", "json", "jsonl"]
PAIRS = ["pairs.jsonl", "pairs.parquet", "masked.parquet"]


@in_one_test
@pytest.mark.parametrize("kind", [*KINDS, *PAIRS])
def test_lists_are_found_by_their_names(kind: str, tmp_path: Path, run: Run) -> None:
    command = "loss" if kind in ("npz", "jsonl") else "nll"
    expected, exact = MODEL.bound()
    assert 0 < exact < 20
    done = run(command, written(tmp_path, kind), "--json")
    assert done.code == 0, done.err
    found = done.json
    assert (found["loss"], found["exact_rows"], found["rows"]) == (None, exact, 20)
    assert found["lower_bound"] == pytest.approx(expected, abs=1e-12)
    assert found["lower_bound"] <= math.fsum(MODEL.losses()) / 20
    share = f"{100 * exact / 20:.1f} % of rows exact, {100 - 100 * exact / 20:.1f} % have a label"
    assert share in done.err
    if kind not in PAIRS:
        assert f"{share} outside the top {K}" in done.err
        assert run(command, tmp_path / f"top.{kind}").out == f">= {found['lower_bound']!r}\n"


def test_compressed_lists_are_refused(run: Run) -> None:
    pq.write_table(pa.table({"compressed_logprobs": [[[1]]], "input_ids": [[1]]}), "d.parquet")
    outcome = run("nll", "d.parquet")
    assert (outcome.code, outcome.out) == (1, "")
    assert "lists that DistillKit has compressed" in outcome.err
    found = run("info", "d.parquet", "--json").json["files"]
    looks = {each["name"]: (each["looks_like"], each["fits"]) for each in found}
    assert looks["compressed_logprobs"] == ("compressed by DistillKit", None)


def test_info_knows_pairs(tmp_path: Path, run: Run) -> None:
    for kind in ("pairs.jsonl", "pairs.parquet"):
        path = written(tmp_path, kind)
        found = {each["name"]: each for each in run("info", path, "--json").json["files"]}
        assert found["logprobs"]["looks_like"] == "pairs of a token and its log-probability"
        assert run(*found["logprobs"]["fits"].split()[1:]).code == 0


def test_lists_that_options_name(tmp_path: Path, run: Run) -> None:
    np.save(tmp_path / "v.npy", MODEL.top(MODEL.logits))
    np.save(tmp_path / "i.npy", MODEL.indices.astype("i4"))
    np.savez(tmp_path / "o.npz", lse=MODEL.total, y=MODEL.labels)
    np.save(tmp_path / "y.npy", MODEL.labels)
    lists = ("--top-values", tmp_path / "v.npy", "--top-indices", tmp_path / "i.npy")
    expected, exact = MODEL.bound()
    whole = run("loss", *lists, tmp_path / "y.npy", "--log-sum-exp", f"{tmp_path}/o.npz:lse")
    assert float(whole.out[3:]) == pytest.approx(expected, abs=1e-9)
    raw = run("loss", *lists, "--labels", tmp_path / "y.npy", "--num-classes", str(V), "--json")
    truth = math.fsum(MODEL.losses()) / 20
    assert raw.json["lower_bound"] <= truth
    assert raw.json["exact"] == 0.0
    assert "raw logits without their log-sum-exp" in raw.err
    hits = run("eval", *lists, "--labels", tmp_path / "y.npy", "--metric", "accuracy")
    assert hits.err == "", "which no sum would change"
    keyed = (tmp_path / "o.npz", "--label-key", "y")
    named = run("loss", *lists, *keyed, "--log-sum-exp", f"{tmp_path}/o.npz:lse", "--json")
    assert named.json["exact_rows"] == exact


def test_every_class_is_listed(tmp_path: Path, run: Run) -> None:
    order = np.argsort(MODEL.logits, -1)
    values = np.take_along_axis(MODEL.logits, order, -1)
    np.savez(tmp_path / "all.npz", top_values=values, top_indices=order, labels=MODEL.labels)
    done = run("loss", tmp_path / "all.npz", "--num-classes", str(V))
    assert float(done.out) == pytest.approx(math.fsum(MODEL.losses()) / 20, abs=1e-12)


def test_what_was_normalised_again_is_no_probability(tmp_path: Path, run: Run) -> None:
    listed = MODEL.top(MODEL.log_probs)
    scaled = listed - np.log(np.exp(listed).sum(-1, keepdims=True))
    for name, values, options in (("l", scaled, ()), ("p", np.exp(scaled), ("--probs",))):
        path = tmp_path / f"{name}.npz"
        np.savez(path, topk_probs=values, topk_ids=MODEL.indices, labels=MODEL.labels)
        done = run("nll", *options, path)
        assert "normalised again" in done.err
        assert float(done.out[3:]) <= math.fsum(MODEL.losses()) / 20
    assert "xent nll --probs" in run("nll", tmp_path / "p.npz").err
    np.savez(tmp_path / "q.npz", topk_probs=np.exp(listed), topk_ids=MODEL.indices)
    np.save(tmp_path / "y.npy", MODEL.labels)
    done = run("nll", "--probs", tmp_path / "q.npz", tmp_path / "y.npy")
    assert float(done.out[3:]) == pytest.approx(MODEL.bound()[0], abs=1e-9)


def test_padding_masks_shifts_and_ignored_labels(tmp_path: Path, run: Run) -> None:
    values, indices = MODEL.top(MODEL.log_probs), MODEL.indices.copy()
    values[0, 0] = [-0.5, -1.5, math.nan, -math.inf, -9999.0, -2.0]
    indices[0, 0] = [3, 4, 3, 3, 3, -1]
    labels, mask = MODEL.labels.copy(), np.ones((4, 5))
    labels[0, 0], labels[1, 2], mask[3] = 4, -100, 0
    np.savez(tmp_path / "t.npz", values=values, indices=indices, labels=labels, loss_mask=mask)
    done = run("nll", tmp_path / "t.npz", "--reduction", "none", "--json")
    losses = np.array(done.json["losses"], float).reshape(4, 5)
    assert losses[0, 0] == 1.5
    assert done.json["ignored"] == 6
    expected = np.array(MODEL.losses()).reshape(4, 5)
    known = ~np.isnan(losses) & mask.astype(bool) & (labels != -100)
    known[0, 0] = False
    np.testing.assert_allclose(losses[known], expected[known])
    ahead = np.roll(MODEL.labels, 1, axis=1)
    np.savez(tmp_path / "s.npz", values=MODEL.top(MODEL.log_probs), indices=MODEL.indices)
    np.save(tmp_path / "ahead.npy", ahead)
    shifted = run("nll", tmp_path / "s.npz", tmp_path / "ahead.npy", "--shift", "1", "--json").json
    assert (shifted["rows"], shifted["used"]) == (20, 16)
    assert run("nll", tmp_path / "s.npz", tmp_path / "ahead.npy").code == 0


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


def test_bounds_at_a_terminal(tmp_path: Path, terminal: Terminal) -> None:
    text = terminal("nll", DATA / "top20.npz", columns=100).text
    assert "% of rows exact" in text
    assert "have a label outside the top 20)" in text
    values = MODEL.logits[..., :38]
    indices = np.broadcast_to(np.arange(38), values.shape)
    labels = np.zeros(values.shape[:-1], int)
    np.savez(tmp_path / "r.npz", top_values=values, top_indices=indices, labels=labels)
    text = terminal("loss", tmp_path / "r.npz", "--num-classes", "40", columns=100).text
    assert ", <= " in text


@in_one_test
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"indices": np.array([[1, 2], [3, 3]])}, "[1]: the row lists a class twice"),
        ({"indices": np.array([[1, 2], [3, -7]], "i2")}, "16 bits were too few"),
        ({"indices": np.array([[1, 2], [3, 12]])}, "a class outside 0..9"),
        ({"indices": np.array([[1, 2], [3, 4.5]])}, "a class that is no integer"),
        ({"values": np.array([[-1, math.inf], [-1, -2]])}, "[0]: the row lists an infinite value"),
        ({"labels": np.array([1, 10])}, "[1]: label 10 is outside 0..9"),
        ({"labels": np.array([1, -5])}, "[1]: label -5 is outside 0..9"),
        ({"labels": np.array([1, 2, 3])}, "shape (3,), and there are (2,) rows"),
        ({"indices": np.array([[1], [2]])}, "shape (2, 1), and"),
        ({"log_sum_exp": np.array([-9.0, -9.0])}, "the log-sum-exp is not that of these values"),
        ({"labels": None}, "where are the labels?"),
    ],
)
def test_what_is_wrong_with_lists_is_one_line(
    change: dict[str, Array | None], says: str, tmp_path: Path, run: Run
) -> None:
    arrays: dict[str, Array | None] = {
        "values": np.array([[-1.0, -2.0], [-0.5, -3.0]]),
        "indices": np.array([[1, 2], [3, 4]]),
        "labels": np.array([1, 2]),
        "num_classes": np.array(10),
    }
    there = {name: array for name, array in (arrays | change).items() if array is not None}
    np.savez(tmp_path / "t.npz", **there)  # type: ignore[arg-type]
    done = run("nll", tmp_path / "t.npz")
    assert (done.code, done.out) == (1, "")
    assert says in done.err
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


@in_one_test
@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"values": [1]}',
        '{"values": [1], "indices": [1, 2], "label": 1}',
        '{"values": ["a"], "indices": [1], "label": 1}',
        '{"values": 1, "indices": 1}',
    ],
)
def test_a_line_that_is_no_list_is_named(line: str, tmp_path: Path, run: Run) -> None:
    good = '{"values": [-1.0, -2.0], "indices": [4, 5], "label": 4}'
    (tmp_path / "t.jsonl").write_text(f"{good}\n{line}\n{good}\n")
    done = run("nll", tmp_path / "t.jsonl")
    assert (done.code, done.out) == (1, "")
    assert "t.jsonl" in done.err
    assert "Traceback" not in done.err


def test_options_of_lists(tmp_path: Path, run: Run) -> None:
    path = written(tmp_path, "npz")
    for arguments in (
        ("nll", path, "--top-values", path),
        ("nll", DATA / "digits_logits.npy", DATA / "digits_labels.npy", "--num-classes", "10"),
        ("nll", path, "--log-sum-exp", path),
        ("loss", path, "--label-smoothing", "0.1"),
        ("loss", path, "--weight", "1,2"),
    ):
        done = run(*arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert done.err.startswith("error: ")


def test_what_else_lists_say_of_a_model(tmp_path: Path, run: Run) -> None:
    rows, labels = np.exp(MODEL.log_probs.reshape(-1, V)), MODEL.labels.reshape(-1)
    order = np.argsort(-rows, -1)
    place = [
        int(np.flatnonzero(each == label)[0]) for each, label in zip(order, labels, strict=True)
    ]
    path = written(tmp_path, "npz")
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
    for name, truth in (("entropy", entropies), ("brier", scores), ("loss", MODEL.losses())):
        mean = math.fsum(truth) / 20
        assert metrics[name]["value"] is None
        assert metrics[name]["lower_bound"] <= mean
        assert mean <= (metrics[name]["upper_bound"] or math.inf)
    np.save(tmp_path / "z.npy", MODEL.log_probs)
    np.save(tmp_path / "y.npy", MODEL.labels)
    whole = run("eval", tmp_path / "z.npy", tmp_path / "y.npy", "--class-axis", "-1", "--json")
    for name in ("ece", "ece_by_chance", "mce", "mean_confidence", "accuracy"):
        assert metrics[name]["value"] == pytest.approx(whole.json["metrics"][name]["value"], 1e-9)


def test_forms_and_gates_of_an_evaluation_of_lists(run: Run, terminal: Terminal) -> None:
    path = DATA / "top20.npz"
    assert run("eval", path, "--metric", "accuracy").out == "0.3416666666666667\n"
    assert run("eval", path, "--metric", "brier").out.startswith(">= 0.8118")
    assert run("eval", path).out.splitlines()[1].startswith("loss,>= 2.68")
    assert run("eval", path, "--fail-if", "brier > 0.9").code == 0
    assert run("eval", path, "--fail-if", "brier > 0.8").code == 3
    undecided = run("eval", path, "--fail-if", "brier > 0.812")
    assert (undecided.code, "does not tell" in undecided.err) == (3, True)
    assert ">= 0.8118, <= 0.8158" in terminal("eval", path, columns=100).text
    raw = run("eval", DATA / "topk_nemo.jsonl", "--json").json
    assert (raw["listed"], raw["used"], raw["num_classes"]) == (5, 108, None)
    for refused in (("--by", "axis0"), ("--metric", "auroc"), ("--fail-if", "mrr > 1")):
        assert run("eval", path, *refused).code == 2


def test_info_knows_lists(run: Run, tmp_path: Path) -> None:
    found = run("info", DATA / "top20.npz", "--json").json["files"]
    assert {each["name"]: each["looks_like"] for each in found} == {
        "top_logprobs": "the largest of each row",
        "top_indices": "their classes",
        "labels": "labels",
        "vocab_size": "number of classes",
    }
    assert {each["fits"] for each in found} == {f"xent nll {DATA / 'top20.npz'}"}
    np.savez(tmp_path / "t.npz", topk_logits=Z_OF_NONE, topk_ids=np.array([[1, 2]]))
    found = run("info", "t.npz", "--json").json["files"]
    assert {each["fits"] for each in found} == {"xent nll t.npz LABELS"}


Z_OF_NONE = np.array([[2.0, 1.0]])


@pytest.mark.parametrize("kind", ["npz", "parquet", "json", "jsonl"])
def test_lists_come_through_a_pipe(kind: str, tmp_path: Path, run: Run) -> None:
    path = written(tmp_path, kind)
    piped = run("nll", "-", stdin=path.read_bytes())
    assert piped.out == run("nll", path).out
    np.save(tmp_path / "y.npy", MODEL.labels)
    assert run("loss", "-", tmp_path / "y.npy", stdin=path.read_bytes()).out == piped.out


def test_tokens_of_a_sequence_a_line_are_the_labels_of_the_rows_before(
    tmp_path: Path, run: Run
) -> None:
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
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    shifted = ("--label-key", "input_ids", "--shift", "1")
    pq.write_table(pa.Table.from_pylist([*map(json.loads, lines)]), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        found = run("nll", tmp_path / name, *shifted, "--json").json
        assert (found["used"], found["rows"], found["exact_rows"]) == (8, 11, exact), name
        assert found["lower_bound"] == pytest.approx(math.fsum(losses) / 8, abs=1e-12)
    alone = run("nll", tmp_path / "a.jsonl")
    assert "tokens are labels with --shift 1" in alone.err


def test_several_files_are_one_array(tmp_path: Path, run: Run) -> None:
    values, whole = MODEL.top(MODEL.log_probs), MODEL.bound()[0]
    for i, part in enumerate((slice(0, 1), slice(1, 4))):
        arrays: dict[str, Any] = {"topk_logprobs": values[part]}
        arrays["topk_indices"] = MODEL.indices[part]
        np.savez(tmp_path / f"own-{i}.npz", labels=MODEL.labels[part], **arrays)
        np.savez(tmp_path / f"top-{i}.npz", **arrays)
        np.save(tmp_path / f"y-{i}.npy", MODEL.labels[part])
    one = run("nll", tmp_path / "own-*.npz")
    assert float(one.out[3:]) == pytest.approx(whole, abs=1e-12)
    assert run("nll", tmp_path / "top-*.npz", tmp_path / "y-*.npy").out == one.out
    losses = run("nll", tmp_path / "own-*.npz", "--reduction", "none").out.split()
    assert losses == [
        line
        for i in range(2)
        for line in run("nll", tmp_path / f"own-{i}.npz", "--reduction", "none").out.split()
    ]
    both = run("eval", tmp_path / "own-*.npz", "--json").json
    assert [each["shape"] for each in both["files"]] == [[1, 5, K], [3, 5, K]]
    assert both["metrics"]["loss"]["lower_bound"] == pytest.approx(whole, abs=1e-12)
    assert both["rows"] == 20
    np.savez(tmp_path / "own-2.npz", topk_ids=[[1]], topk_logprobs=[[-1.0]], labels=[1])
    assert f"length 1, and {tmp_path}/own-0.npz has {K}" in run("nll", tmp_path / "own-*.npz").err
    np.savez(tmp_path / "own-2.npz", logits=values)
    assert "own-2.npz: no lists" in run("nll", tmp_path / "own-*.npz").err


def test_commands_on_whole_rows_refuse_lists(tmp_path: Path, run: Run) -> None:
    path = written(tmp_path, "npz")
    for arguments in (("softmax", path), ("log-softmax", path), ("calibrate", path)):
        done = run(*arguments)
        assert (done.code, done.out) == (1, "")
        assert "lists of the most probable classes, and no whole rows" in done.err
        assert "xent nll FILE or xent eval FILE" in done.err


def test_lists_of_two_models(tmp_path: Path, run: Run, terminal: Terminal) -> None:
    rng = np.random.default_rng(3)
    moved = MODEL.logits + rng.normal(size=MODEL.logits.shape)
    paths, rows, losses = [tmp_path / "a.npz", tmp_path / "b.npz"], [], []
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
    assert run("compare", *paths, "--metric", "kl").out.startswith(">= ")
    assert "against" in terminal("compare", *paths, columns=100).text
    assert run("compare", *paths, "--metric", "js").code == 2
    assert run("compare", *paths, "--by", "axis0").code == 2
    np.savez(paths[1], topk_logprobs=values, topk_ids=ids, labels=MODEL.labels + 1)
    assert "the rows of both files must be the same ones" in run("compare", *paths).err
    np.savez(paths[1], topk_logprobs=values[:2], topk_ids=ids[:2], labels=MODEL.labels[:2])
    assert "10 rows, and" in run("compare", *paths).err


def test_lists_in_which_every_label_is_listed_are_compared_exactly(
    tmp_path: Path, run: Run
) -> None:
    ids, labels = np.array([[0, 1], [2, 1], [4, 0]]), np.array([1, 2, 0])
    means, paths = [], [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path, values in zip(paths, ([-0.5, -1.5], [-0.7, -1.1]), strict=True):
        listed = np.tile(values, (3, 1))
        np.savez(path, values=listed, indices=ids, labels=labels)
        means.append(listed[np.arange(3), [1, 0, 1]] * -1.0)
    found = run("compare", *paths, "--json").json["metrics"]
    apart = means[1] - means[0]
    assert found["loss_difference"]["value"] == pytest.approx(apart.mean())
    error = apart.std(ddof=1) / math.sqrt(3)
    assert found["loss_difference"]["standard_error"] == pytest.approx(error)


def test_each_block_of_lists_has_its_own_rows(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    log_probs = np.log(rng.dirichlet(np.ones(30), 2**18 // 20 + 9))  # of two blocks
    listed = np.argsort(-log_probs)[:, :20]
    arrays = {"v": np.take_along_axis(log_probs, listed, 1), "i": listed, "l": listed[:, 3]}
    paths = [tmp_path / f"{name}.npy" for name in arrays]
    for path, values in zip(paths, arrays.values(), strict=True):
        np.save(path, values)
    lists = ("--top-values", paths[0], "--top-indices", paths[1], paths[2])
    made = run("nll", *lists, "--reduction", "none", "-o", tmp_path / "o.npy")
    assert made.code == 0, made.err
    np.testing.assert_allclose(np.load(tmp_path / "o.npy"), -arrays["v"][:, 3], rtol=1e-12)
