"""The three parsers: whatever a fast one returns, the careful one returns, bit by bit."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.formats.csv import cells, frame, plain_rows
from xentcli.formats.csv.cells import RowLayout
from xentcli.formats.json.values import parser

FINITE = st.floats(allow_nan=False, allow_infinity=False).map(repr)
SIGNS = st.sampled_from(["", "+", "-"])
DIGITS = st.text("0123456789", max_size=25)
POWERS = [0, 1, 5, 16, 22, 23, 37, 290, 308, 309, 400, 999]
EXPONENTS = st.builds("e{}{}".format, SIGNS, st.sampled_from(POWERS))
NUMBERS = st.one_of(
    FINITE,
    st.integers(-(2**70), 2**70).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=25).map(str),
    st.builds(
        "{}{}{}{}{}".format,
        SIGNS,
        DIGITS,
        st.sampled_from([".", ""]),
        DIGITS,
        st.one_of(st.just(""), EXPONENTS),
    ),
)
EMPTY = ["", " ", "NA", "null", "None", '""', "nan", "-nan", "TRUE", "false"]
LARGE = ["inf", "-Infinity", "info", "1e400", "-1e400", "1e-400", "4.9e-324", "1.8e308"]
ALMOST = [
    "0x10",
    "1_000",
    "+1e 7",
    "1,5",
    "1e",
    "1e+",
    ".",
    "-",
    "+-1",
    "1 2",
    "1.5.5",
    "1d5",
    "1f",
    "#1",
]
PADDED = [" 1 ", "\t1", "1\v", "1\f", "1\x1c", "1\0", "\ufeff1", "\u00a01", "'1'", "1\x1a"]
QUOTED = ['"1"', '" 1"', '"1\n"', '"1,5"', '"', '1"2', '"1"2', '"a""b"', '"1', '2"', '1"']
OTHER = ["\u0661", "\uff11", "\u22121", "x\ry", "na\u00efve", "\ud7ff", "x"]
COUNTS = ["0", "1", "2", "1.0", "01", "+1", "1e0"]
ODDITIES = st.sampled_from(EMPTY + LARGE + ALMOST + PADDED + QUOTED + OTHER + COUNTS)
WORDS = ["cat", "a true story", "structure", "inform", "inf", '"in"f', '"tr"ue', " padded "]
TEXTS = st.one_of(ODDITIES, st.sampled_from(WORDS), st.text())
DELIMITERS = st.sampled_from([",", ";", "\t", "|", " "])
BYTES = st.sampled_from(
    [bytes([i]) for i in b"019+-.eE,;\t| \"'\r\n\0\\_#xnaifNTr[]{:\xef\xbb\xbf\xff"]
)


@st.composite
def layouts(draw: st.DrawFn) -> RowLayout:
    fields = draw(st.integers(1, 4))
    index = draw(st.sampled_from([None, None, 0, 1])) if fields > 1 else None
    first = 0 if index is None else 1
    read = draw(st.permutations(range(first, fields)))
    values = tuple(read[: draw(st.integers(0, len(read)))])
    texts = tuple(read[len(values) : len(values) + draw(st.integers(0, 2))])
    return RowLayout(draw(DELIMITERS), fields, None, values, texts, index)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, RowLayout, int]:
    """Draw lines of numbers and odd cells, their layout, and the number of the first row."""
    layout = draw(layouts())
    first_row = draw(st.sampled_from([0, 1, 10]))
    cell = st.one_of(NUMBERS, NUMBERS, NUMBERS, ODDITIES) if draw(st.booleans()) else NUMBERS
    lines = []
    for i in range(draw(st.integers(1, 4))):
        row = [draw(cell) for _ in range(layout.fields)]
        for field in layout.texts:
            row[field] = draw(TEXTS)
        if layout.index is not None and draw(st.integers(0, 9)):
            row[0] = str(layout.index + first_row + i)
        lines.append(layout.delimiter.join(row))
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    return "".join(line + end for line in lines), layout, first_row


@st.composite
def corrupted(draw: st.DrawFn) -> tuple[bytes, RowLayout, int]:
    """Draw a table with a few bytes changed, added or left out."""
    text, layout, first_row = draw(tables())
    content = text.encode()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        kept = at + draw(st.integers(0, 1))
        content = content[:at] + draw(st.one_of(BYTES, st.just(b""))) + content[kept:]
    return content.strip(b"\r\n") + b"\n", layout, first_row


def count_rows(content: bytes, delimiter: str) -> int:
    try:
        text = io.StringIO(content.decode(), newline="")
        return sum(1 for _ in csv.reader(text, delimiter=delimiter))
    except (csv.Error, UnicodeDecodeError):
        return content.count(b"\n")


def assert_the_fast_parsers_are_right(
    content: bytes, layout: RowLayout, first_row: int = 0
) -> None:
    rows = count_rows(content, layout.delimiter)
    for parsed in (
        plain_rows.parse(content, layout, rows),
        frame.parse(content, layout, rows, first_row),
    ):
        if parsed is not None:
            careful = cells.parse(content, layout, "f.csv", 1, first_row)
            assert parsed.numbers.shape == careful.numbers.shape
            assert parsed.numbers.dtype == careful.numbers.dtype
            assert parsed.numbers.tobytes() == careful.numbers.tobytes()
            texts = [column.tolist() for column in careful.texts]
            assert [column.tolist() for column in parsed.texts] == texts


PLAIN = RowLayout(",", 2, None, (0, 1))
SWAPPED = RowLayout(",", 2, None, (1, 0))
FIRST = RowLayout(",", 2, None, (0,))
SECOND = RowLayout(",", 2, None, (1,))
INDEXED = RowLayout(",", 2, None, (1,), index=0)
NAMED = RowLayout(",", 2, None, (1,), texts=(0,))
NAMED_LAST = RowLayout(",", 2, None, (0,), texts=(1,))
NARROW = RowLayout(",", 1, None, (0,))


@in_one_test
@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (b"1,2\n3,4\n", SWAPPED),
        (b"1,[2]\n3,4\n", PLAIN),
        (b"1,-0\n-0,4\n", PLAIN),
        (b"1,2\n3,-0", PLAIN),
        (b"1\r,2\n3,4\n", PLAIN),
        (b"1,2\r\n3,4\r\n", PLAIN),
        (b"1;2,5\n3;4\n", RowLayout(";", 2, None, (0, 1))),
        (b"1,2,3\n4\n", PLAIN),
        (b"\xef\xbb\xbf1,2\n3,4\n", PLAIN),
        (b'\xef\xbb\xbf"1",2\n3,4\n', PLAIN),
        (b"info,1e400\nx,2\n", SECOND),
        (b"inf,1e400\nx,2\n", SECOND),
        (b"1,1e400\n3,4\n", PLAIN),
        (b"1,-1e309\n3,4\n", PLAIN),
        (b"0,1\n1.0,2\n", INDEXED),
        (b"0,1\n01,2\n", INDEXED),
        (b"0,1\n+1,2\n", INDEXED),
        (b"0,1\n1e0,2\n", INDEXED),
        (b"TRUE,1\nFALSE,2\n", PLAIN),
        (b"true\n", NARROW),
        (b"1\v,2\n3,4\n", PLAIN),
        (b"1\f,2\n3,4\n", PLAIN),
        (b'"1\n",2\n3,4\n', PLAIN),
        (b"+1e\t7,2\n3,4\n", PLAIN),
        (b"+1e 7,2\n3,4\n", PLAIN),
        (b"1,2,\n3,4,\n", PLAIN),
        (b"1,2,3\n4,5\n", PLAIN),
        (b"1,2\n3\n", PLAIN),
        (b"1,2\n3\n", FIRST),
        (b"1,2\n3,4,5\n", FIRST),
        (b"1,2\n3,4,\n", FIRST),
        (b"1\n\n2\n", NARROW),
        (b"1,2\r3,4\n5,6\n", PLAIN),
        (b"1,2\x00\n3,4\n", PLAIN),
        (b"1\x002,2\n3,4\n", PLAIN),
        (b'"1,2\n3,4\n', PLAIN),
        (b'1,"2\n3,4\n', PLAIN),
        (b"1,2\n3,4\x1a\n", PLAIN),
        (b"x\xff,2\ny,4\n", SECOND),
        (b"x\xff,2\ny,4\n", PLAIN),
        (b'"x\ny",2\nz,4\n', SECOND),
        (b"x,2\n,4\n", NAMED),
        (b"2,x\n4,\n", NAMED_LAST),
        (b"2,x\n4\n", NAMED_LAST),
        (b" x ,2\n\tx,4\n", NAMED),
        (b'"x, ""y""",2\nNA,4\n', NAMED),
        (b'x"y,2\n"x"y,4\n', NAMED),
        (b"x\0,2\ny,4\n", NAMED),
        (b"true,2\nNone,4\n", NAMED),
        (b"true,TRUE\nNone,4\n", NAMED),
        (b"inf,2\nx,1e400\n", NAMED),
        (b"inf,-inf\nx,3\n", NAMED),
        (b'"tr"ue,TRUE\nx,3\n', NAMED),
        (b'"tr"ue,TRUE\n"fal"se,FALSE\n', NAMED),
        (b'"in"f,inf\nx,1e400\n', NAMED),
        (b"007,2\n1e3,4\n", NAMED),
    ],
)
def test_known_differences(content: bytes, layout: RowLayout) -> None:
    assert_the_fast_parsers_are_right(content, layout)


@given(table=tables())
@settings(max_examples=30, deadline=None)
@example(table=("1,2\n3,4\n", PLAIN, 0))
def test_any_table(table: tuple[str, RowLayout, int]) -> None:
    text, layout, first_row = table
    assert_the_fast_parsers_are_right(text.encode(), layout, first_row)


@given(table=corrupted())
@settings(max_examples=50, deadline=None)
def test_any_corrupted_table(table: tuple[bytes, RowLayout, int]) -> None:
    assert_the_fast_parsers_are_right(*table)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=5))
def test_plain_numbers_take_the_fastest_path(rows: list[tuple[str, str]]) -> None:
    """The fast parsers are there to be used: pandas' where there is none of JSON."""
    content = "".join(",".join(row) + "\n" for row in rows).encode()
    if parser():
        parsed = plain_rows.parse(content, PLAIN, len(rows))
    else:
        parsed = frame.parse(content, PLAIN, len(rows), 0)
    assert parsed is not None
    assert parsed.numbers.tolist() == [[float(cell) for cell in row] for row in rows]


@in_one_test
@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (b"img_1,2\nimg_2,4\n", NAMED),
        (b'"img, 1",2\n"",4\n', NAMED),
        (b"true,2\nstructure,4\n", NAMED),
        (b"info,2\nx,inf\n", NAMED),
        (b"cat,2\nna\xc3\xafve,4\n", NAMED),
        (b"2,cat\n4,dog\n", NAMED_LAST),
        (b"the cat,2\nlate e- mail,4\n", NAMED),
    ],
)
def test_text_beside_numbers_takes_the_fast_path(content: bytes, layout: RowLayout) -> None:
    assert frame.parse(content, layout, 2, 0) is not None
