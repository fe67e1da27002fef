"""What does not belong together is not merged."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, refusal
from in_one_test import in_one_test
from merge_tools import write_state

pytestmark = pytest.mark.usefixtures("shards")


def test_what_does_not_belong_together_is_refused(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "wide.npy", np.zeros((len(np.load(tmp_path / "y-1.npy")), 4)))
    write_state(run, "loss z-0.npy y-0.npy", "a.json")
    for other, said in (
        ("loss z-1.npy y-1.npy --temperature 2", "other options: --temperature is 1.0, and 2.0"),
        ("loss z-1.npy y-1.npy --ignore-index 0", "--ignore-index is -100, and 0"),
        ("loss z-1.npy y-1.npy --weight 1,2,3", "--weight is not given, and "),
        ("loss z-1.npy b-1.npy --binary", "--binary is not given, and given"),
        ("loss s-1.npy t-1.npy --dtype float32", "--dtype is not given, and float32"),
        ("nll --probs p-1.npy y-1.npy", "states of two commands: xent loss, and xent nll"),
        ("loss wide.npy y-1.npy", "other classes: 3, and 4"),
        ("loss c-1.csv --label-column label --drop group", "other names of classes"),
        ("loss z-0.npy y-0.npy --rows 0:1", "rows 0:1 of "),
    ):
        write_state(run, other, "b.json", "--force")
        line = refusal(run("merge", "a.json", "b.json", "--state", "c.json")).error
        assert said in line
        assert "a.json" in line
        assert "b.json" in line
        assert not (tmp_path / "c.json").exists(), other


@in_one_test
@pytest.mark.parametrize(
    ("command", "ignored", "alike"),
    [
        ("loss", "-100", True),
        ("eval", "-100", True),
        ("compare v-{}.npy", "255", True),
        ("loss", "2", False),  # the class 2 of labels from 0, and 1 of those from 1
        ("loss", "0", False),
    ],
)
def test_labels_that_count_from_0_and_from_1(
    run: Run, tmp_path: Path, command: str, ignored: str, alike: bool
) -> None:
    """They are of the same classes; unless one of these is ignored by its label."""
    np.save(tmp_path / "o-1.npy", np.load(tmp_path / "y-1.npy") + 1)
    more = f"--ignore-index {ignored}"
    for name, labels in (("0", "y-0"), ("1", "o-1"), ("plain", "y-1")):
        line = f"{command.format(labels[-1])} z-{labels[-1]}.npy --labels {labels}.npy {more}"
        write_state(run, f"{line} --label-base {labels.count('o')}", f"{name}.json")
    for order in (["0.json", "1.json"], ["1.json", "0.json"]):
        found = run("merge", *order)
        if alike:
            assert found.code == 0
            assert found.stdout == run("merge", "0.json", "plain.json").stdout
        else:
            numbers = ", and ".join(name[0] for name in order)
            assert f"other options: --label-base is {numbers}" in refusal(found).error


@in_one_test
@pytest.mark.parametrize(
    ("command", "other", "alike"),
    [
        ("loss z-{0}.npy --labels {1}-{0}.npy", "-1", True),
        ("loss z-{0}.npy --labels {1}-{0}.npy", "3", True),
        ("loss z-{0}.npy --labels {1}-{0}.npy --classes 3,4,-1", "4", False),
        ("loss z-{0}.npy --labels {1}-{0}.npy", "2", False),
        ("loss --binary z-{0}.npy --labels {1}-{0}.npy", "-1", True),
        ("loss --binary z-{0}.npy --labels {1}-{0}.npy", "1", False),
        ("eval z-{0}.npy --labels {1}-{0}.npy", "-1", True),
        ("compare z-{0}.npy v-{0}.npy --labels {1}-{0}.npy", "-1", True),
    ],
)
def test_rows_that_are_ignored_by_other_labels(
    run: Run, tmp_path: Path, command: str, other: str, alike: bool
) -> None:
    """A state has none of them; a run over all has them left out by both labels."""
    names = "b" if "--binary" in command else "y"
    for i, mark in enumerate(("-100", other)):
        labels = np.load(tmp_path / f"{names}-{i}.npy").astype(np.float64)
        if "--classes" in command:
            labels = np.choose(labels.astype(int), [3.0, 4.0, -1.0])
        labels.reshape(-1)[:2] = float(mark)
        np.save(tmp_path / f"o-{i}.npy", labels)
        write_state(run, f"{command.format(i, 'o')} --ignore-index {mark}", f"{i}.json", "--force")
    both = f"{command.format('*', 'o')} --ignore-index -100 --ignore-index {other}"
    write_state(run, both, "all.json", "--force")
    for order in (["0.json", "1.json"], ["1.json", "0.json"]):
        found = run("merge", *order, "--state", "sum.json", "--force")
        if alike:
            assert found.code == 0
            assert (tmp_path / "sum.json").read_bytes() == (tmp_path / "all.json").read_bytes()
        else:
            assert "other options: --ignore-index is " in refusal(found).error


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


def test_rows_are_known_again_in_a_compressed_copy_of_their_file(run: Run, tmp_path: Path) -> None:
    for name, compressed in (("z-1.npy", "z-1.npy.gz"), ("y-1.npy", "y-1.npy.gz")):
        (tmp_path / compressed).write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    copies = "loss z-1.npy.gz y-1.npy.gz"
    write_state(run, "loss z-1.npy y-1.npy --rows :2", "a.json")
    write_state(run, copies, "b.json")
    said = refusal(run("merge", "a.json", "b.json")).error
    there, here = tmp_path / "z-1.npy.gz", tmp_path / "z-1.npy"
    assert said == f"b.json: rows 0:2 of {there} are in a.json too, of {here}"
    write_state(run, f"{copies} --rows 2:", "c.json")
    merged, whole = (run(*line.split()) for line in ("merge a.json c.json", "loss z-1.npy y-1.npy"))
    assert merged.err == ""  # no row is missing, and the labels are of one file
    assert merged.stdout == whole.stdout
    write_state(run, f"{copies} --rows 3:", "d.json")
    assert "rows 2:3 are in no state" in run("merge", "a.json", "d.json").err


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


@in_one_test
@pytest.mark.parametrize("models", ["loss z-{}.npy", "eval z-{}.npy", "compare z-{}.npy v-{}.npy"])
def test_labels_that_stand_in_the_next_file_are_not_lost(
    run: Run, tmp_path: Path, models: str
) -> None:
    line = f"{models} --labels y-{{}}.npy --shift 1"
    for rows in ("", "--rows 0:"):
        for i in (0, 1):
            write_state(run, f"{line.replace('{}', str(i))} {rows}", f"file-{i}.json", "--force")
        said = refusal(run("merge", "file-0.json", "file-1.json")).error
        assert "pairs the last rows of a file with the labels of the next" in said
    of_all = line.replace("{}", "*")
    for name, part in (("a", ":7"), ("b", "7:")):
        write_state(run, f"{of_all} --rows {part}", f"{name}.json")
    merged = run("merge", "a.json", "b.json", "--state", "ab.json", "--json")
    whole = write_state(run, f"{of_all} --json", "whole.json")
    assert (tmp_path / "ab.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert merged.json["rows"] == whole.json["rows"]
    assert "in no state" not in merged.err


@in_one_test
@pytest.mark.parametrize(
    ("models", "shift"),
    [
        ("loss z-{}.npy", 1),
        ("loss z-{}.npy", 3),
        ("eval z-{}.npy", 3),
        ("compare z-{}.npy v-{}.npy", 1),
    ],
)
def test_a_part_without_a_label_is_a_state_of_no_row(
    run: Run, tmp_path: Path, models: str, shift: int
) -> None:
    line = f"{models.format(1, 1)} --labels y-1.npy --shift {shift}"
    count = len(np.load(tmp_path / "z-1.npy"))
    for name, part in (("a", f":{count - shift}"), ("b", f"{count - shift}:")):
        write_state(run, f"{line} --rows {part}", f"{name}.json")
    assert run("merge", "b.json", "--json").json["used"] == 0
    merged = run("merge", "a.json", "b.json", "--state", "ab.json")
    write_state(run, line, "whole.json")
    assert (tmp_path / "ab.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert "in no state" not in merged.err
    beyond = refusal(run(*line.split(), "--rows", f"{count}:"))
    assert beyond.error == f"z-1.npy: there is no row {count}"
