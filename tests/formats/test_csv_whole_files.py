"""CSV files without a table, of no text or of very long lines; and the places in a file."""

import re

import pytest
from in_one_test import in_one_test
from opening import csv_source, read_csv

from xentcli.errors import InputError


@in_one_test
@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b,a\n1,2,3\n", r"^f\.csv:1: .*'a': 1 and 3"),
        ("a,b\n", "no row"),
        ("a,b", "no row"),
        ("a,b\n\n\n", "no row"),
        (",a\n\n0,1\n", r"^f\.csv:2: an empty line"),
        ("a,b\n\n0,1,2\n", r"^f\.csv:2: an empty line"),
        ("", "empty"),
        ("\n\n", "empty"),
        (" \n", "empty"),
        ("\ufeff", "empty"),
        ("\ufeff\n", "empty"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-be").join([b"\xfe\xff", b""]), "UTF-16"),
        ("a,b\n1,2\n".encode("utf-32"), "UTF-(16|32)"),
        ("a,b\n1,2\n".encode("utf-32-be").join([b"\0\0\xfe\xff", b""]), "UTF-32"),
        ("a,b\n1,2\n".encode("utf-16-le"), "as in utf-16-le"),
        (b"caf\xe9,b\n1,2\n", r"^f\.csv:1: .*0xe9.* UTF-8"),
        (b"a,b\n1,2\n3,\xff4\n", r"^f\.csv:3: .*0xff.* UTF-8"),
        (b"a,b\n1,2\n3,\xc3", r"^f\.csv:3: .*0xc3.* UTF-8"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_whole_files(content: str | bytes, says: str, *, stream: bool) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read_csv(content, stream=stream)
    assert caught.value.message.startswith("f.csv:")


@in_one_test
@pytest.mark.parametrize("line", [2, 9, 30])
def test_bytes_that_are_not_text_in_any_block(line: int) -> None:
    content = b"a,b\n" + b"1,2.5\n" * (line - 2) + b"3,\xff\n" + b"1,2\n" * 9
    with pytest.raises(InputError, match=rf"^f\.csv:{line}: byte 0xff"):
        read_csv(content, block_bytes=32)


def test_a_row_of_many_columns() -> None:
    count = 10_000
    cells = [f"{i}.5" for i in range(count)]
    content = ",".join(cells) + "\n"
    assert read_csv(content).values.tolist() == [[float(cell) for cell in cells]]
    names = ",".join(f"c{i}" for i in range(count))
    cells[-2] = "oops"
    with pytest.raises(InputError, match=rf"^f\.csv:2: column 'c{count - 2}': 'oops'"):
        read_csv(f"{names}\n{','.join(cells)}\n")


@in_one_test
@pytest.mark.parametrize(
    ("text", "index", "place"),
    [
        ("a,b\n1,2\n3,4\n", (1,), "f.csv:3"),
        ("a,b\n1,2\n3,4\n", (1, 1), "f.csv:3: column 'b'"),
        ("5,6\n1,2\n3,4\n", (1, 1), "f.csv:2: column 2"),
        (",a,b\n0,2,3\n1,5,6\n", (0, 1), "f.csv:2: column 'b'"),
        ("label\n1\n2\n", (1,), "f.csv:3"),
        ('"a\nb",c\n1,2\n3,4\n', (1,), "f.csv:4"),
    ],
)
def test_places(text: str, index: tuple[int, ...], place: str) -> None:
    source = csv_source(text)
    list(source.blocks(1))
    assert source.place(index) == place


def test_a_place_is_not_a_line_where_rows_take_several() -> None:
    source = csv_source('id,a\n"x\ny",1\nz,2\n', drop=("id",))
    list(source.blocks(1))
    assert not re.match(r"f\.csv:\d", source.place((1,)))
