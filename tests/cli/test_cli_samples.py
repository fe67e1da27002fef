"""Samples of lm-evaluation-harness, against a plain loop over their lines."""

import math
from pathlib import Path
from typing import Any

import pytest
from cli_tools import Run, refusal
from close_to import close_to
from harness_samples import (
    EXAMPLE,
    SAMPLES,
    choices_doc,
    looped,
    random_docs,
    write_docs,
)
from in_one_test import in_one_test

import xentcli as xent


def test_the_worked_example(run: Run) -> None:
    path = write_docs("samples_boiling.jsonl", EXAMPLE)
    for command in ("loss", "nll"):
        assert float(run(command, path).out) == close_to(0.00916267377560058, rel=1e-12)
    found = run("eval", path, "--json").json["metrics"]
    assert found["brier"]["value"] == close_to(1.5698e-4, rel=1e-4)
    assert [found[name]["value"] for name in ("accuracy", "acc_norm", "acc_bytes")] == [1, 1, 1]


@in_one_test
@pytest.mark.parametrize("model", ["small", "large"])
def test_sample_data_against_a_loop(run: Run, model: str) -> None:
    (path,) = (SAMPLES / model).glob("samples_quiz_*")
    want = looped(path)
    outcome = run("eval", path, "--json")
    found = outcome.json["metrics"]
    assert found["loss"]["value"] == close_to(want.loss, rel=1e-14)
    assert found["loss"]["standard_error"] == close_to(want.error, rel=1e-12)
    assert found["brier"]["value"] == close_to(want.brier, rel=1e-13)
    assert found["accuracy"]["value"] == want.shares["acc"]
    for name in ("acc_norm", "acc_bytes"):
        assert found[name]["value"] == want.shares[name]
        share, n = want.shares[name], found[name]["n"]
        assert found[name]["standard_error"] == close_to(
            math.sqrt(share * (1 - share) / (n - 1)), rel=1e-12
        )
    assert outcome.err == ""


@in_one_test
@pytest.mark.parametrize("seed", range(2))
def test_ragged_choices_against_a_loop(run: Run, seed: int) -> None:
    path = write_docs("a.jsonl", *random_docs(seed))
    want = looped(path)
    found = run("eval", path, "--json").json["metrics"]
    assert found["loss"]["value"] == close_to(want.loss, rel=1e-13)
    assert found["brier"]["value"] == close_to(want.brier, rel=1e-12)
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
    path = write_docs("a.jsonl", choices_doc(0, texts, values, target, doc, delimiter))
    total = math.fsum(math.exp(value) for value in values)
    assert float(run("loss", path).out) == close_to(math.log(total) - values[gold], rel=1e-13)


def test_numbers_that_are_texts(run: Run) -> None:
    """Targets that are numbers and texts of choices are read as the logged accuracy has them."""
    docs = [
        choices_doc(0, ["1", "2", "3"], [-9.0, -1.0, -9.0], "2", acc=1.0),
        choices_doc(1, ["1", "2", "3"], [-1.0, -9.0, -9.0], "1", acc=1.0),
    ]
    outcome = run("eval", write_docs("a.jsonl", *docs), "--metric", "accuracy")
    assert (outcome.out, outcome.err) == ("1.0\n", "")


def test_what_was_logged_is_compared(run: Run) -> None:
    docs = [
        choices_doc(7, ["a", "b"], [-1.0, -2.0], 0, acc=1.0, acc_norm=0.0),
        choices_doc(8, ["a", "b"], [-1.0, -2.0], 1, acc=0.0, acc_norm=0.0),
    ]
    outcome = run("eval", write_docs("a.jsonl", *docs))
    assert outcome.code == 0
    assert outcome.err == (
        "warning: a.jsonl:1: doc 7: the logged acc_norm is 0, and by the log-likelihoods 1; "
        "such docs: 1 of 2 (logged mean 0, here 0.5)\n"
    )
    own = run("loss", write_docs("b.jsonl", choices_doc(0, ["a", "b"], [-1.0, -2.0], 0, acc=0.25)))
    assert "the logged acc is no share of right choices" in own.err


def test_several_right_choices(run: Run) -> None:
    docs = [
        choices_doc(0, ["a", "b", "c"], [-2.0, -1.0, -3.0], "[0, 1]", acc=1.0),
        choices_doc(1, ["a", "b", "c"], [-2.0, -1.0, -3.0], 1, acc=1.0),
    ]
    path = write_docs("a.jsonl", *docs)
    outcome = run("eval", path, "--json")
    found = outcome.json
    assert (found["used"], found["metrics"]["acc_norm"]["value"]) == (1, 1.0)
    assert "docs with several right choices: 1" in outcome.err
    assert not refusal(run("loss", write_docs("b.jsonl", docs[0]))).hint


def test_choices_that_are_contexts(run: Run) -> None:
    """Of two, the logged accuracy tells which is right; of more, nothing does."""
    docs = []
    for i, hit in enumerate([1.0, 0.0]):
        doc = choices_doc(i, ["it fell", "it fell"], [-1.0, -3.0], "it fell", acc=hit)
        for k, name in enumerate(["Ann", "Bob"]):
            doc["arguments"][f"gen_args_{k}"]["arg_0"] = name
        docs.append(doc)
    outcome = run("loss", write_docs("a.jsonl", *docs), "--reduction", "none")
    base = math.log1p(math.exp(-2.0))
    losses = [float(line.split(",")[1]) for line in outcome.out.splitlines()[1:]]
    assert losses == close_to([base, base + 2.0], rel=1e-14)
    assert "the choices are contexts" in outcome.err


def test_filters(run: Run) -> None:
    docs = [choices_doc(i, ["a", "b"], [-1.0, -2.0], i, filter="first") for i in range(2)]
    others = [choices_doc(i, ["a", "b"], [-2.0, -1.0], i, filter="second") for i in range(2)]
    path = write_docs("a.jsonl", docs[0], others[0], docs[1], others[1])
    outcome = run("eval", path, "--metric", "accuracy")
    assert outcome.out == "0.5\n"
    assert "filter 'first' are read; those of 'second' are left out, lines: 2" in outcome.err
    one = write_docs("b.jsonl", docs[0], others[1])
    assert run("eval", one, "--metric", "accuracy", "--key", "second").out == "1.0\n"
    assert refusal(run("eval", one, "--key", "third")).hint


def test_tasks_together_and_apart(run: Run) -> None:
    """Several files are several tasks, whose docs may have the same numbers."""
    date = "_2026-01-02T03-04-05.678901.jsonl"
    paths = [
        write_docs(f"samples_{task}{date}", *random_docs(seed)) for seed, task in enumerate("ab", 1)
    ]
    each = [looped(path) for path in paths]
    for arguments in (paths, ["samples_*.jsonl"]):
        found = run("eval", *arguments, "--json").json
        assert [group["name"] for group in found["groups"]] == ["a", "b"]
        for group, want in zip(found["groups"], each, strict=True):
            assert group["metrics"]["loss"]["value"] == close_to(want.loss, rel=1e-13)
            assert group["metrics"]["acc_norm"]["value"] == want.shares["acc_norm"]
        mean = (each[0].loss + each[1].loss) / 2
        assert found["metrics"]["loss"]["value"] == close_to(mean, rel=1e-13)
    for groups in (
        xent.evaluate("samples_*.jsonl").groups,
        xent.compare("samples_*.jsonl", "samples_*.jsonl").groups,
    ):
        assert [group.name for group in groups] == ["a", "b"]
    alike = write_docs(f"more/samples_c{date}", *random_docs(1))  # by a pattern unquoted
    assert run("compare", paths[0], paths[0], "--metric", "kl").err.count("task") == 0
    noted = run("compare", paths[0], alike, "--metric", "kl").err
    assert "samples of the task 'c' are compared with those of 'a'; several tasks" in noted
    again = write_docs("more/samples_a" + date, *random_docs(9))
    assert "xent compare" in refusal(run("eval", paths[0], again)).hint


def test_a_second_file_of_samples_is_another_task_and_no_labels(run: Run) -> None:
    """Its targets were taken for those of the first file's docs, which are as many."""
    docs = {i: random_docs(i) for i in (1, 2)}
    for doc in (*docs[1][::2], *docs[2][::2]):  # some are right, so that there is a temperature
        doc["filtered_resps"][int(doc["target"])] = ["-0.25", "True"]
    paths = [write_docs(f"samples_{i}.jsonl", *each) for i, each in docs.items()]
    each = [looped(path) for path in paths]
    found = run("calibrate", *paths, "--folds", "0", "--json").json["metrics"]["loss_before"]
    assert found["value"] == close_to((each[0].loss + each[1].loss) / 2, rel=1e-12)
    shown = run("explain", *paths, "--rows", "40:41").table
    assert [row["label"] for row in shown if row["one_hot"] == "1"] == [docs[2][0]["target"]]
    for call in (xent.loss, xent.evaluate, xent.calibrate):
        with pytest.raises(xent.XentError, match="samples, whose targets are no labels of samples"):
            call(*map(str, paths))
    again = refusal(run("loss", paths[0], "--labels", paths[1]))
    assert again.error.startswith("samples_2.jsonl: samples, whose targets are no labels")


def test_two_models_are_matched_by_doc(run: Run) -> None:
    base, new = random_docs(1), random_docs(1)
    for doc in new:
        doc["filtered_resps"].reverse()
    paths = write_docs("a.jsonl", *base), write_docs("b.jsonl", *new[::-1])
    one, two = (looped(path) for path in paths)
    found = run("compare", *paths, "--json").json
    metrics = found["comparisons"][0]["metrics"] if "comparisons" in found else found["metrics"]
    assert metrics["loss_difference"]["value"] == close_to(two.loss - one.loss, rel=1e-12)
    new[3]["doc_hash"] = "other"
    outcome = run("compare", paths[0], write_docs("c.jsonl", *new))
    assert outcome.code == 1
    assert outcome.err.startswith(
        "error: c.jsonl:4: doc 3 has another doc_hash than in a.jsonl:4: the models were asked"
    )


@pytest.mark.parametrize("hashed", [True, False])
def test_models_asked_for_other_choices_are_not_compared(run: Run, hashed: bool) -> None:
    """The new model's loss would be that of the base's label, and a divergence infinite."""
    base, target, fewer = (random_docs(1) for _ in range(3))
    more = len(target[2]["doc"]["choices"])
    target[2]["target"] = str((int(target[2]["target"]) + 1) % more)
    fewer[4] = choices_doc(4, ["x", "y"], [-1.0, -2.0], 0)
    base[4] = choices_doc(4, ["x", "y", "z"], [-1.0, -2.0, -3.0], 0)
    target[4] = base[4]
    if not hashed:
        for doc in (doc for docs in (base, target, fewer) for doc in docs):
            doc.pop("doc_hash", None)
    path = write_docs("a.jsonl", *base)
    for docs, what, line in ((target, "right choice", 3), (fewer, "number of choices", 5)):
        refused = refusal(run("compare", path, write_docs("b.jsonl", *docs)))
        want = f"b.jsonl:{line}: doc {line - 1} has another {what} than in a.jsonl:{line}: the"
        assert want in refused.error
    unknown = random_docs(1)
    unknown[4] = {**base[4]}
    unknown[2]["target"] = "none of them"  # it does not say which is right, so nothing differs
    assert run("compare", path, write_docs("c.jsonl", *unknown)).code == 0


def test_measures_of_choices_are_of_the_docs_and_labels_that_count(run: Run) -> None:
    docs = random_docs(4, 30)
    path, some = write_docs("a.jsonl", *docs), write_docs("b.jsonl", *docs[7:19])
    names = ("accuracy", "acc_norm", "acc_bytes")
    asked = [each for name in names for each in ("--metric", name)]

    def shares(*arguments: Any) -> list[tuple[float, int]]:
        found = run("eval", *arguments, *asked, "--json").json["metrics"]
        return [(found[name]["value"], found[name]["n"]) for name in names]

    assert shares(path, "--rows", "7:19") == shares(some)
    assert shares(path, "--rows", "7:19", "--cluster", "axis0") == shares(some)
    zero = [doc for doc in docs if doc["target"] != "0"]
    assert shares(path, "--ignore-index", "0") == shares(write_docs("c.jsonl", *zero))
    own = [f"{doc['doc_id']},{int(doc['target'] == '0')}\n" for doc in docs]
    Path("y.csv").write_text("doc_id,y\n" + "".join(own[::-1]))
    lengths = run("eval", path, "y.csv", *asked).table[1:]
    assert [row["value"] for row in lengths] == ["", ""]  # of another target than the labels
    whole = [
        math.log(math.fsum(math.exp(float(pair[0])) for pair in doc["filtered_resps"]))
        - float(doc["filtered_resps"][int(doc["target"] == "0")][0])
        for doc in docs
    ]
    each = run("loss", path, "y.csv", "--reduction", "none").table
    assert [float(row["loss"]) for row in each] == [close_to(x, rel=1e-12) for x in whole]


@in_one_test
@pytest.mark.parametrize("command", ["loss", "nll", "eval", "calibrate", "explain"])
def test_right_choices_are_counted_from_0(run: Run, command: str) -> None:
    path = write_docs("a.jsonl", choices_doc(0, ["x", "y"], [-1.0, -2.0], 1))
    refused = refusal(run(command, path, "--label-base", "1"))
    assert refused.error.endswith("and docs say which choice is right")
    with pytest.raises(xent.XentError, match="docs say which choice is right"):
        xent.evaluate(path, label_base=1)
