"""What the first row of a CSV file decides: names or numbers, an index, a series."""

import io
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test
from opening import read_csv

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
        ("3,1,cat\n1,2,3\n", ("3", "1", "cat"), [AS_HEADER]),
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
        "1,2,3\n0.2,0.3,1\n",
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


@in_one_test
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


@in_one_test
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


@in_one_test
@pytest.mark.parametrize("first", ["0.5,NA,0.3", "0.5,,0.3", ",0.5,0.3", "0.5,null,3e-1"])
def test_a_missing_value_in_the_first_row_does_not_make_it_a_header(first: str) -> None:
    with pytest.raises(InputError, match=r"^f\.csv:1: "):
        read_csv(f"{first}\n0.1,0.2,0.7\n0.2,0.2,0.6\n")


@in_one_test
@pytest.mark.parametrize(
    "first",
    ["?", "-", "<NA>", "#N/A", "\u22121.5", "'1.5'", ' "1.5"', "1.5f", "1.0D-3", "$2", "true"],
)
def test_what_names_no_column_among_numbers_makes_no_header(first: str) -> None:
    """A whole row was left out for one bad cell."""
    with pytest.raises(InputError, match=r"f\.csv:1: column 2: .* may be a name or a number"):
        read_csv(f"0.5,{first},2\n1,2.5,3\n")


@pytest.mark.parametrize("text", ["img_1,1,2\nimg_2,3,4\n", "1,2,cat\n3,4,dog\n"])
def test_a_first_row_of_numbers_and_text_must_be_explained(text: str) -> None:
    with pytest.raises(InputError, match=r"^f\.csv:1: ") as caught:
        read_csv(text)
    assert "--no-header" in (caught.value.hint or "")


@in_one_test
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
@pytest.mark.parametrize("first", ["1,2,3", "2019, 2020, 2021", "100,101,102"])
def test_a_first_row_that_counts_from_elsewhere_is_data_and_said_to_be(first: str) -> None:
    read = read_csv(f"{first}\n0.2,0.3,0.5\n1e-3,2.,0.5\n")
    assert (read.columns, len(read.values)) == (None, 3)
    shown = first.replace(" ", "").replace(",", ", ")
    assert read.notes == [f"f.csv: the first row, {shown}, is read as data (else --header)"]


@in_one_test
@pytest.mark.parametrize("names", ['"5","7"', '"1","2","3"', '"2.5","0.5"', '"1"'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_first_row_in_quotes_above_numbers_without_them_is_a_header(names: str, end: str) -> None:
    """As csv.QUOTE_NONNUMERIC and R's write.csv write names of columns."""
    rows = ",".join(["0.5"] * (names.count(",") + 1)) + end
    read = read_csv(names + end + rows + rows)
    assert (read.columns, len(read.values)) == (tuple(names.replace('"', "").split(",")), 2)
    assert read.notes == ["f.csv: the first row, in quotes, is read as a header (else --no-header)"]
    in_quotes = rows.replace("0.5", '"0.5"')
    assert read_csv(names + end + in_quotes + in_quotes).columns is None


@in_one_test
@pytest.mark.parametrize("first", ["0,1,2", "0,1", "0,1,10,11,2,3,4,5,6,7,8,9"])
def test_a_first_row_that_counts(first: str) -> None:
    count = first.count(",") + 1
    fractions, whole = ",".join(["0.5"] * count), ",".join(["5"] * count)
    assert read_csv(f"{first}\n{fractions}\n").columns == tuple(first.split(","))
    alone = read_csv(first + "\n")
    assert (alone.columns, alone.values.tolist()) == (None, [list(map(float, first.split(",")))])
    with pytest.raises(InputError, match="may be a header or data") as caught:
        read_csv(f"{first}\n{whole}\n")
    assert {"--header", "--no-header"} <= set((caught.value.hint or "").split())
