"""Which columns, arrays and files beside the rows are taken for weights, groups and clusters."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run, refusal
from close_to import close_to
from in_one_test import in_one_test
from rows_with_weights import LOSSES, NAMES, WEIGHTS, Y, Z

import xentcli as xent


def test_only_columns_that_nobody_asks_for_are_told_of(run: Run) -> None:
    np.save("z.npy", Z)
    beside = pd.DataFrame({"label": Y, "site": list("nnsswwnnssww"), "fold": [0, 1, 2, 3] * 3})
    beside.to_csv("y.csv", index=False)
    start = "note: y.csv: "
    for options, told, names in (
        ((), "columns 'site', 'fold' are not taken for labels", ("eval", "compare", "calibrate")),
        (("--by", "site"), "column 'fold' is not taken for labels", ("eval",)),
        (("--cluster", "fold"), "column 'site' is not taken for labels", ("calibrate",)),
        (("--by", "site", "--cluster", "fold"), "", ("compare",)),
    ):
        for name in names:
            files = ("z.npy", "z.npy", "--labels") if name == "compare" else ("z.npy",)
            outcome = run(name, *files, "y.csv", *options)
            said = [line for line in outcome.err.splitlines() if start in line]
            assert said == ([start + told] if told else []), (name, options)
    for notes in (
        xent.evaluate("z.npy", "y.csv", by="site").notes,
        xent.compare("z.npy", "z.npy", "y.csv", by="site").notes,
    ):
        said = [note for note in notes if "y.csv" in note]
        assert said == ["y.csv: column 'fold' is not taken for labels"]


@in_one_test
@pytest.mark.parametrize("words", ["loss|--sample-weight", "eval|--by", "eval|--cluster"])
def test_no_array_of_several_is_taken_for_weights_or_groups(run: Run, words: str) -> None:
    command, option = words.split("|")
    np.save("z.npy", Z)
    np.savez("y.npz", labels=Y, weights=WEIGHTS)
    refused = refusal(run(command, "z.npy", "y.npz", option, "y.npz"))
    assert refused.error.startswith("y.npz: it holds 'labels' (12,) ")
    assert refused.hint == "a file of one array is needed here"
    ids = pd.DataFrame({"id": list("abcdefghijkl")})
    ids.join(pd.DataFrame(Z, columns=NAMES)).assign(label=Y).to_csv("z.csv", index=False)
    rows = ["z.csv", "--label-column", "label", "--id-column", "id"]
    assert run("loss", *rows, "--reduction", "none", "-o", "l.json", "--force").code == 0
    refused = refusal(run(command, *rows, option, "l.json"))
    assert refused.error == "l.json: its rows have ids, which are not read from JSON"
    assert refused.hint == "write CSV or Parquet, which are"  # no option chooses their array


def test_files_of_weights_and_groups_stand_in_the_order_of_the_logits(run: Run) -> None:
    """As files of labels do: a pattern has them in the order of their numbers."""
    for i in range(2):
        rows = slice(6 * i, 6 * i + 6)
        for name, values in (("z", Z), ("y", Y), ("w", WEIGHTS), ("g", np.array(list("nsw" * 4)))):
            np.save(f"{name}-{i}.npy", values[rows])
        np.save(f"v-{i + 1}.npy", WEIGHTS[rows])
    for order in ((0, 1), (1, 0)):
        files = [word for i in order for word in ("--logits", f"z-{i}.npy")]
        files += [word for i in order for word in ("--labels", f"y-{i}.npy")]
        for command, option, name in (
            ("loss", "--sample-weight", "w"),
            ("eval", "--by", "g"),
            ("eval", "--cluster", "g"),
            ("calibrate", "--sample-weight", "w"),
        ):
            outcome = run(command, *files, option, f"{name}-*.npy")
            if order == (1, 0):
                assert refusal(outcome) == (
                    f"{name}-0.npy stands at the place of z-1.npy",
                    "name the files of both in the same order",
                )
            elif command == "loss":
                assert outcome.number == close_to(np.average(LOSSES, weights=WEIGHTS), rel=1e-14)
            assert order == (1, 0) or (outcome.code == 0 and "count differently" not in outcome.err)
    outcome = run("loss", "z-*.npy", "y-*.npy", "--sample-weight", "v-*.npy")
    assert outcome.number == close_to(np.average(LOSSES, weights=WEIGHTS), rel=1e-14)
    assert "their names count differently: v-1.npy is for z-0.npy" in outcome.err


@in_one_test
@pytest.mark.parametrize("by_id", [False, True])
def test_a_shard_of_groups_without_rows(run: Run, *, by_id: bool) -> None:
    """Pandas has no type for a column of no values; in Parquet it holds null."""
    rows = pd.DataFrame({"id": list("abcdefghijkl"), "site": list("nnsswwnnssww")})
    groups = rows if by_id else rows[["site"]]
    for i, part in enumerate((slice(12), slice(0))):
        groups[part].astype(object).to_parquet(f"site-{i}.parquet")
        np.save(f"z-{i}.npy", Z[part])
        np.save(f"y-{i}.npy", Y[part])
    rows[["id"]].join(pd.DataFrame(Z, columns=NAMES)).to_csv("z.csv", index=False)
    rows[["id"]].assign(label=Y).to_csv("y.csv", index=False)
    files = ["z.csv", "y.csv"] if by_id else ["--logits", "z-?.npy", "--labels", "y-?.npy"]
    command = ["eval", *files, "--metric", "loss", "--json", "--by", "site-?.parquet"]
    found = {
        each["name"]: each["metrics"]["loss"]["value"] for each in run(*command).json["groups"]
    }
    sites = rows["site"].to_numpy()
    assert found == {site: close_to(LOSSES[sites == site].mean(), rel=1e-14) for site in "nsw"}


def test_a_column_in_which_every_value_is_missing(run: Run) -> None:
    """In Parquet it holds null, where CSV has empty cells: groups of no name, and no numbers."""
    np.save("z.npy", Z)
    np.save("y.npy", Y)
    pd.DataFrame({"site": [None] * 12}).to_parquet("none.parquet")
    command = ["eval", "z.npy", "y.npy", "--metric", "loss", "--json", "--by", "none.parquet"]
    (every,) = run(*command).json["groups"]
    assert (every["name"], every["rows"]) == ("", 12)
    for option in ("--sample-weight", "--weight", "--labels"):
        files = ["z.npy"] if option == "--labels" else ["z.npy", "y.npy"]
        error = refusal(run("loss", *files, option, "none.parquet")).error
        assert error == "none.parquet: column 'site' holds null, not numbers"


@in_one_test
@pytest.mark.parametrize("option", ["--by", "--cluster"])
def test_files_of_groups_have_one_name_of_their_column_or_array(run: Run, option: str) -> None:
    """So they do in a merge of states; an array of another name may say something else."""
    for i, name in enumerate(("lang", "topic")):
        np.save(f"z-{i}.npy", Z[6 * i : 6 * i + 6])
        np.save(f"y-{i}.npy", Y[6 * i : 6 * i + 6])
        groups = np.array(list("nnssww"))
        arrays: dict[str, Any] = {name: groups}
        np.savez(f"other-{i}.npz", **arrays)
        np.savez(f"same-{i}.npz", lang=groups)
        pd.DataFrame({name: groups}).to_csv(f"other-{i}.csv", index=False)
    command = ["eval", "--logits", "z-*.npy", "--labels", "y-*.npy", option]
    for ending, said in (
        ("npz", "other-1.npz:topic: names of another array than other-0.npz:lang"),
        ("csv", "other-1.csv: column 1 is 'topic', and 'lang' in other-0.csv"),
    ):
        assert refusal(run(*command, f"other-*.{ending}")).error == said
    assert run(*command, "same-*.npz").code == 0
