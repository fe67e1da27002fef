"""xent eval: what it prints at a terminal, in a pipe and as JSON, and what it refuses."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, Terminal
from in_one_test import in_one_test

DATA = Path(__file__).parents[2] / "sample_data"
DIGITS = (DATA / "digits_logits.npy", DATA / "digits_labels.npy")
HEADER = "metric,value,standard_error,low,high,n"


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def write_rows(path: str, header: str, rows: Any) -> None:
    Path(path).write_text("\n".join([header, *(",".join(map(str, row)) for row in rows), ""]))


# In a pipe


def test_a_pipe_gets_a_line_for_each_measure(run: Run) -> None:
    outcome = run("eval", *DIGITS)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == HEADER
    rows = {row["metric"]: row for row in table(outcome.out)}
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
    rows = table(run("eval", *DIGITS, "--metric", "confusions").out)
    counts = {(row["label"], row["prediction"]): int(row["rows"]) for row in rows}
    logits, labels = (np.load(path) for path in DIGITS)
    predictions = logits.argmax(axis=1)
    for (label, prediction), count in counts.items():
        assert count == ((labels == int(label)) & (predictions == int(prediction))).sum()
    assert sum(counts.values()) == 450
    worst = table(run("eval", *DIGITS, "--metric", "worst_rows", "--worst", "3").out)
    losses = run("loss", *DIGITS, "--reduction", "none").out.split()
    order = sorted(range(450), key=lambda i: -float(losses[i]))[:3]
    assert [(int(row["row"]), row["loss"]) for row in worst] == [(i, losses[i]) for i in order]


@in_one_test
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
    assert labels["sha256"] == _sha256(DIGITS[1])
    assert found["version"]


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_shards_are_listed_one_by_one(run: Run) -> None:
    logits, labels = (np.load(path) for path in DIGITS)
    for i, part in enumerate(np.array_split(logits, 3)):
        np.save(f"z-{i}.npy", part)
    np.save("y.npy", labels)
    whole = run("eval", *DIGITS, "--json").json
    found = run("eval", "z-*.npy", "y.npy", "--json").json
    assert [file["shape"] for file in found["files"]] == [[150, 10]] * 3 + [[450]]
    assert found["metrics"] == whole["metrics"]


# At a terminal


def test_one_screen_for_ten_classes(terminal: Terminal) -> None:
    screen = terminal("eval", *DIGITS)
    assert len(screen.lines) <= 23
    assert max(map(len, screen.lines)) <= 80
    for text in ("0.1565 ± 0.0181", "0.9689", "436 of 450", "ECE 0.0690 (0.0306 by chance)"):
        assert text in screen.text
    assert "8 as 1  3" in screen.text
    assert screen.lines[-4].split()[:2] == ["38", "4.2382"]
    higher = terminal("eval", *DIGITS, env={"LINES": "26", "NO_COLOR": "1"})
    assert higher.lines[:-8] == screen.lines[:-6]
    assert len(higher.lines) == len(screen.lines) + 2


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(terminal: Terminal, columns: int) -> None:
    for more in ([], ["--metric", "all"]):
        screen = terminal("eval", *DIGITS, *more, columns=columns)
        assert screen.code == 0
        assert max(map(len, screen.lines)) <= columns


@pytest.mark.parametrize("bins", [1, 2, 20, 21, 60, 200])
def test_any_number_of_bins(terminal: Terminal, bins: int) -> None:
    screen = terminal("eval", *DIGITS, "--bins", str(bins))
    assert screen.code == 0
    assert max(map(len, screen.lines)) <= 80
    assert any(line.startswith("1.0 │") for line in screen.lines) == (bins <= 60)


def test_long_names_are_cut_in_the_middle(terminal: Terminal) -> None:
    names = ["a" * 60 + "1", "\x1b[31m" + "b" * 60]
    write_rows("z.csv", ",".join(names), [[2, 1], [1, 2], [3, 1.5]])
    write_rows("y.csv", "label", [[0], [0], [1]])
    screen = terminal("eval", "z.csv", "y.csv")
    assert "…" in screen.text
    assert "\x1b[31m" not in screen.text
    assert max(map(len, screen.lines)) <= 80


def test_ids_have_the_room_that_numbers_leave(terminal: Terminal) -> None:
    names = [f"photographs/2024/image-{i:04d}.jpg" for i in range(3)]
    write_rows("z.csv", "id,cat,dog", [[name, 2, 1] for name in names])
    write_rows("y.csv", "label", [[0], [0], [1]])
    for columns, whole in ((80, False), (120, True)):
        screen = terminal("eval", "z.csv", "y.csv", "--id-column", "id", columns=columns)
        assert [name in screen.text for name in names] == [whole] * 3, screen.text
        for i in range(3):
            assert f"{i}.jpg" in screen.text, screen.text


# What rows are, and their groups


@pytest.mark.parametrize("kind", ["log-probs", "probs"])
def test_probabilities(run: Run, kind: str) -> None:
    logits, labels = (np.load(path).astype(np.float64) for path in DIGITS)
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.save("p.npy", np.log(probs) if kind == "log-probs" else probs)
    np.save("y.npy", labels.astype(np.int64))
    want = {row["metric"]: row for row in table(run("eval", *DIGITS).out)}
    for command in (["--input", kind, "p.npy"], [f"--{kind}", "p.npy"]):
        outcome = run("eval", *command, "y.npy")
        assert (outcome.code, outcome.err) == (0, "")
        for row in table(outcome.out):
            assert math.isclose(
                float(row["value"]), float(want[row["metric"]]["value"]), rel_tol=1e-6
            )


def test_another_kind_than_was_said_is_warned_of(run: Run) -> None:
    logits = np.load(DIGITS[0]).astype(np.float64)
    np.save("p.npy", np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    outcome = run("eval", "p.npy", DIGITS[1], "--metric", "accuracy")
    assert outcome.out == f"{436 / 450!r}\n"
    assert "xent eval --probs PROBS LABELS would fit" in outcome.err


@pytest.mark.parametrize("where", ["labels", "logits", "both"])
def test_groups_of_a_column(run: Run, where: str) -> None:
    """It stands beside the labels, or beside the logits, where it is no class."""
    logits = [[2, 1, 0.5], [0, 1, 0.25], [1, 0.5, 3], [0.5, 1, 0]]
    labels, regions = [0, 0, 2, 1], ["north", "south", "", "north"]
    if where == "logits":
        write_rows("z.csv", "a,b,c,region", [[*z, r] for z, r in zip(logits, regions, strict=True)])
        write_rows("y.csv", "label", [[y] for y in labels])
        files = ["z.csv", "y.csv"]
    elif where == "labels":
        write_rows("z.csv", "a,b,c", logits)
        write_rows("y.csv", "label,region", zip(labels, regions, strict=True))
        files = ["z.csv", "y.csv", "--label-column", "label"]
    else:
        rows = [[*z, y, r] for z, y, r in zip(logits, labels, regions, strict=True)]
        write_rows("z.csv", "a,b,c,label,region", rows)
        files = ["z.csv", "--label-column", "label"]
    outcome = run("eval", *files, "--by", "region", "--json")
    assert outcome.code == 0, outcome.err
    groups = {group["name"]: group for group in outcome.json["groups"]}
    assert {name: group["rows"] for name, group in groups.items()} == {
        "": 1,
        "north": 2,
        "south": 1,
    }
    assert groups["north"]["metrics"]["accuracy"]["value"] == 1.0
    assert groups["south"]["metrics"]["accuracy"]["value"] == 0.0


@in_one_test
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["number", "text", "mixed"])
def test_some_rows_have_no_group(run: Run, suffix: str, name: str) -> None:
    import pandas as pd

    names = {
        "number": pd.array([None, 10, 9, 10], "Int64"),
        "text": ["b", None, "a", "b"],
        "mixed": ["1", "1", "1", "x"],
    }
    frame: Any = pd.DataFrame({"a": [0.5, 1.5, 2.5, 3.5], "b": [1.5, 1.0, 0.5, 0.25]})
    frame["label"], frame["number"] = [0, 1, 0, 1], names[name]
    path = f"rows.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    arguments = ("eval", path, "--label-column", "label", "--by", "number", "--metric", "groups")
    rows = table(run(*arguments).out)
    want = {
        "number": [("", "1"), ("9", "1"), ("10", "2")],
        "text": [("", "1"), ("a", "1"), ("b", "2")],
        "mixed": [("1", "3"), ("x", "1")],
    }
    assert [(row["group"], row["rows"]) for row in rows] == want[name]


def test_groups_follow_their_ids(run: Run) -> None:
    write_rows("z.csv", "id,a,b", [["x", 2.5, 1.5], ["y", 0.5, 1.5], ["w", 3.5, 1.25]])
    write_rows("y.csv", "id,label,region", [["w", 1, "n"], ["x", 0, "s"], ["y", 0, "s"]])
    outcome = run("eval", "z.csv", "y.csv", "--label-column", "label", "--by", "region", "--json")
    assert outcome.code == 0, outcome.err
    groups = {each["name"]: each["metrics"]["accuracy"]["value"] for each in outcome.json["groups"]}
    assert groups == {"n": 0.0, "s": 0.5}
    worst = outcome.json["worst_rows"]
    assert [each["id"] for each in worst[:2]] == ["w", "y"]


def test_clusters_give_wider_errors(run: Run) -> None:
    np.save("z.npy", np.repeat(np.random.default_rng(0).normal(size=(20, 1, 4)), 6, axis=1))
    np.save("y.npy", np.repeat(np.arange(20).reshape(20, 1) % 4, 6, axis=1))
    options = ("z.npy", "y.npy", "--class-axis", "-1", "--metric", "loss", "--json")
    clustered, plain = (run("eval", *options, *more).json for more in ([], ["--cluster", "rows"]))
    assert clustered["metrics"]["loss"]["value"] == plain["metrics"]["loss"]["value"]
    ratio = (
        clustered["metrics"]["loss"]["standard_error"] / plain["metrics"]["loss"]["standard_error"]
    )
    assert math.isclose(ratio, math.sqrt(6 * 119 / 120 * 20 / 19), rel_tol=1e-12)
    assert clustered["clusters"] == 20


def test_binary_and_several_labels(run: Run, terminal: Terminal) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(40, 3))
    write_rows("z.csv", "cat,dog,fox", z.tolist())
    write_rows("y.csv", "cat,dog,fox", (z + rng.normal(size=z.shape) > 0).astype(int).tolist())
    found = run("eval", "z.csv", "y.csv", "--binary", "--json").json
    assert [each["name"] for each in found["labels"]] == ["cat", "dog", "fox"]
    assert found["metrics"]["auroc"]["value"] > 0.5
    screen = terminal("eval", "z.csv", "y.csv", "--binary")
    assert "AUROC" in screen.text
    assert len(screen.lines) <= 40
    rows = table(run("eval", "z.csv", "y.csv", "--binary", "--metric", "labels").out)
    aurocs = [float(row["auroc"]) for row in rows]
    assert [row["label"] for row in rows] == ["cat", "dog", "fox"]
    assert math.isclose(sum(aurocs) / 3, found["metrics"]["auroc"]["value"], rel_tol=1e-15)


@pytest.mark.parametrize("columns", [80, 120])
def test_names_of_groups_are_cut_and_their_numbers_are_not(
    terminal: Terminal, run: Run, columns: int
) -> None:
    long = "a name that is longer than any column can be, and then some"
    z = np.random.default_rng(1).normal(size=(40, 2))
    write_rows("z.csv", f'"{long}",dog', z.tolist())
    write_rows("y.csv", f'"{long}",dog', (z > 0.1).astype(int).tolist())
    for metric in ([], ["--metric", "labels"]):
        shown = terminal("eval", "z.csv", "y.csv", "--binary", *metric, columns=columns)
        line = next(line for line in shown.lines if line.startswith("a na"))
        numbers = line.split()[-7:]
        assert numbers[0] == "40"
        assert all("…" not in number for number in numbers)
    assert len(run("eval", "z.csv", "y.csv", "--binary", "--metric", "labels").out) > len(long)


@in_one_test
@pytest.mark.parametrize(
    ("arguments", "metric", "why"),
    [
        (["z.npy", "p.npy"], "accuracy", "the labels are class probabilities"),
        (["z.npy", "p.npy"], "equal_mass_ece", "the labels are class probabilities"),
        (["z.npy", "p.npy"], "suspects", "the labels are class probabilities"),
        (["z.npy", "y.npy"], "auroc", "it needs --binary"),
        (["z.npy", "y.npy"], "kl", "it needs class probabilities as labels"),
        (["z.npy", "y.npy"], "groups", "--by COLUMN says what the groups are"),
        (["z.npy", "y.npy"], "labels", "with --binary"),
        (["b.npy", "ones.npy", "--binary"], "auroc", "it needs labels of both classes"),
        (["b.npy", "halves.npy", "--binary"], "accuracy", "there are labels between 0 and 1"),
        (["b.npy", "ones.npy", "--binary"], "mrr", "each number is a row by itself"),
        (["z.npy", "hot.npy", "--binary"], "macro_f1", "several labels a row"),
    ],
)
def test_what_does_not_apply_says_why(
    run: Run, arguments: list[str], metric: str, why: str
) -> None:
    rng = np.random.default_rng(2)
    np.save("z.npy", rng.normal(size=(30, 4)))
    np.save("p.npy", rng.dirichlet(np.ones(4), size=30))
    np.save("y.npy", np.arange(30) % 4)
    np.save("b.npy", rng.normal(size=30))
    np.save("ones.npy", np.ones(30))
    np.save("halves.npy", np.full(30, 0.5))
    np.save("hot.npy", rng.integers(0, 2, (30, 4)))
    outcome = run("eval", *arguments, "--metric", metric, "--metric", "loss")
    assert outcome.code == 0
    assert f"{metric} does not apply: " in outcome.err
    assert why in outcome.err
    every = run("eval", *arguments, "--metric", "all")
    assert metric not in {row["metric"] for row in table(every.out)}
    assert "does not apply" not in every.err


def test_what_is_left_out_of_class_probabilities_is_said(run: Run) -> None:
    rng = np.random.default_rng(2)
    np.save("z.npy", rng.normal(size=(30, 4)))
    np.save("y.npy", rng.dirichlet(np.ones(4), size=30))
    assert "labels are class probabilities" in run("eval", "z.npy", "y.npy").err
    assert "labels are class probabilities" not in run("eval", *DIGITS).err


def test_the_interval_of_a_share_with_few_clusters_ends_at_0_and_1(run: Run) -> None:
    np.save("z.npy", np.tile([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]], (1, 4, 1)))
    np.save("y.npy", np.array([[0, 1] * 4, [0, 0] * 4]))
    found = run("eval", "z.npy", "y.npy", "--class-axis", "-1", "--json").json["metrics"]
    assert (found["accuracy"]["low"], found["accuracy"]["high"]) == (0.0, 1.0)
    assert found["accuracy"]["standard_error"] > 0
    assert found["brier"]["low"] < 0


def test_no_suspects_is_one_line(terminal: Terminal) -> None:
    lines = terminal("eval", *DIGITS, "--metric", "suspects").lines
    assert [line.strip() for line in lines if line.strip()] == [
        "suspects",
        "0 of 450 labels may be wrong",
    ]


def test_class_probabilities_as_labels(run: Run) -> None:
    rng = np.random.default_rng(2)
    np.save("z.npy", rng.normal(size=(30, 4)))
    np.save("y.npy", rng.dirichlet(np.ones(4), size=30))
    outcome = run("eval", "z.npy", "y.npy", "--json", "--metric", "kl", "--metric", "accuracy")
    assert outcome.json["metrics"]["kl"]["value"] > 0
    assert outcome.json["metrics"]["accuracy"]["value"] is None
    assert "accuracy does not apply" in outcome.err


# What is refused


@in_one_test
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


def test_a_column_that_is_not_there(run: Run) -> None:
    write_rows("y.csv", "label,region", [[y, "n"] for y in np.load(DIGITS[1]).tolist()])
    outcome = run("eval", DIGITS[0], "y.csv", "--label-column", "label", "--by", "regio")
    assert (outcome.code, outcome.out) == (1, "")
    assert "error: y.csv: there is no column 'regio'" in outcome.err
    assert "its columns are 'label', 'region'" in outcome.err


@pytest.mark.parametrize("more", [["--metric", "loss"], []])
def test_nothing_to_measure(run: Run, terminal: Terminal, more: list[str]) -> None:
    np.save("z.npy", np.zeros((2, 3)))
    np.save("y.npy", np.array([-100, -100]))
    outcome = run("eval", "z.npy", "y.npy", *more)
    assert outcome.code == 0
    assert "nothing is used: every label is ignored" in outcome.err
    assert outcome.out == "nan\n" or HEADER in outcome.out
    assert terminal("eval", "z.npy", "y.npy", *more).code == 0
    assert run("eval", "z.npy", "y.npy", *more, "--json").json["used"] == 0


def test_rows_that_are_not_finite(run: Run) -> None:
    np.save("z.npy", np.array([[1.0, 0.0], [np.nan, 1.0], [0.0, 2.0]]))
    np.save("y.npy", np.array([0, 1, 0]))
    assert run("eval", "z.npy", "y.npy").code == 1
    outcome = run("eval", "z.npy", "y.npy", "--non-finite", "propagate", "--json")
    assert outcome.json["measured"] == 2
    assert outcome.json["metrics"]["accuracy"]["value"] == 0.5
    assert outcome.json["metrics"]["loss"]["value"] is None
    assert "they count in the loss alone" in outcome.err


# Pages and pictures


def test_a_page_and_a_picture_are_written_beside_the_result(run: Run) -> None:
    outcome = run(
        *("eval", *DIGITS, "--metric", "loss", "--fail-if", "ece > 1"),
        *("--report", "a.html", "--plot", "a.svg"),
    )
    assert outcome.code == 0, outcome.err
    assert outcome.out == run("loss", *DIGITS).out
    page = Path("a.html").read_text("utf-8")
    for text in (
        "ece &gt; 1",
        "0.9689",
        "digits_logits.npy",
        "450 × 10",
        "Reliability",
        "Worst rows",
    ):
        assert text in page, text
    assert Path("a.svg").read_bytes().startswith(b"<?xml")


def test_a_page_that_cannot_be_written_is_known_before_the_work(run: Run) -> None:
    Path("old.html").write_text("old")
    for path, message in (
        ("old.html", "exists already"),
        ("no/such.html", "there is no folder"),
        ("a.pdf", "a report is HTML"),
    ):
        outcome = run("eval", "missing.npy", "missing.npy", "--report", path)
        assert outcome.code in (1, 2)
        assert message in outcome.err
    assert run("eval", *DIGITS, "--report", "old.html", "--force").code == 0
    assert Path("old.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_gate_that_fails_is_on_the_page(run: Run) -> None:
    outcome = run("eval", *DIGITS, "--report", "a.html", "--fail-if", "accuracy < 0.99")
    assert outcome.code == 3
    assert "accuracy &lt; 0.99" in Path("a.html").read_text("utf-8")


def test_small_probabilities_of_single_precision_are_not_clipped(run: Run) -> None:
    """As others do: 8.318 is what clipping at the epsilon of float32 makes of these."""
    np.save("p.npy", np.array([[1 - 1e-10, 1e-10], [0.5, 0.5]], np.float32))
    outcome = run("eval", "--probs", "p.npy", "1,0", "--metric", "loss")
    assert float(outcome.out) == pytest.approx(-np.log(1e-10 * 0.5) / 2, rel=1e-7)
