"""What does not belong together is not merged; what is missing or was changed is a note."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, refusal
from in_one_test import in_one_test
from merge_tools import all_shards, write_state

pytestmark = pytest.mark.usefixtures("shards")


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
    write_state(run, "loss z-0.npy y-0.npy", "a.json")
    write_state(run, other, "b.json")
    line = refusal(run("merge", "a.json", "b.json", "--state", "c.json")).error
    assert said in line
    assert "a.json" in line
    assert "b.json" in line
    assert not (tmp_path / "c.json").exists()


def test_a_state_is_merged_once(run: Run, tmp_path: Path) -> None:
    write_state(run, "loss z-0.npy y-0.npy", "a.json")
    assert refusal(run("merge", "a.json", "a.json")).error == "a.json is named twice"
    (tmp_path / "b.json").symlink_to("a.json")
    same = "a.json and b.json are the same file"
    assert refusal(run("merge", "*.json")).error == same
    (tmp_path / "b.json").unlink()
    (tmp_path / "b.json").write_bytes((tmp_path / "a.json").read_bytes())
    assert "are in a.json too" in refusal(run("merge", "a.json", "b.json")).error


def test_rows_are_known_again_by_another_path_to_their_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    write_state(run, "loss z-1.npy y-1.npy --rows :1", "a.json")
    write_state(run, "loss link/z-1.npy link/y-1.npy", "b.json")
    said = refusal(run("merge", "a.json", "b.json")).error
    there, here = tmp_path / "link/z-1.npy", tmp_path / "z-1.npy"
    assert said == f"b.json: rows 0:1 of {there} are in a.json too, of {here}"
    write_state(run, "loss link/z-1.npy link/y-1.npy --rows 1:", "c.json")
    merged, whole = (run(*line.split()) for line in ("merge a.json c.json", "loss z-1.npy y-1.npy"))
    assert merged.err == ""  # no row is missing
    assert merged.stdout == whole.stdout


def test_rows_of_one_file_have_labels_of_one_file(run: Run, tmp_path: Path) -> None:
    write_state(run, "loss z-1.npy y-1.npy --rows :1", "a.json")
    np.save(tmp_path / "other.npy", np.load(tmp_path / "y-1.npy"))
    write_state(run, "loss z-1.npy other.npy --rows 1:", "b.json")
    said = refusal(run("merge", "a.json", "b.json")).error
    assert said.startswith(f"a.json and b.json: {tmp_path}/z-1.npy: its labels are in ")
    assert said.endswith(f"{tmp_path}/y-1.npy and {tmp_path}/other.npy")
    for name in ("z-1", "y-1"):
        np.save(tmp_path / f"{name}.npy", np.concatenate([np.load(tmp_path / f"{name}.npy")] * 2))
    write_state(run, "loss z-1.npy y-1.npy --rows 1:", "c.json")
    rows = len(np.load(tmp_path / "y-1.npy"))
    assert f"it has {rows // 2} rows, and {rows}" in refusal(run("merge", "a.json", "c.json")).error


def test_states_of_copies_are_a_note(run: Run, tmp_path: Path) -> None:
    for name in "zpy":
        np.save(tmp_path / f"{name}-copy.npy", np.load(tmp_path / f"{name}-0.npy"))
        np.save(tmp_path / f"{name}-zero.npy", np.load(tmp_path / f"{name}-0.npy") * 0)
    lines = ("loss z-{0}.npy y-{0}.npy", "eval z-{0}.npy y-{0}.npy")
    for line in (*lines, "compare z-{0}.npy p-{0}.npy --labels y-{0}.npy"):
        for part in ("0", "1", "copy"):
            write_state(run, line.format(part), f"of-{part}.json", "--force")
        said = "of-copy.json: the losses are those of of-0.json, to the last bit"
        assert said in run("merge", "of-0.json", "of-1.json", "of-copy.json").err
        assert "to the last bit" not in run("merge", "of-0.json", "of-1.json").err
    for i in (0, 1):  # where all losses are equal, states of as many rows are
        write_state(run, f"loss z-zero.npy y-zero.npy --rows {i}:{i + 1}", f"{i}.json")
        write_state(
            run, f"loss z-zero.npy y-zero.npy --rows {2 + 3 * i}:{5 + 3 * i}", f"{i + 2}.json"
        )
    assert "to the last bit" not in run("merge", *(f"{i}.json" for i in range(4))).err


def test_rows_of_one_file_have_weights_of_one_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    weights = np.arange(1.0, 1.0 + len(np.load(tmp_path / "y-1.npy")))
    np.save(tmp_path / "w.npy", weights)
    np.save(tmp_path / "other.npy", weights[::-1])
    line = "loss z-1.npy y-1.npy"
    write_state(run, f"{line} --rows :1 --sample-weight w.npy", "a.json")
    write_state(run, f"{line} --rows 1: --sample-weight link/w.npy", "b.json")
    whole = run(*line.split(), "--sample-weight", "w.npy")
    assert run("merge", "a.json", "b.json").stdout == whole.stdout
    write_state(run, f"{line} --rows 1: --sample-weight other.npy", "c.json")
    refused = refusal(run("merge", "a.json", "c.json"))
    both = f"{tmp_path}/w.npy and {tmp_path}/other.npy"
    assert refused.error == (
        f"a.json and c.json: {tmp_path}/z-1.npy: the weights of its rows are in {both}"
    )


def test_rows_of_one_file_are_compared_with_the_same_models(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    z, p, v = (f"{name}-1.npy" for name in "zpv")
    write_state(run, f"compare {z} {p} {v} --rows :1", "a.json")
    write_state(run, f"compare {z} link/{p} {v} --rows 1:", "same.json")
    whole = run("compare", z, p, v, "--metric", "kl").stdout
    merged = run("merge", "a.json", "same.json", "--json")
    for model, line in zip(merged.json["comparisons"], whole.splitlines()[1:], strict=True):
        assert repr(model["metrics"]["kl"]["value"]) == line.decode().split(",")[2]
    for models, first in ((f"{v} {v}", p), (f"{p} {z}", v)):
        write_state(run, f"compare {z} {models} --rows 1:", "b.json", "--force")
        refused = refusal(run("merge", "b.json", "a.json"))
        assert refused.error.startswith(f"a.json and b.json: {tmp_path}/{z}: it is compared with ")
        assert f"{tmp_path}/{first}" in refused.error
        assert refused.hint == "run again what was run with the other files"


@in_one_test
@pytest.mark.parametrize(
    ("line", "other", "said"),
    [
        ("loss r.npz --key z --label-key y", "--key v", "logits are 'z', and 'v'"),
        ("eval r.npz --key z --label-key y", "--label-key x", "labels are 'y', and 'x'"),
        ("loss r.npz y.csv --key z --label-column p", "--label-column q", "'p', and 'q'"),
        ("loss r.csv --columns a,b --label-column p", "--label-column q", "'p', and 'q'"),
        ("eval r.csv.gz --columns a,b --label-column p", "--label-column q", "'p', and 'q'"),
        ("loss v.npy y.csv.gz --label-column p", "--label-column q", "'p', and 'q'"),
        ("compare r.npz v.npy --key z --label-key y", "--label-key x", "'y', and 'x'"),
    ],
)
def test_rows_of_one_file_are_of_one_array_and_one_column_of_labels(
    run: Run, tmp_path: Path, line: str, other: str, said: str
) -> None:
    draw = np.random.default_rng(3)
    z, v = draw.normal(size=(2, 6, 2))
    y, x = np.array([[0, 1, 0, 1, 0, 1], [1, 1, 0, 0, 1, 0]])
    np.savez(tmp_path / "r.npz", z=z, v=v, y=y, x=x)
    np.save(tmp_path / "v.npy", v)
    table = zip(z, y, x, strict=True)
    rows = [f"{a},{b},{p},{q}" for (a, b), p, q in table]
    (tmp_path / "r.csv").write_text("\n".join(["a,b,p,q", *rows, ""]))
    labels = [f"{p},{q}" for p, q in zip(y, x, strict=True)]
    (tmp_path / "y.csv").write_text("\n".join(["p,q", *labels, ""]))
    for name in ("r.csv", "y.csv"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    write_state(run, f"{line} --rows :2", "a.json", "--force")
    write_state(run, f"{line} --rows 2:", "b.json", "--force")
    write_state(run, line, "whole.json", "--force")
    assert run("merge", "b.json", "a.json", "--state", "c.json", "--force").code == 0
    assert (tmp_path / "c.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    write_state(run, f"{line} {other} --rows 2:", "b.json", "--force")
    line = refusal(run("merge", "a.json", "b.json")).error
    assert line.startswith(f"a.json and b.json: of the rows of {tmp_path}/")
    assert line.endswith(said)


@in_one_test
@pytest.mark.parametrize(
    ("models", "other", "said"),
    [
        ("z-0.npy p-0.npy v-0.npy", "z-1.npy v-1.npy p-1.npy", "p-0.npy stands where v-1.npy"),
        ("z-0.npy v-0.npy", "v-1.npy z-1.npy", "z-0.npy stands where v-1.npy"),
    ],
)
def test_models_stand_in_one_order(run: Run, models: str, other: str, said: str) -> None:
    write_state(run, f"compare {models}", "a.json")
    write_state(run, f"compare {other}", "b.json")
    line = refusal(run("merge", "a.json", "b.json")).error
    assert line == f"a.json and b.json: models in another order: {said} does"
    write_state(run, f"compare {models.replace('0', '1')}", "c.json")
    assert run("merge", "a.json", "c.json").code == 0


def test_labels_that_were_changed_between_runs_are_a_note(run: Run, tmp_path: Path) -> None:
    write_state(run, "loss z-1.npy y-1.npy --rows :1", "a.json")
    write_state(run, "loss z-1.npy y-1.npy --rows 1:", "b.json")
    os.utime(tmp_path / "y-1.npy", (10**9, 10**9))  # of the same length
    write_state(run, "loss z-1.npy y-1.npy --rows 1:", "c.json")
    assert run("merge", "a.json", "b.json").err == ""
    said = run("merge", "a.json", "c.json").err
    assert "note: y-1.npy: the labels were changed between the runs: they are of 2001-" in said


def test_rows_that_are_missing_are_a_note(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", np.zeros((10, 2)))
    np.save(tmp_path / "y.npy", np.zeros(10, int))
    write_state(run, "loss z.npy y.npy --rows 1:3", "a.json")
    write_state(run, "loss z.npy y.npy --rows 5:8", "b.json")
    found = run("merge", "a.json", "b.json", "--json")
    notes = [line.rpartition(": ")[2] for line in found.err.splitlines()]
    assert notes == [f"rows {rows} are in no state" for rows in ("0:1", "3:5", "8:10")]
    assert found.json["rows"] == 5
    write_state(run, "loss z.npy y.npy --rows :1", "c.json")
    write_state(run, "loss z.npy y.npy --rows 3:5", "d.json")
    write_state(run, "loss z.npy y.npy --rows 8:", "e.json")
    assert run("merge", *(f"{name}.json" for name in "ebdca")).err == ""


@in_one_test
@pytest.mark.parametrize(("gaps", "more"), [(5, 0), (6, 1), (8, 3)])
def test_five_gaps_are_named_and_others_counted(
    run: Run, tmp_path: Path, gaps: int, more: int
) -> None:
    np.save(tmp_path / "z.npy", np.zeros((2 * gaps, 2)))
    np.save(tmp_path / "y.npy", np.zeros(2 * gaps, int))
    for i in range(gaps):
        write_state(
            run, f"loss z.npy y.npy --rows {2 * i + 1}:{2 * i + 2}", f"{'abcdefgh'[i]}.json"
        )
    said = run("merge", *(f"{name}.json" for name in "abcdefgh"[:gaps])).err.splitlines()
    assert [line.split("rows ")[1].split()[0] for line in said[:5]] == [
        "0:1",
        "2:3",
        "4:5",
        "6:7",
        "8:9",
    ]
    assert said[5:] == ([f"note: and {more} more such gaps"] if more else [])


def test_a_state_that_is_missing_among_numbered_ones_is_a_note(run: Run, tmp_path: Path) -> None:
    for i in (1, 2, 4):
        np.save(tmp_path / f"z-{i}.npy", np.zeros((2, 2)))
        write_state(run, f"loss z-{i}.npy 0,1", f"run-{i}.json")
        logits = (tmp_path / f"z-{i}.npy").read_bytes()
        assert run("loss", "-", "0,1", "--state", f"job-{i}.json", stdin=logits).code == 0
    said = run("merge", "run-*.json").err
    left_out = f"{tmp_path}/z-3.npy: in no state, though the names of other files count it"
    assert said == f"note: {left_out}\n"
    np.save(tmp_path / "z-3.npy", np.zeros((0, 2)))
    np.save(tmp_path / "none.npy", np.zeros(0, np.int64))
    write_state(run, "loss z-3.npy none.npy", "run-3.json")
    assert run("merge", "run-*.json").err == ""  # a file without rows is not missing
    said = run("merge", "job-*.json").err  # of rows from pipes
    assert said == "note: job-3.json: not merged, though the names of other states count it\n"


def test_labels_that_stand_in_the_next_file_are_not_lost(run: Run) -> None:
    line = "loss z-{}.npy --labels y-{}.npy --shift 1"
    for i in (0, 1):
        write_state(run, line.format(i, i), f"file-{i}.json")
    said = refusal(run("merge", "file-0.json", "file-1.json")).error
    assert "pairs the last rows of a file with the labels of the next" in said
    for name, rows in (("a", ":7"), ("b", "7:")):
        write_state(run, f"{line.replace('{}', '*')} --rows {rows}", f"{name}.json")
    whole = run(*all_shards(line), "--json")
    assert run("merge", "a.json", "b.json", "--json").stdout == whole.stdout


def test_a_pipe_has_no_rows_that_could_be_there_twice(run: Run, tmp_path: Path) -> None:
    data = (tmp_path / "z-0.npy").read_bytes()
    for name in "ab":
        assert run("loss", "-", "y-0.npy", "--state", f"{name}.json", stdin=data).code == 0
    assert run("merge", "a.json", "b.json").code == 0
