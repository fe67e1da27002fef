"""States of parts, merged in any tree, give what one run over everything gives."""

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, Terminal, run_forked
from in_one_test import in_one_test
from merge_tools import (
    COMPARISONS,
    EVALUATIONS,
    LOSSES,
    SHARDS,
    all_shards,
    merge_as_tree,
    states_of,
    write_state,
)

import xentcli

pytestmark = pytest.mark.usefixtures("shards")
OF_ORDER = {f"kl_{name}" for name in ("median", "p90", "p95", "p99", "p999")}
AT_ONCE = {"suspects", "auroc", "average_precision", "equal_mass_ece"}


@in_one_test
@pytest.mark.parametrize("kind", LOSSES)
def test_losses(run: Run, tmp_path: Path, kind: str) -> None:
    line, chance = LOSSES[kind], random.Random(kind)  # noqa: S311
    last, merged = merge_as_tree(run, states_of(run, line, chance, kind), chance)
    whole = write_state(run, line.replace("{}", "*"), "whole.json", "--json")
    assert merged.stdout == whole.stdout
    assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    if kind == "sum":
        assert run("merge", last).stdout == run(*all_shards(line)).stdout


def without_what_needs_all_rows(found: dict[str, Any]) -> dict[str, Any]:
    """Return a result in which that is null, as it is of states; but for the files of a stream."""
    metrics = {
        name: dict.fromkeys(each) | {"n": 0} if name in AT_ONCE else each
        for name, each in found["metrics"].items()
    }
    labels = [
        {**each, "metrics": {k: v for k, v in each["metrics"].items() if k not in AT_ONCE}}
        for each in found["labels"] or ()
    ]
    files = [{**each, "shape": None} for each in found["files"]]
    return {**found, "metrics": metrics, "suspects": None, "labels": labels, "files": files}


@in_one_test
@pytest.mark.parametrize("kind", EVALUATIONS)
def test_evaluations(run: Run, tmp_path: Path, kind: str) -> None:
    line, chance = EVALUATIONS[kind], random.Random(kind)  # noqa: S311
    gates = line.split()[-2:] if kind == "gates" else []
    last, merged = merge_as_tree(run, states_of(run, line, chance, kind), chance, *gates)
    whole = write_state(run, line.replace("{}", "*"), "whole.json", "--json")
    assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    found = merged.json
    assert without_what_needs_all_rows(found) == without_what_needs_all_rows(whole.json)
    assert found["suspects"] is None
    for name in AT_ONCE & found["metrics"].keys():
        assert found["metrics"][name]["value"] is None
    if kind == "all":
        assert whole.stdout == run(*all_shards(line), "--json").stdout  # as without a state


@in_one_test
@pytest.mark.parametrize("kind", COMPARISONS)
def test_comparisons(run: Run, tmp_path: Path, kind: str) -> None:
    line, chance = COMPARISONS[kind], random.Random(kind)  # noqa: S311
    gates = line.split()[-2:] if kind == "without labels" else []
    last, merged = merge_as_tree(run, states_of(run, line, chance, kind), chance, *gates)
    whole = write_state(run, line.replace("{}", "*"), "whole.json", "--json")
    assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert "kl_p999, percentiles: null, since states have not all rows" in merged.err
    assert without_order(merged.json) == without_order(whole.json)
    assert merged.json["metrics"]["kl_p99"]["value"] is None
    if kind == "two":
        assert whole.stdout == run(*all_shards(line), "--json").stdout  # as without a state


def without_order(found: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison without what needs every row at once; but for the files of a stream."""
    found = {**found, "percentiles": None}
    found["metrics"] = {k: v for k, v in found["metrics"].items() if k not in OF_ORDER}
    if "files" in found:
        found["files"] = [{**each, "shape": None} for each in found["files"]]
        found["comparisons"] = [without_order(each) for each in found.get("comparisons", ())]
    return found


def test_a_merge_warns_as_the_run_does(run: Run) -> None:
    warning = "warning: the weights of classes concern the loss alone\n"
    for words in ("--labels y-0.npy", "--binary --labels b-0.npy"):
        line = f"eval z-0.npy {words} --weight 1,2,0.5"
        assert warning in write_state(run, line, "of-0.json", "--force").err
        assert warning in run("merge", "of-0.json").err


def test_a_model_that_a_pattern_found_has_one_name(run: Run) -> None:
    for name in "zv":
        np.savez(f"only-{name}.npz", logits=np.load(f"{name}-0.npy"), more=np.zeros(3))
    line = "compare only-z*.npz only-v*.npz --key logits --metric kl"
    assert write_state(run, line, "a.json", "--json").json["base"] == "only-z.npz:logits"
    found = run("merge", "a.json", "--json").json
    assert (found["base"], found["new"]) == ("only-z.npz:logits", "only-v.npz:logits")


def test_a_model_that_a_pipe_brought_has_one_name(run: Run, tmp_path: Path) -> None:
    piped = (tmp_path / "v-0.npy").read_bytes()
    words = ("--metric", "kl", "--state", "a.json", "--json")
    asked = run("compare", "z-0.npy", "-", *words, stdin=piped).json
    found = run("merge", "a.json", "--json").json
    assert found["new"] == asked["new"] == "<stdin>"
    assert found["metrics"]["kl"] == asked["metrics"]["kl"]


def test_a_shard_without_rows_changes_nothing(run: Run) -> None:
    for name in "bdeyz":
        np.save(f"{name}-9.npy", np.load(f"{name}-0.npy")[:0])
    for line in (LOSSES["binary"], EVALUATIONS["all"], EVALUATIONS["one class"]):
        for i in (0, 9):
            write_state(run, line.replace("{}", str(i)), f"of-{i}.json", "--force")
        alone, first, last = (
            run("merge", *names).stdout
            for names in (["of-0.json"], ["of-9.json", "of-0.json"], ["of-0.json", "of-9.json"])
        )
        assert alone == first == last, line


def test_what_needs_every_row_at_once_is_null_with_a_note(run: Run) -> None:
    for kind, said in (("all", "equal_mass_ece, suspects"), ("one class", "auroc, average_prec")):
        write_state(run, EVALUATIONS[kind].format(0, 0), f"{kind}.json")
        told = run("merge", f"{kind}.json").err
        assert said in told
        assert ": null, since states" in told


def test_worst_rows_are_named_by_file_and_row_in_the_order_of_numbers(
    run: Run, tmp_path: Path
) -> None:
    """Rows of one loss stand as their files do: part-2 before part-10."""
    places = []
    for i in (2, 10):
        np.save(tmp_path / f"part-{i}.npy", np.zeros((3, 2)))
        np.save(tmp_path / f"new-{i}.npy", np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]))
        np.save(tmp_path / f"label-{i}.npy", np.zeros(3, int))
        places += [f"part-{i}.npy[{row}]" for row in range(3)]
    labels = "--labels label-{}.npy --metric"
    for name, line, rows in (
        ("worst_rows", f"eval part-{{}}.npy {labels} worst_rows", places),
        (
            "changed_rows",
            f"compare part-{{}}.npy new-{{}}.npy {labels} changed_rows",
            [place for place in places if "[2]" not in place],
        ),
    ):
        states = [f"{name}-{i}.json" for i in (10, 2)]
        for i, state in zip((10, 2), states, strict=True):
            write_state(run, line.replace("{}", str(i)), state)
        for found in (run("merge", *states, "--json"), run(*all_shards(line), "--json")):
            assert [row["place"] for row in found.json[name]][: len(rows)] == rows


def test_the_sum_is_that_of_the_losses_of_all_rows(run: Run, tmp_path: Path) -> None:
    names = states_of(run, LOSSES["loss"], random.Random(0))  # noqa: S311
    run(*all_shards(LOSSES["loss"]), "--reduction", "none", "-o", "losses.npy")
    losses = np.load(tmp_path / "losses.npy").tolist()
    found = run("merge", *names, "--json").json
    assert found["loss_sum"] == math.fsum(losses)
    assert found["rows"] == len(losses)


# What is written of states


def test_a_merge_writes_the_page_of_an_evaluation(run: Run, tmp_path: Path) -> None:
    line = "eval z-{}.npy --labels y-{}.npy --metric accuracy --weight 1,2,1"
    for i in range(SHARDS):
        write_state(run, line.format(i, i), f"{i}.json")
    run("merge", "0.json", "1.json", "--report", "many.html")
    run(*all_shards(line), "--report", "one.html")
    pages = []
    for name in ("one", "many"):
        text = (tmp_path / f"{name}.html").read_text()
        pages.append([row for row in text.splitlines() if "xent " not in row and "UTC" not in row])
    assert len(pages[0]) > 100
    assert pages[0] == pages[1]
    assert "the weights of classes concern the loss alone" in "".join(pages[1])
    write_state(run, "loss z-0.npy --labels y-0.npy", "loss.json")
    said = run("merge", "loss.json", "--report", "loss.html")
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        "error: --report takes states of xent eval and xent compare, and these are of xent loss",
        "hint: xent eval of the same files keeps what a page shows: --state FILE.json",
    ]


def test_it_writes_and_judges_as_the_run_would(
    run: Run, tmp_path: Path, terminal: Terminal
) -> None:
    line = LOSSES["loss"]
    names = states_of(run, line, random.Random(0))  # noqa: S311
    gate = ["--fail-if", "accuracy > 0", "--fail-if", "loss > 1e9"]
    for words in (["-o", "a.csv"], ["-o", "c.npy"], gate, [*gate, "--json"]):
        one = run(*all_shards(line), *words)
        wrote = (tmp_path / words[1]).read_bytes() if words[0] == "-o" else b""
        many = run("merge", *names, *words, "--force")
        assert (many.code, many.stdout) == (one.code, one.stdout)
        assert many.code == (3 if gate[0] in words else 0)
        assert [line for line in many.err.splitlines() if "error" in line] == [
            line for line in one.err.splitlines() if "error" in line
        ]
        assert not wrote or (tmp_path / words[1]).read_bytes() == wrote
    assert terminal("merge", *names).text == terminal(*all_shards(line)).text


SBATCH = """
xent() { xentcli "$@"; }
sbatch() {
  local wrap range=0-0
  while [ $# -gt 0 ]; do
    case $1 in --wrap) wrap=$2; shift;; --array=*) range=${1#--array=};; esac; shift
  done
  for SLURM_ARRAY_TASK_ID in $(seq ${range%-*} ${range#*-}); do
    eval "$wrap" >"slurm-$SLURM_ARRAY_TASK_ID.out" || return 1
  done
  echo 17
}
"""
"""What runs jobs where no SLURM is: those of an array one after the other."""


def test_the_array_of_jobs_in_the_pages_gives_what_one_run_gives(run: Run, tmp_path: Path) -> None:
    page = (Path(xentcli.__file__).parent / "docs" / "files.md").read_text()
    (recipe,) = (part for part in page.split("```bash\n")[1:] if "sbatch" in part.split("```")[0])
    lines = recipe.partition("```")[0].replace("0-999", "0-1")
    done = run_forked(SBATCH + lines, tmp_path)
    assert done.code == 0, done.err
    whole = run(*all_shards(LOSSES["loss"]), "--json")
    assert (tmp_path / "loss.json").read_bytes() == whole.stdout


@in_one_test
@pytest.mark.parametrize(
    ("line", "gates", "others"),
    [
        ("eval z-{}.npy y-{}.npy", "classwise_ece>9 top2_accuracy>9", "top3_accuracy>9"),
        ("eval z-{}.npy y-{}.npy --cluster axis0", "mrr>9 top2_accuracy>9", "top3_accuracy>9"),
        ("compare z-{}.npy v-{}.npy", "kl_max>99", "js>9 kl_p90>99"),
    ],
)
def test_what_gates_of_some_runs_need_is_left_out(
    run: Run, line: str, gates: str, others: str
) -> None:
    for name, given in (("with", (gates, others)), ("without", ("", ""))):
        for i, more in enumerate(given):
            options = [word for gate in more.split() for word in ("--fail-if", gate)]
            run(*line.replace("{}", str(i)).split(), *options, "--state", f"{i}.json", "--force")
        merged = run("merge", "1.json", "0.json", "--state", f"{name}.json", "--force")
        assert ("left out" in merged.err) == ("classwise" in "".join(given))
    some, none = (json.loads(Path(f"{name}.json").read_text()) for name in ("with", "without"))
    assert some["states"] == none["states"]
    judged = run("merge", "with.json", "--fail-if", gates.rsplit(maxsplit=1)[-1])
    assert judged.code == (0 if "kl_max" in gates else 3)
    assert ("top2_accuracy has no value" in judged.err) == ("top2" in gates)
