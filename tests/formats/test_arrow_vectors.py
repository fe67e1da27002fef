"""Vectors as Spark writes them into Parquet, and folders of saved datasets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from in_one_test import in_one_test
from pyarrow import ipc
from tables import FORMATS, read, stored

from xentcli.errors import InputError
from xentcli.formats.blocks import read_whole
from xentcli.formats.files import InputFile, open_files

VECTOR = pa.struct(
    {
        "type": pa.int8(),
        "size": pa.int32(),
        "indices": pa.list_(pa.int32()),
        "values": pa.list_(pa.float64()),
    }
)
Z = np.random.default_rng(3).normal(size=(40, 7)).clip(0.0)


def dense(row: Any) -> dict[str, Any]:
    return {"type": 1, "size": None, "indices": None, "values": list(row)}


def sparse(row: Any, size: int = 7) -> dict[str, Any]:
    places = np.flatnonzero(row)
    return {"type": 0, "size": size, "indices": places.tolist(), "values": row[places].tolist()}


@in_one_test
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kinds", [(dense,), (sparse,), (dense, sparse), (sparse, sparse, dense)])
def test_vectors(format_: str, kinds: Any) -> None:
    rows = [kinds[i % len(kinds)](row) for i, row in enumerate(Z)]
    table = pa.table({"probability": pa.array(rows, VECTOR)})
    assert np.array_equal(read(stored(table, format_, 9)).values, Z)


@in_one_test
@pytest.mark.parametrize(
    ("row", "why"),
    [
        (None, "row 5: column 'v': it is null"),
        (dense([1.0, 2.0]), "row 5: column 'v': a vector of 2 where row 0 has one of 7"),
        (sparse(Z[0], 8), "row 5: column 'v': a vector of 8 where row 0 has one of 7"),
        ({**sparse(Z[0]), "indices": [0]}, "another number of indices than of values"),
        (
            {"type": 0, "size": 7, "indices": [7], "values": [1.0]},
            "row 5: column 'v': a vector's index is outside 0..6",
        ),
        (
            {"type": 0, "size": 7, "indices": [2, 2], "values": [1.0, 2.0]},
            "row 5: column 'v': a vector's indices do not ascend",
        ),
        (dense([None, *Z[0][1:]]), "has a null within"),
    ],
)
def test_vectors_that_are_wrong(row: Any, why: str) -> None:
    rows = [*map(dense, Z[:5]), row, dense(Z[5])]
    with pytest.raises(InputError) as error:
        read(stored(pa.table({"v": pa.array(rows, VECTOR)}), "parquet"))
    assert why in error.value.message


def save(folder: Path, *parts: pa.Table) -> None:
    """Write a folder as `save_to_disk` does: streams of Arrow, named in another order."""
    folder.mkdir()
    names = [f"data-{len(parts) - i:05d}-of-{len(parts):05d}.arrow" for i in range(len(parts))]
    for name, part in zip(names, parts, strict=True):
        with ipc.new_stream(str(folder / name), part.schema) as writer:
            writer.write_table(part)
    state = {"_data_files": [{"filename": name} for name in names], "_fingerprint": "f"}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")


def test_a_folder_is_read_in_the_order_that_it_says(tmp_path: Path) -> None:
    parts = [
        pa.table({"logits": pa.array(Z[a:b].tolist())}) for a, b in ((0, 11), (11, 12), (12, 40))
    ]
    save(tmp_path / "run", *parts)
    assert np.array_equal(read_whole(open_files([str(tmp_path / "run")], InputFile)), Z)


def test_lists_in_lists_in_a_folder(tmp_path: Path) -> None:
    tokens = np.random.default_rng(1).normal(size=(6, 4, 5))
    save(tmp_path / "run", pa.table({"logits": pa.array(tokens.tolist())}))
    assert np.array_equal(read_whole(open_files([str(tmp_path / "run")], InputFile)), tokens)


@in_one_test
@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"dataset_dict.json": '{"splits": ["train", "test"]}'}, "a dataset of several splits"),
        ({"state.json": "{"}, "no JSON"),
        ({"state.json": "{}"}, "it names no files"),
        ({"state.json": '{"_data_files": [{"filename": "../a.arrow"}]}'}, "it names no files"),
        ({"state.json": '{"_indices_data_files": [{}]}'}, "chooses rows of its files"),
        ({}, "folder"),
    ],
)
def test_folders_that_are_none(tmp_path: Path, files: dict[str, str], why: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as error:
        open_files([str(tmp_path)], InputFile)
    assert why in error.value.message
