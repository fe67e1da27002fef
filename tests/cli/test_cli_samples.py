"""Samples of lm-evaluation-harness, against a plain loop over their lines."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run
from harness_loop import looped
from in_one_test import in_one_test

DATA = Path(__file__).parents[2] / "sample_data" / "samples"
Object = dict[str, Any]

EXAMPLE = {  # what the description of the format works out
    "doc_id": 0,
    "doc": {"question": "Water boils at", "choices": ["10 C", "100 C", "1000 C"]},
    "target": "1",
    "arguments": {
        f"gen_args_{i}": {"arg_0": "Q: Water boils at\nA:", "arg_1": f" {text}"}
        for i, text in enumerate(["10 C", "100 C", "1000 C"])
    },
    "resps": [[["-9.25", "False"]], [["-4.5", "True"]], [["-12.0", "False"]]],
    "filtered_resps": [["-9.25", "False"], ["-4.5", "True"], ["-12.0", "False"]],
    "filter": "none",
    "metrics": ["acc", "acc_norm"],
    "doc_hash": "a",
    "acc": 1.0,
    "acc_norm": 1.0,
}


def doc_of(
    number: int,
    texts: list[str],
    values: list[float],
    target: Any = 0,
    doc: Any = None,
    delimiter: str = " ",
    **more: Any,
) -> Object:
    """Return a line as the harness writes it."""
    pairs = [[str(value), str(value == max(values))] for value in values]
    return {
        "doc_id": number,
        "doc": {"choices": texts} if doc is None else doc,
        "target": str(target),
        "arguments": {
            f"gen_args_{i}": {"arg_0": "Q", "arg_1": delimiter + text}
            for i, text in enumerate(texts)
        },
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": f"hash {number}",
        **more,
    }


def write(path: str, *docs: Object) -> Path:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text("".join(json.dumps(doc) + "\n" for doc in docs), "utf-8")
    return Path(path)


def test_the_worked_example(run: Run) -> None:
    path = write("samples_boiling.jsonl", EXAMPLE)
    for command in ("loss", "nll"):
        assert float(run(command, path).out) == pytest.approx(0.00916267377560058, rel=1e-12)
    found = run("eval", path, "--json").json["metrics"]
    assert found["brier"]["value"] == pytest.approx(1.5698e-4, rel=1e-4)
    assert [found[name]["value"] for name in ("accuracy", "acc_norm", "acc_bytes")] == [1, 1, 1]


@pytest.mark.parametrize("model", ["small", "large"])
def test_sample_data_against_a_loop(run: Run, model: str) -> None:
    (path,) = (DATA / model).glob("samples_quiz_*")
    want = looped(path, lambda doc: int(doc["target"]), lambda doc: doc["doc"]["choices"])
    outcome = run("eval", path, "--json")
    found = outcome.json["metrics"]
    assert found["loss"]["value"] == pytest.approx(want.loss, rel=1e-14)
    assert found["loss"]["standard_error"] == pytest.approx(want.error, rel=1e-12)
    assert found["brier"]["value"] == pytest.approx(want.brier, rel=1e-13)
    assert found["accuracy"]["value"] == want.shares["acc"]
    for name in ("acc_norm", "acc_bytes"):
        assert found[name]["value"] == want.shares[name]
        share, n = want.shares[name], found[name]["n"]
        assert found[name]["standard_error"] == pytest.approx(
            math.sqrt(share * (1 - share) / (n - 1)), rel=1e-12
        )
    assert outcome.err == ""


def random_docs(seed: int, count: int = 40) -> list[Object]:
    """Return docs whose choices differ in number, length and bytes, with ties among them."""
    rng = random.Random(seed)  # noqa: S311 - the same each time
    docs = []
    for i in range(count):
        texts = [
            "é" * rng.randint(1, 4) + "x" * rng.randint(1, 9) for _ in range(rng.randint(2, 5))
        ]
        values = [-rng.randint(1, 12) / 2 for _ in texts]
        doc = doc_of(i, texts, values, rng.randrange(len(texts)))
        docs.append(doc)
    return docs


@pytest.mark.parametrize("seed", range(3))
def test_ragged_choices_against_a_loop(run: Run, seed: int) -> None:
    path = write("a.jsonl", *random_docs(seed))
    want = looped(path, lambda doc: int(doc["target"]), lambda doc: doc["doc"]["choices"])
    found = run("eval", path, "--json").json["metrics"]
    assert found["loss"]["value"] == pytest.approx(want.loss, rel=1e-13)
    assert found["brier"]["value"] == pytest.approx(want.brier, rel=1e-12)
    shares = {"acc": found["accuracy"]["value"]}
    shares |= {name: found[name]["value"] for name in ("acc_norm", "acc_bytes")}
    assert shares == want.shares


@in_one_test
@pytest.mark.parametrize(
    ("target", "texts", "doc", "delimiter", "gold"),
    [
        ("1", ["b", "cc"], None, " ", 1),
        ("cc", ["b", "cc"], None, " ", 1),
        (" cc ", ["b", "cc"], {"endings": ["b", "cc"]}, " ", 1),
        ("1", ["A", "B"], {"choices": {"text": ["long one", "other"]}}, " ", 1),
        ("cc", ["b", "cc"], {"mc1_targets": {"choices": ["b", "cc"], "labels": [1, 0]}}, "", 1),
        ("yes", ["no", "yes"], {"passage": "p"}, "\n", 1),
        ("[1]", ["b", "cc"], None, " ", 1),
        ("['cc']", ["b", "cc"], None, " ", 1),
        ("2", ["1", "2", "3"], None, " ", 2),
        ("B", ["b", "cc"], {"choices": {"text": ["b", "cc"], "label": ["A", "B"]}}, " ", 1),
    ],
)
def test_targets(
    run: Run, target: str, texts: list[str], doc: Any, delimiter: str, gold: int
) -> None:
    """A target is a number or a text; choices stand where the task has them."""
    if delimiter == "\n":
        doc = {"options": texts}
    values = [-float(i + 1) for i in range(len(texts))]
    path = write("a.jsonl", doc_of(0, texts, values, target, doc, delimiter))
    total = math.fsum(math.exp(value) for value in values)
    assert float(run("loss", path).out) == pytest.approx(math.log(total) - values[gold], rel=1e-13)


def test_numbers_that_are_texts(run: Run) -> None:
    """Targets that are numbers and texts of choices are read as the logged accuracy has them."""
    docs = [
        doc_of(0, ["1", "2", "3"], [-9.0, -1.0, -9.0], "2", acc=1.0),
        doc_of(1, ["1", "2", "3"], [-1.0, -9.0, -9.0], "1", acc=1.0),
    ]
    outcome = run("eval", write("a.jsonl", *docs), "--metric", "accuracy")
    assert (outcome.out, outcome.err) == ("1.0\n", "")


def test_what_was_logged_is_compared(run: Run) -> None:
    docs = [
        doc_of(7, ["a", "b"], [-1.0, -2.0], 0, acc=1.0, acc_norm=0.0),
        doc_of(8, ["a", "b"], [-1.0, -2.0], 1, acc=0.0, acc_norm=0.0),
    ]
    outcome = run("eval", write("a.jsonl", *docs))
    assert outcome.code == 0
    assert outcome.err == (
        "warning: a.jsonl:1: doc 7: the logged acc_norm is 0, and by the log-likelihoods 1; "
        "such docs: 1 of 2 (logged mean 0, here 0.5)\n"
    )
    own = run("loss", write("b.jsonl", doc_of(0, ["a", "b"], [-1.0, -2.0], 0, acc=0.25)))
    assert "the logged acc is no share of right choices" in own.err


def test_several_right_choices(run: Run) -> None:
    docs = [
        doc_of(0, ["a", "b", "c"], [-2.0, -1.0, -3.0], "[0, 1]", acc=1.0),
        doc_of(1, ["a", "b", "c"], [-2.0, -1.0, -3.0], 1, acc=1.0),
    ]
    path = write("a.jsonl", *docs)
    outcome = run("eval", path, "--json")
    found = outcome.json
    assert (found["used"], found["metrics"]["acc_norm"]["value"]) == (1, 1.0)
    assert "docs with several right choices: 1" in outcome.err
    nothing = run("loss", write("b.jsonl", docs[0]))
    assert (nothing.code, nothing.err.count("\n")) == (1, 1)


def test_choices_that_are_contexts(run: Run) -> None:
    """Of two, the logged accuracy tells which is right; of more, nothing does."""
    docs = []
    for i, hit in enumerate([1.0, 0.0]):
        doc = doc_of(i, ["it fell", "it fell"], [-1.0, -3.0], "it fell", acc=hit)
        for k, name in enumerate(["Ann", "Bob"]):
            doc["arguments"][f"gen_args_{k}"]["arg_0"] = name
        docs.append(doc)
    outcome = run("loss", write("a.jsonl", *docs), "--reduction", "none")
    base = math.log1p(math.exp(-2.0))
    losses = [float(line.split(",")[1]) for line in outcome.out.splitlines()[1:]]
    assert losses == pytest.approx([base, base + 2.0], rel=1e-14)
    assert "the choices are contexts" in outcome.err


@pytest.mark.parametrize("strided", [False, True])
def test_mutual_information(run: Run, strided: bool) -> None:
    values, bare = [-2.0, -1.0, -4.0], [-1.5, -0.25, -3.9]  # gains -0.5, -0.75, -0.1
    doc = doc_of(0, ["a", "b", "c"], values, 2, metrics=["acc", "acc_mutual_info"])
    pairs = [(value, "Q") for value in values] + [(value, "") for value in bare]
    pairs = [pairs[k] for k in (0, 3, 1, 4, 2, 5)] if strided else pairs
    doc["filtered_resps"] = [[str(value), "False"] for value, _ in pairs]
    doc["arguments"] = {
        f"gen_args_{i}": {"arg_0": context, "arg_1": " " + "abc"[i // 2 if strided else i % 3]}
        for i, (_, context) in enumerate(pairs)
    }
    found = run("eval", write("a.jsonl", doc), "--json").json["metrics"]
    assert (found["accuracy"]["value"], found["acc_mutual_info"]["value"]) == (0.0, 1.0)
    total = math.fsum(math.exp(value) for value in values)
    assert found["loss"]["value"] == pytest.approx(math.log(total) + 4.0, rel=1e-14)


def test_old_files(run: Run) -> None:
    """Before 0.4.3, numbers are numbers, arguments are lists, and there is no filter."""
    doc = doc_of(0, ["a", "bb"], [-1.0, -0.5], 0)
    doc["target"], doc["arguments"] = 0, [["Q", " a"], ["Q", " bb"]]
    doc["resps"] = [[[-1.0, False]], [[-0.5, True]]]
    doc["filtered_resps"] = [[-1.0, False], [-0.5, True]]
    del doc["filter"]
    assert float(run("loss", write("a.jsonl", doc)).out) == pytest.approx(
        math.log1p(math.exp(0.5)), rel=1e-14
    )


def test_filters(run: Run) -> None:
    docs = [doc_of(i, ["a", "b"], [-1.0, -2.0], i, filter="first") for i in range(2)]
    others = [doc_of(i, ["a", "b"], [-2.0, -1.0], i, filter="second") for i in range(2)]
    path = write("a.jsonl", docs[0], others[0], docs[1], others[1])
    outcome = run("eval", path, "--metric", "accuracy")
    assert outcome.out == "0.5\n"
    assert "filter 'first' are read; those of 'second' are left out, lines: 2" in outcome.err
    one = write("b.jsonl", docs[0], others[1])
    assert run("eval", one, "--metric", "accuracy", "--key", "second").out == "1.0\n"
    missing = run("eval", one, "--key", "third")
    assert (missing.code, missing.err.count("\n")) == (1, 2)


def test_tasks_together_and_apart(run: Run) -> None:
    """Several files are several tasks, whose docs may have the same numbers."""
    date = "_2026-01-02T03-04-05.678901.jsonl"
    paths = [
        write(f"samples_{task}{date}", *random_docs(seed)) for seed, task in enumerate("ab", 1)
    ]
    each = [
        looped(path, lambda doc: int(doc["target"]), lambda doc: doc["doc"]["choices"])
        for path in paths
    ]
    for arguments in (paths, ["samples_*.jsonl"]):
        found = run("eval", *arguments, "--json").json
        assert [group["name"] for group in found["groups"]] == ["a", "b"]
        for group, want in zip(found["groups"], each, strict=True):
            assert group["metrics"]["loss"]["value"] == pytest.approx(want.loss, rel=1e-13)
            assert group["metrics"]["acc_norm"]["value"] == want.shares["acc_norm"]
        mean = (each[0].loss + each[1].loss) / 2
        assert found["metrics"]["loss"]["value"] == pytest.approx(mean, rel=1e-13)
    twice = run("eval", paths[0], write("more/samples_a" + date, *random_docs(9)))
    assert (twice.code, twice.err.count("\n")) == (1, 2)
    assert "xent compare" in twice.err


def test_two_models_are_matched_by_doc(run: Run) -> None:
    base, new = random_docs(1), random_docs(1)
    for doc in new:
        doc["filtered_resps"].reverse()
    paths = write("a.jsonl", *base), write("b.jsonl", *new[::-1])
    one, two = (
        looped(path, lambda doc: int(doc["target"]), lambda doc: doc["doc"]["choices"])
        for path in paths
    )
    found = run("compare", *paths, "--json").json
    metrics = found["comparisons"][0]["metrics"] if "comparisons" in found else found["metrics"]
    assert metrics["loss_difference"]["value"] == pytest.approx(two.loss - one.loss, rel=1e-12)
    new[3]["doc_hash"] = "other"
    outcome = run("compare", paths[0], write("c.jsonl", *new))
    assert outcome.code == 1
    assert outcome.err.startswith(
        "error: c.jsonl:4: doc 3 has another doc_hash than in a.jsonl:4: the models were asked"
    )


def text_doc(number: int, value: float, words: int, size: int) -> Object:
    pairs = {"word_perplexity": words, "byte_perplexity": size, "bits_per_byte": size}
    return {
        "doc_id": number,
        "doc": {"page": "p"},
        "target": "p",
        "arguments": {"gen_args_0": {"arg_0": "p"}},
        "resps": [[str(value)]],
        "filtered_resps": [str(value)],
        "filter": "none",
        "metrics": list(pairs),
        **{name: [value, weight] for name, weight in pairs.items()},
    }


def test_whole_texts(run: Run) -> None:
    rng = random.Random(5)  # noqa: S311 - the same each time
    told = [(-rng.uniform(50, 900), rng.randint(9, 90), rng.randint(99, 999)) for _ in range(12)]
    path = write("a.jsonl", *(text_doc(i, *each) for i, each in enumerate(told)))
    total = -math.fsum(value for value, _, _ in told)
    words, size = sum(each[1] for each in told), sum(each[2] for each in told)
    mean = total / size
    spread = math.fsum((-value - mean * n) ** 2 for value, _, n in told)
    outcome = run("nll", path, "--json")
    found = outcome.json
    assert found["loss"] == pytest.approx(mean, rel=1e-14)
    assert found["bits_per_byte"] == pytest.approx(mean / math.log(2), rel=1e-14)
    assert found["byte_perplexity"] == pytest.approx(math.exp(mean), rel=1e-13)
    assert found["word_perplexity"] == pytest.approx(math.exp(total / words), rel=1e-12)
    error = math.sqrt(12 / 11 * spread) / size
    assert found["standard_error"] == pytest.approx(error, rel=1e-12)
    assert run("nll", path, "--fail-if", "bits_per_byte > 0").code == 3
    assert float(run("nll", path, "--reduction", "sum").out) == pytest.approx(total, rel=1e-14)
    assert run("eval", path).err.splitlines()[1] == "hint: xent nll a.jsonl"


def test_continuations(run: Run) -> None:
    docs = [doc_of(i, ["w"], [value], "w") for i, value in enumerate([-3.25, -1.25])]
    found = run("nll", write("a.jsonl", *docs), "--json").json
    assert (found["loss"], found["used"]) == (2.25, 2)


def test_generated_answers(run: Run) -> None:
    doc = {**text_doc(0, -1.0, 1, 1), "resps": [["42"]], "filtered_resps": ["42"]}
    doc["arguments"] = {"gen_args_0": {"arg_0": "6 * 7", "arg_1": {"until": ["\n"]}}}
    doc |= {"metrics": ["exact_match"], "exact_match": 1.0}
    outcome = run("eval", write("a.jsonl", doc))
    assert outcome.code == 1
    assert outcome.err == (
        "error: a.jsonl: answers that were generated: there are no log-likelihoods, and so no "
        "loss\nhint: logged, of 1 docs: exact_match 1\n"
    )
    assert "generated answers" in run("info", "a.jsonl").out


def test_details_of_lighteval(run: Run) -> None:
    """Columns of structures: the doc, the response, and what was measured."""
    values, golds = [[-9.25, -4.5, -12.0], [-1.0, -2.0], [-3.0, -0.5]], [1, 0, 0]
    rows: list[Object] = [
        {
            "doc": {
                "query": "q",
                "choices": [f" {i}" for i in range(len(row))],
                "gold_index": gold,
            },
            "model_response": {"logprobs": row},
            "metric": {"acc": float(row[gold] == max(row))},
        }
        for row, gold in zip(values, golds, strict=True)
    ]
    name = "details_quiz_2026-01-02T03-04-05.678901.parquet"
    pq.write_table(pa.Table.from_pylist(rows), name)
    losses = [
        math.log(math.fsum(map(math.exp, row))) - row[gold]
        for row, gold in zip(values, golds, strict=True)
    ]
    outcome = run("eval", name, "--json")
    found = outcome.json["metrics"]
    assert outcome.err == ""
    assert found["loss"]["value"] == pytest.approx(math.fsum(losses) / 3, rel=1e-14)
    assert found["accuracy"]["value"] == pytest.approx(2 / 3, rel=1e-15)
    (listed,) = run("info", name, "--json").json["files"]
    assert (listed["format"], listed["fits"]) == ("parquet", f"xent eval {name}")
    assert listed["looks_like"] == "log-likelihoods of choices (lighteval)"
    tokens = [[[value / 4, value * 0.75] for value in row] for row in values]
    for by_token in (
        [{"logprobs": row} for row in tokens],
        [
            {"logprobs": [x for one in row for x in one], "output_tokens": [[5, 6]] * len(row)}
            for row in tokens
        ],
    ):
        split = [{**row, "model_response": one} for row, one in zip(rows, by_token, strict=True)]
        pq.write_table(pa.Table.from_pylist(split), name)
        assert run("eval", name, "--json").json["metrics"]["loss"] == found["loss"]
    rows[1]["doc"]["gold_index"] = 2
    pq.write_table(pa.Table.from_pylist(rows), name)
    wrong = run("loss", name)
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    assert "row 1: the right choice 2 is none of 2" in wrong.err


def test_info(run: Run) -> None:
    (path,) = (DATA / "small").glob("samples_quiz_*")
    found = run("info", path, "--json").json["files"][0]
    assert (found["shape"], found["fits"]) == ([8, 4], f"xent eval {path}")
    assert found["negative_infinities"] == 0


@in_one_test
@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'{"doc_id": 1}',
        b'{"doc_id": 1, "arguments": 3, "resps": 4}',
        b'{"doc_id": 1, "arguments": {}, "filtered_resps": [["x", "y"]]}',
        b'{"doc_id": 1, "arguments": [], "filtered_resps": []}',
        b"\xff\xfe",
        b'{"doc_id": 0, "arguments": {"a": {"arg_0": ""}}, "filtered_resps": ["-1.5"]}',
    ],
)
def test_what_is_no_sample_is_one_line(run: Run, line: bytes) -> None:
    content = json.dumps(EXAMPLE).encode() + b"\n" + line + b"\n"
    outcome = run("loss", "-", stdin=content)
    assert "Traceback" not in outcome.err
    if line:
        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err.startswith("error: <stdin>")
    else:
        assert outcome.code == 0
