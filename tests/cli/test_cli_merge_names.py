"""States of shards whose groups, clusters and weights stand in files of their own."""

import gzip
import json
import random
import shlex
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, refusal
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from merge_tools import merge_as_tree, write_state
from numpy.typing import NDArray

from xentcli.pipeline.saved_states.state_merging import merged

COUNTS = (7, 5, 9)
COMMANDS = {
    "eval": "eval z-{}.npy --labels y-{}.npy --by of/g-{}.csv --cluster c{}.csv --metric loss "
    "--metric suspects",
    "compare": "compare z-{}.npy v-{}.npy --labels y-{}.npy --by of/g-{}.csv --cluster c{}.csv",
    "loss": "loss z-{}.npy --labels y-{}.npy --sample-weight w{}.npy",
}
BY = COMMANDS["eval"]


@pytest.fixture(autouse=True)
def names_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Write the rows of each shard, and as CSV their groups and clusters; return these by file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "of").mkdir()
    draw = np.random.default_rng(4)
    names = {}
    for i, n in enumerate(COUNTS):
        for name in "zv":
            np.save(f"{name}-{i}.npy", draw.normal(size=(n, 3)))
        np.save(f"y-{i}.npy", draw.integers(0, 3, n))
        np.save(f"w{i}.npy", draw.uniform(0.1, 3.0, n))
        names[f"of/g-{i}"] = draw.choice(["de", "en", "fr"], n)
        names[f"c{i}"] = draw.choice(["a", "b", "c", "d"], n)
    for stem, each in names.items():
        write_names(f"{stem}.csv", each)
    return names


def write_names(path: str, names: NDArray[Any], column: str = "lang") -> None:
    """Write a name for each row in a file of the kind that its name says."""
    text = "\n".join([column, *names, ""])
    arrays: dict[str, Any] = {column: names}
    match path.partition(".")[2]:
        case "csv":
            Path(path).write_text(text)
        case "csv.gz":
            Path(path).write_bytes(gzip.compress(text.encode()))
        case "json":
            Path(path).write_text(json.dumps(names.tolist()))
        case "npy":
            np.save(path, names)
        case "npz":
            np.savez(path, **arrays)
        case "parquet":
            pq.write_table(pa.table(arrays), path)


def write_states(run: Run, line: str, *shards: int) -> list[str]:
    """Write the state of each shard."""
    for i in shards:
        write_state(run, line.replace("{}", str(i)), f"s{i}.json", "--force")
    return [f"s{i}.json" for i in shards]


@in_one_test
@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("eval", ("csv", "csv.gz")),
        ("eval", ("npy", "npz")),
        ("eval", ("parquet", "json")),
        ("compare", ("json", "parquet")),
        ("loss", ("csv", "csv")),
    ],
)
def test_each_shard_may_have_a_file_of_its_own(
    run: Run, tmp_path: Path, names_of_rows: dict[str, Any], command: str, kinds: tuple[str, str]
) -> None:
    line = COMMANDS[command]
    for start, kind in zip(("of/g-", "c"), kinds, strict=True):
        line = line.replace(f"{start}{{}}.csv", f"{start}{{}}.{kind}")
        for i in range(len(COUNTS)):
            write_names(f"{start}{i}.{kind}", names_of_rows[f"{start}{i}"])
    states = write_states(run, line, 0, 1, 2)
    last, found = merge_as_tree(run, states, random.Random(kinds[0]))  # noqa: S311
    whole = write_state(run, line.replace("{}", "*"), "whole.json", "--json")
    assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert "count otherwise" not in found.err
    if command == "loss":
        assert found.stdout == whole.stdout
    else:
        assert found.json["groups"] == whole.json["groups"]
        assert found.json["clusters"] == whole.json["clusters"] == 4


def test_the_groups_are_those_that_the_files_name(run: Run, names_of_rows: dict[str, Any]) -> None:
    found = run("merge", *write_states(run, BY, 2, 0, 1), "--json").json
    z, y = (
        np.concatenate([np.load(f"{stem}-{i}.npy") for i in range(len(COUNTS))]) for stem in "zy"
    )
    names = np.concatenate([names_of_rows[f"of/g-{i}"] for i in range(len(COUNTS))])
    losses = np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]
    for group, name in zip(found["groups"], ["de", "en", "fr"], strict=True):
        rows = names == name
        assert (group["name"], group["rows"]) == (name, rows.sum())
        assert group["metrics"]["loss"]["value"] == pytest.approx(losses[rows].mean(), rel=1e-12)


def test_any_order_and_any_tree_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    """Also where a state is of some shards, by a pattern, and another of a part of one."""
    names = [
        write_shards(run, "[01]", "a.json"),
        write_shards(run, "2", "b.json", "--rows", ":4"),
        write_shards(run, "2", "c.json", "--rows", "4:7"),
        write_shards(run, "2", "d.json", "--rows", "7:"),
    ]
    expected = (tmp_path / write_shards(run, "*", "whole.json")).read_text()

    @settings(max_examples=6, deadline=None)
    @given(st.permutations(names), st.lists(st.integers(2, 4), min_size=3, max_size=3))
    def merges(waiting: list[str], counts: list[int]) -> None:
        for i, count in enumerate(counts):
            taken, waiting = waiting[:count], waiting[count:]
            if len(taken) > 1:
                merged(taken).write(f"tree-{i}.json", force=True)
                taken = [f"tree-{i}.json"]
            waiting = [*waiting, *taken]
        assert merged(waiting).text() == expected

    merges()


def write_shards(run: Run, shards: str, state: str, *more: str) -> str:
    """Write the state of the shards that a pattern matches."""
    write_state(run, BY.replace("{}", shards), state, *more)
    return state


@in_one_test
@pytest.mark.parametrize(
    ("line", "other", "said"),
    [
        ("--by lang.csv", "--by length.csv", "--by is lang.csv:lang, and length.csv:lang"),
        ("--by lang1.csv", "--by length1.csv", "--by is lang*.csv:lang, and length*.csv:lang"),
        ("--by of/g-0.csv", "--by of/g-1.npy", "--by is of/g-*.csv:lang, and of/g-*.npy"),
        ("--by of/g-0.csv", "--by x-1.csv", "--by is of/g-*.csv:lang, and x-*.csv:lang"),
        ("--by x-0.csv", "--by x-2.csv", "--by is x-*.csv:lang, and x-*.csv:age"),
        ("--by x-0.npz", "--by x-2.npz", "--by is x-*.npz:lang, and x-*.npz:age"),
        ("--by of/g-0.csv", "", "--by is of/g-*.csv:lang, and not given"),
        ("--cluster of/g-0.csv", "--cluster rows", "--cluster is of/g-*.csv:lang, and rows"),
        ("--cluster x-0.csv", "--cluster x-2.csv", "--cluster is x-*.csv:lang, and x-*.csv:age"),
    ],
)
def test_groups_of_another_kind_are_refused(run: Run, line: str, other: str, said: str) -> None:
    for i, option in enumerate((line, other)):
        path = option.partition(" ")[2]
        if path not in ("", "rows", "of/g-0.csv"):
            column = "age" if path.startswith("x-2") else "lang"
            write_names(path, np.resize(["u", "v"], COUNTS[i]), column)
    write_state(run, f"eval z-0.npy y-0.npy --metric loss {line}", "a.json")
    write_state(run, f"eval z-1.npy y-1.npy --metric loss {other}", "b.json")
    refused = refusal(run("merge", "a.json", "b.json"))
    assert refused.error == f"a.json and b.json: other options: {said}"
    if ".csv" in other:
        assert "have one name but for numbers, lang-0.csv and lang-1.csv" in refused.hint
    else:
        assert refused.hint == "" or ".np" in other


def test_a_file_has_the_same_name_however_it_is_written(
    run: Run, tmp_path: Path, names_of_rows: dict[str, Any]
) -> None:
    write_state(run, "eval z-0.npy y-0.npy --metric loss --by of/g-0.csv", "a.json")
    write_names("of/g-1.csv.gz", names_of_rows["of/g-1"])
    write_state(run, "eval z-1.npy y-1.npy --metric loss --by ./of//g-1.csv.gz", "b.json")
    found = run("merge", "b.json", "a.json", "--json").json
    url = f"file://{tmp_path}/of/g-"
    line = f"eval z-[01].npy --labels y-[01].npy --metric loss --by {quote(url)}[01].csv --json"
    whole = run(*shlex.split(line)).json
    assert found["groups"] == whole["groups"]
    for i in (0, 1):
        write_state(
            run, f"eval z-{i}.npy y-{i}.npy --metric loss --by {quote(url)}{i}.csv", f"u{i}.json"
        )
    found = run("merge", "u0.json", "u1.json", "--json").json
    assert found["groups"] == whole["groups"]


def test_a_column_has_one_name_in_all_runs(run: Run) -> None:
    """Its name may even be that of a file, or count."""
    for i, columns in enumerate(("fold-1,of/g-0.csv", "fold-2,of/g-0.csv")):
        rows = [f"{y},u,v" for y in np.load(f"y-{i}.npy")]
        Path(f"t{i}.csv").write_text("\n".join([f"label,{columns}", *rows, ""]))
    line = "eval z-{}.npy t{}.csv --label-column label --metric loss --by "
    write_state(run, line.format(0, 0) + "fold-1", "a.json")
    write_state(run, line.format(1, 1) + "fold-2", "b.json")
    said = "a.json and b.json: other options: --by is fold-1, and fold-2"
    assert refusal(run("merge", "a.json", "b.json")).error == said
    for i in (0, 1):
        write_state(run, line.format(i, i) + "of/g-0.csv", f"e{i}.json")
    groups = run("merge", "e0.json", "e1.json", "--json").json["groups"]
    assert [(each["name"], each["rows"]) for each in groups] == [("v", COUNTS[0] + COUNTS[1])]
    write_state(run, "eval z-1.npy y-1.npy --metric loss --by of/g-1.csv", "d.json")
    said = "e0.json and d.json: other options: --by is of/g-0.csv, and of/g-*.csv:lang"
    assert refusal(run("merge", "e0.json", "d.json")).error == said


@in_one_test
@pytest.mark.parametrize(("option", "what"), [("--by", "groups"), ("--cluster", "clusters")])
def test_rows_of_one_file_have_names_of_one_file(
    run: Run, tmp_path: Path, option: str, what: str
) -> None:
    for i in (1, 2):
        write_names(f"g{i}.csv", np.array(list("uvuvuvu")))
    line = "eval z-0.npy y-0.npy --metric loss"
    write_state(run, f"{line} --rows :3 {option} g1.csv", "a.json")
    write_state(run, f"{line} --rows 3: {option} g2.csv", "b.json")
    said = refusal(run("merge", "a.json", "b.json")).error
    both = f"{tmp_path}/g1.csv and {tmp_path}/g2.csv"
    assert said == f"a.json and b.json: {tmp_path}/z-0.npy: the {what} of its rows are in {both}"
    write_state(run, f"{line} --rows 3: {option} g1.csv", "c.json")
    assert run("merge", "a.json", "c.json").code == 0


def test_files_that_count_otherwise_than_the_rows_are_a_note(run: Run, tmp_path: Path) -> None:
    for i, k in enumerate((1, 5, 10)):
        write_names(f"top-{k}.csv", np.resize(["yes", "no"], COUNTS[i]))
        write_state(run, f"eval z-{i}.npy y-{i}.npy --metric loss --by top-{k}.csv", f"top{i}.json")
        write_names(f"g-{i + 1}.csv", np.resize(["u", "v"], COUNTS[i]))
        write_state(run, f"eval z-{i}.npy y-{i}.npy --metric loss --by g-{i + 1}.csv", f"g{i}.json")
    told = run("merge", "top0.json", "top1.json", "top2.json").err
    first, other = (
        f"{tmp_path}/top-{k}.csv is of {tmp_path}/z-{i}.npy" for k, i in ((1, 0), (5, 1))
    )
    said = "note: the files of groups count otherwise than those of the rows"
    assert f"{said}: {first}, and {other}\n" in told
    assert said not in run("merge", "g0.json", "g1.json", "g2.json").err
