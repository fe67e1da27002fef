"""What a file's columns and rows are taken for: the right number, or ways that lead to it."""

import gzip
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cli_tools import Outcome, Run
from in_one_test import in_one_test

import xentcli as xent

Z = np.round(np.random.default_rng(8).normal(size=(12, 3)), 4)
Y = np.arange(12) * 7 % 5 % 3
NAMES = ["cat", "dog", "fox"]


def losses(z: Any, y: Any) -> Any:
    """Return the cross entropy of each row by its definition."""
    z = np.asarray(z)
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), y]


LOSSES = losses(Z, Y)


def number(outcome: Outcome) -> float:
    assert outcome.code == 0, outcome.err
    return float(outcome.out)


def ways(outcome: Outcome) -> list[list[str]]:
    """Return the options that the hint names, each with its value."""
    assert outcome.code == 1, outcome.out
    hint = outcome.err.partition("hint: ")[2]
    words = [word.rstrip(",;") for word in shlex.split(hint)]
    return [words[i : i + 2] for i, word in enumerate(words) if word.startswith("--")]


@in_one_test
@pytest.mark.parametrize("count", [12, 3])
@pytest.mark.parametrize("logits", ["z.npy", "z.csv"])
@pytest.mark.parametrize("labels", ["y.csv", "y.txt", "-"])
def test_labels_in_one_row(run: Run, logits: str, labels: str, count: int) -> None:
    np.save("z.npy", Z[:count])
    np.savetxt("z.csv", Z[:count], delimiter=",")
    row = {"y.txt": " "}.get(labels, ",").join(map(str, Y[:count]))
    Path("y.txt" if labels == "y.txt" else "y.csv").write_text(row + "\n")
    outcome = run("loss", logits, labels, stdin=row.encode())
    assert number(outcome) == pytest.approx(LOSSES[:count].mean(), rel=1e-14)
    assert f"shape (N, {count}) is read as ({count},)" in outcome.err


@pytest.mark.parametrize("labels", ["0,1,2\n", "[0, 1, 2]\n"])
def test_labels_in_one_row_for_logits_that_are_read_once(run: Run, labels: str) -> None:
    Path("y.jsonl" if "[" in labels else "y.csv").write_text(labels)
    name = "y.jsonl" if "[" in labels else "y.csv"
    rows = Z[:3].tolist()
    text = "".join(f"{','.join(map(repr, row))}\n" for row in rows).encode()
    Path("z.csv.gz").write_bytes(gzip.compress(text))
    wanted = pytest.approx(losses(Z[:3], [0, 1, 2]).mean(), rel=1e-14)
    assert number(run("loss", "-", name, stdin=text)) == wanted
    lines = "".join(f"{row}\n" for row in rows).encode()
    assert number(run("loss", "-", name, stdin=lines)) == wanted
    assert number(run("loss", "z.csv.gz", name)) == wanted
    one = text.splitlines()[0]
    assert "is above 1" in run("loss", "-", name, stdin=one).err  # shares of one row
    more = run("loss", "-", name, stdin=text + one)
    assert (more.code, f"{name}: 3 labels, and <stdin> has more rows" in more.err) == (1, True)


def test_one_row_of_shares_for_one_row_of_logits(run: Run) -> None:
    np.savetxt("z.csv", Z[:1], delimiter=",")
    Path("y.csv").write_text("0,1,0\n")
    assert number(run("loss", "z.csv", "y.csv")) == pytest.approx(losses(Z[:1], [1])[0], rel=1e-14)
    np.savetxt("z.csv", Z[:3], delimiter=",")
    Path("y.csv").write_text("0,7,0\n")
    assert "y.csv:1: column 2: label 7 is outside" in run("loss", "z.csv", "y.csv").err
    Path("y.csv").write_text("cat,dog,cat\n")
    assert "stand one a line" in run("loss", "z.csv", "y.csv").err


@pytest.mark.parametrize("names", [NAMES, ["0", "1", "2"]])
@pytest.mark.parametrize("start", [0, 1])
def test_an_index_that_stops_counting(run: Run, names: list[str], start: int) -> None:
    index = np.r_[np.arange(6) + start, 40 - np.arange(6)]
    frame = pd.DataFrame(Z, columns=names, index=index)
    frame.assign(label=Y).to_csv("both.csv")
    frame.to_csv("z.csv")
    labels = pd.DataFrame({"label": Y}, index=index)
    labels.sort_index(ascending=False).to_csv("y.csv")
    outcome = run("loss", "both.csv", "--label-column", "label")
    assert "both.csv:8: the first column, which has no name, does not count" in outcome.err
    found = ways(outcome)
    assert [way[0] for way in found] == ["--drop" if names is NAMES else "--columns", "--id-column"]
    for way in found:
        loss = number(run("loss", "both.csv", "--label-column", "label", *way))
        assert loss == pytest.approx(LOSSES.mean(), rel=1e-14)
    by_id, by_place = ways(run("loss", "z.csv", "y.csv", *found[0]))
    matched = number(run("loss", "z.csv", "y.csv", *found[1]))
    assert number(run("loss", "z.csv", "y.csv", *by_id)) == matched
    assert matched == pytest.approx(LOSSES.mean(), rel=1e-14)
    loss = number(run("loss", "z.csv", "y.csv", *found[0], *by_place))
    in_place = labels.sort_index(ascending=False)["label"]
    assert loss == pytest.approx(losses(Z, in_place).mean(), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "column"),
    [("weight", Z[:, 0] / 2), ("kind", Y * 2.0), ("flag", Y % 2), ("weight", Z[:, 0].round())],
)
def test_each_way_out_of_doubt_gives_what_it_says(run: Run, name: str, column: Any) -> None:
    whole = np.all(column == np.round(column))
    column = column.astype(int) if whole else column
    pd.DataFrame(Z, columns=NAMES).assign(**{name: column, "label": Y}).to_csv("z.csv", index=False)
    command = ("loss", "z.csv", "--label-column", "label")
    out, kept = ways(run(*command))
    assert number(run(*command, *out)) == pytest.approx(LOSSES.mean(), rel=1e-14)
    all_four = losses(np.c_[Z, column], Y).mean()
    is_class = not (whole and name == "weight")  # which is none, whatever it holds
    want = all_four if is_class else LOSSES.mean()
    assert number(run(*command, *kept)) == pytest.approx(want, rel=1e-14)


def test_many_columns_are_kept_by_a_range(run: Run) -> None:
    wide = np.random.default_rng(1).normal(size=(12, 14))
    frame = pd.DataFrame(wide, columns=[*"abcdefghijklm", "score"]).assign(label=Y)
    frame.to_csv("z.csv")
    _, kept = ways(run("loss", "z.csv", "--label-column", "label"))
    assert kept == ["--columns", "2-15"]
    loss = number(run("loss", "z.csv", "--label-column", "label", *kept))
    assert loss == pytest.approx(losses(wide, Y).mean(), rel=1e-14)


@pytest.mark.parametrize("shares", [np.eye(3, dtype=int)[Y], np.round(np.eye(3)[Y] * 0.7 + 0.1, 2)])
def test_one_column_a_class_beside_an_id(run: Run, shares: Any) -> None:
    np.save("z.npy", Z)
    pd.DataFrame(shares, columns=NAMES).assign(id=range(50, 62)).to_csv("y.csv", index=False)
    log_probs = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    loss = number(run("loss", "z.npy", "y.csv"))
    assert loss == pytest.approx(-(shares * log_probs).sum(axis=1).mean(), rel=1e-14)
    Path("y.csv").write_text("id,a,b,c\n" + "".join(f"{i},{i % 2},1,{i % 3}\n" for i in range(12)))
    assert "may be the labels" in run("loss", "z.npy", "y.csv").err


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_one_hot_columns_beside_an_id_in_a_table(run: Run, ending: str) -> None:
    np.save("z.npy", Z)
    hot = pd.DataFrame(np.eye(3, dtype=int)[Y], columns=NAMES)
    hot.insert(0, "id", range(100, 112))
    getattr(hot, f"to_{ending}")(f"y.{ending}")
    assert number(run("loss", "z.npy", f"y.{ending}")) == pytest.approx(LOSSES.mean(), rel=1e-14)
    getattr(hot.assign(fox=5), f"to_{ending}")(f"y.{ending}")
    assert "may be the labels" in run("loss", "z.npy", f"y.{ending}").err


WEIGHTS = np.arange(1.0, 13.0)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
@pytest.mark.parametrize("binary", [False, True])
def test_weights_are_found_by_id(run: Run, order: slice, *, binary: bool) -> None:
    ids = pd.DataFrame({"id": list("abcdefghijkl")})
    z = ids.assign(z=Z[:, 0]) if binary else ids.join(pd.DataFrame(Z, columns=NAMES))
    truth = Y % 2 if binary else Y
    z.assign(label=truth).to_csv("z.csv", index=False)
    ids.assign(age=3, weight=WEIGHTS)[order].to_csv("w.csv", index=False)
    command = ["loss", "z.csv", "--label-column", "label", "--id-column", "id"]
    command += ["--binary"] if binary else []
    want = losses(np.c_[np.zeros(12), Z[:, 0]], truth) if binary else LOSSES
    outcome = run(*command, "--sample-weight", "w.csv")
    assert number(outcome) == pytest.approx(np.average(want, weights=WEIGHTS), rel=1e-14)
    note = "w.csv: in another order than z.csv; matched by 'id'"
    assert (note in outcome.err) == (order.step == -1)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ("abcdefghijk", "z.csv:13: there is no weight with the id 'l' in w.csv"),
        ("abcdefghijklm", "w.csv:14: there is no row with the id 'm' in z.csv"),
        ("bacdefghijkla", "w.csv:14: a second weight with the id 'a'"),
    ],
)
def test_weights_that_fit_no_row(run: Run, ids: str, message: str) -> None:
    frame = pd.DataFrame(Z, columns=NAMES).assign(id=list("abcdefghijkl"), label=Y)
    frame.to_csv("z.csv", index=False)
    pd.DataFrame({"id": list(ids), "w": 1.5}).to_csv("w.csv", index=False)
    command = ("loss", "z.csv", "--label-column", "label", "--id-column", "id")
    outcome = run(*command, "--sample-weight", "w.csv")
    assert outcome.code == 1
    assert message in outcome.err


def test_groups_and_weights_of_a_file_are_found_by_id(run: Run) -> None:
    """A file of its own that has the rows' ids says which row each name is of."""
    ids = pd.DataFrame({"id": list("abcdefghijkl")})
    ids.join(pd.DataFrame(Z, columns=NAMES)).to_csv("z.csv", index=False)
    beside = ids.assign(label=Y, site=list("nnsswwnnssww"), w=WEIGHTS)[::-1]
    beside[["id", "label", "site"]].to_csv("y.csv", index=False)
    beside[["id", "site"]].to_csv("site.csv", index=False)
    beside[["id", "w"]].to_csv("w.csv", index=False)
    np.save("z.npy", Z)
    np.save("y.npy", Y)
    labels = ("--label-column", "label", "--json")
    by_id = "site.csv: in another order than z.csv; matched by 'id'"
    for command, option in (("eval", "--by"), ("eval", "--cluster"), ("compare", "--by")):
        files = ("z.csv", *(("z.csv", "--labels") if command == "compare" else ()), "y.csv")
        column, alone = (run(command, *files, *labels, option, by) for by in ("site", "site.csv"))
        assert (alone.code, alone.json["groups"]) == (0, column.json["groups"]), (command, option)
        assert alone.json["metrics"] == column.json["metrics"], (command, option)
        assert alone.err.count(by_id) == 1, (command, option)
        several = run(command, *files, *labels, option, "y.csv")
        assert "y.csv: one column says the group of each row, and here are 'id'" in several.err
    placed = run("eval", "z.npy", "y.npy", "--by", "site.csv", "--json")
    assert "note: site.csv: rows are matched by place" in placed.err
    assert [each["name"] for each in placed.json["groups"]] == ["n", "s", "w"]
    weighed, expected, clustered, named = (
        xent.calibrate(*rows, **beside, label_column="label", folds=0, jobs=1)
        for rows, beside in (
            (("z.csv", "y.csv"), {"sample_weight": "w.csv"}),
            ((Z, Y), {"sample_weight": WEIGHTS}),
            (("z.csv", "y.csv"), {"cluster": "site.csv"}),
            (("z.csv", "y.csv"), {"cluster": "site"}),
        )
    )
    temperatures = [each.metrics["temperature"].value for each in (weighed, expected)]
    assert temperatures[0] == pytest.approx(temperatures[1], rel=1e-14)
    assert clustered.metrics == named.metrics


@in_one_test
@pytest.mark.parametrize("by_id", [False, True])
@pytest.mark.parametrize("ending", ["csv", "parquet", "json", "npy"])
def test_weights_are_numbers(run: Run, ending: str, *, by_id: bool) -> None:
    """Labels may be names of classes, and rows to leave out be marked: weights are neither."""
    frame = pd.DataFrame(Z, columns=NAMES).assign(id=list("abcdefghijkl"), label=Y)
    frame.to_csv("z.csv", index=False)
    texts, gaps = [*"kjihgfedcbax"], [1.5, None, *WEIGHTS[2:].tolist()]
    for values, said in ((texts, "number"), (gaps, "null|empty|nan")):
        table = pd.DataFrame({"id": list("abcdefghijkl"), "weight": values})
        table = table if by_id else table[["weight"]]
        match ending:
            case "csv":
                table.to_csv("w.csv", index=False)
            case "parquet":
                table.to_parquet("w.parquet")
            case "json":
                Path("w.json").write_text(json.dumps(values))
            case _:
                np.save("w.npy", np.array(texts))
        command = ("loss", "z.csv", "--label-column", "label", "--id-column", "id")
        outcome = run(*command, "--sample-weight", f"w.{ending}")
        assert outcome.code == 1
        assert re.search(said if ending != "npy" else "number", outcome.err)
        assert "mistake" not in outcome.err
        assert ending == "parquet" or "ignore-index" not in outcome.err


@in_one_test
@pytest.mark.parametrize(
    ("logits", "labels", "axis", "hint"),
    [
        ((2, 5, 3), (10,), None, r"save labels.reshape\(\(2, 5\)\)"),
        ((2, 5, 3), (6,), "1", r"save labels.reshape\(\(2, 3\)\)"),
        ((2, 4, 3, 3), (24,), None, r"reshape\(\(2, 3, 3\)\).*|reshape\(\(2, 4, 3\)\)"),
        ((2, 5, 3), (2, 4), None, r"logits\[:, :-1\]"),
        ((2, 5, 3), (2, 4), "2", r"logits\[:, :-1\]"),
        ((2, 3, 5), (2, 4), "1", r"logits\[:, :, :-1\]"),
        ((7, 3), (6,), None, r"logits\[:-1\]"),
        ((7, 3), (6, 1), None, r"logits\[:-1\]"),
        ((3, 4), (4,), None, "--class-axis 0"),
        ((4, 3), (4,), "0", "--class-axis 1"),
        ((2, 5, 3), (2, 5), "1", "--class-axis 2"),
        ((2, 3, 4), (2, 4), "-1", "--class-axis 1"),
    ],
)
def test_a_misfit_names_what_would_fit(
    run: Run, logits: tuple[int, ...], labels: tuple[int, ...], axis: str | None, hint: str
) -> None:
    np.save("z.npy", np.random.default_rng(2).normal(size=logits))
    np.save("y.npy", np.zeros(labels, np.int64))
    outcome = run("loss", "z.npy", "y.npy", *(("--class-axis", axis) if axis else ()))
    assert outcome.code == 1
    assert re.search(hint, outcome.err.partition("hint: ")[2]), outcome.err
    if axis and len(logits) > 2:
        lead = tuple(n for i, n in enumerate(logits) if i != int(axis) % len(logits))
        assert f"must have shape {lead} (class indices) or {logits}" in outcome.err
