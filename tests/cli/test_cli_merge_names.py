"""States of shards whose groups, clusters and weights stand in files of their own."""

import gzip
import random
from pathlib import Path
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

COUNTS = (7, 5, 9, 1)
KINDS = ("csv", "csv.gz", "npy", "npz", "parquet", "json")
COMMANDS = {
    "eval": "eval z-{}.npy --labels y-{}.npy --by of/g-{}.KIND --cluster c{}.KIND --metric all",
    "compare": "compare z-{}.npy v-{}.npy --labels y-{}.npy --by of/g-{}.KIND --cluster c{}.KIND",
    "loss": "loss z-{}.npy --labels y-{}.npy --sample-weight w{}.npy",
}
BY = COMMANDS["eval"].replace("KIND", "csv")


@pytest.fixture(autouse=True)
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the rows of each shard, and their groups and clusters in files of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "of").mkdir()
    draw = np.random.default_rng(4)
    for i, n in enumerate(COUNTS):
        for name in "zv":
            np.save(f"{name}-{i}.npy", draw.normal(size=(n, 3)))
        np.save(f"y-{i}.npy", draw.integers(0, 3, n))
        np.save(f"w{i}.npy", draw.uniform(0.1, 3.0, n))
        write_names(f"of/g-{i}", "lang", draw.choice(["de", "en", "fr"], n))
        write_names(f"c{i}", "doc", draw.choice(["a", "b", "c", "d"], n))


def write_names(stem: str, column: str, names: NDArray[Any]) -> None:
    """Write a name for each row in files of each kind."""
    text = "\n".join([column, *names, ""])
    Path(f"{stem}.csv").write_text(text)
    Path(f"{stem}.csv.gz").write_bytes(gzip.compress(text.encode()))
    Path(f"{stem}.json").write_text("[" + ", ".join(f'"{name}"' for name in names) + "]")
    np.save(f"{stem}.npy", names)
    arrays: dict[str, Any] = {column: names}
    np.savez(f"{stem}.npz", **arrays)
    pq.write_table(pa.table({column: names}), f"{stem}.parquet")


def write_states(run: Run, line: str, *shards: int) -> list[str]:
    """Write the state of each shard."""
    for i in shards:
        write_state(run, line.replace("{}", str(i)), f"s{i}.json", "--force")
    return [f"s{i}.json" for i in shards]


@in_one_test
@pytest.mark.parametrize(
    ("command", "kind"),
    [*(("eval", kind) for kind in KINDS), ("compare", "parquet"), ("loss", "npy")],
)
def test_each_shard_may_have_a_file_of_its_own(
    run: Run, tmp_path: Path, command: str, kind: str
) -> None:
    line = COMMANDS[command].replace("KIND", kind)
    names = write_states(run, line, 0, 1, 2, 3)
    last, found = merge_as_tree(run, names, random.Random(kind))  # noqa: S311
    whole = write_state(run, line.replace("{}", "*"), "whole.json", "--json")
    assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert "count otherwise" not in found.err
    if command == "loss":
        assert found.stdout == whole.stdout
    else:
        assert found.json["groups"] == whole.json["groups"]
        assert found.json["clusters"] == whole.json["clusters"] == 4


def test_the_groups_are_those_that_the_files_name(run: Run) -> None:
    found = run("merge", *write_states(run, BY, 2, 0, 3, 1), "--json").json
    z, y, names = (
        np.concatenate([np.load(f"{stem}{i}.npy") for i in range(len(COUNTS))])
        for stem in ("z-", "y-", "of/g-")
    )
    losses = np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]
    for group, name in zip(found["groups"], ["de", "en", "fr"], strict=True):
        rows = names == name
        assert (group["name"], group["rows"]) == (name, rows.sum())
        assert group["metrics"]["loss"]["value"] == pytest.approx(losses[rows].mean(), rel=1e-12)


def test_any_order_and_any_tree_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    """Also where a state is of some shards, by a pattern, and another of a part of one."""
    names = [
        *write_states(run, BY, 3),
        write_shards(run, "[01]", "a.json"),
        write_shards(run, "2", "b.json", "--rows", ":4"),
        write_shards(run, "2", "c.json", "--rows", "4:"),
    ]
    expected = (tmp_path / write_shards(run, "*", "whole.json")).read_text()

    @settings(max_examples=12, deadline=None)
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
    names = np.array(["u", "v", "u", "v", "u"])
    for stem in ("lang", "length", "lang1", "length1", "x-0", "x-1", "x-2"):
        column = "age" if stem.endswith("2") else "lang"
        write_names(stem, column, np.resize(names, COUNTS[stem not in ("lang", "lang1", "x-0")]))
    write_state(run, f"eval z-0.npy y-0.npy {line}", "a.json")
    write_state(run, f"eval z-1.npy y-1.npy {other}", "b.json")
    refused = refusal(run("merge", "a.json", "b.json"))
    assert refused.error == f"a.json and b.json: other options: {said}"
    if ".csv" in other:
        assert "have one name but for numbers, lang-0.csv and lang-1.csv" in refused.hint
    else:
        assert refused.hint == "" or ".np" in other


def test_a_file_has_the_same_name_however_it_is_written(run: Run, tmp_path: Path) -> None:
    write_state(run, "eval z-0.npy y-0.npy --by of/g-0.csv", "a.json")
    write_state(run, "eval z-1.npy y-1.npy --by ./of//g-1.csv.gz", "b.json")
    found = run("merge", "b.json", "a.json", "--json").json
    url = f"file://{tmp_path}/of/g-"
    line = f"eval z-[01].npy --labels y-[01].npy --by {url}[01].csv --json"
    whole = run(*line.split()).json
    assert found["groups"] == whole["groups"]
    for i in (0, 1):
        write_state(run, f"eval z-{i}.npy y-{i}.npy --by {url}{i}.csv", f"u{i}.json")
    found = run("merge", "u0.json", "u1.json", "--json").json
    assert found["groups"] == whole["groups"]


def test_a_column_has_one_name_in_all_runs(run: Run) -> None:
    """Its name may even be that of a file, or count."""
    for i, columns in enumerate(("fold-1,of/g-0.csv", "fold-2,of/g-0.csv")):
        rows = [f"{y},u,v" for y in np.load(f"y-{i}.npy")]
        Path(f"t{i}.csv").write_text("\n".join([f"label,{columns}", *rows, ""]))
    line = "eval z-{}.npy t{}.csv --label-column label --by "
    write_state(run, line.format(0, 0) + "fold-1", "a.json")
    write_state(run, line.format(1, 1) + "fold-2", "b.json")
    said = "a.json and b.json: other options: --by is fold-1, and fold-2"
    assert refusal(run("merge", "a.json", "b.json")).error == said
    for i in (0, 1):
        write_state(run, line.format(i, i) + "of/g-0.csv", f"e{i}.json")
    groups = run("merge", "e0.json", "e1.json", "--json").json["groups"]
    assert [(each["name"], each["rows"]) for each in groups] == [("v", COUNTS[0] + COUNTS[1])]
    write_state(run, "eval z-1.npy y-1.npy --by of/g-1.csv", "d.json")
    said = "e0.json and d.json: other options: --by is of/g-0.csv, and of/g-*.csv:lang"
    assert refusal(run("merge", "e0.json", "d.json")).error == said


@in_one_test
@pytest.mark.parametrize(("option", "what"), [("--by", "groups"), ("--cluster", "clusters")])
def test_rows_of_one_file_have_names_of_one_file(
    run: Run, tmp_path: Path, option: str, what: str
) -> None:
    for i in (1, 2):
        write_names(f"g{i}", "lang", np.array(list("uvuvuvu")))
    line = "eval z-0.npy y-0.npy"
    write_state(run, f"{line} --rows :3 {option} g1.csv", "a.json")
    write_state(run, f"{line} --rows 3: {option} g2.csv", "b.json")
    said = refusal(run("merge", "a.json", "b.json")).error
    both = f"{tmp_path}/g1.csv and {tmp_path}/g2.csv"
    assert said == f"a.json and b.json: {tmp_path}/z-0.npy: the {what} of its rows are in {both}"
    write_state(run, f"{line} --rows 3: {option} g1.csv", "c.json")
    assert run("merge", "a.json", "c.json").code == 0


def test_files_that_count_otherwise_than_the_rows_are_a_note(run: Run, tmp_path: Path) -> None:
    for i, k in enumerate((1, 5, 10)):
        write_names(f"top-{k}", "hit", np.resize(["yes", "no"], COUNTS[i]))
        write_state(run, f"eval z-{i}.npy y-{i}.npy --by top-{k}.csv", f"top{i}.json")
        write_names(f"g-{i + 1}", "lang", np.resize(["u", "v"], COUNTS[i]))
        write_state(run, f"eval z-{i}.npy y-{i}.npy --by g-{i + 1}.csv", f"g{i}.json")
    told = run("merge", "top0.json", "top1.json", "top2.json").err
    first, other = (
        f"{tmp_path}/top-{k}.csv is of {tmp_path}/z-{i}.npy" for k, i in ((1, 0), (5, 1))
    )
    said = "note: the files of groups count otherwise than those of the rows"
    assert f"{said}: {first}, and {other}\n" in told
    assert said not in run("merge", "g0.json", "g1.json", "g2.json").err
