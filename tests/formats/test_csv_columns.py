"""The columns of a CSV file that are read: by name, number, range and pattern."""

import io
import re
import shlex
from typing import Any

import pandas as pd
import pytest
from column_tools import opened, values
from in_one_test import in_one_test
from opening import csv_source, read_csv

from xentcli.errors import InputError
from xentcli.text import split_names

TABLE = "id,x,y,label\n7,1,2,0\n8,3,4,1\n"


@in_one_test
@pytest.mark.parametrize(
    ("options", "columns"),
    [
        ({"columns": ("x", "y")}, "x y"),
        ({"columns": ("2", "3")}, "x y"),
        ({"columns": ("y", "x")}, "y x"),
        ({"columns": ("4", "id")}, "label id"),
        ({"columns": ("1-3",)}, "id x y"),
        ({"columns": ("y", "1-2", "l*")}, "y id x label"),
        ({"drop": ("*d", "4")}, "x y"),
        ({"drop": ("3-4", "1")}, "x"),
        ({"drop": ("id", "4")}, "x y"),
        ({"drop": ("1", "label")}, "x y"),
        ({"columns": ("x", "y"), "drop": ("y",)}, "x"),
        ({"drop": ("id",), "label_column": "label"}, "x y"),
        ({"drop": ("id",), "label_column": "4"}, "x y"),
        ({"columns": ("x", "y", "label"), "label_column": "label"}, "x y"),
        ({"columns": ("x",), "label_column": "label"}, "x"),
    ],
)
def test_columns(options: dict[str, Any], columns: str) -> None:
    want = pd.read_csv(io.StringIO(TABLE))
    read = read_csv(TABLE, **options)
    names = columns.split()
    assert read.columns == tuple(names)
    assert read.values.reshape(2, -1).tolist() == want[names].values.tolist()
    if "label_column" in options:
        assert read.values.ndim == 2
        assert read.labels is not None
        assert read.labels.tolist() == want["label"].tolist()
    else:
        assert read.labels is None
        assert read.values.ndim == (1 if len(names) == 1 else 2)


def test_columns_by_number_without_header() -> None:
    read = read_csv("7,1,2,0\n8,3,4,1\n", drop=("1",), label_column="4")
    assert read.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert read.labels is not None
    assert read.labels.tolist() == [0.0, 1.0]


def test_a_name_that_is_a_number_goes_before_the_number() -> None:
    assert read_csv("3,1\n5,6\n", header=True, columns=("1",)).values.tolist() == [6.0]


def test_text_in_columns_that_are_not_read() -> None:
    text = 'id,x,y,note\nimg_1,1,2,"a, ""b"""\nimg_2,3,4,naïve_10\n'
    assert read_csv(text, drop=("id", "note")).values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert read_csv(text, columns=("x", "y")).values.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@in_one_test
@pytest.mark.parametrize("header", ["id,x", "my id,x", '"a,b",x', "#,x", "-id,x", ",x", "1,x"])
def test_the_hint_about_a_column_of_text_helps(header: str) -> None:
    text = f"{header}\nimg_1,1\nimg_2,2\n"
    with pytest.raises(InputError, match=r"^f\.csv: column .* may be no class: it holds") as caught:
        read_csv(text, header=True)
    words = shlex.split(caught.value.hint or "")
    drop = split_names(words[words.index("--drop") + 1])
    columns = split_names(words[words.index("--columns") + 1])
    assert read_csv(text, header=True, drop=drop).values.tolist() == [1.0, 2.0]
    assert read_csv(text, header=True, columns=columns).values.tolist() == [1.0, 2.0]


@in_one_test
@pytest.mark.parametrize("option", ["columns", "drop", "label_column"])
@pytest.mark.parametrize("name", ["nope", "0", "5", "-1", "1.0", ""])
def test_a_column_that_is_not_there(option: str, name: str) -> None:
    options: dict[str, Any] = {option: name if option == "label_column" else (name,)}
    with pytest.raises(InputError, match=rf"^f\.csv: .*{re.escape(repr(name))}.*'id', 'x', 'y'"):
        csv_source(TABLE, **options)


COUNTED = pd.DataFrame([[1.5, -2.25, 3.5], [0.5, 4.25, -1.5]], columns=["0", "1", "2"])


@in_one_test
@pytest.mark.parametrize("option", ["columns", "drop"])
@pytest.mark.parametrize("columns", [("2", "3"), ("1-3",), ("2-3",), ("0", "3")])
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_numbers_of_which_some_are_names_are_an_error(
    format_: str, columns: tuple[str, ...], option: str
) -> None:
    """Taken one by one, 2 and 3 were the same column, and 1-3 two of three."""
    with pytest.raises(InputError, match=r"' is the name of a column, and '3' is none$") as caught:
        opened(COUNTED, format_, **{option: columns})
    assert str(caught.value.hint).endswith("columns go by name: '0', '1', '2'")


@in_one_test
@pytest.mark.parametrize("columns", [("1", "1"), ("0-2", "1"), ("1", "*", "2")])
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_class_that_is_named_twice_is_an_error(format_: str, columns: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=rf"column '{columns[-1]}' is named twice"):
        opened(COUNTED, format_, columns=columns)


@in_one_test
@pytest.mark.parametrize(
    ("columns", "places", "said"),
    [
        (("1", "2"), [1, 2], "column '1' is the one of that name, which is number 2"),
        (("1-2",), [1, 2], "column '1' is the one of that name, which is number 2"),
        (("0-2",), [0, 1, 2], None),
        (("2", "0"), [2, 0], None),
        (("3",), [2], None),
    ],
)
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_numbers_that_are_names(
    format_: str, columns: tuple[str, ...], places: list[int], said: str | None
) -> None:
    source = opened(COUNTED, format_, columns=columns)
    want = COUNTED.to_numpy()[:, places]
    assert values(source) == (want if len(places) > 1 else want[:, 0]).tolist()
    notes = [note for note in source.notes if "of that name" in note]
    assert [note.partition(": ")[2] for note in notes] == ([said] if said else [])
