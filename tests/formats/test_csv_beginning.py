"""What the first lines of a CSV file decide: header, index, delimiter, and the columns to read."""

import io
import re
import shlex
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test
from opening import csv_source, read_csv

from xentcli.errors import InputError
from xentcli.text import split_names

ROWS = [[1.5, -2.0, 3e-7], [4.0, 0.25, 6.0]]
FRAME = pd.DataFrame(ROWS)
NAMED = pd.DataFrame(ROWS, columns=["cat", "dog", "a, b"])
LONG = pd.DataFrame(np.arange(36.0).reshape(12, 3))

COUNTS_COLUMNS = "counts the columns"
LEFT_OUT = "left out"
AS_HEADER = "read as a header"


@in_one_test
@pytest.mark.parametrize(
    ("text", "columns", "notes"),
    [
        ("a,b\n1,2\n3,4\n", ("a", "b"), []),
        ("0,1\n1.5,2\n3,4\n", ("0", "1"), [COUNTS_COLUMNS]),
        (" 0 ,1\n1,2.0\n3,4\n", ("0", "1"), [COUNTS_COLUMNS]),
        (",0,1\n0,1,2\n1,3,4\n", ("0", "1"), [COUNTS_COLUMNS, LEFT_OUT]),
        (",a,b\n0,1,2\n1,3,4\n", ("a", "b"), [LEFT_OUT]),
        ("0,1,cat\n1,2,3\n", ("0", "1", "cat"), [AS_HEADER]),
        ("a,2\n1,2\n3,4\n", ("a", "2"), [AS_HEADER]),
        ("a_id,b_id\n1,2\n3,4\n", ("a_id", "b_id"), []),
        ('"a, b","c"\n1,2\n', ("a, b", "c"), []),
        ("a, b\n1, 2\n", ("a", "b"), []),
    ],
)
def test_first_row_of_names(text: str, columns: tuple[str, ...], notes: list[str]) -> None:
    read = read_csv(text)
    rows = np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, ndmin=2)
    assert read.columns == columns
    assert read.values.tolist() == rows[:, -len(columns) :].tolist()
    assert [want in note for want, note in zip(notes, read.notes, strict=True)] == [True] * len(
        notes
    )


@in_one_test
@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "5,6\n",
        "1,0\n0.5,0.5\n",
        "0,1.0\n0.5,0.5\n",
        "1,2,3\n0.2,0.3,0.5\n",
        "inf,-inf\n1,2\n",
        "-1e5,.5\n1,2\n",
        "0\n1\n2\n",
        "0\n0\n1\n",
        "0\n",
        "0.0\n1.0\n",
    ],
)
def test_first_row_of_numbers(text: str) -> None:
    read = read_csv(text)
    lines = [[float(cell) for cell in line.split(",")] for line in text.split()]
    want = lines if "," in text else [line[0] for line in lines]
    assert (read.columns, read.values.tolist(), read.notes) == (None, want, [])


@in_one_test
@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (FRAME.to_csv(), ("0", "1", "2")),
        (FRAME.to_csv(index=False), ("0", "1", "2")),
        (FRAME.to_csv(header=False, index=False), None),
        (FRAME.to_csv(sep=";"), ("0", "1", "2")),
        (FRAME.to_csv(lineterminator="\r\n"), ("0", "1", "2")),
        (NAMED.to_csv(), ("cat", "dog", "a, b")),
        (NAMED.to_csv(index=False), ("cat", "dog", "a, b")),
        (NAMED.to_csv(quoting=1), ("cat", "dog", "a, b")),
        (NAMED.to_csv(float_format="%.9f"), ("cat", "dog", "a, b")),
    ],
)
def test_frames_that_pandas_writes(text: str, columns: tuple[str, ...] | None) -> None:
    read = read_csv(text)
    assert read.columns == columns
    assert read.values.tolist() == ROWS


@pytest.mark.parametrize("name", [None, "loss"])
@pytest.mark.parametrize("index", [True, False])
def test_series_that_pandas_writes(name: str | None, *, index: bool) -> None:
    losses = [0.5, 1.5, 2.5]
    text = pd.Series(losses, name=name).to_csv(index=index)
    if name is None and not index:
        assert read_csv(text, header=True).values.tolist() == losses
        return
    read = read_csv(text)
    assert read.columns == (name or "0",)
    assert read.values.tolist() == losses
    assert LEFT_OUT in read.notes[-1] if index else not read.notes


@in_one_test
@pytest.mark.parametrize("rows", [[0, 1, 2, 5], [0, 2], [0, 0], [0, 1, 3, 2]])
@pytest.mark.parametrize("names", [["0", "1", "2"], ["x", "y", "z"]])
def test_an_index_that_stops_counting(rows: list[int], names: list[str]) -> None:
    wrong = next(i for i, row in enumerate(rows) if i != row)
    frame = LONG.iloc[rows].set_axis(names, axis=1)
    with pytest.raises(InputError, match=f"^f.csv:{wrong + 2}: .*'{rows[wrong]}' where {wrong}"):
        read_csv(frame.to_csv())
    assert read_csv(frame.to_csv(), columns=tuple(names)).values.tolist() == frame.values.tolist()


@pytest.mark.parametrize("names", [["0", "1", "2"], ["x", "y", "z"]])
def test_the_hint_about_an_index_helps(names: list[str]) -> None:
    frame = LONG.iloc[[0, 5]].set_axis(names, axis=1)
    with pytest.raises(InputError) as caught:
        read_csv(frame.to_csv())
    dropped = re.search(r"--drop (\S+)", caught.value.hint or "")
    drop = split_names(dropped[1]) if dropped else ()
    if drop:
        assert read_csv(frame.to_csv(), drop=drop).values.tolist() == frame.values.tolist()


@pytest.mark.parametrize(
    "text",
    [
        '"","V1","V2"\n"1",0.5,1.5\n"2",2.5,3.5\n',
        LONG.iloc[[5, 3]].to_csv(),
        LONG.iloc[1:].to_csv(),
        LONG.sample(frac=1, random_state=1).set_axis(list("abc"), axis=1).to_csv(),
    ],
    ids=["R write.csv", "pandas shuffled", "pandas slice", "pandas sample"],
)
def test_row_names_are_not_silently_read_as_numbers(text: str) -> None:
    """They are left out and said to be, or refused."""
    columns = text.partition("\n")[0].count(",")
    try:
        read = read_csv(text)
        kept, said = read.values.shape[1], bool(read.notes)
    except InputError as error:
        kept, said = columns, "column" in error.message
    assert (kept, said) == (columns, True)


@in_one_test
@pytest.mark.parametrize("first", ['"1,234"', "0x10", "1_000", "0X1F", "10%", "1/2", "1 000"])
def test_almost_numbers_in_the_first_row(first: str) -> None:
    text = f"5,{first}\n1,2\n"
    with pytest.raises(InputError, match=r"^f\.csv:1: column 2: ") as caught:
        read_csv(text)
    assert "--header" in (caught.value.hint or "")
    assert "--no-header" in (caught.value.hint or "")
    assert read_csv(text, header=True).columns == ("5", first.strip('"'))
    with pytest.raises(InputError, match=r"^f\.csv:1: column 2: "):
        read_csv(text, header=False)


@pytest.mark.parametrize("first", ["0.5,NA,0.3", "0.5,,0.3", ",0.5,0.3", "0.5,null,3e-1"])
def test_a_missing_value_in_the_first_row_does_not_make_it_a_header(first: str) -> None:
    with pytest.raises(InputError, match=r"^f\.csv:1: "):
        read_csv(f"{first}\n0.1,0.2,0.7\n0.2,0.2,0.6\n")


@pytest.mark.parametrize("text", ["img_1,1,2\nimg_2,3,4\n", "1,2,cat\n3,4,dog\n"])
def test_a_first_row_of_numbers_and_text_must_be_explained(text: str) -> None:
    with pytest.raises(InputError, match=r"^f\.csv:1: ") as caught:
        read_csv(text)
    assert "--no-header" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "header", "columns", "values"),
    [
        ("1,2\n3,4\n", True, ("1", "2"), [[3.0, 4.0]]),
        ("0,1\n3,4\n", False, None, [[0.0, 1.0], [3.0, 4.0]]),
        ("0\n1\n", True, ("0",), [1.0]),
        (",a\n7,2\n", True, ("", "a"), [[7.0, 2.0]]),
    ],
)
def test_header_as_the_user_says(
    text: str, columns: tuple[str, ...] | None, values: list[Any], *, header: bool
) -> None:
    read = read_csv(text, header=header)
    assert (read.columns, read.values.tolist()) == (columns, values)


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
