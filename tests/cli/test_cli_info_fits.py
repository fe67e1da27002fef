"""The command that info says fits logits and labels, which gives their loss."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_files import log_probs, write_rows
from cli_tools import Run
from close_to import close_to
from in_one_test import in_one_test
from info_tools import LOSS, NAMES, TEXT, N, Y, Z, command_of, follow, looks, write_mixed
from safetensors.numpy import save_file

from xentcli import cross_entropy


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
    assert follow(run, command) == close_to(want, rel=1e-12)
    piped = run("info", "-", "--json", stdin=Path(f"run.{kind}").read_bytes()).json["files"]
    assert piped[0]["name"] in arrays


def test_what_a_trainer_predicts(run: Run) -> None:
    np.savez("trainer.npz", predictions=Z, label_ids=Y)
    command = command_of(run, "trainer.npz")
    assert command == "xent loss trainer.npz --key predictions --label-key label_ids"
    assert follow(run, command) == close_to(LOSS, rel=1e-12)


def test_labels_with_an_axis_of_one(run: Run) -> None:
    """Arrays of MATLAB have two axes at least."""
    logits, labels = np.random.default_rng(1).normal(size=(6, 3)), np.arange(6) % 3
    want = float(cross_entropy(logits, labels))
    for shape in ((6, 1), (1, 6)):
        np.savez("run.npz", logits=logits, labels=labels.reshape(shape))
        command = command_of(run, "run.npz")
        assert command == "xent loss run.npz --key logits --label-key labels", shape
        assert follow(run, command) == close_to(want, rel=1e-12), shape


@pytest.mark.parametrize("file", ["mixed.csv", "index.csv"])
def test_csv_with_ids_and_names(run: Run, file: str) -> None:
    write_mixed()
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
    assert follow(run, command) == close_to(LOSS, rel=1e-12)


def json_of(kind: str) -> str:
    """Return logits and labels with ids in JSON: an object of lists, a list of objects, lines."""
    rows = [
        {"id": f"i{i}", "logits": z, "label": y}
        for i, (z, y) in enumerate(zip(Z.tolist(), Y.tolist(), strict=True))
    ]
    if kind == "object":
        return json.dumps({"logits": Z.tolist(), "label": Y.tolist(), "about": "a run"})
    return json.dumps(rows) if kind == "list" else "".join(f"{json.dumps(row)}\n" for row in rows)


@in_one_test
@pytest.mark.parametrize("kind", ["object", "list", "lines"])
def test_json_of_several_arrays(run: Run, kind: str) -> None:
    text, file = json_of(kind), "run.jsonl" if kind == "lines" else "run.json"
    Path(file).write_text(text)
    ids = {} if kind == "object" else {"id": ([N], "ids")}
    assert looks(run, file) == {**ids, "logits": ([N, 3], "logits"), "label": ([N], "labels")}
    command = command_of(run, file)
    assert command == f"xent loss {file} --key logits --label-key label"
    assert follow(run, command) == close_to(LOSS, rel=1e-12)
    if kind != "list":
        piped = run("info", "-", "--json", stdin=text.encode()).json["files"]
        assert piped[-1]["fits"].replace(" - ", f" {file} ") == command
        assert [each["shape"] for each in piped if each["name"] == "logits"] == [[N, 3]]


@in_one_test
@pytest.mark.parametrize("kind", ["U", "S", "json", "jsonl"])
def test_names_alone(run: Run, kind: str) -> None:
    names = np.array(TEXT)
    file = f"names.{kind if 'json' in kind else 'npy'}"
    if file.endswith(".npy"):
        np.save(file, names.astype(kind))
    else:
        lines = "\n".join(map(json.dumps, names))
        Path(file).write_text(lines if kind == "jsonl" else json.dumps(names.tolist()))
    assert looks(run, file) == {"": ([N], "class names")}
    if kind == "json":
        assert looks(run, json.dumps(names.tolist())) == {"": ([N], "class names")}
    write_rows("z.csv", NAMES, Z.tolist())
    command = command_of(run, "z.csv", file)
    assert command == f"xent loss z.csv {file}"
    assert follow(run, command) == close_to(LOSS, rel=1e-12)


def test_ids_in_both_files(run: Run) -> None:
    """The labels stand in another order; the command that info prints matches them by id."""
    write_rows("logits.csv", ["id", *NAMES], [[f"img_{i:03}", *Z[i].tolist()] for i in range(N)])
    truth = [[f"img_{i:03}", TEXT[i]] for i in reversed(range(N))]
    write_rows("truth.csv", ["id", "label"], truth)
    command = command_of(run, "logits.csv", "truth.csv")
    assert command == "xent loss logits.csv truth.csv --label-column label"
    assert follow(run, command) == close_to(LOSS, rel=1e-12)


def test_parquet_with_lists_beside_others(run: Run) -> None:
    table = pa.table({
        "embedding": pa.array(list(np.ones((N, 2)) * [0.5, -2])),
        "logits": pa.array(list(Z)),
        "when": pa.array(pd.to_datetime(["2024-01-01"] * N)),
        "name": [f"img_{i}.png" for i in range(N)],
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
    assert follow(run, command) == close_to(LOSS, rel=1e-12)


@in_one_test
@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_every_command_for_two_columns_of_lists(run: Run, kind: str) -> None:
    probs = np.exp(log_probs(Z))
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
        assert follow(run, fits[name]) == close_to(LOSS, rel=1e-12)


@in_one_test
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_command_for_arrays_side_by_side(run: Run, kind: str) -> None:
    """They were listed, and read, as one array."""
    names = [f"{what}_{name}" for what in ("logit", "prob") for name in NAMES]
    frame = pd.DataFrame(np.c_[Z, np.exp(log_probs(Z))], columns=names).assign(label=Y)
    getattr(frame, f"to_{kind}")(f"two.{kind}", index=False)
    files = run("info", f"two.{kind}", "--json").json["files"]
    assert [each["columns"] for each in files] == [names[:3], names[3:], ["label"]]
    for each in files:
        assert follow(run, each["fits"]) == close_to(LOSS, rel=1e-12)
    frame[[*names[:3], "label"]].assign(noise=0.5).to_csv("noise.csv", index=False)
    command = command_of(run, "noise.csv")
    assert command == "xent loss noise.csv --drop noise --label-column label"
    assert follow(run, command) == close_to(LOSS, rel=1e-12)


def test_probabilities_and_labels_from_one(run: Run) -> None:
    write_rows("p.csv", ["a", "b", "c", "y"], np.c_[np.exp(log_probs(Z)), Y + 1].tolist())
    command = command_of(run, "p.csv")
    assert command == "xent nll --probs p.csv --label-column y --label-base 1"
    assert follow(run, command) == close_to(LOSS, rel=1e-12)


@in_one_test
@pytest.mark.parametrize(
    ("labels", "base", "shape"),
    [
        ([0, 1, 2], 0, (12, 3)),
        ([0, 1, 2], 0, (4, 3, 5)),
        ([1, 2, 2], 0, (4, 5, 3)),  # nothing says that they count from 1
        ([1, 2, 3], 1, (4, 3, 5)),
        ([2, 3, 2], 1, (4, 5, 3)),
        ([0, 1, 3], None, (12, 3)),
        ([1, 2, 4], None, (4, 3, 5)),
    ],
)
def test_labels_fit_from_0_or_from_1(
    run: Run, labels: list[int], base: int | None, shape: tuple[int, ...]
) -> None:
    logits = np.random.default_rng(1).normal(size=shape)
    by_class = np.moveaxis(logits, shape.index(3), 1)
    indices = np.resize(labels, (shape[0], *by_class.shape[2:]))
    np.save("z.npy", logits)
    np.save("y.npy", indices)
    command = command_of(run, "z.npy", "y.npy")
    if base is None:
        assert command == "xent loss z.npy LABELS"
    else:
        assert command.endswith(" --label-base 1") == bool(base)
        want = float(cross_entropy(by_class, indices - base))
        assert follow(run, command) == close_to(want, rel=1e-12)


def test_two_files(run: Run) -> None:
    np.save("a z.npy", Z)
    np.save("y.npy", Y)
    command = command_of(run, "a z.npy", "y.npy")
    assert command == "xent loss 'a z.npy' y.npy"
    assert follow(run, command) == close_to(LOSS, rel=1e-12)
    np.save("b.npy", Z + 1)
    rows = run("info", "b.npy", "a z.npy", "y.npy").table
    fits = {"xent loss b.npy LABELS", "xent loss 'a z.npy' LABELS", "xent loss LOGITS y.npy"}
    assert {row["fits"] for row in rows} == fits, "whose labels they are is not known"


def test_shards_fit_those_of_the_same_number(run: Run) -> None:
    for i, rows in enumerate((slice(None, None, -1), slice(None))):
        np.save(f"z-{i}.npy", Z[rows])
        np.save(f"y-0{i}.npy", Y[rows])
    fits = {row["file"]: row["fits"] for row in run("info", "z-*.npy", "y-*.npy").table}
    for i in range(2):
        assert fits[f"z-{i}.npy"] == fits[f"y-0{i}.npy"] == f"xent loss z-{i}.npy y-0{i}.npy"
        assert follow(run, fits[f"z-{i}.npy"]) == close_to(LOSS, rel=1e-12)
    np.save("t-0.npy", Y)
    np.save("v-1.npy", Z)
    rows_of = run("info", *(f"{name}-*.npy" for name in "zvyt")).table
    commands = {row["file"]: row["fits"] for row in rows_of}
    for i, other in ((0, "t-0.npy"), (1, "v-1.npy")):
        assert commands[f"z-{i}.npy"] == f"xent loss z-{i}.npy LABELS", f"or those of {other}"


def test_labels_of_other_logits_do_not_fit(run: Run) -> None:
    write_rows("z.csv", NAMES, Z.tolist())
    np.save("names.npy", np.array([*TEXT[:-1], "cow"]))
    np.save("hot.npy", np.eye(4)[np.resize(Y, N - 1)])
    for labels in ("names.npy", "hot.npy"):
        fits = [row["fits"] for row in run("info", "z.csv", labels).table]
        assert fits == ["xent loss z.csv LABELS", f"xent loss LOGITS {labels}"]


def test_labels_are_those_of_the_same_split(run: Run) -> None:
    with h5py.File("splits.h5", "w") as file:
        for split in ("test", "train", "val"):
            file[f"{split}/logits"] = Z
        file["test/labels"], file["val/labels"] = Y[::-1], Y
    fits = {row["name"]: row["fits"] for row in run("info", "splits.h5").table}
    assert fits["train/logits"] == "xent loss splits.h5 LABELS --key train/logits"
    assert follow(run, fits["val/logits"]) == close_to(LOSS, rel=1e-14)
    with h5py.File("one.h5", "w") as file:
        file["val/logits"], file["labels"] = Z, Y
    assert follow(run, command_of(run, "one.h5")) == close_to(LOSS, rel=1e-14)
