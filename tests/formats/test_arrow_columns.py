"""Chosen columns of Parquet and Arrow files: numbers, labels, ids, and their places."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from in_one_test import in_one_test
from opening import assert_same_bits
from tables import FORMATS, LISTS, WHO, WIDE, Y, Z, read, read_source, source_of, stored

from xentcli.errors import InputError

formats = pytest.mark.parametrize("format_", FORMATS)


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


@in_one_test
@formats
def test_labels_that_are_lists_of_one(format_: str) -> None:
    table = pa.table({"z": [[1.0, 2.0]] * 3, "y": [[1], [0], [1]]})
    source = stored(table, format_, 2)
    got = read(source, label_column="y")
    assert got.labels is not None
    assert got.labels.tolist() == [1, 0, 1]


@in_one_test
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


# Files and places


def test_places() -> None:
    wide = source_of(stored(WIDE, "parquet"), "z.parquet")
    lists = source_of(stored(LISTS, "arrow"), "z.arrow", key="logits")
    assert wide.place((17, 1)) == "z.parquet: row 17: column 'dog'"
    assert wide.place((17,)) == "z.parquet: row 17"
    assert wide.place(()) == "z.parquet"
    assert lists.place((17, 2)) == "z.arrow: row 17: column 'logits'[2]"
