"""Other kinds of samples: old ones, texts, generated answers, lighteval's, and what is none."""

import gzip
import json
import math
import random
from pathlib import Path
from shlex import quote
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, refusal
from close_to import close_to
from harness_samples import EXAMPLE, SAMPLES, Object, choices_doc, text_doc, write_docs
from in_one_test import in_one_test

FALSE = ["-1.0", "False"]


@in_one_test
@pytest.mark.parametrize("strided", [False, True])
def test_mutual_information(run: Run, strided: bool) -> None:
    values, bare = [-2.0, -1.0, -4.0], [-1.5, -0.25, -3.9]  # gains -0.5, -0.75, -0.1
    doc = choices_doc(0, ["a", "b", "c"], values, 2, metrics=["acc", "acc_mutual_info"])
    pairs = [(value, "Q") for value in values] + [(value, "") for value in bare]
    pairs = [pairs[k] for k in (0, 3, 1, 4, 2, 5)] if strided else pairs
    doc["filtered_resps"] = [[str(value), "False"] for value, _ in pairs]
    doc["arguments"] = {
        f"gen_args_{i}": {"arg_0": context, "arg_1": " " + "abc"[i // 2 if strided else i % 3]}
        for i, (_, context) in enumerate(pairs)
    }
    found = run("eval", write_docs("a.jsonl", doc), "--json").json["metrics"]
    assert (found["accuracy"]["value"], found["acc_mutual_info"]["value"]) == (0.0, 1.0)
    total = math.fsum(math.exp(value) for value in values)
    assert found["loss"]["value"] == close_to(math.log(total) + 4.0, rel=1e-14)


def test_old_files(run: Run) -> None:
    """Before 0.4.3, numbers are numbers, arguments are lists, and there is no filter."""
    doc = choices_doc(0, ["a", "bb"], [-1.0, -0.5], 0)
    doc["target"], doc["arguments"] = 0, [["Q", " a"], ["Q", " bb"]]
    doc["resps"] = [[[-1.0, False]], [[-0.5, True]]]
    doc["filtered_resps"] = [[-1.0, False], [-0.5, True]]
    del doc["filter"]
    assert float(run("loss", write_docs("a.jsonl", doc)).out) == close_to(
        math.log1p(math.exp(0.5)), rel=1e-14
    )


def test_whole_texts(run: Run) -> None:
    rng = random.Random(5)  # noqa: S311 - the same each time
    told = [(-rng.uniform(50, 900), rng.randint(9, 90), rng.randint(99, 999)) for _ in range(12)]
    path = write_docs("a.jsonl", *(text_doc(i, *each) for i, each in enumerate(told)))
    total = -math.fsum(value for value, _, _ in told)
    words, size = sum(each[1] for each in told), sum(each[2] for each in told)
    mean = total / size
    spread = math.fsum((-value - mean * n) ** 2 for value, _, n in told)
    outcome = run("nll", path, "--json")
    found = outcome.json
    assert found["loss"] == close_to(mean, rel=1e-14)
    assert found["bits_per_byte"] == close_to(mean / math.log(2), rel=1e-14)
    assert found["byte_perplexity"] == close_to(math.exp(mean), rel=1e-13)
    assert found["word_perplexity"] == close_to(math.exp(total / words), rel=1e-12)
    error = math.sqrt(12 / 11 * spread) / size
    assert found["standard_error"] == close_to(error, rel=1e-12)
    assert run("nll", path, "--fail-if", "bits_per_byte > 0").code == 3
    assert float(run("nll", path, "--reduction", "sum").out) == close_to(total, rel=1e-14)
    assert run("eval", path).err.splitlines()[1] == "hint: xent nll a.jsonl"


def test_continuations(run: Run) -> None:
    docs = [choices_doc(i, ["w"], [value], "w") for i, value in enumerate([-3.25, -1.25])]
    found = run("nll", write_docs("a.jsonl", *docs), "--json").json
    assert (found["loss"], found["used"]) == (2.25, 2)


def test_generated_answers(run: Run) -> None:
    doc = {**text_doc(0, -1.0, 1, 1), "resps": [["42"]], "filtered_resps": ["42"]}
    doc["arguments"] = {"gen_args_0": {"arg_0": "6 * 7", "arg_1": {"until": ["\n"]}}}
    doc |= {"metrics": ["exact_match"], "exact_match": 1.0}
    assert refusal(run("eval", write_docs("a.jsonl", doc))) == (
        "a.jsonl: answers that were generated: there are no log-likelihoods, and so no loss",
        "logged, of 1 docs: exact_match 1",
    )
    assert "generated answers" in run("info", "a.jsonl").out


@in_one_test
@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([FALSE, ["None", "True"], FALSE], "['None', 'True'] is no log-likelihood of a choice"),
        ([FALSE, [True, "True"], FALSE], "[True, 'True'] is no log-likelihood of a choice"),
        ([FALSE, FALSE], "2 log-likelihoods of 3 choices"),
    ],
)
def test_log_likelihoods_that_are_not_those_of_the_choices(
    run: Run, values: list[Any], says: str
) -> None:
    """A doc was one of fewer choices, or true was taken for 1."""
    doc = {**EXAMPLE, "doc_id": 1, "filtered_resps": values}
    refused = refusal(run("eval", write_docs("a.jsonl", EXAMPLE, doc)))
    assert refused.error == f"a.jsonl:2: {says}"


LIGHTEVAL = "details_quiz_2026-01-02T03-04-05.678901.parquet"
CHOICES, GOLDS = [[-9.25, -4.5, -12.0], [-1.0, -2.0], [-3.0, -0.5]], [1, 0, 0]


def write_details(
    responses: list[Any], golds: list[int], ids: str = "", name: str = LIGHTEVAL
) -> None:
    """Write what lighteval logs: the doc, the response, and what was measured.

    `ids` has a letter for each row, or none.
    """
    rows: list[Object] = [
        {
            "doc": {
                "query": "q",
                "choices": [f" {i}" for i in range(len(row))],
                "gold_index": gold,
                "id": called,
            },
            "model_response": response,
            "metric": {"acc": float(row[gold % len(row)] == max(row))},
        }
        for row, gold, response, called in zip(
            CHOICES, golds, responses, ids or [""] * len(golds), strict=True
        )
    ]
    pq.write_table(pa.Table.from_pylist(rows), name)


def test_details_of_lighteval(run: Run) -> None:
    write_details([{"logprobs": row} for row in CHOICES], GOLDS)
    losses = [
        math.log(math.fsum(map(math.exp, row))) - row[gold]
        for row, gold in zip(CHOICES, GOLDS, strict=True)
    ]
    outcome = run("eval", LIGHTEVAL, "--json")
    found = outcome.json["metrics"]
    assert outcome.err == ""
    assert found["loss"]["value"] == close_to(math.fsum(losses) / 3, rel=1e-14)
    assert found["accuracy"]["value"] == close_to(2 / 3, rel=1e-15)
    (listed,) = run("info", LIGHTEVAL, "--json").json["files"]
    assert (listed["format"], listed["fits"]) == ("parquet", f"xent eval {quote(str(LIGHTEVAL))}")
    assert listed["looks_like"] == "log-likelihoods of choices (lighteval)"
    tokens = [[[value / 4, value / 2, value / 4] for value in row] for row in CHOICES]
    for by_token in (
        [{"logprobs": row} for row in tokens],
        [
            {"logprobs": [x for one in row for x in one], "output_tokens": [[5, 6, 7]] * len(row)}
            for row in tokens
        ],
    ):
        write_details(by_token, GOLDS)
        assert run("eval", LIGHTEVAL, "--json").json["metrics"]["loss"] == found["loss"]


def test_docs_of_lighteval_are_matched_by_their_ids(run: Run) -> None:
    """The number of a row is no place in the data, since lighteval shuffles the docs."""
    write_details([{"logprobs": row} for row in CHOICES], GOLDS, "201")
    Path("lang.csv").write_text("doc_id,lang\n0,en\n1,en\n2,de\n")
    losses = [
        math.log(math.fsum(map(math.exp, row))) - row[gold]
        for row, gold in zip(CHOICES, GOLDS, strict=True)
    ]
    de, en = run("eval", LIGHTEVAL, "--by", "lang.csv", "--metric", "loss").table
    assert (de["group"], float(de["loss"])) == ("de", close_to(losses[0], rel=1e-12))
    assert (en["group"], float(en["loss"])) == ("en", close_to(sum(losses[1:]) / 2, rel=1e-12))
    table = pq.read_table(LIGHTEVAL)
    pq.write_table(table.take([1]), "details_b.parquet")  # another task, and no file of labels
    both = run("loss", LIGHTEVAL, "details_b.parquet").number
    assert both == close_to((sum(losses) + losses[1]) / 4, rel=1e-12)
    Path("other").mkdir()
    pq.write_table(table.take([2, 0, 1]), f"other/{LIGHTEVAL}")
    assert float(run("compare", LIGHTEVAL, f"other/{LIGHTEVAL}", "--metric", "kl_max").out) == 0
    for ids in ("221", ""):  # two docs of two splits have one id; older files have none
        write_details([{"logprobs": row} for row in CHOICES], GOLDS, ids)
        rows = run("loss", LIGHTEVAL, "--reduction", "none").table
        assert [row["doc_id"] for row in rows] == ["0", "1", "2"]


def test_log_probabilities_without_context_behind_those_of_lighteval(run: Run) -> None:
    """They are the second half, as lighteval takes it, also of choices of two tokens."""
    write_details([{"logprobs": row} for row in CHOICES], GOLDS)
    want = float(run("loss", LIGHTEVAL).out)
    both = [
        {"logprobs": [*row, *(x + 1 - i for i, x in enumerate(row))], "output_tokens": [[1, 2]] * n}
        for row in CHOICES
        for n in [len(row)]
    ]
    write_details(both, GOLDS)
    names = ("loss", "acc_mutual_info")  # the gains are i - 1: the last choice is taken
    rows = run("eval", LIGHTEVAL, *(each for name in names for each in ("--metric", name))).table
    assert [float(row["value"]) for row in rows] == [want, 0]


def test_a_null_and_options_for_columns_in_details_of_lighteval(run: Run) -> None:
    write_details([{"logprobs": [None, *row[1:]]} for row in CHOICES], GOLDS)
    assert refusal(run("loss", LIGHTEVAL)).error == f"{LIGHTEVAL}: row 0: a log-probability is null"
    write_details([{"logprobs": row} for row in CHOICES], GOLDS)
    for option in ("--label-column", "--columns", "--drop"):
        told = refusal(run("loss", LIGHTEVAL, option, "doc")).error
        assert told == f"{LIGHTEVAL}: samples have no columns to choose from"


def test_details_of_lighteval_under_another_name_are_told(run: Run) -> None:
    write_details([{"logprobs": row} for row in CHOICES], GOLDS, name="mine.parquet")
    Path("d.parquet.gz").write_bytes(gzip.compress(Path("mine.parquet").read_bytes()))
    for path in ("mine.parquet", "d.parquet.gz"):
        for command in ("loss", "eval", "calibrate"):
            refused = refusal(run(command, path))
            assert refused.error.startswith(f"{path}: docs of lighteval")
            assert refused.hint.startswith("name it details_TASK.parquet")


def test_a_right_choice_of_lighteval_that_is_none(run: Run) -> None:
    write_details([{"logprobs": row} for row in CHOICES], [1, 2, 0])
    assert "row 1: the right choice 2 is none of 2" in refusal(run("loss", LIGHTEVAL)).error


def test_info(run: Run) -> None:
    (path,) = (SAMPLES / "small").glob("samples_quiz_*")
    found = run("info", path, "--json").json["files"][0]
    assert (found["shape"], found["fits"]) == ([8, 4], f"xent eval {quote(str(path))}")
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
    if line:
        refused = refusal(outcome)
        assert refused.error.startswith("<stdin>")
        if "no sample as" in refused.error:
            assert refused.hint == "leave this line out"
    else:
        assert outcome.code == 0
