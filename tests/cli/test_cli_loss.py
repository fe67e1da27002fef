"""What loss prints, and what each of its options makes of it, against formulas of a textbook."""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import log_probs
from cli_tools import Run, refusal
from close_to import close_to
from formulas import cross_entropies, log_softmax
from in_one_test import in_one_test
from numpy.typing import NDArray

Array = NDArray[Any]
LOSS = ["loss", "--logits", "z.npy", "--labels", "y.npy"]
WEIGHT = np.array([1.0, 2.0, 0.5])


@pytest.fixture
def losses(logits: Array, labels: Array) -> Array:
    return np.asarray(cross_entropies(logits, labels), np.float64)


# What is printed


def test_the_bare_number(run: Run, losses: Array) -> None:
    outcome = run(*LOSS)
    assert outcome.err == ""
    assert float(outcome.out) == close_to(losses.mean(), rel=1e-14)
    assert outcome.out == f"{float(outcome.out)!r}\n"


def test_the_mean_is_the_exact_sum_of_the_rows(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(5)
    np.save(folder / "z.npy", rng.normal(scale=20, size=(1000, 7)))
    np.save(folder / "y.npy", rng.integers(0, 7, 1000))
    rows = [float(line) for line in run(*LOSS, "--reduction", "none").out.splitlines()]
    assert float(run(*LOSS, "--reduction", "sum").out) == math.fsum(rows)
    assert float(run(*LOSS).out) == math.fsum(rows) / 1000


def test_json(run: Run, losses: Array) -> None:
    answer = run(*LOSS, "--json").json
    mean, spread = losses.mean(), losses.std(ddof=1)
    assert answer == {
        "command": "loss",
        "reduction": "mean",
        "rows": 5,
        "used": 5,
        "ignored": 0,
        "unpaired": 0,
        "num_classes": 3,
        "loss": close_to(mean, rel=1e-14),
        "loss_sum": close_to(losses.sum(), rel=1e-14),
        "weight_sum": 5.0,
        "perplexity": close_to(math.exp(mean), rel=1e-14),
        "bits": close_to(mean / math.log(2), rel=1e-14),
        "standard_error": close_to(spread / math.sqrt(5), rel=1e-13),
        "accuracy": 0.2,
        "accuracy_low": close_to(0.0362241, rel=1e-5),
        "accuracy_high": close_to(0.6244654, rel=1e-5),
        "hits": 1,
        "binary": False,
        "picked": False,
        "metrics": {},
    }
    assert answer["loss"] == float(run(*LOSS).out)
    summed = run(*LOSS, "--json", "--reduction", "sum").json
    assert summed["loss"] == summed["loss_sum"] == answer["loss_sum"]
    listed = run(*LOSS, "--json", "--reduction", "none").json
    np.testing.assert_allclose(listed["losses"], losses, rtol=1e-14)
    assert (listed["command"], listed["reduction"]) == ("loss", "none")
    promised = {"loss", "loss_sum", "weight_sum", "rows", "used", "ignored", "num_classes"}
    assert promised | {"perplexity", "bits", "standard_error"} <= listed.keys()


def test_json_of_one_row_has_no_standard_error(run: Run, folder: Path) -> None:
    np.save(folder / "z.npy", np.zeros((1, 2)))
    np.save(folder / "y.npy", np.zeros(1, np.int64))
    assert run(*LOSS, "--json").json["standard_error"] is None


def test_accuracy_of_nll_and_of_class_probabilities(
    run: Run, folder: Path, logits: Array, labels: Array
) -> None:
    hits = int((logits.argmax(axis=1) == labels).sum())
    np.save(folder / "lp.npy", log_probs(logits))
    np.save(folder / "p.npy", np.exp(log_probs(logits)))
    for given in ("--log-probs lp.npy", "--probs p.npy"):
        answer = run("nll", *given.split(), "--labels", "y.npy", "--json").json
        assert (answer["accuracy"], answer["hits"]) == (hits / len(labels), hits)
    answer = run("loss", "--logits", "z.npy", "--labels", "p.npy", "--json").json
    names = ("accuracy", "accuracy_low", "accuracy_high", "hits")
    assert [answer[name] for name in names] == [None] * 4
    np.save(folder / "y.npy", np.full(len(labels), -100))
    assert run(*LOSS, "--json").json["accuracy"] is None


@pytest.mark.usefixtures("folder")
def test_a_bare_number_asks_for_the_loss_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from xentcli.metrics.accuracy import AccuracyState

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(AccuracyState, "from_rows", fail)
    assert run(*LOSS).code == 0
    assert run(*LOSS, "--reduction", "none").code == 0


def test_output_files(run: Run, folder: Path, losses: Array) -> None:
    for options in ([], ["--json"], ["--reduction", "none"]):
        printed = run(*LOSS, *options).out
        assert run(*LOSS, *options, "-o", "loss.csv") == (0, b"", b"")
        assert (folder / "loss.csv").read_text() == printed
        assert "exists" in refusal(run(*LOSS, "-o", "loss.csv")).error
        assert (folder / "loss.csv").read_text() == printed
        assert run(*LOSS, *options, "--output", "loss.csv", "--force").code == 0
        (folder / "loss.csv").unlink()
    for options, want in (([], losses.mean()), (["--reduction", "none"], losses)):
        assert run(*LOSS, *options, "-o", "loss.npy", "--force").code == 0
        np.testing.assert_allclose(np.load("loss.npy"), want, rtol=1e-14)


# Options


def test_options(run: Run, folder: Path, logits: Array, labels: Array, losses: Array) -> None:
    np.save(folder / "w.npy", WEIGHT)
    (folder / "row.csv").write_text("1,2,0.5\n")
    (folder / "column.csv").write_text("weight\n1\n2\n0.5\n")
    weighted, spread = losses * WEIGHT[labels], -log_softmax(logits).mean(axis=1)
    expected = {
        "--reduction mean": losses.mean(),
        "--reduction sum": losses.sum(),
        "--reduction none": losses,
        **{
            f"--weight {said}": weighted.sum() / WEIGHT[labels].sum()
            for said in ("1,2,0.5", "w.npy", "row.csv", "column.csv", "-")
        },
        "--weight 1,2,0.5 --reduction sum": weighted.sum(),
        "--label-smoothing 0.1": (0.9 * losses + 0.1 * spread).mean(),
        "--temperature 0.5": cross_entropies(logits / 0.5, labels).mean(),
    }
    for options, want in expected.items():
        outcome = run(*LOSS, *options.split(), stdin=b"1\n2\n0.5\n")
        got = [float(line) for line in outcome.out.splitlines()]
        np.testing.assert_allclose(got, np.ravel(want).astype(float), 1e-14, err_msg=options)
        assert outcome.err == "", options
    assert run(*LOSS, "--weight", "w.npy", "--json").json["weight_sum"] == WEIGHT[labels].sum()


@in_one_test
@pytest.mark.parametrize("command", ["loss", "eval"])
@pytest.mark.parametrize("said", ["-", "fifo"])
def test_weights_of_a_pipe_are_read_once_and_go_by_name(
    run: Run, folder: Path, command: str, said: str
) -> None:
    arguments = [command, "--logits", "z.csv", "--labels", "y.npy", "--json", "--weight"]
    want = run(*arguments, "1,2,0.5").json
    first, second, third = (folder / "z.csv").read_text().split()[0].split(",")
    content = f"{third},{first},{second}\n0.5,1,2\n".encode()
    os.mkfifo(folder / "fifo")
    with ThreadPoolExecutor(1) as pool:
        if said == "fifo":
            pool.submit((folder / "fifo").write_bytes, content)
        outcome = run(*arguments, said, stdin=content)
    assert outcome.code == 0
    measured = "loss" if command == "loss" else "metrics"
    assert outcome.json[measured] == want[measured]


def test_ignore_index(run: Run, folder: Path, logits: Array, losses: Array, labels: Array) -> None:
    """Nobody minds the logits of rows that are left out."""
    for ignored in (0, 1, 2, -1, 255):
        marked = labels if ignored in labels else np.where(labels == 1, ignored, labels)
        used = marked != ignored
        np.save(folder / "y.npy", marked)
        np.save(folder / "z.npy", np.where(used[:, None], logits, np.nan))
        answer = run(*LOSS, f"--ignore-index={ignored}", "--json").json
        assert answer["loss"] == close_to(losses[used].mean(), rel=1e-14), ignored
        assert (answer["used"], answer["ignored"]) == (used.sum(), (~used).sum())


@in_one_test
@pytest.mark.parametrize(("dtype", "rel"), [("float16", 5e-3), ("float32", 1e-6)])
def test_dtype_casts_first(
    run: Run, logits: Array, labels: Array, losses: Array, dtype: str, rel: float
) -> None:
    got = float(run(*LOSS, "--dtype", dtype).out)
    cast = cross_entropies(logits.astype(dtype), labels).mean()
    assert got == close_to(float(cast), rel=1e-6)
    assert got == close_to(losses.mean(), rel=rel)
    assert got != losses.mean()


def test_label_base(run: Run, folder: Path, labels: Array, losses: Array) -> None:
    np.save(folder / "y.npy", labels + 1)
    assert refusal(run(*LOSS)) == (
        "y.npy[2]: label 3 is outside 0..2",
        "labels look 1-based; try --label-base 1",
    )
    assert float(run(*LOSS, "--label-base", "1").out) == close_to(losses.mean(), rel=1e-14)
