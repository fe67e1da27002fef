"""What a file's columns and rows are taken for: the right number, or ways that lead to it."""

import gzip
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cli_tools import Outcome, Run
from close_to import close_to
from formulas import cross_entropies
from in_one_test import in_one_test

Z = np.round(np.random.default_rng(8).normal(size=(12, 3)), 4)
Y = np.arange(12) * 7 % 5 % 3
NAMES = ["cat", "dog", "fox"]
LOSSES = cross_entropies(Z, Y)


def ways(outcome: Outcome) -> list[list[str]]:
    """Return the options that the hint names, each with its value."""
    assert outcome.code == 1, outcome.out
    hint = outcome.err.partition("hint: ")[2]
    words = [word.rstrip(",;") for word in shlex.split(hint)]
    return [words[i : i + 2] for i, word in enumerate(words) if word.startswith("--")]


@in_one_test
@pytest.mark.parametrize(
    ("logits", "labels", "count"),
    [
        ("z.npy", "y.csv", 12),
        ("z.csv", "y.csv", 3),
        ("z.npy", "y.txt", 3),
        ("z.csv", "y.txt", 12),
        ("z.npy", "-", 3),
        ("z.csv", "-", 12),
    ],
)
def test_labels_in_one_row(run: Run, logits: str, labels: str, count: int) -> None:
    np.save("z.npy", Z[:count])
    np.savetxt("z.csv", Z[:count], delimiter=",")
    row = {"y.txt": " "}.get(labels, ",").join(map(str, Y[:count]))
    Path("y.txt" if labels == "y.txt" else "y.csv").write_text(row + "\n")
    outcome = run("loss", logits, labels, stdin=row.encode())
    assert outcome.number == close_to(LOSSES[:count].mean(), rel=1e-14)
    assert f"shape (N, {count}) is read as ({count},)" in outcome.err


@in_one_test
@pytest.mark.parametrize(
    ("names", "value", "ending"),
    [
        (NAMES, 0.0, "csv"),
        (NAMES, -4.0, "parquet"),
        (["c0", "c1", "c2"], 0.0, "parquet"),
        (["c0", "c1", "c2"], -4.0, "csv"),
    ],
)
def test_a_class_without_fractions_that_every_file_has(
    run: Run, names: list[str], value: float, ending: str
) -> None:
    """Labels that are a column for each class, and other models, have the names of all classes."""
    z = np.c_[Z[:, :2], np.full(12, value)]
    labels = np.arange(12) % 2
    for name, numbers in (("z", z), ("onehot", np.eye(3)[labels])):
        frame = pd.DataFrame(numbers, columns=names)
        if ending == "csv":
            frame.to_csv(f"{name}.csv", index=False)
        else:
            frame.to_parquet(f"{name}.parquet")
    want = close_to(cross_entropies(z, labels).mean(), rel=1e-14)
    assert run("loss", f"z.{ending}", f"onehot.{ending}").number == want
    Path(f"other.{ending}").write_bytes(Path(f"z.{ending}").read_bytes())
    both = ("compare", f"z.{ending}", f"other.{ending}", "--metric")
    assert run(*both, "kl").number == 0
    assert run(*both, "loss_base", "--labels", f"onehot.{ending}").number == want


def test_labels_that_are_a_column_for_each_class_name_no_rows(run: Run) -> None:
    pd.DataFrame(np.c_[Z[:, :2], np.arange(12) % 7], columns=NAMES).to_csv("z.csv", index=False)
    pd.DataFrame(np.eye(3)[Y], columns=NAMES).to_csv("onehot.csv", index=False)
    outcome = run("loss", "z.csv", "onehot.csv")
    assert ways(outcome) == [["--drop", "fox"], ["--columns", "cat,dog,fox"]]
    kept = run("loss", "z.csv", "onehot.csv", "--columns", "cat,dog,fox")
    want = cross_entropies(np.c_[Z[:, :2], np.arange(12) % 7], Y).mean()
    assert kept.number == close_to(want, rel=1e-14)


@in_one_test
@pytest.mark.parametrize("labels", ["0,1,2\n", "[0, 1, 2]\n"])
def test_labels_in_one_row_for_logits_that_are_read_once(run: Run, labels: str) -> None:
    Path("y.jsonl" if "[" in labels else "y.csv").write_text(labels)
    name = "y.jsonl" if "[" in labels else "y.csv"
    rows = Z[:3].tolist()
    text = "".join(f"{','.join(map(repr, row))}\n" for row in rows).encode()
    Path("z.csv.gz").write_bytes(gzip.compress(text))
    wanted = close_to(cross_entropies(Z[:3], [0, 1, 2]).mean(), rel=1e-14)
    assert run("loss", "-", name, stdin=text).number == wanted
    lines = "".join(f"{row}\n" for row in rows).encode()
    assert run("loss", "-", name, stdin=lines).number == wanted
    assert run("loss", "z.csv.gz", name).number == wanted
    one = text.splitlines()[0]
    assert "is above 1" in run("loss", "-", name, stdin=one).err  # shares of one row
    more = run("loss", "-", name, stdin=text + one)
    assert (more.code, f"{name}: 3 labels, and <stdin> has more rows" in more.err) == (1, True)


def test_one_row_of_shares_for_one_row_of_logits(run: Run) -> None:
    np.savetxt("z.csv", Z[:1], delimiter=",")
    Path("y.csv").write_text("0,1,0\n")
    assert run("loss", "z.csv", "y.csv").number == close_to(
        cross_entropies(Z[:1], [1])[0], rel=1e-14
    )
    np.savetxt("z.csv", Z[:3], delimiter=",")
    Path("y.csv").write_text("0,7,0\n")
    assert "y.csv:1: column 2: label 7 is outside" in run("loss", "z.csv", "y.csv").err
    Path("y.csv").write_text("cat,dog,cat\n")
    assert "stand one a line" in run("loss", "z.csv", "y.csv").err


@in_one_test
@pytest.mark.parametrize(("names", "start"), [(NAMES, 0), (["0", "1", "2"], 1)])
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
        loss = run("loss", "both.csv", "--label-column", "label", *way).number
        assert loss == close_to(LOSSES.mean(), rel=1e-14)
    by_id, by_place = ways(run("loss", "z.csv", "y.csv", *found[0]))
    matched = run("loss", "z.csv", "y.csv", *found[1]).number
    assert run("loss", "z.csv", "y.csv", *by_id).number == matched
    assert matched == close_to(LOSSES.mean(), rel=1e-14)
    loss = run("loss", "z.csv", "y.csv", *found[0], *by_place).number
    in_place = labels.sort_index(ascending=False)["label"]
    assert loss == close_to(cross_entropies(Z, in_place).mean(), rel=1e-14)


@in_one_test
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
    assert run(*command, *out).number == close_to(LOSSES.mean(), rel=1e-14)
    all_four = cross_entropies(np.c_[Z, column], Y).mean()
    is_class = not (whole and name == "weight")  # which is none, whatever it holds
    want = all_four if is_class else LOSSES.mean()
    assert run(*command, *kept).number == close_to(want, rel=1e-14)


def test_many_columns_are_kept_by_a_range(run: Run) -> None:
    wide = np.random.default_rng(1).normal(size=(12, 14))
    frame = pd.DataFrame(wide, columns=[*"abcdefghijklm", "score"]).assign(label=Y)
    frame.to_csv("z.csv")
    _, kept = ways(run("loss", "z.csv", "--label-column", "label"))
    assert kept == ["--columns", "2-15"]
    loss = run("loss", "z.csv", "--label-column", "label", *kept).number
    assert loss == close_to(cross_entropies(wide, Y).mean(), rel=1e-14)


@in_one_test
@pytest.mark.parametrize("shares", [np.eye(3, dtype=int)[Y], np.round(np.eye(3)[Y] * 0.7 + 0.1, 2)])
def test_one_column_a_class_beside_an_id(run: Run, shares: Any) -> None:
    np.save("z.npy", Z)
    pd.DataFrame(shares, columns=NAMES).assign(id=range(50, 62)).to_csv("y.csv", index=False)
    log_probs = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    loss = run("loss", "z.npy", "y.csv").number
    assert loss == close_to(-(shares * log_probs).sum(axis=1).mean(), rel=1e-14)
    Path("y.csv").write_text("id,a,b,c\n" + "".join(f"{i},{i % 2},1,{i % 3}\n" for i in range(12)))
    assert "may be the labels" in run("loss", "z.npy", "y.csv").err


@in_one_test
@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_one_hot_columns_beside_an_id_in_a_table(run: Run, ending: str) -> None:
    np.save("z.npy", Z)
    hot = pd.DataFrame(np.eye(3, dtype=int)[Y], columns=NAMES)
    hot.insert(0, "id", range(100, 112))
    getattr(hot, f"to_{ending}")(f"y.{ending}")
    assert run("loss", "z.npy", f"y.{ending}").number == close_to(LOSSES.mean(), rel=1e-14)
    getattr(hot.assign(fox=5), f"to_{ending}")(f"y.{ending}")
    assert "may be the labels" in run("loss", "z.npy", f"y.{ending}").err


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


@pytest.mark.parametrize("first", [2**53, 2**62])
def test_ids_that_float64_does_not_tell_apart(run: Run, first: int) -> None:
    """Such a column looks constant, and is no class for that."""
    frame = pd.DataFrame(Z, columns=NAMES)
    frame.insert(0, "sample_name", first + np.arange(12))
    frame.to_csv("z.csv", index=False)
    frame.to_parquet("z.parquet")
    np.save("y.npy", Y)
    for path in ("z.csv", "z.parquet"):
        outcome = run("loss", path, "y.npy")
        assert ["--drop", "sample_name"] in ways(outcome)
        found = run("loss", path, "y.npy", "--drop", "sample_name").number
        assert found == close_to(LOSSES.mean(), rel=1e-12)
