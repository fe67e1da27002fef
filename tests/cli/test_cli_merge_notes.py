"""What may be missing of merged states, was changed, or is there twice is a note."""

import os
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run
from merge_tools import write_state

pytestmark = pytest.mark.usefixtures("shards")


def test_states_of_copies_are_a_note(run: Run, tmp_path: Path) -> None:
    for name in "zpy":
        np.save(tmp_path / f"{name}-copy.npy", np.load(tmp_path / f"{name}-0.npy"))
        np.save(tmp_path / f"{name}-zero.npy", np.load(tmp_path / f"{name}-0.npy") * 0)
    of_two = "compare z-{0}.npy p-{0}.npy --labels y-{0}.npy"
    for line in (of_two, "loss z-{0}.npy y-{0}.npy"):
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


def test_five_gaps_are_named_and_others_counted(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", np.zeros((14, 2)))
    np.save(tmp_path / "y.npy", np.zeros(14, int))
    for name, rows in zip(
        "abcdefgh", [*(f"{i}:{i + 1}" for i in range(1, 14, 2)), "9:"], strict=True
    ):
        write_state(run, f"loss z.npy y.npy --rows {rows}", f"{name}.json")
    for states, more in (("abcdh", []), ("abcdefg", ["note: and 2 more such gaps"])):
        said = run("merge", *(f"{name}.json" for name in states)).err.splitlines()
        gaps = [line.split("rows ")[1].split()[0] for line in said[:5]]
        assert gaps == ["0:1", "2:3", "4:5", "6:7", "8:9"]
        assert said[5:] == more


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


def test_labels_of_another_column_and_logits_of_another_array_are_a_note(
    run: Run, tmp_path: Path
) -> None:
    """One run over all files takes one column of them."""
    for i in (0, 1):
        z, y = np.load(f"z-{i}.npy"), np.load(f"y-{i}.npy")
        np.savez(tmp_path / f"r-{i}.npz", z0=z, z1=z + 1, v=z[:, ::-1])
        rows = "\n".join(f"{label},{2 - label}" for label in y)
        (tmp_path / f"t-{i}.csv").write_text(f"right,left\n{rows}\n")
    line = "loss r-{}.npz --key {} --labels t-{}.csv --label-column {}"
    write_state(run, line.format(0, "z0", 0, "right"), "a.json")
    for key, column, said in (
        ("z0", "right", []),
        ("z1", "right", []),  # as the arrays of ranks have numbers
        ("z0", "left", ["note: a.json and b.json: the labels are 'right', and 'left'"]),
        ("v", "right", ["note: a.json and b.json: the logits are 'z0', and 'v'"]),
    ):
        write_state(run, line.format(1, key, 1, column), "b.json", "--force")
        assert run("merge", "a.json", "b.json").err.splitlines() == said


def test_percentiles_without_labels_are_missing_for_one_reason(run: Run) -> None:
    write_state(run, "compare z-0.npy p-0.npy --metric kl_p99", "kl.json")
    err = run("merge", "kl.json").err
    assert "note: kl_p99: null, since states have not all rows at once\n" in err
    assert "apply" not in err
