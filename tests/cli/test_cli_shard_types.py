"""Shards whose arrays have other dtypes or names, since some have no rows or were saved apart."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, refusal
from in_one_test import in_one_test
from pyarrow import feather
from safetensors.numpy import save_file

LOGITS = np.random.default_rng(2).normal(size=(6, 4))
INDICES, NAMES = pa.array([1, 0, 2, 1]), pa.array(["b", "a", "c", "b"])
GROUPS = pa.array([7, 8, 7, None])


def as_stream(table: pa.Table, path: str) -> None:
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)


@in_one_test
@pytest.mark.parametrize("empty", [0, 1])
@pytest.mark.parametrize(
    ("extension", "labels"),
    [("parquet", INDICES), ("arrow", NAMES), ("arrows", INDICES.cast(pa.float64()))],
)
def test_a_shard_without_rows_has_no_dtype(
    run: Run, empty: int, extension: str, labels: pa.Array
) -> None:
    """A frame of pandas without rows has columns of the type null; so have groups without names."""
    values = {name: pa.array(LOGITS[:4, i]) for i, name in enumerate("abcd")}
    columns = {"z": values, "y": {"y": labels}, "g": {"g": GROUPS}}
    shards = {empty: slice(0, 0), 1 - empty: slice(0, 3), 2: slice(3, 4)}
    write = {"parquet": pq.write_table, "arrow": feather.write_feather}.get(extension, as_stream)
    for file, arrays in columns.items():
        write(pa.table(arrays), f"{file}.{extension}")
        for i, rows in shards.items():
            parts = {n: a.slice(rows.start, rows.stop - rows.start) for n, a in arrays.items()}
            known = {n: a if a.null_count < len(a) else pa.nulls(len(a)) for n, a in parts.items()}
            write(pa.table(known), f"{file}-{i}.{extension}")
    one, many = (
        run(
            "eval",
            *(f"{name}{shard}.{extension}" for name in "zy"),
            "--by",
            f"g{shard}.{extension}",
            "--jobs",
            "1",
        )
        for shard in ("", "-*")
    )
    assert one.code == 0, one.err
    assert (many.code, many.stdout) == (0, one.stdout), many.err


def test_labels_that_are_null_are_no_numbers(run: Run) -> None:
    np.save("z.npy", LOGITS)
    pq.write_table(pa.table({"y": pa.nulls(6)}), "y.parquet")
    assert refusal(run("loss", "z.npy", "y.parquet")).error.endswith("holds null, not numbers")


@in_one_test
@pytest.mark.parametrize("extension", ["npz", "safetensors", "parquet", "json", "jsonl"])
def test_shards_whose_arrays_have_other_names_are_a_note(run: Run, extension: str) -> None:
    """Names may count: layer_0 in one file, layer_1 in the next."""
    for i, name in enumerate(("logits_0", "logits_1", "x")):
        rows = LOGITS[2 * i : 2 * i + 2]
        if extension == "npz":
            arrays: dict[str, Any] = {name: rows}
            np.savez(f"z-{i}.npz", **arrays)
        elif extension == "safetensors":
            save_file({name: rows}, f"z-{i}.safetensors")
        elif extension == "parquet":
            pq.write_table(pa.table({name: rows.tolist()}), f"z-{i}.parquet")
        elif extension == "json":
            Path(f"z-{i}.json").write_text(json.dumps({name: rows.tolist()}))
        else:
            lines = [json.dumps({name: row}) + "\n" for row in rows.tolist()]
            Path(f"z-{i}.jsonl").write_text("".join(lines))
    array = ":x" if extension in ("npz", "safetensors") else ""
    names = [f"z-{i}.{extension}" for i in range(3)]
    assert "its array" not in run("softmax", *names[:2]).err
    said = f"note: {names[2]}{array}: its array is 'x', and 'logits_0' in the first file"
    assert said in run("softmax", *names).err


@in_one_test
@pytest.mark.parametrize("empty", [0, 1])
@pytest.mark.parametrize(
    ("extension", "header", "blank"),
    [("csv", "", ""), ("csv", "{}\n", "{}\n"), ("jsonl", "", ""), ("json", "", "[]")],
)
def test_a_shard_of_text_without_rows(
    run: Run, empty: int, extension: str, header: str, blank: str
) -> None:
    """It takes the shape and the columns of the others, also where it is the first of them."""
    cuts = {empty: slice(0, 0), 1 - empty: slice(0, 4), 2: slice(4, 6)}
    labels = np.array([1, 0, 2, 1, 3, 3])
    for name, columns, rows in (("z", "a,b,c,d", LOGITS), ("y", "label", labels)):
        for i, cut in cuts.items():
            part = rows[cut].tolist()
            if extension == "csv":
                lines = [",".join(map(str, np.atleast_1d(row))) for row in part]
            else:
                lines = [json.dumps(row) for row in part] if extension == "jsonl" else [str(part)]
            text = header.format(columns) + "".join(f"{line}\n" for line in lines)
            text = text if i != empty else blank.format(columns)
            Path(f"{name}-{i}.{extension}").write_text(text)
    np.save(f"x-{empty}.npy", LOGITS[:0])
    np.save(f"x-{1 - empty}.npy", LOGITS[:4])
    np.save("x-2.npy", LOGITS[4:])
    picked = (np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True))[np.arange(6), labels]
    for logits in ("z-*." + extension, "x-*.npy"):
        outcome = run("loss", logits, f"y-*.{extension}", "--jobs", "1")
        assert outcome.code == 0, outcome.err
        assert float(outcome.out) == pytest.approx(-np.log(picked).mean(), rel=1e-12)
        said = f"note: y-{empty}.{extension}: the file is empty, and counts as one without rows"
        assert (said in outcome.err) == (blank == "")
    assert len(run("softmax", f"z-*.{extension}").out.splitlines()) == 6 + bool(header)
    run("softmax", f"z-*.{extension}", "-o", "{stem}.npy")
    assert np.load(f"z-{empty}.npy").shape == (0, 4)


def test_a_shard_without_the_rows_that_others_need_is_named(run: Run) -> None:
    """A header counts as one where it is that of the others; all shards hold a row together."""
    for i, text in enumerate(("label\n1\n0\n", "label\n")):
        Path(f"y-{i}.csv").write_text(text)
        np.save(f"x-{i}.npy", LOGITS[2 * i : 2 * i + 2])
    line = "loss x-*.npy y-*.csv"
    assert refusal(run(*line.split())).error == "y-1.csv: 0 labels for the 2 rows of x-1.npy"
    Path("y-1.csv").write_text("")
    assert refusal(run(*line.split())).error == "y-1.csv: 0 labels for the 2 rows of x-1.npy"
    Path("y-1.csv").write_text("other\n")
    assert (
        refusal(run(*line.split())).error == "y-1.csv: column 1 is 'other', and 'label' in y-0.csv"
    )
    Path("y-1.csv").write_text("label\na\nb\n")
    line = "loss x-*.npy y-*.csv --classes a,b,c,d"
    assert refusal(run(*line.split())).error == "y-1.csv: values are text, and float64 in y-0.csv"
    for name in ("y-0.csv", "y-1.csv"):
        Path(name).write_text("")
    assert refusal(run(*line.split())).error == "y-0.csv: the file is empty"


def test_numbers_that_are_the_header_of_other_shards(run: Run) -> None:
    """Without rows below them, 0,1,2 alone would be a row of logits."""
    for i, text in enumerate(("0,1,2\n", "0,1,2\n1.5,2.5,0.5\n")):
        Path(f"z-{i}.csv").write_text(text)
    assert len(run("softmax", "z-*.csv").out.splitlines()) == 2
    assert len(run("softmax", "z-0.csv").out.splitlines()) == 1
