"""Files by position fill, in order, the inputs that no option names."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_files import log_probs
from cli_tools import Run, refusal
from formulas import mean_cross_entropy
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
        (["eval", "-", "y.npy", "--by", "-"], "only one input can be standard input"),
        (["compare", "z.npy", "-", "--cluster", "-"], "only one input can be standard input"),
        (["calibrate", "z.npy", "-", "--cluster", "-"], "only one input can be standard input"),
    ],
)
def test_what_is_not_said_clearly(run: Run, line: list[str], message: str) -> None:
    outcome = run(*line)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {message}")


@pytest.mark.usefixtures("folder")
def test_a_pipe_is_one_input(run: Run) -> None:
    """A second reading waited for ever, or read what the first one had left."""
    os.mkfifo("pipe")
    said = "two inputs are this one, which is read once"
    for line in (
        ["compare", "pipe", "pipe", "--labels", "y.npy"],
        ["softmax", "pipe", "./pipe"],
        ["eval", "z.npy", "pipe", "--cluster", "pipe"],
        ["info", "pipe", "pipe"],
    ):
        outcome = run(*line)
        assert (outcome.code, said in outcome.err) == (2, True), line
    outcome = run("loss", "-", "/dev/stdin", stdin=Path("z.npy").read_bytes())
    assert (outcome.code, outcome.err) == (2, f"error: /dev/stdin: {said}\n")


@pytest.mark.usefixtures("folder")
def test_groups_and_clusters_may_be_standard_input(run: Run) -> None:
    """As all other inputs: they were a column that is not there."""
    Path("g.csv").write_text("g\n" + "x\ny\n" * 2 + "x\n")
    for line in ("eval z.npy y.npy --by", "eval z.npy y.npy --cluster", "compare z.npy z.npy --by"):
        found = run(*line.split(), "-", "--json", stdin=Path("g.csv").read_bytes()).json
        wanted = run(*line.split(), "g.csv", "--json").json
        assert found["metrics"] == wanted["metrics"]
        assert found["groups"] == wanted["groups"]


COLUMNS = ["--label-column", "label"]


def write_both(rows: int) -> None:
    """Write files that hold logits and labels: a-0 and a-1 in each way there is."""
    rng = np.random.default_rng(3)
    for i in range(2):
        logits, labels = rng.normal(size=(rows, 3)), rng.integers(0, 3, rows)
        lists = [row.tolist() for row in logits]
        np.savez(f"a-{i}.npz", logits=logits, labels=labels)
        np.savez(f"y-{i}.npz", features=logits, labels=labels)
        table = pd.DataFrame({"logits": lists, "label": labels})
        table.to_json(f"a-{i}.jsonl", orient="records", lines=True, double_precision=15)
        table.to_parquet(f"a-{i}.parquet")
        wide = pd.DataFrame({**{name: logits[:, c] for c, name in enumerate("abc")}})
        wide.assign(label=labels).to_csv(f"a-{i}.csv", index=False)
        wide.assign(label=labels, id=range(rows)).to_csv(f"i-{i}.csv", index=False)


@pytest.mark.usefixtures("folder")
def test_a_second_file_of_logits_and_labels_is_of_labels_or_of_more_rows(run: Run) -> None:
    """What the shell makes of a-*.npz was the rows of the first with the labels of the second."""
    write_both(6)
    for ending, options in (
        ("npz", []),
        ("jsonl", []),
        ("csv", COLUMNS),
        ("parquet", ["--key", "logits", *COLUMNS]),
    ):
        commands = ("loss", "nll", "eval", "calibrate", "explain") if ending == "npz" else ("loss",)
        for command in commands:
            told = refusal(run(command, f"a-0.{ending}", f"a-1.{ending}", *options))
            assert told.error.startswith(f"a-1.{ending}: whole rows, as a-0.{ending} has, which")
            assert f"--labels a-1.{ending}; " in told.hint
        assert told == refusal(run("loss", "--logits", f"a-0.{ending}", f"a-1.{ending}", *options))
        both = [np.load(f"a-{i}.npz") for i in range(2)]
        named = run("loss", f"a-0.{ending}", "--labels", f"a-1.{ending}", *options)
        wanted = mean_cross_entropy(both[0]["logits"], both[1]["labels"])
        assert named.number == pytest.approx(wanted, rel=1e-12)
        logits, labels = (np.concatenate([f[name] for f in both]) for name in ("logits", "labels"))
        whole = run("loss", f"a-*.{ending}", *options).number
        assert whole == pytest.approx(mean_cross_entropy(logits, labels), rel=1e-12)
    for line in ("a-0.npz y-1.npz", "i-0.csv i-1.csv --label-column label"):
        assert run("loss", *line.split()).number == pytest.approx(wanted, rel=1e-12)
    picked = refusal(run("nll", "--picked", "a-0.npz", "a-1.npz"), 2)
    assert picked.error.startswith("--picked takes no labels")
    dropped = run("loss", "a-0.csv", "a-1.csv", "--drop", "label", *COLUMNS)
    assert dropped.number == pytest.approx(wanted, rel=1e-12)
