"""xent eval: what a pipe, JSON, a terminal and a page get, and what is refused."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from cli_files import DIGITS, log_probs
from cli_tools import Run, refusal
from in_one_test import in_one_folder

HEADER = "metric,value,standard_error,low,high,n"


# In a pipe


def test_a_pipe_gets_a_line_for_each_measure(run: Run) -> None:
    outcome = run("eval", *DIGITS)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == HEADER
    rows = {row["metric"]: row for row in outcome.table}
    assert rows["accuracy"]["value"] == repr(436 / 450)
    assert float(rows["loss"]["value"]) == float(run("loss", *DIGITS).out)
    assert rows["ece"]["standard_error"] == rows["ece"]["low"] == ""
    assert rows["mce"]["n"] == "1"
    assert [*rows][:5] == ["loss", "perplexity", "bits", "accuracy", "top5_accuracy"]


def test_one_measure_is_a_bare_number(run: Run) -> None:
    assert run("eval", *DIGITS, "--metric", "accuracy").out == f"{436 / 450!r}\n"
    assert run("eval", *DIGITS, "--metric", "top3_accuracy").out == f"{448 / 450!r}\n"
    two = run("eval", *DIGITS, "--metric", "mrr", "--metric", "accuracy").out.splitlines()
    assert [line.split(",")[0] for line in two] == ["metric", "mrr", "accuracy"]


def test_one_table_is_its_rows(run: Run) -> None:
    rows = run("eval", *DIGITS, "--metric", "confusions").table
    counts = {(row["label"], row["prediction"]): int(row["rows"]) for row in rows}
    logits, labels = (np.load(path) for path in DIGITS)
    predictions = logits.argmax(axis=1)
    for (label, prediction), count in counts.items():
        assert count == ((labels == int(label)) & (predictions == int(prediction))).sum()
    assert sum(counts.values()) == 450
    worst = run("eval", *DIGITS, "--metric", "worst_rows", "--worst", "3").table
    losses = run("loss", *DIGITS, "--reduction", "none").out.split()
    order = sorted(range(450), key=lambda i: -float(losses[i]))[:3]
    assert [(int(row["row"]), row["loss"]) for row in worst] == [(i, losses[i]) for i in order]


@in_one_folder
@pytest.mark.parametrize(
    "name", ["classes", "bins", "losses", "worst_rows", "suspects", "groups", "labels"]
)
def test_every_table_has_a_header(run: Run, name: str) -> None:
    outcome = run("eval", *DIGITS, "--metric", name)
    assert outcome.code == 0
    assert "," in outcome.out.splitlines()[0]


def test_an_output_is_a_file_by_its_extension(run: Run) -> None:
    run("eval", *DIGITS, "-o", "out.json")
    assert json.loads(Path("out.json").read_text())["metrics"]["accuracy"]["n"] == 450
    run("eval", *DIGITS, "-o", "out.tsv")
    assert Path("out.tsv").read_text().splitlines()[0] == HEADER.replace(",", "\t")
    run("eval", *DIGITS, "--metric", "loss", "-o", "loss.txt")
    assert Path("loss.txt").read_text() == run("loss", *DIGITS).out


# JSON


def test_json_has_everything(run: Run) -> None:
    found = run("eval", *DIGITS, "--json", "--digest").json
    assert found["command"] == "eval"
    assert found["metrics"]["accuracy"]["value"] == 436 / 450
    assert set(found["metrics"]["ece"]) == {"value", "standard_error", "low", "high", "n"}
    assert (found["rows"], found["used"], found["measured"]) == (450, 450, 450)
    assert len(found["bins"]) == 15
    assert len(found["worst_rows"]) == 10
    assert sum(pair["rows"] for pair in found["confusions"]) == 450
    assert found["groups"] is None
    logits, labels = found["files"]
    assert (logits["role"], logits["shape"], logits["size"]) == (
        "logits",
        [450, 10],
        DIGITS[0].stat().st_size,
    )
    assert labels["sha256"] == hashlib.sha256(DIGITS[1].read_bytes()).hexdigest()
    assert found["version"]


def test_shards_are_listed_one_by_one(run: Run) -> None:
    logits, labels = (np.load(path) for path in DIGITS)
    for i, part in enumerate(np.array_split(logits, 3)):
        np.save(f"z-{i}.npy", part)
    np.save("y.npy", labels)
    whole = run("eval", *DIGITS, "--json").json
    found = run("eval", "z-*.npy", "y.npy", "--json").json
    assert [file["shape"] for file in found["files"]] == [[150, 10]] * 3 + [[450]]
    assert found["metrics"] == whole["metrics"]


# Pages and pictures


def test_a_page_and_a_picture_are_written_beside_the_result(run: Run) -> None:
    logits = np.random.default_rng(8).normal(size=(12, 3))  # pictures of few classes are small
    np.save("z.npy", logits)
    np.save("y.npy", (logits.argmax(axis=1) + (np.arange(12) == 5)) % 3)
    Path("a.html").write_text("old")
    outcome = run(
        *("eval", "z.npy", "y.npy", "--metric", "loss", "--fail-if", "ece > 1"),
        *("--fail-if", "accuracy < 0.99", "--report", "a.html", "--plot", "a.svg", "--force"),
    )
    assert outcome.code == 3, outcome.err
    assert outcome.out == run("loss", "z.npy", "y.npy").out
    page = Path("a.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    gates = ("ece &gt; 1", "accuracy &lt; 0.99")
    for text in (*gates, "0.9167", "z.npy", "12 × 3", "Reliability", "Worst rows"):
        assert text in page, text
    assert Path("a.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("old.html", "exists already"),
        ("no/such.html", "there is no folder"),
        ("a.pdf", "a report is HTML"),
    ],
)
def test_a_page_that_cannot_be_written_is_known_before_the_work(
    run: Run, path: str, message: str
) -> None:
    Path("old.html").write_text("old")
    outcome = run("eval", "missing.npy", "missing.npy", "--report", path)
    assert outcome.code in (1, 2)
    assert message in outcome.err


# What is refused


@in_one_folder
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metric", "acuracy"], "did you mean accuracy?"),
        (["--metric", "top-5"], "did you mean top5_accuracy?"),
        (["--metric", "log_loss"], "did you mean loss?"),
        (["--metric", "ACE"], "did you mean equal_mass_ece?"),
        (["--top-k", "0"], "--top-k must be like 1,5, not '0'"),
        (["--top-k", "x"], "--top-k must be like 1,5, not 'x'"),
        (["--probs", "p.npy"], "a file too many"),
        (["--input", "probs", "--temperature", "2"], "--temperature divides logits"),
        (["--clip", "0.1"], "--clip is for rows of probabilities"),
        (["--by", "rows"], "each row by itself is no group"),
    ],
)
def test_usage_errors(run: Run, arguments: list[str], message: str) -> None:
    outcome = run("eval", *DIGITS, *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_a_temperature_of_log_probabilities(run: Run) -> None:
    """What calibrate fits to them divides them where they are given as logits."""
    np.save("p.npy", log_probs(np.load(DIGITS[0])))
    assert run("calibrate", "--log-probs", "p.npy", DIGITS[1], "-o", "t.json", "-q").code == 0
    named = ("--temperature", "t.json", "--metric", "loss")
    refused = refusal(run("eval", "--log-probs", "p.npy", DIGITS[1], *named), code=2)
    assert refused.hint == "log-probabilities count as logits: give them as such"
    found = run("eval", "--logits", "p.npy", DIGITS[1], *named).number
    assert math.isclose(found, 0.1111914824920989, rel_tol=1e-6)
    refused = refusal(run("eval", "--probs", "p.npy", DIGITS[1], *named), code=2)
    assert refused.hint.startswith("save the logits, or the logarithms")
    two = ("compare", "p.npy", "p.npy", "--temperature", "0.5", "--input")
    for kind in ("log-probs", "probs"):
        assert "count as logits" in refusal(run(*two, kind), code=2).hint, kind
    assert "once for each model" in refusal(run(*two, "logits", "--input", "probs"), code=2).hint
