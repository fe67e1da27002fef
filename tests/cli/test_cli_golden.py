"""PyTorch's stored answers, asked of the command line: from files, with options, as text.

All of them are asked of the functions in tests/test_golden.py, and here is a sample. The cases of
the same arrays share a test, which names those that fail.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Outcome, Run
from golden_sample import Array, Case, array, decode, same_arrays, shape
from in_one_test import in_one_test

RTOL = 1e-13
COMMANDS = {
    "cross_entropy": ["loss", "--logits"],
    "nll_loss": ["nll", "--log-probs"],
    "softmax": ["softmax"],
    "log_softmax": ["log-softmax"],
    "one_hot": ["one-hot"],
}
LOSSES, ARRAYS = ("cross_entropy", "nll_loss"), ("softmax", "log_softmax", "one_hot")


def options(case: Case) -> list[str]:
    said = [f"--{name.replace('_', '-')}={v}" for name, v in case.get("options", {}).items()]
    return [option for option in said if option != "--num-classes=-1"]


def save(case: Case) -> list[str]:
    """Write the arrays as NPY files and return the command that reads them."""
    command = [*COMMANDS[case["call"]], "values.npy"]
    np.save("values", array(case["args"][0]))
    if case["call"] in LOSSES:
        np.save("labels", array(case["args"][1]))
        command += ["--labels", "labels.npy"]
    axes = len(shape(case["args"][0]))
    if axes != 2 and case["call"] in LOSSES:  # which may else be numbers with a label each
        command += ["--class-axis", "0" if axes == 1 else "1"]
    return command


def weight_file(case: Case) -> list[str]:
    if "weight" not in case:
        return []
    np.save("weight", array(case["weight"]))
    return ["--weight", "weight.npy"]


def difference(case: Case, got: Any, want: Array) -> str:
    """Say how an answer differs from PyTorch's, if it does."""
    got = np.asarray(got, dtype=want.dtype)
    if got.shape == want.shape and np.allclose(got, want, rtol=RTOL, atol=0.0, equal_nan=True):
        return ""
    return f"{case['id']}: {got.tolist()} is not {want.tolist()}"


def json_losses(answer: Any) -> Array:
    """Return the loss, or the losses in their shape; null is NaN."""
    if answer["reduction"] != "none":
        return np.array(answer["loss"], dtype=np.float64)
    return np.array(answer["losses"], dtype=np.float64).reshape(answer["shape"])


def text_losses(outcome: Outcome, lengths: tuple[int, ...]) -> Array:
    rows = list(csv.reader(outcome.out.splitlines()))
    return np.array([float(cell) for row in rows for cell in row]).reshape(lengths)


@in_one_test
@pytest.mark.parametrize("group", same_arrays(*LOSSES, raises=False))
def test_losses_of_npy_files(group: list[Case], run: Run) -> None:
    command = [*save(group[0]), "--non-finite", "propagate"]
    wrong = []
    for case in group:
        arguments = [*command, *options(case), *weight_file(case)]
        want = decode(case["expect"], "float64")
        outcome = run(*arguments, "--json")
        assert outcome.code == 0, f"{case['id']}: {outcome.err}"
        finite = np.where(np.isinf(want), np.nan, want)
        wrong.append(difference(case, json_losses(outcome.json), finite))
        if want.ndim < 3 and not np.isfinite(want).all():
            wrong.append(difference(case, text_losses(run(*arguments), want.shape), want))
    assert not any(wrong), "\n".join(filter(None, wrong))


def as_text(values: Array) -> str:
    numbers = values + 0 if values.dtype == np.bool_ else values
    rows = numbers.reshape(len(values), -1).tolist()
    return "".join(",".join(map(repr, row)) + "\n" for row in rows)


@in_one_test
@pytest.mark.parametrize("group", same_arrays(*LOSSES, raises=False, as_text=True))
def test_losses_of_csv_files(group: list[Case], run: Run) -> None:
    for name, stored in zip(("values", "labels"), group[0]["args"], strict=True):
        Path(f"{name}.csv").write_text(as_text(array(stored)))
    command = [*COMMANDS[group[0]["call"]], "values.csv", "--labels", "labels.csv"]
    wrong = []
    for case in group:
        weight = array(case["weight"]).tolist() if "weight" in case else []
        inline = [f"--weight={','.join(map(repr, weight))}"] if weight else []
        outcome = run(*command, *options(case), *inline, "--non-finite", "propagate")
        assert outcome.code == 0, f"{case['id']}: {outcome.err}"
        want = decode(case["expect"], "float64")
        wrong.append(difference(case, text_losses(outcome, want.shape), want))
    assert not any(wrong), "\n".join(filter(None, wrong))


@in_one_test
@pytest.mark.parametrize("group", same_arrays("softmax", "log_softmax", raises=False))
def test_softmax_of_npy_files(group: list[Case], run: Run) -> None:
    command = [*save(group[0]), "--non-finite", "propagate", "-o", "out.npy", "--force"]
    wrong = []
    for case in group:
        outcome = run(*command, *options(case))
        assert (outcome.code, outcome.stdout) == (0, b""), f"{case['id']}: {outcome.err}"
        got, want = np.load("out.npy"), decode(case["expect"], "float64")
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        wrong.append(difference(case, got, want))
    assert not any(wrong), "\n".join(filter(None, wrong))


@in_one_test
@pytest.mark.parametrize("group", same_arrays("one_hot", raises=False))
def test_one_hot_of_npy_files(group: list[Case], run: Run) -> None:
    command = [*save(group[0]), "-o", "out.npy", "--force"]
    for case in group:
        outcome = run(*command, *options(case))
        assert (outcome.code, outcome.stdout) == (0, b""), f"{case['id']}: {outcome.err}"
        got = np.load("out.npy")
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, decode(case["expect"], "uint8"), case["id"])


def kinder_than_pytorch(case: Case) -> bool:
    """Whether a file may hold what a tensor may not.

    Weights in one row of the right length, labels with an axis of length 1, and class
    probabilities as labels of nll.
    """
    logits, *others = (shape(argument) for argument in case["args"])
    if "weight" in case and shape(case["weight"]) == [1, *logits[1:]]:
        return True
    labels = others[0] if others else logits
    column = labels == [*logits[:1], *logits[2:], 1]
    return column or case["id"].startswith("nll-probabilities_")


@in_one_test
@pytest.mark.parametrize("group", same_arrays(*LOSSES, *ARRAYS, raises=True))
def test_what_pytorch_refuses(group: list[Case], run: Run) -> None:
    command = save(group[0])
    wrong = []
    for case in group:
        outcome = run(*command, *options(case), *weight_file(case))
        if kinder_than_pytorch(case):
            assert outcome.code == 0, outcome.err
            continue
        first, *rest = outcome.err.splitlines()
        is_one_error = first.startswith("error: ") and "a mistake in xent" not in first
        is_one_hint = len(rest) <= 1 and all(line.startswith("hint: ") for line in rest)
        if outcome.code not in (1, 2) or outcome.stdout or not (is_one_error and is_one_hint):
            wrong.append(f"{case['id']}: {outcome}")
    assert wrong == []
