"""Files by position fill, in order, the inputs that no option names."""

from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run
from in_one_test import in_one_test

pytestmark = pytest.mark.usefixtures("folder")
LINES = [
    ["z.npy", "y.npy"],
    ["--logits", "z.npy", "--labels", "y.npy"],
    ["--logits", "z.npy", "y.npy"],
    ["y.npy", "--logits", "z.npy"],
    ["z.npy", "--labels", "y.npy"],
    ["--labels", "y.npy", "z.npy"],
]


@in_one_test
@pytest.mark.parametrize("line", LINES, ids=" ".join)
@pytest.mark.parametrize("name", ["loss", "explain"])
def test_logits_and_labels(run: Run, name: str, line: list[str]) -> None:
    outcome = run(name, *line)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == run(name, *LINES[1]).out


@in_one_test
@pytest.mark.parametrize("line", LINES, ids=" ".join)
@pytest.mark.parametrize("option", ["--log-probs", "--probs"])
def test_nll(run: Run, folder: Path, line: list[str], option: str) -> None:
    logits, labels = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.save(folder / "z.npy", probs if option == "--probs" else np.log(probs))
    if option == "--probs" and "--logits" not in line:
        line = ["--probs", "z.npy", *(part for part in line if part != "z.npy")]
    outcome = run("nll", *(part.replace("--logits", option) for part in line))
    assert float(outcome.out) == pytest.approx(-np.log(probs[range(5), labels]).mean())


def test_shards(run: Run, folder: Path) -> None:
    logits = np.load(folder / "z.npy")
    np.save(folder / "s-1.npy", logits[:2])
    np.save(folder / "s-2.npy", logits[2:])
    whole = run("softmax", "z.npy").out
    for line in (
        ["s-1.npy", "s-2.npy"],
        ["s-*.npy"],
        ["--logits", "s-1.npy", "--logits", "s-2.npy"],
    ):
        assert run("softmax", *line).out == whole
    assert run("loss", "s-*.npy", "y.npy").out == run("loss", "z.npy", "y.npy").out
    assert run("one-hot", "--labels", "y.npy").out == run("one-hot", "y.npy").out


@in_one_test
@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["loss", "z.npy", "y.npy", "x.npy"], "a file too many: x.npy"),
        (["loss", "1", "2", "3", "4", "5", "6"], "4 files too many: 3 4 5 ..."),
        (["loss", "z.npy", "--logits", "z.npy", "--labels", "y.npy"], "a file too many: z.npy"),
        (["softmax", "z.npy", "--logits", "z.npy"], "a file too many: z.npy"),
        (["nll", "z.npy", "--probs", "z.npy", "--labels", "y.npy"], "a file too many: z.npy"),
        (["loss"], "there is no file of LOGITS"),
        (["nll", "--labels", "y.npy"], "there is no file of LOG_PROBS"),
        (["one-hot"], "there is no file of LABELS"),
        (["info"], "Missing argument 'FILE...'"),
        (["loss", "z.npy"], "where are the labels?"),
        (["loss", "-", "-"], "only one input can be standard input"),
        (["softmax", "-", "z.npy", "-"], "only one input can be standard input"),
        (["explain", "-", "--labels", "-"], "only one input can be standard input"),
    ],
)
def test_what_is_not_said_clearly(run: Run, line: list[str], message: str) -> None:
    outcome = run(*line)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {message}")
