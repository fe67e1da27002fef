"""Weights and groups in files of their own, which are found by the ids of rows."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_files import write_rows
from cli_tools import Run, refusal
from close_to import close_to
from formulas import cross_entropies
from in_one_test import in_one_test
from rows_with_weights import LOSSES, NAMES, WEIGHTS, Y, Z

import xentcli as xent


@in_one_test
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
    want = cross_entropies(np.c_[np.zeros(12), Z[:, 0]], truth) if binary else LOSSES
    outcome = run(*command, "--sample-weight", "w.csv")
    assert outcome.number == close_to(np.average(want, weights=WEIGHTS), rel=1e-14)
    note = "w.csv: in another order than z.csv; matched by 'id'"
    assert (note in outcome.err) == (order.step == -1)


@pytest.mark.parametrize("option", ["--by", "--cluster"])
def test_a_column_of_groups_in_both_files_is_that_beside_the_labels(run: Run, option: str) -> None:
    """Nothing said that there were two."""
    rows = [[1.5, 0.5, 0], [0.5, 2.5, 0], [2.5, 0.5, 1]]
    write_rows("z.csv", ["a", "b", "site"], rows)
    write_rows("y.csv", ["label", "site"], [[0, 5], [1, 6], [1, 6]])
    both = ("--label-column", "label", "--metric", "loss", option, "site")
    found = run("eval", "z.csv", "y.csv", *both)
    assert "note: y.csv: column 'site' is read here, and not that of z.csv\n" in found.err
    write_rows("z.csv", ["a", "b"], [row[:2] for row in rows])
    alone = run("eval", "z.csv", "y.csv", *both)
    assert found.out == alone.out
    assert "is read here" not in alone.err


def test_weights_in_several_files_are_found_by_id(run: Run) -> None:
    """In Python a list of files went by place, or was an error of the program."""
    ids = pd.DataFrame({"id": list("abcdefghijkl")})
    ids.join(pd.DataFrame(Z, columns=NAMES)).to_csv("z.csv", index=False)
    ids.assign(label=Y).to_csv("y.csv", index=False)
    weights = ids.assign(weight=WEIGHTS)[::-1]
    for i, columns in ((1, ["id", "weight"]), (2, ["weight", "id"])):
        weights[columns][i * 6 - 6 : i * 6].to_csv(f"w-{i}.csv", index=False)
    want = close_to(np.average(LOSSES, weights=WEIGHTS), rel=1e-14)
    assert run("loss", "z.csv", "y.csv", "--sample-weight", "w-*.csv").number == want
    for files in (["w-1.csv", "w-2.csv"], [Path("w-1.csv"), Path("w-2.csv")], "w-*.csv"):
        assert xent.loss("z.csv", "y.csv", sample_weight=files).loss == want
    weights[["weight"]][:6].to_csv("w-1.csv", index=False)
    outcome = run("loss", "z.csv", "y.csv", "--sample-weight", "w-*.csv")
    assert refusal(outcome).error == "w-2.csv: columns 'weight', 'id' may be the weights"


def test_the_index_of_a_frame_in_another_order_is_no_group_and_no_weight(run: Run) -> None:
    """It is a column of Parquet, to which pandas gives a name of its own."""
    ids = pd.DataFrame({"id": list("abcdefghijkl")})
    ids.join(pd.DataFrame(Z, columns=NAMES)).to_csv("z.csv", index=False)
    ids.assign(label=Y).to_csv("y.csv", index=False)
    order = np.random.default_rng(2).permutation(12)
    ids.assign(site=list("nnsswwnnssww")).iloc[order].to_parquet("site.parquet")
    ids.assign(w=WEIGHTS).iloc[order].to_parquet("w.parquet")
    found = run("eval", "z.csv", "y.csv", "--by", "site.parquet", "--json").json["groups"]
    sites = np.array(list("nnsswwnnssww"))
    assert {each["name"]: each["metrics"]["loss"]["value"] for each in found} == {
        name: close_to(LOSSES[sites == name].mean(), rel=1e-14) for name in "nsw"
    }
    weighed = run("loss", "z.csv", "y.csv", "--sample-weight", "w.parquet")
    assert weighed.number == close_to(np.average(LOSSES, weights=WEIGHTS), rel=1e-14)


@in_one_test
@pytest.mark.parametrize(("shape", "ending"), [((1,), "csv"), ((1, 1), "npy"), ((1, 1), "jsonl")])
def test_one_row_of_a_file_that_does_not_tell_how_many(
    run: Run, shape: tuple[int, ...], ending: str
) -> None:
    np.save("z.npy", Z[:1])
    Path("z.csv").write_text(",".join(map(repr, Z[0].tolist())) + "\n")
    Path("z.jsonl").write_text(f"{Z[0].tolist()}\n")
    np.save("one.npy", np.full(shape, 2))
    np.save("y.npy", Y[:1])
    weighted = run("loss", f"z.{ending}", "y.npy", "--sample-weight", "one.npy", "--reduction=sum")
    assert weighted.number == close_to(2 * LOSSES[0], rel=1e-14)
    options = ("--by", "one.npy", "--cluster", "one.npy", "--json")
    (group,) = run("eval", f"z.{ending}", "y.npy", *options).json["groups"]
    assert group["metrics"]["loss"]["value"] == close_to(LOSSES[0], rel=1e-14)
    Path("two.csv").write_text("a,b,c\n0.5,1.5,2.5\n1.5,2.5,3.5\n")
    np.save("two.npy", Y[:2])
    refused = run("loss", "two.csv", "two.npy", "--sample-weight", "one.npy")
    assert refused.err == "error: one.npy: 1 weights, and two.csv has more rows\n"


@in_one_test
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
    several = run("compare", "z.csv", "z.csv", "--labels", "y.csv", *labels, "--by", "y.csv")
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
    assert temperatures[0] == close_to(temperatures[1], rel=1e-14)
    assert clustered.metrics == named.metrics


@in_one_test
@pytest.mark.parametrize(
    ("ending", "by_id"),
    [("csv", True), ("parquet", True), ("csv", False), ("json", False), ("npy", False)],
)
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
