"""States of runs and what merge makes of them: the same as one run over everything."""

import hashlib
import json
import math
import os
import random
import struct
from collections.abc import Iterator
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Outcome, Run, Terminal, run_shell
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

import xentcli
from xentcli import __version__
from xentcli.metrics.names import PLACES

SHARDS = 3
SAMPLES = Path(__file__).parents[2] / "sample_data" / "answers"
LOSSES = {
    "loss": "loss z-{}.npy --labels y-{}.npy",
    "weighted": "loss z-{}.npy --labels y-{}.npy --weight 1,2,0.5 --label-smoothing 0.1",
    "sum": "loss z-{}.npy --labels y-{}.npy --reduction sum --ignore-index 1 --temperature 3",
    "csv": "loss c-{}.csv --label-column label --drop group",
    "probabilities": "nll --probs p-{}.npy --labels y-{}.npy --normalize",
    "unnormalized": "nll --probs p-{}.npy --labels y-{}.npy",
    "picked": "nll --picked k-{}.npy",
    "binary": "loss --binary z-{}.npy --labels b-{}.npy --pos-weight 3",
    "shift": "loss s-{}.npy --labels t-{}.npy --shift 1",
}

EVALUATIONS = {
    "usual": "eval z-{}.npy --labels y-{}.npy",
    "all": "eval z-{}.npy --labels y-{}.npy --metric all --top-k 1,2 --bins 7 --worst 4",
    "gates": "eval z-{}.npy --labels y-{}.npy --metric loss --fail-if ece>9 --cluster rows",
    "columns": "eval c-{}.csv --label-column label --by group --cluster group",
    "probs": "eval --probs p-{}.npy --labels y-{}.npy --normalize",
    "one class": "eval --binary d-{}.npy --labels e-{}.npy",
    "several labels": "eval --binary z-{}.npy --labels b-{}.npy",
    "sequences": "eval s-{}.npy --labels t-{}.npy --shift 1",
    "soft": "eval z-{}.npy --labels p-{}.npy",
}
COMPARISONS = {
    "two": "compare z-{}.npy v-{}.npy --labels y-{}.npy --metric all",
    "three": "compare z-{}.npy p-{}.npy v-{}.npy --labels y-{}.npy --input logits --input probs "
    "--input logits --normalize --temperature 2 --temperature 1 --temperature 1 --worst 4",
    "without labels": "compare v-{}.npy z-{}.npy --fail-if kl>99",
    "columns": "compare c-{}.csv v-{}.npy --label-column label --by group --cluster group",
    "sequences": "compare s-{}.npy u-{}.npy --labels t-{}.npy --shift 1",
}
OF_ORDER = {f"kl_{name}" for name in ("median", "p90", "p95", "p99", "p999")}
AT_ONCE = {"suspects", "auroc", "average_precision", "equal_mass_ece"}


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """Write shards of logits, probabilities, sequences, picked log-probabilities, and labels."""
    draw = np.random.default_rng(7)
    for i in range(SHARDS):
        n = int(draw.integers(2, 40))
        logits = (draw.normal(size=(n, 3)) * 10.0 ** draw.integers(-3, 3)).astype(np.float32)
        labels = draw.integers(0, 3, n)
        probs = np.exp(logits - logits.max(1, keepdims=True)).astype(np.float64) + 1e-9
        arrays = {
            "z": logits,
            "y": labels,
            "p": probs / probs.sum(1, keepdims=True) * draw.uniform(0.99999, 1.0, (n, 1)),
            "k": -draw.exponential(size=n),
            "d": draw.normal(size=n),
            "e": draw.integers(0, 2, n),
            "b": draw.integers(0, 2, (n, 3)),
            "s": draw.normal(size=(n, 6, 3)),
            "t": draw.integers(0, 3, (n, 6)),
            "u": draw.normal(size=(n, 6, 3)),
            "v": logits[:, ::-1] + draw.normal(size=(n, 3)),
        }
        for name, array in arrays.items():
            np.save(tmp_path / f"{name}-{i}.npy", array)
        words = draw.choice(["red", "blue", "10", "9"], n)
        cells = zip(logits, labels, words, strict=True)
        rows = [",".join(map(str, [*z, y, word])) for z, y, word in cells]
        (tmp_path / f"c-{i}.csv").write_text("\n".join(["a,b,c,label,group", *rows, ""]))


def states(run: Run, line: str) -> list[str]:
    """Write the state of each shard; every second one is cut behind its first row."""
    names = []
    for i in range(SHARDS):
        for j, rows in enumerate([[]] if i % 2 else [["--rows", ":1"], ["--rows", "1:"]]):
            name = f"state-{i}-{j}.json"
            made = run(*line.replace("{}", str(i)).split(), *rows, "--state", name)
            assert made.code == 0, made.err
            names.append(name)
    return names


def merged_tree(run: Run, names: list[str], chance: random.Random) -> str:
    """Merge states in a random tree, and return the name of the last."""
    names = names.copy()
    count = 0
    while len(names) > 1 or not count:
        chance.shuffle(names)
        taken = [names.pop() for _ in range(chance.randint(1, len(names)))]
        count += 1
        made = run("merge", *taken, "--state", f"tree-{count}.json", "--force")
        assert made.code == 0, made.err
        names.append(f"tree-{count}.json")
    return names[0]


def test_any_cut_and_any_tree_give_what_one_run_gives(run: Run, tmp_path: Path) -> None:
    """Of rows and of files, cut anywhere and merged in any tree: the same state, byte by byte."""
    lines = [
        LOSSES["weighted"],
        EVALUATIONS["columns"],
        COMPARISONS["two"].replace(" --metric all", ""),
        LOSSES["probabilities"],
    ]
    whole = []
    for i, line in enumerate(lines):
        one(run, line.replace("{}", "*"), f"whole-{i}.json")
        whole.append((tmp_path / f"whole-{i}.json").read_bytes())
    rows = sum(len(np.load(tmp_path / f"y-{i}.npy")) for i in range(SHARDS))
    drawn = (st.sampled_from(range(len(lines))), st.sets(st.integers(1, rows - 1), max_size=3))

    @given(*drawn, st.randoms(use_true_random=False))
    @settings(max_examples=6, deadline=None, database=None)
    def check(which: int, cuts: set[int], chance: random.Random) -> None:
        ends = [0, *sorted(cuts), rows]
        names = []
        for j, (start, stop) in enumerate(pairwise(ends)):
            names.append(f"cut-{j}.json")
            one(
                run,
                lines[which].replace("{}", "*") + f" --rows {start}:{stop}",
                names[-1],
                "--force",
            )
        last = merged_tree(run, names, chance)
        assert (tmp_path / last).read_bytes() == whole[which]

    check()


def quoted(line: str) -> list[str]:
    return line.replace("{}", "*").split()


@in_one_test
@pytest.mark.parametrize("kind", LOSSES)
def test_any_tree_of_merges_gives_what_one_run_gives(run: Run, tmp_path: Path, kind: str) -> None:
    line = LOSSES[kind]
    names = states(run, line)
    whole = run(*quoted(line), "--state", "whole.json", "--json")
    assert whole.code == 0, whole.err
    text = (tmp_path / "whole.json").read_bytes()
    bare = run(*quoted(line))
    for seed in range(1):
        last = merged_tree(run, names, random.Random(seed))  # noqa: S311
        assert run("merge", last, "--json").stdout == whole.stdout
        assert run("merge", last).stdout == bare.stdout
        assert (tmp_path / last).read_bytes() == text


def test_answers_of_a_server_are_merged(run: Run, tmp_path: Path) -> None:
    """Also where requests failed: the first few are named, in the order of their files."""
    lines = (SAMPLES / "vllm_prompt.jsonl").read_text().splitlines()
    lines += ['{"error": {"message": "too long"}}'] * 4
    for i, line in enumerate(lines):
        (tmp_path / f"answers-{i}.jsonl").write_text(f"{lines[0]}\n{line}\n")
        one(run, f"nll answers-{i}.jsonl", f"state-{i}.json")
    whole = run("nll", "answers-*.jsonl", "--state", "whole.json", "--json")
    last = merged_tree(run, [f"state-{i}.json" for i in range(len(lines))], random.Random(3))  # noqa: S311
    assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    merged = run("merge", last, "--json")
    assert (merged.stdout, merged.err) == (whole.stdout, whole.err)
    assert run("merge", last, "--fail-if", "loss > 0").code == 3
    assert run("merge", last, "--fail-if", "accuracy > 0").code == 2
    one(run, "nll --picked k-0.npy", "other.json")
    said = refused(run("merge", last, "other.json"))
    assert "other rows: prompt tokens of vLLM prompt_logprobs, and labels" in said


def test_hidden_states_are_merged_with_one_head(run: Run) -> None:
    data = SAMPLES.parent
    line = f"loss {data}/hidden.safetensors --lm-head {data}/tiny_lm"
    for name, more in (("a", "--rows :2"), ("b", "--rows 2:"), ("c", "--rows 2: --softcap 3")):
        one(run, f"{line} {more}", f"{name}.json")
    merged = run("merge", "b.json", "a.json", "--json")
    assert merged.stdout == run(*line.split(), "--json").stdout
    said = refused(run("merge", "a.json", "c.json"))
    assert "other options: --lm-head is /" in said
    assert "and softcap 3.0, /" in said


def test_rows_that_are_known_in_part_are_merged(run: Run, tmp_path: Path) -> None:
    for kind, sample, command in (
        ("kld", "text_base.kld", "nll"),
        ("npz", "top20.npz", "nll"),
        ("npz", "top20.npz", "eval"),
    ):
        content = (SAMPLES.parent / sample).read_bytes()
        for i in range(3):
            (tmp_path / f"part-{i}.{kind}").write_bytes(content)
            one(run, f"{command} part-{i}.{kind}", f"{kind}-{i}.json", "--force")
        whole = run(command, f"part-*.{kind}", "--state", f"{kind}-all.json", "--json", "--force")
        bare = run(command, f"part-*.{kind}")
        run("merge", f"{kind}-2.json", f"{kind}-0.json", "--state", f"{kind}-tree.json", "--force")
        last = [f"{kind}-tree.json", f"{kind}-1.json"]
        merged = run("merge", *last, "--json", "--state", f"{kind}-merged.json", "--force")
        assert (merged.stdout, merged.err) == (whole.stdout, whole.err), kind
        assert run("merge", *last).stdout == bare.stdout
        written = [(tmp_path / f"{kind}-{each}.json").read_bytes() for each in ("all", "merged")]
        assert written[0] == written[1]
    one(run, "nll part-0.npz", "loss.json")
    assert "other rows: rows of " in refused(run("merge", "kld-0.json", "loss.json"))


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
def test_any_tree_of_evaluations_gives_what_one_run_gives(
    run: Run, tmp_path: Path, kind: str
) -> None:
    line = EVALUATIONS[kind]
    names = states(run, line)
    whole = run(*quoted(line), "--state", "whole.json", "--json")
    plain = run(*quoted(line), "--json")
    assert whole.stdout == plain.stdout
    expected = without_what_needs_all_rows(plain.json)
    gates = line.split()[line.split().index("--fail-if") :][:2] if "--fail-if" in line else []
    for seed in range(1):
        last = merged_tree(run, names, random.Random(seed))  # noqa: S311
        assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
        found = run("merge", last, "--json", *gates)
        assert without_what_needs_all_rows(found.json) == expected
        assert found.json["suspects"] is None
        for name in AT_ONCE & found.json["metrics"].keys():
            assert found.json["metrics"][name]["value"] is None
        if kind not in ("one class", "several labels", "all"):
            assert run("merge", last).stdout == run(*quoted(line)).stdout


@pytest.mark.parametrize("kind", COMPARISONS)
def test_any_tree_of_comparisons_gives_what_one_run_gives(
    run: Run, tmp_path: Path, kind: str
) -> None:
    line = COMPARISONS[kind]
    names = states(run, line)
    whole = run(*quoted(line), "--state", "whole.json", "--json")
    assert whole.stdout == run(*quoted(line), "--json").stdout
    last = merged_tree(run, names, random.Random(kind))  # noqa: S311
    assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    merged = run("merge", last, "--json", *([] if "without" not in kind else line.split()[-2:]))
    assert "kl_p999, percentiles: null, since states have not all rows" in merged.err
    found, expected = (without_order(each.json) for each in (merged, whole))
    assert found == expected
    assert merged.json["metrics"]["kl_p99"]["value"] is None


def without_order(found: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison without what needs every row at once; but for the files of a stream."""
    found = {**found, "percentiles": None}
    found["metrics"] = {k: v for k, v in found["metrics"].items() if k not in OF_ORDER}
    if "files" in found:
        found["files"] = [{**each, "shape": None} for each in found["files"]]
        found["comparisons"] = [without_order(each) for each in found.get("comparisons", ())]
    return found


def test_what_needs_every_row_at_once_is_null_with_a_note(run: Run) -> None:
    one(run, EVALUATIONS["all"].format(0, 0), "a.json")
    assert "equal_mass_ece, suspects: null, since states" in run("merge", "a.json").err
    one(run, EVALUATIONS["one class"].format(0, 0), "b.json")
    assert "auroc, average_precision: null, since states" in run("merge", "b.json").err


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
            one(run, line.replace("{}", str(i)), state)
        for found in (run("merge", *states, "--json"), run(*quoted(line), "--json")):
            assert [row["place"] for row in found.json[name]][: len(rows)] == rows


def test_a_merge_writes_the_page_of_an_evaluation(run: Run, tmp_path: Path) -> None:
    line = "eval z-{}.npy --labels y-{}.npy --metric accuracy"
    names = states(run, line)
    run("merge", *names, "--report", "many.html")
    run(*quoted(line), "--report", "one.html")
    pages = []
    for name in ("one", "many"):
        text = (tmp_path / f"{name}.html").read_text()
        pages.append([row for row in text.splitlines() if "xent " not in row and "UTC" not in row])
    assert len(pages[0]) > 100
    assert pages[0] == pages[1]


def test_the_sum_is_that_of_the_losses_of_all_rows(run: Run, tmp_path: Path) -> None:
    names = states(run, LOSSES["loss"])
    losses = []
    for i in range(SHARDS):
        name = f"losses-{i}.npy"
        run(*LOSSES["loss"].format(i, i).split(), "--reduction", "none", "-o", name)
        losses += np.load(tmp_path / name).tolist()
    found = run("merge", *names, "--json").json
    assert found["loss_sum"] == math.fsum(losses)
    assert found["rows"] == len(losses)


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
    done = run_shell(SBATCH + lines, tmp_path)
    assert done.code == 0, done.err
    whole = run("loss", "z-[01].npy", "--labels", "y-[01].npy", "--json")
    assert (tmp_path / "loss.json").read_bytes() == whole.stdout


def test_it_writes_and_judges_as_the_run_would(
    run: Run, tmp_path: Path, terminal: Terminal
) -> None:
    names = states(run, LOSSES["loss"])
    gate = ["--fail-if", "accuracy > 0", "--fail-if", "loss > 1e9"]
    for words in (["-o", "a.csv"], ["-o", "b.json"], ["-o", "c.npy"], gate, [*gate, "--json"]):
        one = run(*quoted(LOSSES["loss"]), *words, "--force")
        wrote = (tmp_path / words[1]).read_bytes() if words[0] == "-o" else b""
        many = run("merge", *names, *words, "--force")
        assert (many.code, many.stdout) == (one.code, one.stdout)
        assert many.code == (3 if gate[0] in words else 0)
        assert [line for line in many.err.splitlines() if "error" in line] == [
            line for line in one.err.splitlines() if "error" in line
        ]
        assert not wrote or (tmp_path / words[1]).read_bytes() == wrote
    assert terminal("merge", *names).text == terminal(*quoted(LOSSES["loss"])).text


# What does not belong together


def one(run: Run, line: str, name: str, *more: str) -> None:
    made = run(*line.split(), "--state", name, *more)
    assert made.code == 0, made.err


def refused(outcome: Outcome) -> str:
    """Return the one line that says what is wrong."""
    assert outcome.code == 1, outcome
    assert outcome.stdout == b""
    first, *rest = [row for row in outcome.err.splitlines() if not row.startswith("note")]
    assert first.startswith("error: ")
    assert all(row.startswith("hint: ") for row in rest)
    assert len(rest) <= 1
    return first.removeprefix("error: ")


@in_one_test
@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("loss z-1.npy y-1.npy --temperature 2", "other options: --temperature is 1.0, and 2.0"),
        ("loss z-1.npy y-1.npy --ignore-index 0", "--ignore-index is -100, and 0"),
        ("loss z-1.npy y-1.npy --weight 1,2,3", "--weight is not given, and "),
        ("loss z-1.npy b-1.npy --binary", "--binary is not given, and given"),
        ("loss s-1.npy t-1.npy --dtype float32", "--dtype is not given, and float32"),
        ("nll --probs p-1.npy y-1.npy", "states of two commands: xent loss, and xent nll"),
        ("loss wide.npy y-1.npy", "other classes: 3, and 4"),
        ("loss c-1.csv --label-column label --drop group", "other names of classes"),
        ("loss z-0.npy y-0.npy --rows 0:1", "rows 0:1 of "),
    ],
)
def test_what_does_not_belong_together_is_refused(
    run: Run, tmp_path: Path, other: str, said: str
) -> None:
    np.save(tmp_path / "wide.npy", np.zeros((len(np.load(tmp_path / "y-1.npy")), 4)))
    one(run, "loss z-0.npy y-0.npy", "a.json")
    one(run, other, "b.json")
    line = refused(run("merge", "a.json", "b.json", "--state", "c.json"))
    assert said in line
    assert "a.json" in line
    assert "b.json" in line
    assert not (tmp_path / "c.json").exists()


def test_a_state_is_merged_once(run: Run, tmp_path: Path) -> None:
    one(run, "loss z-0.npy y-0.npy", "a.json")
    assert refused(run("merge", "a.json", "a.json")) == "a.json is named twice"
    (tmp_path / "b.json").symlink_to("a.json")
    same = "a.json and b.json are the same file"
    assert refused(run("merge", "*.json")) == same
    (tmp_path / "b.json").unlink()
    (tmp_path / "b.json").write_bytes((tmp_path / "a.json").read_bytes())
    assert "are in a.json too" in refused(run("merge", "a.json", "b.json"))


def test_rows_are_known_again_by_another_path_to_their_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    one(run, "loss z-1.npy y-1.npy --rows :1", "a.json")
    one(run, "loss link/z-1.npy link/y-1.npy", "b.json")
    said = refused(run("merge", "a.json", "b.json"))
    there, here = tmp_path / "link/z-1.npy", tmp_path / "z-1.npy"
    assert said == f"b.json: rows 0:1 of {there} are in a.json too, of {here}"
    one(run, "loss link/z-1.npy link/y-1.npy --rows 1:", "c.json")
    merged, whole = (run(*line.split()) for line in ("merge a.json c.json", "loss z-1.npy y-1.npy"))
    assert merged.err == ""  # no row is missing
    assert merged.stdout == whole.stdout


def test_rows_of_one_file_have_labels_of_one_file(run: Run, tmp_path: Path) -> None:
    one(run, "loss z-1.npy y-1.npy --rows :1", "a.json")
    np.save(tmp_path / "other.npy", np.load(tmp_path / "y-1.npy"))
    one(run, "loss z-1.npy other.npy --rows 1:", "b.json")
    said = refused(run("merge", "a.json", "b.json"))
    assert said.startswith(f"a.json and b.json: {tmp_path}/z-1.npy: its labels are in ")
    assert said.endswith(f"{tmp_path}/y-1.npy and {tmp_path}/other.npy")
    for name in ("z-1", "y-1"):
        np.save(tmp_path / f"{name}.npy", np.concatenate([np.load(tmp_path / f"{name}.npy")] * 2))
    one(run, "loss z-1.npy y-1.npy --rows 1:", "c.json")
    rows = len(np.load(tmp_path / "y-1.npy"))
    assert f"it has {rows // 2} rows, and {rows}" in refused(run("merge", "a.json", "c.json"))


def test_labels_that_were_changed_between_runs_are_a_note(run: Run, tmp_path: Path) -> None:
    one(run, "loss z-1.npy y-1.npy --rows :1", "a.json")
    one(run, "loss z-1.npy y-1.npy --rows 1:", "b.json")
    os.utime(tmp_path / "y-1.npy", (10**9, 10**9))  # of the same length
    one(run, "loss z-1.npy y-1.npy --rows 1:", "c.json")
    assert run("merge", "a.json", "b.json").err == ""
    said = run("merge", "a.json", "c.json").err
    assert "note: y-1.npy: the labels were changed between the runs: they are of 2001-" in said


def test_rows_that_are_missing_are_a_note(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", np.zeros((10, 2)))
    np.save(tmp_path / "y.npy", np.zeros(10, int))
    one(run, "loss z.npy y.npy --rows 1:3", "a.json")
    one(run, "loss z.npy y.npy --rows 5:8", "b.json")
    found = run("merge", "a.json", "b.json", "--json")
    notes = [line.rpartition(": ")[2] for line in found.err.splitlines()]
    assert notes == [f"rows {rows} are in no state" for rows in ("0:1", "3:5", "8:10")]
    assert found.json["rows"] == 5
    one(run, "loss z.npy y.npy --rows :1", "c.json")
    one(run, "loss z.npy y.npy --rows 3:5", "d.json")
    one(run, "loss z.npy y.npy --rows 8:", "e.json")
    assert run("merge", *(f"{name}.json" for name in "ebdca")).err == ""


def test_labels_that_stand_in_the_next_file_are_not_lost(run: Run) -> None:
    line = "loss z-{}.npy --labels y-{}.npy --shift 1"
    for i in (1, 2):
        one(run, line.format(i, i), f"file-{i}.json")
    said = refused(run("merge", "file-1.json", "file-2.json"))
    assert "pairs the last rows of a file with the labels of the next" in said
    for name, rows in (("a", ":7"), ("b", "7:")):
        one(run, f"{line.format('*', '*')} --rows {rows}", f"{name}.json")
    whole = run(*quoted(line), "--json")
    assert run("merge", "a.json", "b.json", "--json").stdout == whole.stdout


def test_a_pipe_has_no_rows_that_could_be_there_twice(run: Run, tmp_path: Path) -> None:
    data = (tmp_path / "z-0.npy").read_bytes()
    for name in "ab":
        assert run("loss", "-", "y-0.npy", "--state", f"{name}.json", stdin=data).code == 0
    assert run("merge", "a.json", "b.json").code == 0


# States that are none


def damaged(change: dict[str, Any]) -> bytes:
    """Return a state that somebody made, with the digest that goes with it."""
    plain = {key: value for key, value in change.items() if key != "sha256"}
    text = json.dumps(plain, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({**plain, "sha256": digest}).encode()


DEEP = b'{"xent_state":' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def test_a_damaged_state_is_one_line(run: Run, tmp_path: Path) -> None:
    one(run, "loss z-0.npy y-0.npy", "good.json")
    good = (tmp_path / "good.json").read_bytes()
    plain = json.loads(good)
    (states,), setting = plain["states"], plain["models"][0]["setting"]
    sums = states["loss"]

    def with_loss(**changes: Any) -> dict[str, Any]:
        return {**plain, "states": [{**states, "loss": {**sums, **changes}}]}

    cases = [
        b"",
        good[: len(good) // 2],
        good[:-3],
        b"[1, 2]",
        b"\x80\x05" + good,
        b'{"command": "loss", "loss": 1.5}',
        json.dumps(plain | {"num_classes": 4}).encode(),
        good.replace(b'"used":', b'"used":NaN,"used":'),
        good.replace(b'"command":"loss"', b'"command":"loss","command":"nll"'),
        DEEP,
        damaged(plain | {"xent_state": "0.0.1"}),
        damaged(plain | {"xent_state": {}}),
        damaged(plain | {"command": "../../etc"}),
        damaged(plain | {"command": "rm\x1b[2J"}),
        damaged(plain | {"rows": [[0, 1]]}),
        *(
            damaged(plain | {"rows": [plain["rows"][0] | ends]})
            for ends in ({"start": 1e300}, {"start": -1}, {"stop": 0}, {"length": 10**40})
        ),
        damaged(plain | {"more": 1}),
        damaged(plain | {"models": []}),
        damaged(plain | {"files": []}),
        damaged(plain | {"num_classes": 2**40}),
        damaged(plain | {"models": [plain["models"][0] | {"setting": setting | {"kind": "x"}}]}),
        damaged(plain | {"states": [{"loss": sums, "os": {}}]}),
        damaged(plain | {"states": []}),
        damaged(plain | {"states": [states, states]}),
        damaged(plain | {"states": [1]}),
        damaged({key: value for key, value in plain.items() if key != "states"}),
        damaged(with_loss(rows=-1, used=-1)),
        damaged(with_loss(rows=1, used=2)),
        damaged(with_loss(rows=1.5)),
        damaged(with_loss(rows=True)),
        damaged(with_loss(used="zz")),
        damaged(with_loss(loss=[1])),
        damaged(with_loss(loss={"units": "0x" + "f" * 10_000_000})),
        damaged(plain | {"states": [states | {"accuracy": {"hits": 7, "n": 3}}]}),
        damaged(plain | {"states": [states | {"accuracy": {"hits": 10**400, "n": 3}}]}),
    ]
    places = cycle([["bad.json"], ["bad.json", "good.json"], ["good.json", "bad.json"]])
    for content, names in zip(cases, places, strict=False):
        (tmp_path / "bad.json").write_bytes(content)
        line = refused(run("merge", *names, "--state", "out.json"))
        assert "bad.json" in line, content[:80]
        assert "\x1b" not in line
        assert len(line) < 300
    assert not (tmp_path / "out.json").exists()


def every_place(plain: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of everything in JSON, of lists that of the first thing."""
    keys = (
        [*plain]
        if isinstance(plain, dict)
        else range(len(plain[:1] if isinstance(plain, list) else ()))
    )
    for key in keys:
        yield (*place, key)
        yield from every_place(plain[key], (*place, key))


def test_no_damage_is_a_mistake(run: Run, tmp_path: Path) -> None:
    """Cut, changed and written anew, a state is read as one or is an error of one line."""
    lines = ("loss z-0.npy y-0.npy", "compare z-1.npy v-1.npy --labels y-1.npy --metric kl")
    chance = random.Random(5)  # noqa: S311
    for line in lines:
        one(run, line, "good.json")
        good = (tmp_path / "good.json").read_bytes()
        cuts = [good[:i] for i in range(0, len(good), max(50, len(good) // 20))]
        places = [*every_place(json.loads(good))]
        for place in chance.sample(places, 15):
            plain = json.loads(good)
            *outer, last = place
            within: Any = plain
            for key in outer:
                within = within[key]
            value: Any = chance.choice([None, -1, 2**70, 1e300, "x", [], {}, [[[]]], True, "0xff"])
            within[last] = value
            cuts.append(damaged(plain))
            del within[last]
            cuts.append(damaged(plain))
        for content in cuts:
            (tmp_path / "bad.json").write_bytes(content)
            found = run("merge", "bad.json")
            if found.code:
                assert "a mistake" not in refused(found), content
        (tmp_path / "good.json").unlink()


def test_a_state_says_its_version_and_what_it_is_of(run: Run, tmp_path: Path) -> None:
    one(run, "loss z-0.npy y-0.npy --rows 0:1", "a.json")
    found = json.loads((tmp_path / "a.json").read_bytes())
    assert found["xent_state"] == __version__
    assert found["command"] == "loss"
    assert found["models"][0]["setting"]["temperature"] == 1.0
    assert [each["name"] for each in found["files"]] == ["z-0.npy", "y-0.npy"]
    length = len(np.load(tmp_path / "z-0.npy"))
    rows = {"file": str(tmp_path / "z-0.npy"), "start": 0, "stop": 1, "length": length}
    rows |= {"name": "z-0.npy", "labels": str(tmp_path / "y-0.npy")}
    rows |= {"target": "", "target_of_labels": ""}  # they are no links
    assert found["rows"] == [rows]
    said = "a.json: the state of a run, and no array"
    assert refused(run("loss", "a.json")).splitlines()[0].endswith(said)
    assert run("info", "a.json").err.count(said) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--state -", "standard output is for numbers"),
        ("--state a.npy", "a state is JSON"),
        ("--state a.json -o a.json", "are one file"),
        ("--state a.json --reduction none", "--state is of one number"),
        ("--state a.json --by axis0", "--by axis0 goes without --state"),
    ],
)
def test_what_a_state_cannot_be_is_said_before_the_work(run: Run, words: str, said: str) -> None:
    command = "eval" if "--by" in words else "loss"
    found = run(command, "z-0.npy", "y-0.npy", *words.split())
    assert (found.code, found.stdout) == (2, b"")
    assert said in found.err


def test_a_state_that_is_there_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("mine")
    found = run("loss", "z-0.npy", "y-0.npy", "--state", "a.json")
    assert (found.code, found.stdout) == (1, b"")
    assert (tmp_path / "a.json").read_text() == "mine"


def windows(path: Path, first: int, stop: int) -> bytes:
    """Return some windows of a base of llama-perplexity as a base."""
    content = path.read_bytes()
    length, classes, count = struct.unpack_from("<3i", content, len(b"_logits_"))
    tokens, rows = 4 * length, (length - 1 - length // 2) * (8 + 4 * ((classes + 1) // 2))
    behind = 20 + tokens * count
    head = content[:16] + struct.pack("<i", stop - first)
    text = content[20 + tokens * first : 20 + tokens * stop]
    return head + text + content[behind + rows * first : behind + rows * stop]


def test_models_that_are_known_in_part_are_merged(run: Run, tmp_path: Path) -> None:
    data = SAMPLES.parent
    lists = dict(np.load(data / "top20.npz"))
    for i, (first, stop) in {0: (0, 1), 1: (1, 2), 2: (2, 3), "all": (0, 3)}.items():
        for lower, name in enumerate(("base", "q4")):
            part = windows(data / f"text_{name}.kld", 4 * first, 4 * stop)
            (tmp_path / f"{name}-{i}.kld").write_bytes(part)
            arrays = {k: v[first:stop] if v.ndim else v for k, v in lists.items()}
            arrays["top_logprobs"] = arrays["top_logprobs"] - np.float32(lower / 8)
            np.savez(tmp_path / f"{name}-{i}.npz", **arrays)
        for kind in ("kld", "npz"):
            one(run, f"compare base-{i}.{kind} q4-{i}.{kind}", f"{kind}-{i}.json")
    for kind, note in (("kld", "note: percentiles of kl and delta_p: null, "), ("npz", "")):
        last = merged_tree(run, [f"{kind}-{i}.json" for i in range(3)], random.Random(kind))  # noqa: S311
        whole = json.loads((tmp_path / f"{kind}-all.json").read_bytes())
        assert json.loads((tmp_path / last).read_bytes())["states"] == whole["states"], kind
        (tmp_path / f"{last}").rename(tmp_path / f"{kind}-tree.json")
        merged = run("merge", f"{kind}-tree.json", "--json")
        metrics = run("compare", f"base-all.{kind}", f"q4-all.{kind}", "--json").json["metrics"]
        lost = [name for name in metrics if kind == "kld" and name.rpartition("_")[2] in PLACES]
        assert [merged.json["metrics"][name]["value"] for name in lost] == [None] * len(lost)
        for name in metrics.keys() - lost:
            assert merged.json["metrics"][name] == metrics[name], (kind, name)
        assert note in merged.err
        assert run("merge", f"{kind}-tree.json", "--fail-if", "kl >= 0").code == 3
    assert "other rows: codes and codes, " in refused(run("merge", "kld-0.json", "npz-1.json"))


def test_texts_and_labels_at_answers_are_merged(run: Run, tmp_path: Path) -> None:
    chance = random.Random(8)  # noqa: S311 - the same each time
    answers = (SAMPLES / "openai_chat.jsonl").read_text().splitlines(keepends=True)
    for i, count in enumerate((5, 1, 9)):
        docs = (json.dumps(text_doc(j, chance)) for j in range(count))
        (tmp_path / f"samples_task-{i}.jsonl").write_text("\n".join(docs))
        (tmp_path / f"answers-{i}.jsonl").write_text(answers[i])
        content = json.loads(answers[i])["choices"][0]["logprobs"]["content"]
        labels = [each["token"] if chance.random() < 0.8 else " else" for each in content]
        (tmp_path / f"labels-{i}.json").write_text(json.dumps(labels))
        one(run, f"nll samples_task-{i}.jsonl", f"texts-{i}.json")
        one(run, f"nll answers-{i}.jsonl labels-{i}.json", f"listed-{i}.json")
    for kind, files in (("texts", ["samples_*"]), ("listed", ["answers-*", "labels-*"])):
        whole = run("nll", *files, "--state", f"{kind}.json", "--json")
        last = merged_tree(run, [f"{kind}-{i}.json" for i in range(3)], chance)
        assert (tmp_path / last).read_bytes() == (tmp_path / f"{kind}.json").read_bytes(), kind
        merged = run("merge", last, "--json", "--fail-if", "loss > 0")
        assert (merged.code, merged.err.partition("fail: ")[0]) == (3, whole.err), kind
        assert {**merged.json, "gates": None} == {**whole.json, "gates": None}, kind
        (tmp_path / last).unlink()
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "samples_task-1.jsonl").write_text(json.dumps(text_doc(0, chance)))
    one(run, "nll second/samples_task-1.jsonl", "second.json")
    assert "both have texts of the task 'task-1'" in refused(
        run("merge", "texts.json", "second.json")
    )


def text_doc(number: int, chance: random.Random) -> dict[str, Any]:
    """Return a text as a harness logs it."""
    words, size = chance.randint(9, 90), chance.randint(99, 999)
    pairs = {"word_perplexity": words, "byte_perplexity": size, "bits_per_byte": size}
    value = -chance.uniform(50, 900)
    said = {"doc": {"page": "p"}, "target": "p", "arguments": [["p"]], "filter": "none"}
    logged = {name: [value, weight] for name, weight in pairs.items()}
    return {"doc_id": number, **said, "resps": [[value]], "filtered_resps": [value], **logged}
