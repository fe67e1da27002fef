"""What pandas, polars and pyarrow write of frames."""

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from in_one_test import in_one_test
from opening import assert_same_bits
from pyarrow import feather
from tables import WHO, WIDE, Z, read, stored

from xentcli.errors import InputError

# pandas and polars


def frame_bytes(frame: pd.DataFrame, format_: str) -> bytes:
    file = io.BytesIO()
    (frame.to_parquet if format_ == "parquet" else frame.to_feather)(file)
    return file.getvalue()


both = pytest.mark.parametrize("format_", ["parquet", "feather"])


@both
def test_a_frame(format_: str) -> None:
    frame = pd.DataFrame(Z)
    if format_ == "feather":
        frame.columns = pd.Index(["0", "1", "2"])
    got = read(frame_bytes(frame, format_))
    assert (got.columns, got.notes) == (("0", "1", "2"), [])
    assert_same_bits(got.values, Z)


@both
def test_nullable_dtypes_without_nulls(format_: str) -> None:
    frame = pd.DataFrame(
        {
            "a": pd.array([1, 1], "Int64"),
            "b": pd.array([0.5, 1.5], "Float64"),
            "c": pd.array([True, False], "boolean"),
        }
    )
    got = read(frame_bytes(frame, format_))
    assert_same_bits(got.values, np.array([[1, 0.5, 1], [1, 1.5, 0]]))


@both
def test_categories(format_: str) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "y": pd.Categorical(["n", "m"], ["m", "n", "o"])})
    got = read(frame_bytes(frame, format_), label_column="y")
    assert got.labels is not None
    assert got.labels.tolist() == ["n", "m"]


def labelled(names: list[str], columns: list[str]) -> pa.Table:
    """Return logits and labels as Hugging Face's `datasets` writes them, with names of numbers."""
    label = {"names": names, "_type": "ClassLabel"}
    table = pa.table({**{name: Z[:2, i] for i, name in enumerate(columns)}, "label": [1, 0]})
    about = json.dumps({"info": {"features": {"label": label, "cat": {"_type": "Value"}}}})
    return table.replace_schema_metadata({"huggingface": about})


@in_one_test
@pytest.mark.parametrize("format_", ["parquet", "arrow", "arrows"])
@pytest.mark.parametrize("names", [["dog", "cat"], ["dog", "cat", "dog"]])
@pytest.mark.parametrize("columns", [["cat", "dog"], ["logit_cat", "logit_dog"], []])
def test_numbers_that_name_classes_in_another_order(
    format_: str, names: list[str], columns: list[str]
) -> None:
    """They were taken for places of the columns."""
    content = stored(labelled(names, columns), format_)
    how: dict[str, Any] = {"label_column": "label"}
    if not columns:
        how = {"labels": True, "classes": ("cat", "dog")}
    with pytest.raises(InputError, match="'label' numbers the classes in another order"):
        read(content, **how)


@in_one_test
@pytest.mark.parametrize("names", [["cat", "dog"], ["a", "b"], ["dog", "fox"], [], "cat"])
def test_numbers_in_the_order_of_the_columns(names: list[str]) -> None:
    got = read(stored(labelled(names, ["cat", "dog"]), "parquet"), label_column="label")
    assert got.labels is not None
    assert got.labels.tolist() == [1, 0]


@in_one_test
@both
@pytest.mark.parametrize("name", [None, "who"])
def test_a_saved_index_is_left_out(format_: str, name: str | None) -> None:
    frame = pd.DataFrame(Z, ["cat dog"[i % 7 :] for i in range(11)], ["a", "b", "c"])
    frame.index.name = name
    index = frame.index.tolist()
    column = name or "__index_level_0__"
    if format_ == "feather" and name is None:
        frame = frame.reset_index(names="__index_level_0__")  # pandas writes no such Feather
    content = frame_bytes(frame, format_)
    got = read(content)
    assert_same_bits(got.values, Z)
    assert got.notes == [f"t: the index that pandas saved, '{column}', is left out"]
    got = read(content, id_column=column)
    assert (got.notes, got.columns) == ([], ("a", "b", "c"))
    assert got.ids is not None
    assert got.ids.tolist() == index
    assert read(content, drop=(column,)).notes == []


def test_polars_files() -> None:
    import polars as pl  # here, since it takes long and few tests need it

    frame = pl.DataFrame(
        {
            "id": WHO,
            "z": pl.Series(Z, dtype=pl.Array(pl.Float32, 3)),
            "y": pl.Series(["x"] * 11, dtype=pl.Categorical),
        }
    )
    for write in (frame.write_parquet, frame.write_ipc, frame.write_ipc_stream):
        file = io.BytesIO()
        write(file)
        got = read(file.getvalue(), id_column="id", label_column="y")
        assert_same_bits(got.values, Z)
        assert got.ids is not None
        assert got.labels is not None
        assert [got.ids.tolist(), got.labels.tolist()] == [WHO, ["x"] * 11]


def test_dictionaries_that_change() -> None:
    """Record batches of a stream may bring new categories along."""
    file = io.BytesIO()
    batches = [
        pa.record_batch({"a": [1.0], "y": pa.array([text]).dictionary_encode()})
        for text in ("old", "new")
    ]
    with pa.ipc.new_stream(file, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    got = read(file.getvalue(), label_column="y")
    assert got.labels is not None
    assert got.labels.tolist() == ["old", "new"]


@pytest.mark.filterwarnings("ignore:pyarrow.feather:FutureWarning")
def test_feather_that_pyarrow_writes() -> None:
    file = io.BytesIO()
    feather.write_feather(WIDE, file, compression="zstd", chunksize=4)
    assert_same_bits(read(file.getvalue()).values, Z)
