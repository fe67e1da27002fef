"""Files that CSV readers misread without a word: each is read right, or refused with its place."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from opening import read_csv

from xentcli.errors import InputError

ROWS = [[1.0, 2.0], [3.0, 4.0]]

# Where pandas parses, and where the standard library does.
BLOCKS = [2**22, 48]
both_parsers = pytest.mark.parametrize("block", BLOCKS)


def assert_refused(text: str, block: int, message: str) -> None:
    """Check the error of a text, and say which text it is if there is none."""
    try:
        with pytest.raises(InputError, match=message):
            read_csv(text, block_bytes=block)
    except BaseException as error:
        error.add_note(f"in blocks of {block}: {text!r}")
        raise


@in_one_test
@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r1,2\r3,4\r",
        "\ufeffa,b\n1,2\n3,4\n",
        "\ufeffa,b\r\n1,2\r\n3,4\r\n",
        "a,b\n1,2\n3,4\n\n\n",
        "a,b\r\n1,2\r\n3,4\r\n\r\n\r\n",
        '"a","b"\n"1","2"\n"3","4"\n',
        '\ufeff"a","b"\n"1",2\n"3",4\n',
        "a, b\n1, 2\n3, 4\n",
        "a,b\n 1 ,\t2\n3 , 4\n",
        "a,b\r\n1,2\n3,4\r\n",
        "a,b\n1.0,+2e0\n.3e1,4.\n",
        '"a\n1",b\n1,2\n3,4\n',
        "a,b\n1,2\n3,4.00000000000000000000000000000000000000000000000000001\n",
    ],
)
def test_the_same_table(text: str) -> None:
    for block, stream in product([2**22, 10, 24], [False, True]):
        read = read_csv(text, stream=stream, block_bytes=block)
        assert read.values.tolist() == ROWS, (block, stream)


def test_headerless_numeric_first_row() -> None:
    assert read_csv("5,6\n1,2\n").values.tolist() == [[5.0, 6.0], [1.0, 2.0]]


LONE_ROWS = {
    "longer row": ("1,2,3", "3 cells where there should be 2"),
    "trailing comma": ("1,2,", "3 cells where there should be 2"),
    "short row": ("1", "1 cell where there should be 2"),
    "blank line": ("", "empty line"),
    "blank line of CRLF": ("\r", "(empty|kinds)"),
    "line of blanks": ("  ", "1 cell "),
    "carriage return inside": ("1,2\r3,4", "(kinds|carriage)"),
}
BAD_CELLS = {
    "empty": ("", "empty"),
    "blanks": ("  ", "empty"),
    "quoted nothing": ('""', "empty"),
    "NA": ("NA", "'NA'"),
    "N/A": ("N/A", "'N/A'"),
    "null": ("null", "'null'"),
    "None": ("None", "'None'"),
    "minus": ("-", "'-'"),
    "1e400": ("1e400", "1e400 is larger"),
    "-1e400": ("-1e400", "-1e400 is larger"),
    "almost 1e400": ("1.7976931348623159e308", "larger"),
    "thousands": ('"1,234"', "'1,234'.*comma"),
    "0x10": ("0x10", "'0x10'"),
    "1_000": ("1_000", "'1_000'"),
    "TRUE": ("TRUE", "'TRUE'"),
    "false": ("false", "'false'"),
    "1e": ("1e", "'1e'"),
    "1e5.5": ("1e5.5", "'1e5.5'"),
    "1d5": ("1d5", "'1d5'"),
    "two numbers": ("1 2", "'1 2'"),
    "percent": ("10%", "'10%'"),
    "dollar": ("$10", "10'"),
    "accounting": ("(10)", "'.10.'"),
    "quote inside": ('1"2', "1\"2'"),
    "single quotes": ("'1'", "'1'"),
    "unicode minus": ("\u22121", "'\u22121'"),
    "arabic digit": ("\u0661", "'\u0661'"),
    "fullwidth digit": ("\uff11", "'\uff11'"),
    "superscript": ("1\u00b2", "'1\u00b2'"),
    "no-break space": ("\u00a01", r"'\\xa01'"),
    "byte order mark": ("\ufeff1", r"'\\ufeff1'"),
    "zero byte": ("1\0", r"'1\\x00'"),
    "zero byte first": ("\x001", r"'\\x001'"),
    "infinit": ("infinit", "'infinit'"),
    "nan(1)": ("nan(1)", "'nan"),
    "text": ("img_1", "'img_1'"),
    "long text": ("x" * 200, "'x{20,60}"),
}


@in_one_test
@pytest.mark.parametrize(("row", "says"), LONE_ROWS.values(), ids=LONE_ROWS)
def test_rows(row: str, says: str) -> None:
    for before, block in product([0, 1, 30], BLOCKS):
        text = "a,b\n" + "7.5,8.5\n" * before + row + "\n5,6\n"
        assert_refused(text, block, rf"^f\.csv:{before + 2}: .*{says}")


@in_one_test
@pytest.mark.parametrize(("cell", "says"), BAD_CELLS.values(), ids=BAD_CELLS)
def test_cells(cell: str, says: str) -> None:
    places = zip("ab", [0, 30], strict=True)
    for (column, before), block in product(places, BLOCKS):
        row = f"{cell},1" if column == "a" else f"1,{cell}"
        text = "a,b\n" + "7.5,8.5\n" * before + row + "\n5,6\n"
        assert_refused(text, block, rf"^f\.csv:{before + 2}: column '{column}': .*{says}")


@in_one_test
@both_parsers
@pytest.mark.parametrize("cells", ["TRUE FALSE", "true true", "NA NA", '"" ""', "None None"])
def test_columns_without_a_number(cells: str, block: int) -> None:
    text = "a,b\n" + "".join(f"1,{cell}\n" for cell in cells.split() * 10)
    with pytest.raises(InputError, match=r"^f\.csv(:2)?: column 'b'"):
        read_csv(text, block_bytes=block)


@in_one_test
@both_parsers
@pytest.mark.parametrize("cell", ["nan", "NaN", "-nan", "inf", "-inf", "Infinity", "+INF"])
def test_numbers_that_are_not_finite(cell: str, block: int) -> None:
    values = read_csv("a,b\n" + "7,8.5\n" * 20 + f"{cell},1\n5,6\n", block_bytes=block).values
    np.testing.assert_array_equal(values[20], [float(cell), 1.0])


@in_one_test
@both_parsers
@pytest.mark.parametrize("row", ["1", "1,", "1,2,3,4", "1,2,3,"])
def test_rows_are_whole_in_columns_that_are_not_read(row: str, block: int) -> None:
    text = "a,b,c\n" + "7,8.5,x\n" * 20 + row + "\n5,6,x\n"
    with pytest.raises(InputError, match=r"^f\.csv:22: . cells? where there should be 3"):
        read_csv(text, columns=("a",), block_bytes=block)


@in_one_test
@both_parsers
@pytest.mark.parametrize("text", ["info", "inf", "TRUE", "nan", "1_0", "naïve", "-Infinity"])
def test_other_columns_hide_no_overflow(text: str, block: int) -> None:
    content = "id,a\n" + "x,8.5\n" * 20 + f"{text},1e400\n"
    with pytest.raises(InputError, match=r"^f\.csv:22: column 'a': 1e400"):
        read_csv(content, drop=("id",), block_bytes=block)


@in_one_test
@both_parsers
@pytest.mark.parametrize("cell", ["1.0", "01", "+1", "1e0", "true", ""])
def test_an_index_counts_in_whole_numbers(cell: str, block: int) -> None:
    content = f",a,b\n0,0.125,0.5\n{cell},0.5,0.5\n" + "".join(f"{i},1,1\n" for i in range(2, 20))
    with pytest.raises(InputError, match=r"^f\.csv:3: .*where 1 should be"):
        read_csv(content, block_bytes=block)


@in_one_test
@both_parsers
@pytest.mark.parametrize("text", ['5"', 'x"y', '"x""y"', '"x\ny"', "it's"])
def test_quotes_in_columns_that_are_not_read(text: str, block: int) -> None:
    content = f"id,a,b\n{text},1,2\n" + "x,7.5,8.5\n" * 20 + "y,3,4\n"
    values = read_csv(content, drop=("id",), block_bytes=block).values.tolist()
    assert values == [[1.0, 2.0], *[[7.5, 8.5]] * 20, [3.0, 4.0]]


@both_parsers
def test_lines_are_counted_past_line_ends_in_quotes(block: int) -> None:
    content = '"i\nd",a\n' + '"x\n\ny",8.5\n' * 10 + "z,oops\n"
    with pytest.raises(InputError, match=r"^f\.csv:33: column 'a': 'oops'"):
        read_csv(content, drop=("1",), block_bytes=block)


def test_a_cell_is_read_the_same_beside_any_text() -> None:
    def read(cell: str, text: str) -> Any:
        try:
            return read_csv(f"id,a\n{text},{cell}\n", drop=("id",)).values.tolist()
        except InputError:
            return None

    for cell in ('"1\n"', '"\n1"', "1\v", "1\f", "\x1c1", "\x1f1", " 1 ", "1\t"):
        assert read(cell, "plain") == read(cell, "snake_case") == read(cell, "naïve"), repr(cell)
