"""What pyarrow, pandas and polars write, read as rows of numbers, labels and ids."""

import io
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from in_one_test import in_one_test
from opening import assert_same_bits, some_array
from pyarrow import feather
from tables import FORMATS, read, read_source, source_of, stored

from xentcli.errors import InputError

Z = np.random.default_rng(0).normal(size=(11, 3)).astype("f4")
Y = np.arange(11) % 3
WHO = [f"row {i}" for i in range(11)]
WIDE = pa.table({"cat": Z[:, 0], "dog": Z[:, 1], "bird": Z[:, 2]})
LISTS = pa.table({"who": WHO, "logits": pa.array(list(Z)), "label": Y})

formats = pytest.mark.parametrize("format_", FORMATS)


def fixed(array: Any, *lengths: int) -> pa.Array:
    """Return numbers as lists of fixed length, the innermost length last."""
    out = pa.array(array.reshape(-1))
    for length in reversed(lengths):
        out = pa.FixedSizeListArray.from_arrays(out, length)
    return out


# Numbers


@in_one_test
@formats
@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u4", "i8", "u8", "f2", "f4", "f8"])
def test_columns_of_one_dtype(format_: str, dtype: str) -> None:
    array = some_array(dtype, (10, 4))
    table = pa.table({f"c{i}": array[:, i] for i in range(4)})
    assert_same_bits(read(stored(table, format_, 4)).values, array)


@pytest.mark.parametrize(
    ("one", "other"), [("f4", "f8"), ("f2", "i1"), ("i8", "f4"), ("u8", "i8"), ("?", "f4")]
)
def test_columns_of_two_dtypes(one: str, other: str) -> None:
    columns = [np.arange(5).astype(one), np.arange(5).astype(other)]
    got = read(stored(pa.table(columns, ["a", "b"]), "parquet")).values
    want = np.stack(columns, axis=1)
    assert_same_bits(got, want)


def list_arrays() -> dict[str, tuple[pa.Array, Any]]:
    half, deep = some_array("f2", (11, 3)), some_array("f8", (11, 2, 3))
    bools = some_array("?", (11, 3))
    tensor = pa.fixed_shape_tensor(pa.float64(), (2, 3))
    return {
        "lists": (pa.array(list(Z)), Z),
        "large lists": (pa.array(list(Z), pa.large_list(pa.float32())), Z),
        "fixed lists": (fixed(Z, 3), Z),
        "half": (fixed(half, 3), half),
        "bool": (fixed(bools, 3), bools),
        "lists of fixed lists": (fixed(deep, 2, 3), deep),
        "lists of lists": (pa.array(deep.tolist()), deep),
        "tensors": (pa.ExtensionArray.from_storage(tensor, fixed(deep, 6)), deep),
        "pieces": (pa.chunked_array([fixed(Z[:2], 3), fixed(Z[2:2], 3), fixed(Z[2:], 3)]), Z),
        "a slice": (fixed(np.concatenate([Z, Z]), 3).slice(11), Z),
    }


@in_one_test
@formats
@pytest.mark.parametrize("kind", list_arrays())
def test_a_column_of_lists(format_: str, kind: str) -> None:
    array, want = list_arrays()[kind]
    content = stored(pa.table({"values": array}), format_, 5)
    for rows in (1, 4, 100):
        got = read(content, rows=rows)
        assert_same_bits(got.values, want)
        assert got.columns is None


@formats
@pytest.mark.parametrize("group", [1, 7, 1000])
def test_blocks_do_not_change_the_rows(format_: str, group: int) -> None:
    array = np.arange(160.0).reshape(80, 2)
    table = pa.table({"a": array[:, 0], "b": array[:, 1], "id": np.arange(80).astype(str)})
    source = source_of(stored(table, format_, group), id_column="id")
    for rows in (1, 9, 1000, 1):
        got = read_source(source, rows)
        assert_same_bits(got.values, array)
        assert got.ids is not None
        assert got.ids.tolist() == [str(i) for i in range(80)]


def test_row_groups_are_joined_or_cut() -> None:
    table = pa.table({"a": np.arange(100.0)})

    def lengths(group: int, rows: int) -> list[int]:
        source = source_of(stored(table, "parquet", group))
        return [block.rows for block in source.blocks(rows)]

    assert lengths(10, 25) == [30, 30, 30, 10]
    assert lengths(100, 25) == [100]
    assert lengths(100, 20) == [20] * 5
    assert lengths(60, 10) == [10] * 6 + [40]


@in_one_test
@pytest.mark.parametrize("codec", ["snappy", "gzip", "brotli", "zstd", "lz4", "none"])
def test_parquet_codecs(codec: str) -> None:
    assert_same_bits(read(stored(WIDE, "parquet", 4, compression=codec)).values, Z)


@in_one_test
@pytest.mark.parametrize("codec", ["lz4", "zstd", None])
@pytest.mark.parametrize("format_", ["arrow", "arrows"])
def test_arrow_codecs(format_: str, codec: str | None) -> None:
    assert_same_bits(read(stored(WIDE, format_, 4, compression=codec)).values, Z)


@formats
def test_nan_is_not_null(format_: str) -> None:
    array = np.array([[np.nan, 1.0], [np.inf, -np.inf]])
    table = pa.table({"a": array[:, 0], "b": array[:, 1]})
    assert_same_bits(read(stored(table, format_)).values, array)


@formats
@pytest.mark.parametrize("table", [WIDE, LISTS.select(["logits"])], ids=["wide", "lists"])
def test_no_rows(format_: str, table: pa.Table) -> None:
    got = read(stored(table.slice(0, 0), format_))
    assert got.values.shape == (0, 3 if table is WIDE else 0)


@formats
def test_one_column_is_a_vector(format_: str) -> None:
    content = stored(LISTS, format_, 4)
    assert_same_bits(read(content, columns=("label",)).values, Y)
    table = pa.table({"logit": Z[:, 0], "label": Y})
    assert read(stored(table, format_), label_column="label").values.shape == (11, 1)


# Columns


@in_one_test
@formats
@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({}, [0, 1, 2]),
        ({"columns": ("bird", "cat")}, [2, 0]),
        ({"columns": ("3", "1")}, [2, 0]),
        ({"drop": ("dog",)}, [0, 2]),
        ({"columns": ("cat", "dog"), "drop": ("1",)}, [1]),
        ({"key": "dog"}, [1]),
    ],
)
def test_chosen_columns(format_: str, options: dict[str, Any], want: list[int]) -> None:
    got = read(stored(WIDE, format_), **options)
    assert got.columns == tuple(WIDE.column_names[i] for i in want)
    assert_same_bits(got.values, Z[:, want] if len(want) > 1 else Z[:, want[0]])


@in_one_test
@formats
@pytest.mark.parametrize(
    "options",
    [
        {"key": "logits"},
        {"columns": ("logits",)},
        {"key": "2"},
        {"drop": ("who", "label")},
        {"label_column": "label", "id_column": "who"},
        {"label_column": "label", "drop": ("who",)},
        {"key": "logits", "label_column": "label", "id_column": "label"},
    ],
)
def test_the_list_column_among_others(format_: str, options: dict[str, Any]) -> None:
    source = source_of(stored(LISTS, format_, 4), **options)
    got = read_source(source, 3)
    assert_same_bits(got.values, Z)
    assert source.labelled == ("label_column" in options) == (got.labels is not None)
    assert source.id_column == options.get("id_column")
    if got.labels is not None:
        assert_same_bits(got.labels, Y)
    if options.get("id_column") == "who":
        assert got.ids is not None
        assert got.ids.tolist() == WHO


@formats
def test_labels_that_are_lists_of_one(format_: str) -> None:
    table = pa.table({"z": [[1.0, 2.0]] * 3, "y": [[1], [0], [1]]})
    source = stored(table, format_, 2)
    got = read(source, label_column="y")
    assert got.labels is not None
    assert got.labels.tolist() == [1, 0, 1]


@formats
@pytest.mark.parametrize("odd", [[1, 0, 0], None, [None, 1]])
def test_labels_that_are_no_such_list(format_: str, odd: Any) -> None:
    table = pa.table({"a": [1.0, 2.0, 3.0], "y": [[1, 0], [0, 1], odd]})
    with pytest.raises(InputError, match="row 2: column 'y'"):
        read(stored(table, format_, 2), label_column="y")


def test_a_name_with_a_dot() -> None:
    table = pa.table({"a": Z[:, 0], "a.b": Z[:, 1], "": Z[:, 2]})
    assert_same_bits(read(stored(table, "parquet"), columns=("a",)).values, Z[:, 0])
    assert_same_bits(read(stored(table, "parquet"), drop=("a",)).values, Z[:, 1:])


@in_one_test
@formats
@pytest.mark.parametrize(
    ("labels", "want"),
    [
        (pa.array(["x", "y", "x"]), ["x", "y", "x"]),
        (pa.array(["x", "y", "x"], pa.large_string()), ["x", "y", "x"]),
        (pa.array(["x", "y", "x"]).dictionary_encode(), ["x", "y", "x"]),
        (pa.array([7, 8, 7]).dictionary_encode(), [7, 8, 7]),
        (pa.array([True, False, True]), [True, False, True]),
        (pa.array([1.0, 2.0, 3.0], pa.float32()), [1.0, 2.0, 3.0]),
        (pa.array([[1, 0], [0, 1], [1, 0]]), [[1, 0], [0, 1], [1, 0]]),
        (pa.array([[0.5, 0.5]] * 3, pa.list_(pa.float32(), 2)), [[0.5, 0.5]] * 3),
    ],
)
def test_labels(format_: str, labels: pa.Array, want: list[Any]) -> None:
    table = pa.table({"a": [1.0, 2.0, 3.0], "y": labels})
    got = read(stored(table, format_, 2), label_column="y")
    assert got.labels is not None
    assert got.labels.tolist() == want
    assert read(stored(table, format_, 2), columns=("y",)).values.tolist() == want


@in_one_test
@pytest.mark.parametrize(
    "ids",
    [
        pa.array([10, 20, 30], pa.uint16()),
        pa.array(["a", "é", ""]),
        pa.array([b"\0", b"\xff", b""]),
        pa.array(np.array(["2024-01-01", "2024-01-02", "1900-01-01"], "M8[D]")),
        pa.array(np.array([1, 2, 3], "M8[ns]")),
        pa.array(["1.20", "3.45", "0.00"]).cast(pa.decimal128(5, 2)),
    ],
    ids=lambda array: str(array.type),
)
def test_ids_of_any_type(ids: pa.Array) -> None:
    content = stored(pa.table({"a": [1.0, 2.0, 3.0], "id": ids}), "parquet", 2)
    got = read(content, id_column="id")
    assert got.ids is not None
    assert pa.array(got.ids).to_pylist() == ids.to_pylist()


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


# Files and places


def test_places() -> None:
    wide = source_of(stored(WIDE, "parquet"), "z.parquet")
    lists = source_of(stored(LISTS, "arrow"), "z.arrow", key="logits")
    assert wide.place((17, 1)) == "z.parquet: row 17: column 'dog'"
    assert wide.place((17,)) == "z.parquet: row 17"
    assert wide.place(()) == "z.parquet"
    assert lists.place((17, 2)) == "z.arrow: row 17: column 'logits'[2]"


def test_a_stream_without_its_end() -> None:
    content = stored(WIDE, "arrows", 4)
    assert read(content).notes == []
    note = "t: the stream has no end mark: some of it may be missing"
    got = read(content[:-8])
    assert got.notes == [note]
    assert_same_bits(got.values, Z)


@pytest.mark.filterwarnings("ignore:pyarrow.feather:FutureWarning")
def test_feather_that_pyarrow_writes() -> None:
    file = io.BytesIO()
    feather.write_feather(WIDE, file, compression="zstd", chunksize=4)
    assert_same_bits(read(file.getvalue()).values, Z)


def test_an_arrow_stream_by_any_name() -> None:
    for name in ("a.arrow", "a.arrows", "a.feather", "<stdin>"):
        assert source_of(stored(WIDE, "arrows"), name).format == "arrows"
        assert source_of(stored(WIDE, "arrow"), name).format == "arrow"
