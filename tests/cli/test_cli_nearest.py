"""What is typed and is no command or option: the nearest, or what is meant by another's word."""

import re

import pytest
from cli_tools import Run
from in_one_test import in_one_folder


@in_one_folder
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("softmx", "softmax"),
        ("temperature_scaling", "calibrate"),
        ("mcnemar", "compare --metric mcnemar_p"),
        ("KLDivLoss", "compare --metric kl"),
        ("cross-entropy", "loss"),
        ("cross_entropy", "loss"),
        ("CrossEntropyLoss", "loss"),
        ("nll-loss", "nll"),
        ("nll_loss", "nll"),
        ("NLLLoss", "nll"),
        ("log_loss", "nll --probs FILE"),
        ("logsoftmax", "log-softmax"),
        ("log_softmax", "log-softmax"),
        ("onehot", "one-hot"),
        ("one_hot", "one-hot"),
        ("ppl", "eval --metric perplexity"),
        ("perplexity", "eval --metric perplexity"),
        ("perplexty", "eval --metric perplexity"),
        ("accuracy", "eval --metric accuracy"),
        ("f1_score", "eval --metric macro_f1"),
        ("confusion_matrix", "eval --metric confusions"),
        ("binary_cross_entropy", "nll --binary --probs FILE"),
        ("BCEWithLogitsLoss", "loss --binary"),
        ("Loss", "loss"),
    ],
)
def test_what_other_libraries_call_a_command(run: Run, typed: str, meant: str) -> None:
    outcome = run(typed, "x.npy")
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: there is no command {typed!r}\nhint: did you mean xent ")
    assert re.search(rf"xent {meant}[?,]", outcome.err)


@in_one_folder
@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("softmax --dim 1", "--axis"),
        ("loss --dim 1", "--class-axis"),
        ("loss --target y.npy", "--labels"),
        ("loss --targets y.npy", "--labels"),
        ("nll --y y.npy", "--labels"),
        ("softmax --input z.npy", "--logits"),
        ("nll --input z.npy", "--log-probs"),
        ("one-hot --input z.npy", "--labels"),
        ("loss --ignore_index 0", "--ignore-index"),
        ("loss --reducton sum", "--reduction"),
        ("one-hot --n-classes 3", "--num-classes"),
        ("loss --sep x", "--delimiter"),
    ],
)
def test_what_other_libraries_call_an_option(run: Run, line: str, meant: str) -> None:
    outcome = run(*line.split())
    name, typed, _ = line.split()
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        f"error: No such option: {typed}",
        f"hint: did you mean {meant}? xent {name} --help",
    ]


def test_an_option_of_another_command(run: Run) -> None:
    outcome = run("loss", "--folds", "3")
    assert "this is an option of xent calibrate" in outcome.err


def test_models_that_an_option_names(run: Run) -> None:
    for typed in ("--base", "--new", "--models"):
        outcome = run("compare", typed, "a.npy", "b.npy")
        assert outcome.code == 2
        assert "hint: models go by position: xent compare BASE NEW;" in outcome.err
    assert "--baseline" in run("compare", "--baselin", "a.json").err
