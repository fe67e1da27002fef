"""PyTorch's stored answers, asked of the command line: from files, with options, as text.

All of them are asked of the functions in tests/test_golden.py. Here is a sample in which each value
of each option, each shape, each dtype and each error of each function occurs. The cases of the same
arrays share a test, which names those that fail.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Outcome, Run
from in_one_test import in_one_test
from numpy.typing import NDArray

Array = NDArray[Any]
Case = dict[str, Any]

STORED = json.loads((Path(__file__).parents[1] / "golden" / "cases.json").read_text("utf-8"))
RTOL = 1e-13
COMMANDS = {
    "cross_entropy": ["loss", "--logits"],
    "nll_loss": ["nll", "--log-probs"],
    "softmax": ["softmax"],
    "log_softmax": ["log-softmax"],
    "one_hot": ["one-hot"],
}
LOSSES, ARRAYS = ("cross_entropy", "nll_loss"), ("softmax", "log_softmax", "one_hot")


def decode(stored: Case, dtype: str) -> Array:
    return np.array(stored["data"], dtype=dtype).reshape(stored["shape"])


def array(name: str) -> Array:
    return decode(STORED["arrays"][name], STORED["arrays"][name]["dtype"])


def shape(name: str) -> list[int]:
    lengths: list[int] = STORED["arrays"][name]["shape"]
    return lengths


def features(case: Case) -> Iterator[str]:
    """Yield what a case shows of the command line, of which one case each is enough."""
    said = case.get("options", {})
    if "raises" in case:
        yield re.sub(r"\d+", "0", case["id"])  # the kind of mistake, whatever its numbers are
        yield from (f"refused {name}" for name in said)
        return
    yield from (f"{name}={value}" for name, value in said.items())
    dimensions = [len(shape(name)) for name in case["args"]]
    yield f"dimensions {dimensions}"
    yield f"dtypes {[STORED['arrays'][name]['dtype'] for name in case['args']]}"
    yield f"finite {np.isfinite(decode(case['expect'], 'float64')).all()}"
    joined = "weight" in case, said.get("reduction"), said.get("label_smoothing", 0.0) > 0.0
    yield f"joined {joined} {dimensions[0] == dimensions[-1]} {fits_csv(case)}"


def features_of_text(case: Case) -> Iterator[str]:
    """Yield what a case shows of numbers that are read from text and printed as text."""
    said = case.get("options", {})
    yield f"finite {np.isfinite(decode(case['expect'], 'float64')).all()} {said.get('reduction')}"
    yield f"labels {STORED['arrays'][case['args'][1]]['dtype']} {len(shape(case['args'][1]))}"
    yield from said
    yield f"weight {'weight' in case}"


def sample(cases: list[Case], features: Callable[[Case], Iterator[str]]) -> list[Case]:
    """Return the cases that show something which none before them shows."""
    seen: set[str] = set()
    chosen = []
    for case in cases:
        new = {f"{case['call']} {feature}" for feature in features(case)} - seen
        if new:
            chosen.append(case)
            seen |= new
    return chosen


def same_arrays(*calls: str, raises: bool, as_text: bool = False) -> list[Any]:
    """Return lists of the cases that share a function and its arrays."""
    chosen = [case for case in SAMPLE if case["call"] in calls and ("raises" in case) == raises]
    if as_text:
        chosen = sample(list(filter(fits_csv, chosen)), features_of_text)
    key = "{0[call]} {0[args]}".format
    groups = [list(group) for _, group in groupby(sorted(chosen, key=key), key)]
    return [pytest.param(group, id=f"{group[0]['id']}-and-{len(group) - 1}") for group in groups]


def fits_csv(case: Case) -> bool:
    """Whether the arrays are rows of at least two classes; an empty file holds no array.

    A sum is left out where its rows are asked for too: the format ends where reduction begins.
    """
    lengths, reduction = shape(case["args"][0]), case.get("options", {}).get("reduction")
    return len(lengths) == 2 and math.prod(lengths) > 0 and lengths[1] > 1 and reduction != "sum"


SAMPLE = sample(STORED["cases"], features)


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
