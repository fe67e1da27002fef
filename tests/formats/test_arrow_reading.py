"""Numbers in Parquet and Arrow files: every type, list, codec and size of row groups."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from in_one_test import in_one_test
from opening import assert_same_bits, some_array
from tables import FORMATS, LISTS, WIDE, Y, Z, read, read_source, source_of, stored

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


@in_one_test
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
    for rows in (4, 100):
        got = read(content, rows=rows)
        assert_same_bits(got.values, want)
        assert got.columns is None


@in_one_test
@formats
@pytest.mark.parametrize("group", [1, 7, 1000])
def test_blocks_do_not_change_the_rows(format_: str, group: int) -> None:
    array = np.arange(60.0).reshape(30, 2)
    table = pa.table({"a": array[:, 0], "b": array[:, 1], "id": np.arange(30).astype(str)})
    source = source_of(stored(table, format_, group), id_column="id")
    for rows in (1, 9, 1000, 1):
        got = read_source(source, rows)
        assert_same_bits(got.values, array)
        assert got.ids is not None
        assert got.ids.tolist() == [str(i) for i in range(30)]


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


@in_one_test
@formats
def test_nan_is_not_null(format_: str) -> None:
    array = np.array([[np.nan, 1.0], [np.inf, -np.inf]])
    table = pa.table({"a": array[:, 0], "b": array[:, 1]})
    assert_same_bits(read(stored(table, format_)).values, array)


@in_one_test
@formats
@pytest.mark.parametrize("table", [WIDE, LISTS.select(["logits"])], ids=["wide", "lists"])
def test_no_rows(format_: str, table: pa.Table) -> None:
    got = read(stored(table.slice(0, 0), format_))
    assert got.values.shape == (0, 3 if table is WIDE else 0)


@in_one_test
@formats
def test_one_column_is_a_vector(format_: str) -> None:
    content = stored(LISTS, format_, 4)
    assert_same_bits(read(content, columns=("label",)).values, Y)
    table = pa.table({"logit": Z[:, 0], "label": Y})
    assert read(stored(table, format_), label_column="label").values.shape == (11, 1)


def test_a_stream_without_its_end() -> None:
    content = stored(WIDE, "arrows", 4)
    assert read(content).notes == []
    note = "t: the stream has no end mark: some of it may be missing"
    got = read(content[:-8])
    assert got.notes == [note]
    assert_same_bits(got.values, Z)


def test_an_arrow_stream_by_any_name() -> None:
    for name in ("a.arrow", "a.arrows", "a.feather", "<stdin>"):
        assert source_of(stored(WIDE, "arrows"), name).format == "arrows"
        assert source_of(stored(WIDE, "arrow"), name).format == "arrow"
