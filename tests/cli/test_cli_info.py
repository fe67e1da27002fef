"""info: what it says of files and of the arrays and columns in them."""

import csv
import gzip
import io
import json
import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_files import log_probs
from cli_tools import Run, Terminal, run_process
from in_one_test import in_one_folder, in_one_test
from info_tools import TEXT, N, Y, Z, looks, write_mixed


@pytest.fixture(autouse=True)
def _samples(folder: Path) -> None:
    """Write the samples into the folder of each test."""
    del folder


@pytest.fixture
def mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a table of many kinds of columns; return it."""
    monkeypatch.chdir(tmp_path)
    write_mixed()
    return tmp_path / "mixed.csv"


# Forms


def test_info_as_csv(run: Run) -> None:
    logits, labels = np.load("z.npy"), np.load("y.npy")
    first, second = run("info", "z.csv", "y.npy").table
    assert (first["file"], first["format"], first["shape"]) == ("z.csv", "csv", "5 3")
    assert first["columns"] == "cat dog bird"
    assert float(first["minimum"]) == logits.min()
    assert float(first["maximum"]) == logits.max()
    assert float(first["mean"]) == math.fsum(logits.ravel()) / 15
    assert int(first["bytes"]) == Path("z.csv").stat().st_size
    assert (second["format"], second["dtype"], second["shape"]) == ("npy", labels.dtype.name, "5")
    assert int(first["memory"]) > 0


def test_only_outputs_of_a_model_have_an_estimate_of_memory(run: Run) -> None:
    """There is no loss or softmax of labels, ids, names or text."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    table.insert(0, "id", np.arange(60) * 7 + 1000)
    table.assign(label=np.arange(60) % 3, kind=["x", "y"] * 30).to_csv("rows.csv", index=False)
    table[["id"]].to_csv("ids.csv", index=False)
    np.save("words.npy", [f"word {i}" for i in range(60)])
    np.save("hot.npy", np.eye(3)[np.arange(60) % 3])
    np.save("scores.npy", rng.normal(size=60))
    found = run("info", "rows.csv", "ids.csv", "words.npy", "hot.npy", "y.npy", "scores.npy").table
    looks = {(row["file"], row["name"]): row["looks_like"] for row in found}
    estimated = {key for key, row in zip(looks, found, strict=True) if row["memory"]}
    assert estimated == {("rows.csv", ""), ("scores.npy", "")}
    assert looks["rows.csv", ""] == "logits"
    assert looks["ids.csv", ""] == "ids"
    assert "loss LOGITS ids.csv" not in str(found)


def test_info_as_json(run: Run) -> None:
    odd = np.array([[1.5, np.nan, np.inf], [-np.inf, -np.inf, 2.0]], np.float32)
    np.save("odd.npy", odd)
    (found,) = run("info", "odd.npy", "--json").json["files"]
    assert (found["shape"], found["dtype"], found["format"]) == ([2, 3], "float32", "npy")
    counts = [found[name] for name in ("nan", "positive_infinities", "negative_infinities")]
    assert counts == [1, 1, 2]
    assert found["mean"] is None
    assert found["columns"] is None


def test_info_of_standard_input_and_to_a_file(run: Run) -> None:
    content = Path("z.npy").read_bytes()
    assert run("info", "-", stdin=content).table[0]["shape"] == "5 3"
    assert run("info", "-", "y.csv", "-o", "info.csv", stdin=content) == (0, b"", b"")
    assert len(Path("info.csv").read_text().splitlines()) == 3
    assert run("info", "-", "-").code == 2


def test_bytes_are_those_of_the_file(run: Run) -> None:
    """A file that is unpacked to be read has its own size all the same, and a pipe has none."""
    endings = ["npy", "npz", "safetensors", "csv", "parquet", "arrow", "arrows", "hdf5"]
    for name in [f"p.{ending}" for ending in endings]:
        assert run("softmax", "z.npy", "-o", name).code == 0
    Path("p.json").write_text(json.dumps(np.load("z.npy").tolist()))
    np.savez("two.npz", logits=np.load("z.npy"), labels=np.load("y.npy"))
    written = [*(f"p.{ending}" for ending in [*endings, "json"]), "two.npz"]
    packed = [f"{name}.gz" for name in written]
    for plain, name in zip(written, packed, strict=True):
        Path(name).write_bytes(gzip.compress(Path(plain).read_bytes()))
    found = run("info", *written, *packed, "--json").json["files"]
    sizes = {each["file"].partition(":")[0]: each["bytes"] for each in found}
    assert sizes == {name: Path(name).stat().st_size for name in [*written, *packed]}
    for name in ["p.npy.gz", "p.safetensors", "p.csv.gz", "p.parquet", "two.npz"]:
        piped = run("info", "-", "--json", stdin=Path(name).read_bytes()).json["files"]
        assert {each["bytes"] for each in piped} == {None}, name


def test_info_of_no_numbers(run: Run) -> None:
    np.save("none.npy", np.zeros((0, 3)))
    (found,) = run("info", "none.npy", "--json").json["files"]
    assert (found["shape"], found["mean"], found["minimum"]) == ([0, 3], None, None)


def test_a_file_name_that_is_no_text(run: Run) -> None:
    """A name of bytes that are not UTF-8 is shown, as in errors, and does not end the run."""
    name = "z\udcff.npy"
    Path(name).write_bytes(Path("z.npy").read_bytes())
    as_csv, as_json = run("info", name), run("info", name, "--json")
    assert (as_csv.code, as_json.code) == (0, 0), as_json.err
    assert b"5 3" in as_csv.stdout
    assert as_json.json["files"][0]["shape"] == [5, 3]


def test_range_of_each_group(run: Run, mixed: Path) -> None:
    del mixed
    found = run("info", "mixed.csv", "--json").json["files"]
    ends = {each["name"]: (each["minimum"], each["maximum"], each["mean"]) for each in found}
    assert ends[None] == (Z.min(), Z.max(), pytest.approx(Z.mean()))
    assert ends["id"] == (500, 500 + N - 1, 500 + (N - 1) / 2)
    assert ends["label"] == (None, None, None)
    np.save("whole.npy", np.arange(3))
    assert '"minimum": 0, "maximum": 2, "mean": 1.0' in run("info", "whole.npy", "--json").out


@in_one_folder
@pytest.mark.parametrize("columns", [80, 120, 200])
def test_a_line_each(terminal: Terminal, mixed: Path, columns: int) -> None:
    del mixed
    screen = terminal("info", "mixed.csv", columns=columns)
    assert screen.code == 0
    assert max(map(len, screen.lines)) <= columns
    starts = [line.split()[0] for line in screen.lines if line]
    assert starts == ["mixed.csv", "name", "id", "cat,", "fold", "file", "label", "fits:"]
    together = terminal("info", "mixed.csv", "y.npy", columns=columns)
    assert max(map(len, together.lines)) <= columns
    starts = [line.split()[0] for line in together.lines if line]
    assert starts[:3] == ["file", "mixed.csv", "mixed.csv"]


def test_shards_are_told_apart_and_not_every_command_is_shown(terminal: Terminal) -> None:
    for i in range(9):
        np.save(f"logits-of-a-very-long-run-of-a-model-{i:05}.npy", np.eye(3) * -2.5)
    lines = terminal("info", "logits-*.npy", columns=70).lines
    names = [line.split()[0] for line in lines[1:10]]
    assert [name[-9:] for name in names] == [f"0000{i}.npy" for i in range(9)]
    assert sum(line.startswith("fits: ") for line in lines) == 3
    assert lines[-1].strip() == "and 6 more commands; all: --json"


def test_integers_that_float64_rounds_are_shown_as_they_are(run: Run, terminal: Terminal) -> None:
    np.save("large.npy", np.array([7, 2**53 + 1]))
    Path("large.csv").write_text("key,value\n9007199254740993,0.5\n7,0.25\n")
    assert run("info", "large.npy", "--json").json["files"][0]["maximum"] == 2**53 + 1
    assert run("info", "large.npy").table[0]["maximum"] == "9007199254740993"
    assert "7 to 9007199254740993" in terminal("info", "large.npy").text
    both = terminal("info", "large.npy", "large.csv", columns=120).text
    assert "7 to 9,007,199,254,740,993" in both
    assert "7 to 9.007e+15" in both  # float64, in which 9,007,199,254,740,992 is as near


def test_an_output_is_no_input(run: Run) -> None:
    for _ in range(2):
        assert run("info", "*.csv", "-o", "out.csv", "--force").code == 0
    rows = csv.DictReader(io.StringIO(Path("out.csv").read_text()))
    assert {row["file"] for row in rows} == {"y.csv", "z.csv"}


def test_python_ends_while_a_dataset_is_open(tmp_path: Path) -> None:
    """The error of what is not read refers to it, and the HDF5 library would end in a crash."""
    path = tmp_path / "z.h5"
    with h5py.File(path, "w") as file:
        file["z"], file["c"] = Z, np.zeros(3, "c8")
    outcome = run_process("info", path)
    assert (outcome.code, "complex64 does not hold real numbers" in outcome.err) == (0, True)


# What arrays look like


@in_one_test
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (Z, "logits"),
        (log_probs(Z), "log-probabilities"),
        (np.exp(log_probs(Z)), "probabilities"),
        (Y, "labels"),
        (np.array([[-100, 5], [7, 3]]), "labels"),
        (np.eye(3, dtype=int), "one-hot labels"),
        (np.arange(100, 150), "ids"),
        (np.array([[-3, 7], [100, -128]], np.int8), "logits"),
        (np.random.default_rng(0).normal(size=(2, 5, 4)), "logits"),
        (np.moveaxis(np.full((2, 3, 4), 0.25), -1, 1), "probabilities"),
        (np.log(np.full((2, 3, 4), 0.25)), "log-probabilities"),
    ],
)
def test_what_arrays_look_like(run: Run, values: Any, kind: str) -> None:
    np.save("it.npy", values)
    assert run("info", "it.npy").table[0]["looks_like"] == kind


def test_one_array_of_json(run: Run) -> None:
    text = json.dumps(Z.tolist())
    (piped,) = run("info", "-", "--json", stdin=text.encode()).json["files"]
    (typed,) = run("info", text, "--json").json["files"]
    assert piped["shape"] == typed["shape"] == [N, 3]


def test_json_with_names(run: Run) -> None:
    rows = [{"logits": z, "label": name} for z, name in zip(Z.tolist(), TEXT, strict=True)]
    Path("run.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert looks(run, "run.jsonl")["label"] == ([N], "class names")


def test_what_cannot_be_read_is_listed(run: Run) -> None:
    Path("gaps.csv").write_text("id,a,b,w,label\nx1,.5,.5,1,0\nx2,.5,.25,2,1\nx3,.1,.9,,1\n")
    assert looks(run, "gaps.csv")["w"] == ([3], "numbers with gaps")
    pq.write_table(pa.table({"l": [[1.0, 2.0], [3.0]], "x": [1, 0]}), "ragged.parquet")
    outcome = run("info", "ragged.parquet", "--json")
    assert [each["looks_like"] for each in outcome.json["files"]] == ["labels", "not read"]
    assert (
        outcome.err
        == "note: ragged.parquet: row 1: column 'l': a list of 1 where row 0 has one of 2\n"
    )
    Path("label.csv").write_text("label\ncat\ndog\nfox\n")
    assert looks(run, "label.csv") == {"label": ([3], "class names")}
    Path("text.csv").write_text("id,label\na1,cat\na2,dog\na3,cat\na4,dog\n")
    assert looks(run, "text.csv") == {"id": ([4], "ids"), "label": ([4], "class names")}
