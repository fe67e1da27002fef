"""What of Parquet and Arrow files cannot be read: refused in one line, with its place."""

import io
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
from in_one_test import in_one_test
from tables import FORMATS, read, stored

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions
from xentcli.storage.inputs import Input

MIXED = pa.table(
    {
        "a": [1.0, 2.0, 3.0],
        "n": pa.array([1, None, None]),
        "text": ["x", "y", "z"],
        "when": pa.array([1, 2, 3], pa.date32()),
        "v": [[1.0, 2.0], [3.0, 4.0], [5.0]],
        "holes": pa.array([[1.0], None, [2.0]]),
        "inner": [[1.0, 2.0], [3.0, None], [5.0, 6.0]],
        "words": [["x"], ["y"], ["z"]],
        "money": pa.array([1, 2, 3], pa.decimal128(9, 2)),
        "half": pa.array(["x", None, "y"]).dictionary_encode(),
        "deep": [[[1.0, 2.0], [3.0, 4.0]]] * 2 + [[[1.0, 2.0], [3.0]]],
    }
)


@cache
def mixed(format_: str) -> bytes:
    return stored(MIXED, format_)


def test_the_hint_makes_numbers_of_other_values() -> None:
    """As long as no other column is read."""
    odd = {
        "money": (pa.array([1, 2], pa.decimal128(9, 2)), "frame[NAME].astype(float) makes"),
        "fields": (pa.array([{"cat": 1.5}, {"cat": 2.5}]), "table.flatten() makes a column"),
        "text": (pa.array(["[1.5]", "[2.5]"]), "frame[NAME].map(json.loads) makes lists"),
        "bytes": (pa.array([b"1234", b"5678"]), "frame[NAME].map(lambda x: numpy.frombuffer"),
        "when": (pa.array([1, 2], pa.date32()), None),
    }
    for name, (values, cure) in odd.items():
        table = pa.table({name: values, "more": values})
        with pytest.raises(InputError) as caught:
            read(stored(table, "parquet"), "f.x", columns=(name, "more"))
        hint = caught.value.hint
        assert hint is None if cure is None else (hint or "").startswith(f"in Python: {cure}")


@in_one_test
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"drop": ("v", "holes", "inner", "deep")}, "5 of 7 columns may be no classes: 'text',"),
        ({"columns": ("a", "text")}, "column 'text' holds text, not numbers"),
        ({"columns": ("when",)}, "column 'when' holds date32[day], not numbers"),
        ({"columns": ("money", "a")}, "column 'money' holds decimal128(9, 2), not numbers"),
        ({"key": "words"}, "column 'words' holds lists of other than numbers, not numbers"),
        ({"columns": ("a", "n")}, "row 1: column 'n': it is null (2 of them in rows 0 to 2)"),
        ({"key": "n"}, "row 1: column 'n': it is null (2 of them in rows 0 to 2)"),
        ({"key": "v"}, "row 2: column 'v': a list of 1 where row 0 has one of 2"),
        ({"key": "holes"}, "row 1: column 'holes': it is null"),
        ({"key": "inner"}, "row 1: column 'inner': it is null"),
        ({"key": "deep"}, "row 2: column 'deep': a list of 1 where row 0 has one of 2"),
        ({"key": "a", "label_column": "n"}, "row 1: column 'n': it is null"),
        ({"key": "a", "label_column": "when"}, "column 'when' holds date32[day], and labels are"),
        ({"key": "a", "label_column": "v"}, "row 2: column 'v': a list of 1 where row 0 has one"),
        ({"key": "a", "label_column": "words"}, "column 'words' holds list<"),
        ({"key": "a", "id_column": "v"}, "column 'v' holds list<"),
        ({}, "there are 4 columns of lists: 'v', 'holes', 'inner', 'deep'"),
        ({"columns": ("a", "v")}, "column 'v' holds lists, and there are others beside it: 'a'"),
        ({"columns": ("b",)}, "there is no column 'b'; it has 'a', 'n', 'text'"),
        ({"key": "99"}, "there is no column '99'"),
        ({"drop": ("b",)}, "there is no column 'b'"),
        ({"columns": ("a",), "drop": ("a",)}, "no column is left to read"),
        ({"columns": ("a",), "label_column": "a"}, "no column is left to read"),
        ({"columns": ("a",), "key": "a"}, "--key and --columns both say what to read"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    for format_ in FORMATS:
        with pytest.raises(InputError) as caught:
            read(mixed(format_), "f.x", **options)
        assert caught.value.message.startswith(f"f.x: {message}"), format_


def test_hints() -> None:
    def hint(**options: Any) -> str | None:
        with pytest.raises(InputError) as caught:
            read(stored(MIXED, "parquet"), **options)
        return caught.value.hint

    lists = ("v", "holes", "inner", "deep", "half")
    assert hint(drop=lists) == (
        "leave out what is none: --drop text,when,words,money, or name the classes: --columns a,n"
    )
    assert "NaN as null" in (hint(key="n") or "")
    assert "--key v" in (hint(columns=("v", "inner")) or "")
    assert "--key v" in (hint(columns=("v", "a")) or "")


def test_the_row_counts_from_the_top() -> None:
    values = pa.array([*[[1.0, 2.0]] * 40, [1.0]])
    for rows in (1, 7, 100):
        with pytest.raises(InputError, match="row 40: column 'v': a list of 1"):
            read(stored(pa.table({"v": values}), "parquet", 9), rows=rows)


def test_a_first_list_that_is_null() -> None:
    table = pa.table({"v": pa.array([None, [1.0]])})
    with pytest.raises(InputError, match="row 0: column 'v': it is null"):
        read(stored(table, "parquet"))


def test_names_that_are_there_twice() -> None:
    table = pa.table([[1.0], [2.0], [3.0]], ["a", "a", "b"])
    with pytest.raises(InputError, match="2 columns are named 'a'"):
        read(stored(table, "arrow"))
    assert read(stored(table, "arrow"), columns=("b",)).values.tolist() == [3.0]


def test_feather_version_1() -> None:
    with pytest.raises(InputError, match="version 1 of Feather"):
        registry.open_source(
            Input("a.feather", io.BytesIO(b"FEA1" + bytes(60)), 64), None, ReadOptions()
        )
