"""Of which rows xent eval measures what: kinds, groups, clusters, several labels, what applies."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import DIGITS, log_probs, write_rows
from cli_tools import Run, Terminal
from close_to import close_to
from in_one_test import in_one_test

HEADER = "metric,value,standard_error,low,high,n"


@pytest.mark.parametrize("kind", ["log-probs", "probs"])
def test_probabilities(run: Run, kind: str) -> None:
    logits, labels = (np.load(path).astype(np.float64) for path in DIGITS)
    normalized = log_probs(logits)
    np.save("p.npy", normalized if kind == "log-probs" else np.exp(normalized))
    np.save("y.npy", labels.astype(np.int64))
    want = {row["metric"]: row for row in run("eval", *DIGITS).table}
    for command in (["--input", kind, "p.npy"], [f"--{kind}", "p.npy"]):
        outcome = run("eval", *command, "y.npy")
        assert (outcome.code, outcome.err) == (0, "")
        for row in outcome.table:
            assert math.isclose(
                float(row["value"]), float(want[row["metric"]]["value"]), rel_tol=1e-6
            )


def test_another_kind_than_was_said_is_warned_of(run: Run) -> None:
    np.save("p.npy", np.exp(log_probs(np.load(DIGITS[0]))))
    outcome = run("eval", "p.npy", DIGITS[1], "--metric", "accuracy")
    assert outcome.out == f"{436 / 450!r}\n"
    assert "xent eval --probs PROBS LABELS would fit" in outcome.err


def test_small_probabilities_of_single_precision_are_not_clipped(run: Run) -> None:
    """As others do: 8.318 is what clipping at the epsilon of float32 makes of these."""
    np.save("p.npy", np.array([[1 - 1e-10, 1e-10], [0.5, 0.5]], np.float32))
    outcome = run("eval", "--probs", "p.npy", "1,0", "--metric", "loss")
    assert float(outcome.out) == close_to(-np.log(1e-10 * 0.5) / 2, rel=1e-7)


# Groups and clusters


@pytest.mark.parametrize("where", ["labels", "logits", "both"])
def test_groups_of_a_column(run: Run, where: str) -> None:
    """It stands beside the labels, or beside the logits, where it is no class."""
    logits = [[2, 1, 0.5], [0, 1, 0.25], [1, 0.5, 3], [0.5, 1, 0]]
    labels, regions = [0, 0, 2, 1], ["north", "south", "", "north"]
    if where == "logits":
        rows = [[*z, r] for z, r in zip(logits, regions, strict=True)]
        write_rows("z.csv", ["a", "b", "c", "region"], rows)
        write_rows("y.csv", ["label"], [[y] for y in labels])
        files = ["z.csv", "y.csv"]
    elif where == "labels":
        write_rows("z.csv", ["a", "b", "c"], logits)
        write_rows("y.csv", ["label", "region"], zip(labels, regions, strict=True))
        files = ["z.csv", "y.csv", "--label-column", "label"]
    else:
        rows = [[*z, y, r] for z, y, r in zip(logits, labels, regions, strict=True)]
        write_rows("z.csv", ["a", "b", "c", "label", "region"], rows)
        files = ["z.csv", "--label-column", "label"]
    told = "note: these are the measures of all rows: --metric groups prints those of each group\n"
    assert run("eval", *files, "--by", "region").err.endswith(told)
    both = ("--by", "region", "--metric", "loss", "--metric", "groups")
    assert "the measures, without groups: --metric groups alone" in run("eval", *files, *both).err
    assert "without" not in run("eval", *files, *both[:4]).err
    if where == "both":  # the page has the groups
        run("eval", *files, "--by", "region", "--report", "page.html")
        assert "measures of all rows" not in Path("page.html").read_text("utf-8")
    outcome = run("eval", *files, "--by", "region", "--json")
    assert outcome.code == 0, outcome.err
    assert told not in outcome.err
    groups = {group["name"]: group for group in outcome.json["groups"]}
    sizes = {name: group["rows"] for name, group in groups.items()}
    assert sizes == {"": 1, "north": 2, "south": 1}
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
    rows = run(*arguments).table
    want = {
        "number": [("", "1"), ("9", "1"), ("10", "2")],
        "text": [("", "1"), ("a", "1"), ("b", "2")],
        "mixed": [("1", "3"), ("x", "1")],
    }
    assert [(row["group"], row["rows"]) for row in rows] == want[name]


def test_groups_follow_their_ids(run: Run) -> None:
    write_rows("z.csv", ["id", "a", "b"], [["x", 2.5, 1.5], ["y", 0.5, 1.5], ["w", 3.5, 1.25]])
    write_rows("y.csv", ["id", "label", "region"], [["w", 1, "n"], ["x", 0, "s"], ["y", 0, "s"]])
    outcome = run("eval", "z.csv", "y.csv", "--label-column", "label", "--by", "region", "--json")
    assert outcome.code == 0, outcome.err
    groups = {each["name"]: each["metrics"]["accuracy"]["value"] for each in outcome.json["groups"]}
    assert groups == {"n": 0.0, "s": 0.5}
    worst = outcome.json["worst_rows"]
    assert [each["id"] for each in worst[:2]] == ["w", "y"]


def test_a_column_that_is_not_there(run: Run) -> None:
    write_rows("y.csv", ["label", "region"], [[y, "n"] for y in np.load(DIGITS[1]).tolist()])
    outcome = run("eval", DIGITS[0], "y.csv", "--label-column", "label", "--by", "regio")
    assert (outcome.code, outcome.out) == (1, "")
    assert "error: y.csv: there is no column 'regio'" in outcome.err
    assert "hint: the columns are 'label', 'region'\n" in outcome.err
    logits = DIGITS[0].with_suffix(".csv")
    outcome = run("eval", logits, "y.csv", "--label-column", "label", "--by", "regio")
    assert f"error: y.csv and {logits}: there is no column 'regio'" in outcome.err
    outcome = run("eval", *DIGITS, "--by", "label")
    assert f"error: {DIGITS[1]}: there is no column 'label'" in outcome.err
    assert "hint: a file with a name for each row may stand there" in outcome.err
    piped = Path("y.csv").read_bytes()
    for options, none in (((DIGITS[0],), ""), ((logits,), f", and there is none in {logits}")):
        labels = ("--labels", "-", "--label-column", "label", "--by", "region")
        outcome = run("eval", *options, *labels, stdin=piped)
        once = "<stdin>: a pipe is read once, without looking for column 'region'"
        assert f"error: {once}{none}\nhint: write it to a file, and name that\n" in outcome.err
    classes = run("eval", *DIGITS, "--by", DIGITS[1], "--metric", "accuracy")
    assert [line.split(",")[0] for line in classes.out.split()] == ["group", *"0123456789"]


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


def test_the_interval_of_a_share_with_few_clusters_ends_at_0_and_1(run: Run) -> None:
    np.save("z.npy", np.tile([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]], (1, 4, 1)))
    np.save("y.npy", np.array([[0, 1] * 4, [0, 0] * 4]))
    found = run("eval", "z.npy", "y.npy", "--class-axis", "-1", "--json").json["metrics"]
    assert (found["accuracy"]["low"], found["accuracy"]["high"]) == (0.0, 1.0)
    assert found["accuracy"]["standard_error"] > 0
    assert found["brier"]["low"] < 0


# Labels of other kinds


def test_binary_and_several_labels(run: Run, terminal: Terminal) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(40, 3))
    y = (z + rng.normal(size=z.shape) > 0).astype(int)
    write_rows("z.csv", ["cat", "dog", "fox"], z.tolist())
    write_rows("y.csv", ["cat", "dog", "fox"], y.tolist())
    found = run("eval", "z.csv", "y.csv", "--binary", "--json").json
    assert [each["name"] for each in found["labels"]] == ["cat", "dog", "fox"]
    assert found["metrics"]["auroc"]["value"] > 0.5
    screen = terminal("eval", "z.csv", "y.csv", "--binary")
    assert "AUROC" in screen.text
    assert len(screen.lines) <= 40
    rows = run("eval", "z.csv", "y.csv", "--binary", "--metric", "labels").table
    aurocs = [float(row["auroc"]) for row in rows]
    assert [row["label"] for row in rows] == ["cat", "dog", "fox"]
    assert math.isclose(sum(aurocs) / 3, found["metrics"]["auroc"]["value"], rel_tol=1e-15)


def test_class_probabilities_as_labels(run: Run) -> None:
    rng = np.random.default_rng(2)
    np.save("z.npy", rng.normal(size=(30, 4)))
    np.save("y.npy", rng.dirichlet(np.ones(4), size=30))
    outcome = run("eval", "z.npy", "y.npy", "--json", "--metric", "kl", "--metric", "accuracy")
    assert outcome.json["metrics"]["kl"]["value"] > 0
    assert outcome.json["metrics"]["accuracy"]["value"] is None
    assert "accuracy does not apply" in outcome.err
    assert "labels are class probabilities" in run("eval", "z.npy", "y.npy").err


@in_one_test
@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        (
            "z.npy p.npy",
            dict.fromkeys(
                ("accuracy", "equal_mass_ece", "suspects"), "the labels are class probabilities"
            ),
        ),
        (
            "z.npy y.npy",
            {
                "auroc": "it needs --binary",
                "kl": "it needs class probabilities as labels",
                "groups": "--by COLUMN says what the groups are",
                "labels": "with --binary",
            },
        ),
        (
            "b.npy ones.npy --binary",
            {"auroc": "it needs labels of both classes", "mrr": "each number is a row by itself"},
        ),
        ("b.npy halves.npy --binary", {"accuracy": "there are labels between 0 and 1"}),
        ("z.npy hot.npy --binary", {"macro_f1": "several labels a row"}),
    ],
)
def test_what_does_not_apply_says_why(run: Run, line: str, reasons: dict[str, str]) -> None:
    rng = np.random.default_rng(2)
    np.save("z.npy", rng.normal(size=(30, 4)))
    np.save("p.npy", rng.dirichlet(np.ones(4), size=30))
    np.save("y.npy", np.arange(30) % 4)
    np.save("b.npy", rng.normal(size=30))
    np.save("ones.npy", np.ones(30))
    np.save("halves.npy", np.full(30, 0.5))
    np.save("hot.npy", rng.integers(0, 2, (30, 4)))
    asked = [word for metric in (*reasons, "loss") for word in ("--metric", metric)]
    outcome = run("eval", *line.split(), *asked)
    assert outcome.code == 0
    said = outcome.err.splitlines()
    for metric, why in reasons.items():
        assert any(f"{metric} does not apply: " in each and why in each for each in said), metric
    every = run("eval", *line.split(), "--metric", "all")
    assert {row["metric"] for row in every.table}.isdisjoint(reasons)
    assert "does not apply" not in every.err


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


def test_a_binary_label_between_0_and_1_is_no_class(run: Run) -> None:
    """The worst rows had class 0 for a label of 0.95, and the probability of that."""
    np.save("b.npy", [-9.0, 8.0, -1.0])
    np.save("halves.npy", [0.95, 0.0, 1.0])
    rows = run("eval", "b.npy", "halves.npy", "--binary", "--json").json["worst_rows"]
    assert [each["row"] for each in rows] == [0, 1, 2]
    assert [each["label"] for each in rows] == [None, 0, 1]
    assert [each["prediction"] for each in rows] == [0, 1, 0]
    given = [each["label_probability"] for each in rows]
    assert given[0] is None
    assert given[1:] == pytest.approx([1 / (1 + np.exp(8.0)), 1 / (1 + np.exp(1.0))], rel=1e-14)
