"""Delimiters, and what NumPy and R write with blanks between cells."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test
from opening import read_csv

from xentcli.errors import InputError

ROWS = [[1.5, -2.0, 3e-7], [4.0, 0.25, 6.0]]
NAMED = pd.DataFrame(ROWS, columns=["cat", "dog", "a, b"])
LEFT_OUT = "left out"


@in_one_test
@pytest.mark.parametrize(
    ("delimiter", "name"),
    [
        (",", "f.csv"),
        (";", "f.csv"),
        ("\t", "f.csv"),
        ("|", "f.csv"),
        ("\t", "f.tsv"),
        ("\t", "f.tab"),
        (",", "f.tsv"),
        (" ", "f.txt"),
        (" ", "f.dat"),
        (",", "no_extension"),
        (" ", "<stdin>"),
    ],
)
@pytest.mark.parametrize("header", [(), ("x", "y", "z")])
def test_delimiter_is_found(delimiter: str, name: str, header: tuple[str, ...]) -> None:
    lines = ([header] if header else []) + [[repr(cell) for cell in row] for row in ROWS]
    read = read_csv("".join(delimiter.join(cells) + "\n" for cells in lines), name)
    assert read.values.tolist() == ROWS
    assert read.columns == (header or None)
    usual = "\t" if name.endswith((".tsv", ".tab")) else ","
    assert len(read.notes) == (delimiter != usual)


@in_one_test
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", ":", "/"])
def test_delimiter_as_the_user_says(delimiter: str) -> None:
    text = "".join(delimiter.join(map(repr, row)) + "\n" for row in ROWS)
    read = read_csv(text, delimiter=delimiter)
    assert read.values.tolist() == ROWS
    assert read.notes == []


SAVETXT = [
    {},
    {"delimiter": ","},
    {"fmt": "%.18e", "delimiter": "\t"},
    {"fmt": "%14.8g"},
    {"fmt": "%14.8g", "delimiter": ","},
    {"fmt": "%14.8g", "delimiter": "\t"},
    {"fmt": "%-14.8g", "newline": "\r\n"},
]


@in_one_test
@pytest.mark.parametrize("options", SAVETXT)
@pytest.mark.parametrize("array", [ROWS, [row[0] for row in ROWS]])
def test_what_numpy_savetxt_writes(array: list[Any], options: dict[str, str]) -> None:
    file = io.StringIO()
    np.savetxt(file, array, **options)
    assert read_csv(file.getvalue(), "f.txt").values.tolist() == array


@in_one_test
@pytest.mark.parametrize("block", [2**21, 32])
@pytest.mark.parametrize("comments", ["# ", ""])
@pytest.mark.parametrize("fmt", ["%.18e", "%14.8g"])
def test_the_header_of_numpy_savetxt(fmt: str, comments: str, block: int) -> None:
    file = io.StringIO()
    np.savetxt(file, ROWS, header="x y z", fmt=fmt, comments=comments)
    read = read_csv(file.getvalue(), "f.txt", block_bytes=block)
    assert (read.columns, read.values.tolist()) == (("x", "y", "z"), ROWS)


@in_one_test
@pytest.mark.parametrize("block", [2**21, 96])
@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize("delimiter", [" ", ",", "\t"])
def test_what_write_table_of_r_writes(delimiter: str, quote: str, block: int) -> None:
    """The header lacks a name for the column of the rows' names, which count from 1."""
    lines = [delimiter.join(f"{quote}V{i}{quote}" for i in (1, 2, 3))]
    for i, row in enumerate(ROWS * 4, 1):
        lines.append(delimiter.join([f"{quote}{i}{quote}", *map(repr, row)]))
    read = read_csv("\n".join([*lines, ""]), block_bytes=block)
    assert (read.columns, read.values.tolist()) == (("V1", "V2", "V3"), ROWS * 4)
    assert LEFT_OUT in read.notes[-1]


@pytest.mark.parametrize("quote", ['"', ""])
def test_labels_beside_numbers_in_what_write_table_of_r_writes(quote: str) -> None:
    lines = [" ".join(f"{quote}{name}{quote}" for name in ("cat", "dog", "fox", "label"))]
    for i, row in enumerate(ROWS, 1):
        lines.append(" ".join([f"{quote}{i}{quote}", *map(repr, row), f"{quote}dog{quote}"]))
    read = read_csv("\n".join([*lines, ""]), label_column="label")
    assert (read.columns, read.values.tolist()) == (("cat", "dog", "fox"), ROWS)
    words = "a text\nhere are 3\nhere are 4\n"
    with pytest.raises(InputError, match="column 'a text': 'here are 3' is not a number"):
        read_csv(words)


@pytest.mark.parametrize("delimiter", [" ", ","])
def test_names_of_rows_that_r_writes(delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in [["x", "y"], ["a", "1", "2"], ["b", "3", "4"]])
    with pytest.raises(InputError, match="column 1 may be no class: it holds text") as caught:
        read_csv(text)
    assert "--drop 1," in (caught.value.hint or "")
    assert read_csv(text, drop=("1",)).values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    read = read_csv(text, id_column="1")
    assert (read.values.tolist(), read.columns) == ([[1.0, 2.0], [3.0, 4.0]], ("x", "y"))
    assert read.ids is not None
    assert read.ids.tolist() == ["a", "b"]


def test_what_pandas_prints() -> None:
    read = read_csv(NAMED.drop(columns="a, b").to_string())
    assert (read.columns, read.values.tolist()) == (("cat", "dog"), [row[:2] for row in ROWS])


def test_blanks_in_quotes_stay() -> None:
    text = '"the  id"  x   y\n" a  b "   1    2 \n"c\t d"  3 4\n'
    read = read_csv(text, delimiter=" ", header=True, id_column="the  id")
    assert read.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert read.ids is not None
    assert read.ids.tolist() == [" a  b ", "c\t d"]


def test_names_with_other_delimiters_inside() -> None:
    assert read_csv("a;1,b;2\n1,2\n").columns == ("a;1", "b;2")
    assert read_csv("a b\tc d\n1\t2\n", "f.tsv").columns == ("a b", "c d")


@in_one_test
@pytest.mark.parametrize(
    "text", ["a;b;c\n1,5;2,5;3,5\n", "a;b\n1,5;2,5\n", '"a","b"\n"1,5","2,5"\n']
)
def test_decimal_commas(text: str) -> None:
    with pytest.raises(InputError, match=r"^f\.csv:2: column 'a': '1,5' .*decimal comma"):
        read_csv(text)


@pytest.mark.parametrize("text", ["1,5;2,5;3,5\n1,5;2,5;3,5\n", "1,5;2,5\n-1,5;2,5\n"])
def test_decimal_commas_without_header(text: str) -> None:
    with pytest.raises(InputError, match=r"^f\.csv:1: .*(decimal comma|may be a name or a number)"):
        read_csv(text)
    with pytest.raises(InputError, match=r"^f\.csv:1: column 1: '1,5' .*decimal comma"):
        read_csv(text, header=False)


@in_one_test
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["f.csv", "f.tsv"])
def test_a_blank_in_the_name_of_each_row_stands_between_no_cells(delimiter: str, name: str) -> None:
    """It was the delimiter beside tabs: cells were numbers all, and the header one cell short."""
    lines = [["id", "cat", "dog", "cow"], *([f"row {i}", *map(repr, ROWS[i])] for i in (0, 1))]
    read = read_csv("".join(delimiter.join(cells) + "\n" for cells in lines), name, id_column="id")
    assert read.values.tolist() == ROWS
    assert read.columns == ("cat", "dog", "cow")
    assert not any("space" in note for note in read.notes)
