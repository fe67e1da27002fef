"""States of the rows of one file: of one array, with the same labels, weights and models."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, refusal
from in_one_test import in_one_test
from merge_tools import write_state

pytestmark = pytest.mark.usefixtures("shards")


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


def write_tables(folder: Path, draw: np.random.Generator, end: str) -> None:
    """Write logits and other ones, with two columns of labels, into files whose names end so."""
    z, v = draw.normal(size=(2, 6, 2))
    y, x = np.array([[0, 1, 0, 1, 0, 1], [1, 1, 0, 0, 1, 0]])
    np.savez(folder / f"r{end}.npz", z=z, v=v, y=y, x=x)
    np.save(folder / f"v{end}.npy", v)
    labels = [f"{p},{q}" for p, q in zip(y, x, strict=True)]
    rows = [f"{a},{b},{both}" for (a, b), both in zip(z, labels, strict=True)]
    (folder / f"r{end}.csv").write_text("\n".join(["a,b,p,q", *rows, ""]))
    (folder / f"y{end}.csv").write_text("\n".join(["p,q", *labels, ""]))


@in_one_test
@pytest.mark.parametrize(
    ("line", "other", "said"),
    [
        ("loss r.npz --key z --label-key y", "--key v", "logits are 'z', and 'v'"),
        (
            "eval r.csv.gz --columns a,b --metric loss --label-column p",
            "--label-column q",
            "'p', and 'q'",
        ),
        ("loss v.npy y.csv.gz --label-column p", "--label-column q", "'p', and 'q'"),
        ("compare r.npz v.npy --key z --metric kl --label-key y", "--label-key x", "'y', and 'x'"),
    ],
)
def test_rows_of_one_file_are_of_one_array_and_one_column_of_labels(
    run: Run, tmp_path: Path, line: str, other: str, said: str
) -> None:
    draw = np.random.default_rng(3)
    write_tables(tmp_path, draw, "")
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
    ("line", "other", "said"),
    [
        ("loss r-*.csv --columns a,b --label-column p", "--label-column q", "'p', and 'q'"),
        ("loss r-*.npz --key z --label-key y", "--key v", "logits are 'z', and 'v'"),
        (
            "loss v-*.npy --labels y-*.csv --label-column p --sample-weight w.npy",
            "--sample-weight u.npy",
            "u.npy",
        ),
    ],
)
def test_so_are_the_rows_of_a_file_that_two_runs_over_several_share(
    run: Run, tmp_path: Path, line: str, other: str, said: str
) -> None:
    draw = np.random.default_rng(3)
    for i in range(3):
        write_tables(tmp_path, draw, f"-{i}")
    np.save(tmp_path / "w.npy", np.arange(1.0, 19.0))
    np.save(tmp_path / "u.npy", np.arange(2.0, 20.0))
    line += " --jobs 1"
    for part, name in ((":8", "a"), ("8:", "b")):  # both have rows of the second file
        write_state(run, f"{line} --rows {part}", f"{name}.json", "--force")
    write_state(run, line, "whole.json", "--force")
    assert run("merge", "b.json", "a.json", "--state", "c.json", "--force").code == 0
    assert (tmp_path / "c.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    write_state(run, f"{line} {other} --rows 8:", "b.json", "--force")
    refused = refusal(run("merge", "a.json", "b.json")).error
    assert refused.startswith("a.json and b.json: ")
    assert f"{tmp_path}/" in refused
    assert refused.endswith(said)
