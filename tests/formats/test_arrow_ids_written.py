"""Ids and names of classes that are written as Parquet and Arrow beside the numbers."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from in_one_test import in_one_test
from opening import assert_same_bits
from tables import FORMATS, opened, read, written

from xentcli.errors import OutputError

Z = np.random.default_rng(0).normal(size=(7, 3)).astype("f4")
NAMES = ("cat", "dog", "bird")

formats = pytest.mark.parametrize("format_", FORMATS)


IDS: dict[str, Any] = {
    "text": np.array(["a", "é", "", "long " * 9, "b", "c", "d"], object),
    "fixed text": np.array([*"abcdefg"]),
    "strings": np.array([*"abcdefg"], np.dtypes.StringDType()),
    "integers": np.arange(7) * 2**40,
    "floats": np.arange(7) / 3,
    "days": np.arange(7).astype("M8[D]"),
    "bytes": np.array([b"\xff", b"", b"a", b"b", b"c", b"d", b"e"], object),
}


@in_one_test
@formats
@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("columns", [None, NAMES])
def test_ids_come_first(format_: str, kind: str, columns: tuple[str, ...] | None) -> None:
    content = written(Z, format_, 2, ids=IDS[kind], columns=columns)
    table = opened(content, format_)
    assert table.column_names == ["id", "values"]
    assert table["id"].to_pylist() == IDS[kind].tolist()
    got = read(content, id_column="id")
    assert got.ids is not None
    assert got.ids.tolist() == IDS[kind].tolist()
    assert_same_bits(got.values, Z)


def test_ids_of_no_rows() -> None:
    content = written(Z[:0], "parquet", ids=np.array([], object))
    assert opened(content, "parquet").column_names == ["id", "values"]


def test_ids_that_change_their_type() -> None:
    array = np.zeros((2, 2**21 + 1), "f4")  # a row group each
    with pytest.raises(OutputError, match=r"out\.parquet: writing parquet failed"):
        written(array, "parquet", 1, ids=np.array([1, "b"], object))


def test_two_columns_of_one_name() -> None:
    with pytest.raises(OutputError, match="two columns would be named"):
        written(Z[:, 0], "parquet", columns=("id",), ids=np.arange(7))


def test_names_that_do_not_fit_are_none() -> None:
    """Metadata is anybody's."""
    for metadata in ({}, {"columns": "no JSON"}, {"columns": '["a"]'}, {"columns": "[1, 2, 3]"}):
        lists = pa.FixedSizeListArray.from_arrays(pa.array(Z.reshape(-1)), 3)
        schema = pa.schema([pa.field("values", lists.type, metadata=metadata)])
        file = io.BytesIO()
        pq.write_table(pa.table([lists], schema=schema), file)
        assert read(file.getvalue()).columns is None
