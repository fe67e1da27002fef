"""info of files that hold several arrays or columns: what it lists, and the command that fits."""

import csv
import io
import json
import shlex
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, Terminal, run_process
from in_one_test import in_one_test
from safetensors.numpy import save_file

from xentcli import cross_entropy

N = 40
Z = np.random.default_rng(3).normal(scale=3, size=(N, 3))
Y = np.random.default_rng(4).integers(0, 3, N)
NAMES = ["cat", "dog", "fox"]


def looks(run: Run, *files: str) -> dict[str, tuple[list[int], str]]:
    found = run("info", *files, "--json").json["files"]
    return {
        each["name"] or "+".join(each["columns"] or ()): (each["shape"], each["looks_like"])
        for each in found
    }


def command_of(run: Run, *files: str) -> str:
    """Return the one command that fits logits and labels, from the CSV form."""
    rows = csv.DictReader(io.StringIO(run("info", *files).out))
    (fits,) = {row["fits"] for row in rows if row["looks_like"] in ("logits", "probabilities")}
    return fits


def follow(run: Run, command: str) -> float:
    name, *arguments = shlex.split(command)
    assert name == "xent"
    outcome = run(*arguments)
    assert outcome.code == 0, outcome.err
    return float(outcome.out)


@pytest.fixture(autouse=True)
def frame(folder: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Write a table with ids, file names, folds and labels beside the logits; return it."""
    monkeypatch.chdir(folder)
    frame = pd.DataFrame(Z, columns=NAMES)
    frame.insert(0, "id", range(500, 500 + N))
    frame["file name"] = [f"img_{i}.png" for i in range(N)]
    frame["fold"] = np.arange(N) % 5
    frame["label"] = np.array(NAMES)[Y]
    frame.to_csv("mixed.csv", index=False)
    frame.to_csv("index.csv")
    return frame


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_several_arrays(run: Run, kind: str) -> None:
    logits = np.random.default_rng(1).normal(size=(4, 6, 20)).astype(np.float32)
    labels = np.random.default_rng(2).integers(0, 20, (4, 6))
    labels[:, :2] = -100
    arrays: dict[str, Any] = {
        "the logits": logits,
        "labels": labels,
        "attention_mask": np.ones((4, 6), int),
    }
    if kind == "npz":
        np.savez("run.npz", **arrays, names=np.array(["a", "b"]))
    else:
        save_file(arrays, "run.safetensors")
    found = looks(run, f"run.{kind}")
    assert found.pop("names", None) == (([2], "text") if kind == "npz" else None)
    assert found == {
        "the logits": ([4, 6, 20], "logits"),
        "labels": ([4, 6], "labels"),
        "attention_mask": ([4, 6], "a mask"),
    }
    command = command_of(run, f"run.{kind}")
    assert command == f"xent loss run.{kind} --key 'the logits' --label-key labels"
    want = float(cross_entropy(np.moveaxis(logits, -1, 1), labels))
    assert follow(run, command) == pytest.approx(want, rel=1e-12)
    piped = run("info", "-", "--json", stdin=Path(f"run.{kind}").read_bytes()).json["files"]
    assert [each["name"] for each in piped][:1] == [
        each["name"] for each in run("info", f"run.{kind}", "--json").json["files"]
    ][:1]


def test_labels_with_an_axis_of_one(run: Run) -> None:
    """Arrays of MATLAB have two axes at least."""
    logits, labels = np.random.default_rng(1).normal(size=(6, 3)), np.arange(6) % 3
    want = float(cross_entropy(logits, labels))
    for shape in ((6, 1), (1, 6)):
        np.savez("run.npz", logits=logits, labels=labels.reshape(shape))
        command = command_of(run, "run.npz")
        assert command == "xent loss run.npz --key logits --label-key labels", shape
        assert follow(run, command) == pytest.approx(want, rel=1e-12), shape


@pytest.mark.parametrize("file", ["mixed.csv", "index.csv"])
def test_csv_with_ids_and_names(run: Run, file: str) -> None:
    found = looks(run, file)
    found.pop("", None)  # the index that pandas writes
    assert found == {
        "id": ([N], "ids"),
        "cat+dog+fox": ([N, 3], "logits"),
        "file name": ([N], "ids"),
        "fold": ([N], "numbers"),
        "label": ([N], "class names"),
    }
    command = command_of(run, file)
    assert command == f"xent loss {file} --columns cat,dog,fox --label-column label"
    assert follow(run, command) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-12)


def json_of(kind: str) -> str:
    """Return logits and labels with ids in JSON: an object of lists, a list of objects, lines."""
    names = np.array(NAMES)[Y].tolist() if kind == "names" else Y.tolist()
    rows = [
        {"id": f"i{i}", "logits": z, "label": y}
        for i, (z, y) in enumerate(zip(Z.tolist(), names, strict=True))
    ]
    if kind == "object":
        return json.dumps({"logits": Z.tolist(), "label": names, "about": "a run"})
    return json.dumps(rows) if kind == "list" else "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.mark.parametrize("kind", ["object", "list", "lines", "piped object", "piped lines"])
def test_json_of_several_arrays(run: Run, kind: str) -> None:
    text, file = (
        json_of(kind.removeprefix("piped ")),
        f"run.{'jsonl' if 'lines' in kind else 'json'}",
    )
    Path(file).write_text(text)
    if kind.startswith("piped"):
        found = run("info", "-", "--json", stdin=text.encode()).json["files"]
        command = found[-1]["fits"].replace(" - ", f" {file} ")
        assert [each["shape"] for each in found if each["name"] == "logits"] == [[N, 3]]
    else:
        ids = {} if kind == "object" else {"id": ([N], "ids")}
        assert looks(run, file) == {**ids, "logits": ([N, 3], "logits"), "label": ([N], "labels")}
        command = command_of(run, file)
    assert command == f"xent loss {file} --key logits --label-key label"
    assert follow(run, command) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-12)


@pytest.mark.parametrize("kind", ["U", "S", "json", "jsonl"])
def test_names_alone(run: Run, kind: str) -> None:
    names = np.array(NAMES)[Y]
    file = f"names.{kind if 'json' in kind else 'npy'}"
    if file.endswith(".npy"):
        np.save(file, names.astype(kind))
    else:
        lines = "\n".join(map(json.dumps, names))
        Path(file).write_text(lines if kind == "jsonl" else json.dumps(names.tolist()))
    assert looks(run, file) == {"": ([N], "class names")}
    assert looks(run, json.dumps(names.tolist())) == {"": ([N], "class names")}
    pd.DataFrame(Z, columns=NAMES).to_csv("z.csv", index=False)
    command = command_of(run, "z.csv", file)
    assert command == f"xent loss z.csv {file}"
    assert follow(run, command) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-12)


def test_one_array_of_json(run: Run) -> None:
    text = json.dumps(Z.tolist())
    (piped,) = run("info", "-", "--json", stdin=text.encode()).json["files"]
    (typed,) = run("info", text, "--json").json["files"]
    assert piped["shape"] == typed["shape"] == [N, 3]


def test_json_with_names(run: Run) -> None:
    Path("run.jsonl").write_text(json_of("names"))
    assert looks(run, "run.jsonl")["label"] == ([N], "class names")


def test_ids_in_both_files(run: Run) -> None:
    """The labels stand in another order; the command that info prints matches them by id."""
    frame = pd.DataFrame(Z, columns=NAMES)
    frame.insert(0, "id", [f"img_{i:03}" for i in range(N)])
    frame.to_csv("logits.csv", index=False)
    truth = pd.DataFrame({"id": frame["id"], "label": np.array(NAMES)[Y]})
    truth[::-1].to_csv("truth.csv", index=False)
    command = command_of(run, "logits.csv", "truth.csv")
    assert command == "xent loss logits.csv truth.csv --label-column label"
    assert follow(run, command) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-12)


def test_range_of_each_group(run: Run) -> None:
    found = run("info", "mixed.csv", "--json").json["files"]
    ends = {each["name"]: (each["minimum"], each["maximum"], each["mean"]) for each in found}
    assert ends[None] == (Z.min(), Z.max(), pytest.approx(Z.mean()))
    assert ends["id"] == (500, 500 + N - 1, 500 + (N - 1) / 2)
    assert ends["label"] == (None, None, None)
    np.save("whole.npy", np.arange(3))
    assert '"minimum": 0, "maximum": 2, "mean": 1.0' in run("info", "whole.npy", "--json").out


def test_parquet_with_lists_beside_others(run: Run, frame: pd.DataFrame) -> None:
    table = pa.table({
        "embedding": pa.array(list(np.ones((N, 2)) * [0.5, -2])),
        "logits": pa.array(list(Z)),
        "when": pa.array(pd.to_datetime(["2024-01-01"] * N)),
        "name": frame["file name"].tolist(),
        "label": Y,
    })  # fmt: skip
    pq.write_table(table, "lists.parquet")
    found = looks(run, "lists.parquet")
    assert found["logits"] == ([N, 3], "logits")
    assert found["when"] == ([N], "times")
    assert found["name"] == ([N], "ids")
    assert found["label"] == ([N], "labels")
    fits = {each["fits"] for each in run("info", "lists.parquet", "--json").json["files"]}
    assert fits == {None, "xent loss lists.parquet --key logits --label-column label"}
    command = next(filter(None, fits))
    assert follow(run, command) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-12)


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_every_command_for_two_columns_of_lists(run: Run, kind: str) -> None:
    probs = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    columns = {"id": range(N), "the logits": Z.tolist(), "probs": probs.tolist(), "label": Y}
    frame = pd.DataFrame(columns)
    if kind == "json":
        frame.to_json("two.json", orient="records", lines=True, double_precision=15)
    else:
        getattr(frame, f"to_{kind}")(f"two.{kind}", index=False)
    files = run("info", f"two.{kind}", "--json").json["files"]
    fits = {each["name"]: each["fits"] for each in files}
    assert fits["id"] is None
    for name in ("the logits", "probs", "label"):
        assert follow(run, fits[name]) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-12)


def test_probabilities_and_labels_from_one(run: Run) -> None:
    probs = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    pd.DataFrame(probs, columns=["a", "b", "c"]).assign(y=Y + 1).to_csv("p.csv", index=False)
    command = command_of(run, "p.csv")
    assert command == "xent nll --probs p.csv --label-column y --label-base 1"
    assert follow(run, command) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-12)


def test_two_files(run: Run) -> None:
    np.save("a z.npy", Z)
    np.save("y.npy", Y)
    command = command_of(run, "a z.npy", "y.npy")
    assert command == "xent loss 'a z.npy' y.npy"
    assert follow(run, command) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-12)
    np.save("b.npy", Z + 1)
    assert {
        row["fits"]
        for row in csv.DictReader(io.StringIO(run("info", "b.npy", "a z.npy", "y.npy").out))
    } == {"xent loss b.npy LABELS", "xent loss 'a z.npy' LABELS", "xent loss LOGITS y.npy"}, (
        "which logits the labels belong to is not known"
    )


@in_one_test
@pytest.mark.parametrize(
    ("values", "kind"),
    [
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
    assert run("info", "it.npy", "--json").json["files"][0]["looks_like"] == kind


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


def test_labels_are_those_of_the_same_split(run: Run) -> None:
    with h5py.File("splits.h5", "w") as file:
        for split in ("test", "train", "val"):
            file[f"{split}/logits"] = Z
        file["test/labels"], file["val/labels"] = Y[::-1], Y
    rows = csv.DictReader(io.StringIO(run("info", "splits.h5").out))
    fits = {row["name"]: row["fits"] for row in rows}
    assert fits["train/logits"] == "xent loss splits.h5 LABELS --key train/logits"
    outcome = run(*shlex.split(fits["val/logits"])[1:])
    assert float(outcome.out) == pytest.approx(float(cross_entropy(Z, Y)), rel=1e-14)


def test_python_ends_while_a_dataset_is_open(tmp_path: Path) -> None:
    """The error of what is not read refers to it, and the HDF5 library would end in a crash."""
    path = tmp_path / "z.h5"
    with h5py.File(path, "w") as file:
        file["z"], file["c"] = Z, np.zeros(3, "c8")
    outcome = run_process("info", path)
    assert (outcome.code, "complex64 does not hold real numbers" in outcome.err) == (0, True)


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_a_line_each(terminal: Terminal, columns: int) -> None:
    screen = terminal("info", "mixed.csv", columns=columns)
    assert screen.code == 0
    assert max(map(len, screen.lines)) <= columns
    starts = [line.split()[0] for line in screen.lines if line]
    assert starts == ["mixed.csv", "name", "id", "cat,", "fold", "file", "label", "fits:"]
    together = terminal("info", "mixed.csv", "y.npy", columns=columns)
    assert max(map(len, together.lines)) <= columns
    assert [line.split()[0] for line in together.lines if line][:3] == [
        "file",
        "mixed.csv",
        "mixed.csv",
    ]


def test_an_output_is_no_input(run: Run) -> None:
    for _ in range(2):
        assert run("info", "*.csv", "-o", "out.csv", "--force").code == 0
    files = {row["file"] for row in csv.DictReader(io.StringIO(Path("out.csv").read_text()))}
    assert files == {"index.csv", "mixed.csv", "y.csv", "z.csv"}
    for name in ("a.npy", "b.npy"):
        Path("go").mkdir(exist_ok=True)
        np.save(f"go/{name}", Z)
    for _ in range(2):
        assert run("softmax", "go/*.npy", "-o", "go/out.npy", "--force").code == 0
    assert np.load("go/out.npy").shape == (2 * N, 3)
