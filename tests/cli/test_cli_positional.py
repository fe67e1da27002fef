"""Files by position fill, in order, the inputs that no option names."""

from pathlib import Path

import numpy as np
import pytest
from cli_files import log_probs
from cli_tools import Run
from in_one_test import in_one_folder

pytestmark = pytest.mark.usefixtures("folder")
LINES = [
    ["z.npy", "y.npy"],
    ["--logits", "z.npy", "--labels", "y.npy"],
    ["--logits", "z.npy", "y.npy"],
    ["y.npy", "--logits", "z.npy"],
    ["z.npy", "--labels", "y.npy"],
    ["--labels", "y.npy", "z.npy"],
]


@pytest.mark.parametrize("name", ["loss", "explain"])
def test_logits_and_labels(run: Run, name: str) -> None:
    found = [run(name, *line) for line in LINES]
    assert (found[0].code, found[0].err) == (0, "")
    assert found == [found[0]] * len(LINES)


@pytest.mark.parametrize("option", ["--log-probs", "--probs"])
def test_nll(run: Run, folder: Path, option: str) -> None:
    logits, labels = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    normalized = log_probs(logits)
    np.save(folder / "z.npy", np.exp(normalized) if option == "--probs" else normalized)
    for line in LINES:
        words = [part.replace("--logits", option) for part in line]
        if option == "--probs" and option not in words:
            words = ["--probs", "z.npy", *(part for part in words if part != "z.npy")]
        got = run("nll", *words).number
        assert got == pytest.approx(-normalized[range(5), labels].mean()), words


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


@in_one_folder
@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["loss", "z.npy", "y.npy", "x.npy"], "a file too many: x.npy"),
        (["eval", "--probs", "--json"], "--json stands where a file of LOGITS belongs"),
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
