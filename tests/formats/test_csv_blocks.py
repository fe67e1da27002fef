"""Files of several blocks: wherever a file is cut, the same rows, places and errors."""

import csv
import io
import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from opening import csv_source, read_csv

from xentcli.errors import InputError
from xentcli.formats.csv.source import CsvSource

HEADER = "id,a,b"
ROWS = ["x,1,2.5", "y,-3,4e2", "z,5,6", "x,7,8", "w,9,10"]
QUOTED = ['"x\n,",1,"2.5"', 'y,"-3",4e2', '"\n\n",5,6', '"a""b\n",7,8', '"",9,10']

# Text, and the options that read it. The first line takes no more than 9 bytes.
VARIANTS = {
    "plain": ("\n".join([HEADER, *ROWS, ""]), {}),
    "no header": ("\n".join([*ROWS, ""]), {"header": False}),
    "no last line end": ("\n".join([HEADER, *ROWS]), {}),
    "blank last lines": ("\n".join([HEADER, *ROWS, "", "", "", ""]), {}),
    "CRLF": ("\r\n".join([HEADER, *ROWS, ""]), {}),
    "CRLF, blank last lines": ("\r\n".join([HEADER, *ROWS, "", "", ""]), {}),
    "CR": ("\r".join([HEADER, *ROWS, ""]), {}),
    "mark": ("\ufeff" + "\n".join([HEADER, *ROWS, ""]), {}),
    "mark, CRLF": ("\ufeff" + "\r\n".join([HEADER, *ROWS, ""]), {}),
    "mark, no header": ("\ufeff" + "\n".join([*ROWS, ""]), {"header": False}),
    "quotes": ("\n".join([HEADER, *QUOTED, ""]), {}),
    "quotes, CRLF": ("\r\n".join([HEADER, *QUOTED, ""]), {}),
    "quoted header": ("\n".join(['"id",a,b', *QUOTED, ""]), {}),
    "mixed ends": ("\n".join([HEADER, ROWS[0] + "\r", *ROWS[1:], ""]), {}),
}


def expected(text: str, *, header: bool) -> list[list[float]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    rows = [cells for cells in reader if cells][int(header) :]
    return [[float(cell) for cell in cells[1:]] for cells in rows]


@in_one_test
@pytest.mark.parametrize(("text", "options"), VARIANTS.values(), ids=VARIANTS)
def test_every_block_size(text: str, options: dict[str, Any]) -> None:
    want = expected(text, header=options.get("header", True))
    assert want[0] == [1.0, 2.5]
    assert want[-1] == [9.0, 10.0]
    for size in range(14, len(text.encode()) + 3, 4):
        # Blocks with their bytes, of known and of unknown length, and blocks without, in turn.
        way: dict[str, Any] = ({"stream": False}, {"stream": True}, {"local": True})[size % 3]
        read = read_csv(text, drop=("1",), block_bytes=size, **way, **options)
        assert read.values.tolist() == want, size


@in_one_test
@pytest.mark.parametrize("size", range(1, 14))
def test_blocks_shorter_than_a_line(size: int) -> None:
    text = "\n".join([HEADER, *ROWS, ""])
    assert read_csv(text, drop=("id",), block_bytes=size).values.tolist() == expected(
        text, header=True
    )


@in_one_test
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bad", range(6))
def test_errors_name_the_same_line(bad: int, end: str) -> None:
    rows = ['"q\n1",1,2', *ROWS[1:4], '"\n\n",5,6', "w,9,10"]
    line = 2 + sum(1 + row.count("\n") for row in rows[:bad])
    rows[bad] = rows[bad].rpartition(",")[0] + ",oops"
    text = end.join([HEADER, *rows, ""])
    for size in range(14 + bad % 4, len(text) + 3, 4):
        with pytest.raises(InputError, match=rf"^f\.csv:{line}: column 'b': 'oops'"):
            read_csv(text, columns=("a", "b"), block_bytes=size)


@in_one_test
@pytest.mark.parametrize("wrong", [1, 5, 19])
def test_an_index_is_counted_over_blocks(wrong: int) -> None:
    lines = [f"{i},{i}.5,1" for i in range(20)]
    text = "\n".join([",a,b", *lines, ""])
    bad = "\n".join([",a,b", *lines[:wrong], "7" + lines[wrong], *lines[wrong + 1 :], ""])
    for size in range(14 + wrong % 4, 60, 6):
        if wrong == 1:
            assert read_csv(text, block_bytes=size).values.tolist() == [
                [i + 0.5, 1.0] for i in range(20)
            ]
        with pytest.raises(InputError, match=rf"^f\.csv:{wrong + 2}: .* '7{wrong}' where {wrong} "):
            read_csv(bad, block_bytes=size)


@in_one_test
@pytest.mark.parametrize("size", [14, 20, 33, 64])
def test_rows_and_places(size: int) -> None:
    lines = [f"{i},{i}.5" for i in range(30)]
    csv_file = csv_source("\n".join(["a,b", *lines, ""]), columns=("a", "b"), block_bytes=size)
    blocks = list(csv_file.blocks(1))
    assert len(blocks) > 1
    starts = [0]
    for block in blocks:
        assert block.start == starts[-1]
        values = csv_file.decode(block).values
        assert values[:, 0].tolist() == list(range(block.start, block.start + block.rows))
        starts.append(block.start + block.rows)
    assert starts[-1] == 30
    assert [csv_file.place((row,)) for row in (0, 29)] == ["f.csv:2", "f.csv:31"]


@in_one_test
@pytest.mark.parametrize("block", [32, 2**22])
@pytest.mark.parametrize(
    "order", ["a b label", "a label b", "label a b", "label b a", "label b a x"]
)
def test_labels_come_with_their_rows(order: str, block: int) -> None:
    rows = [{"a": i + 0.25, "b": i + 0.5, "label": i % 3, "x": -1} for i in range(30)]
    lines = [",".join(str(row[name]) for name in order.split()) for row in rows]
    text = "\n".join([order.replace(" ", ","), *lines, ""])
    drop = ("x",) if "x" in order else ()
    read = read_csv(text, label_column="label", drop=drop, block_bytes=block)
    names = [name for name in order.split() if name in "ab"]
    assert read.labels is not None
    assert read.columns == tuple(names)
    assert read.labels.tolist() == [i % 3 for i in range(30)]
    assert read.values.tolist() == [[row[name] for name in names] for row in rows]


@in_one_test
@pytest.mark.parametrize("block", [32, 2**22])
@pytest.mark.parametrize("columns", ["a b c", "c b a", "b a c", "c a", "b"])
def test_columns_come_in_the_order_asked_for(columns: str, block: int) -> None:
    names = columns.split()
    text = "a,b,c\n" + "".join(f"{i}.1,{i}.2,{i}.3\n" for i in range(30))
    read = read_csv(text, columns=tuple(names), block_bytes=block)
    assert read.columns == tuple(names)
    want = [[float(f"{i}.{'abc'.index(name) + 1}") for name in names] for i in range(30)]
    assert read.values.reshape(30, -1).tolist() == want


def test_blank_lines_between_blocks_are_not_lost() -> None:
    text = "a,b\n" + "1,2\n" * 4 + "\n" * 20 + "3,4\n"
    for size in range(14, 60):
        with pytest.raises(InputError, match=r"^f\.csv:6: .*empty line"):
            read_csv(text, block_bytes=size, local=bool(size % 2))


def test_a_mark_inside_a_file_is_no_number() -> None:
    text = "a,b\n" + "1,2\n" * 9 + "\ufeff3,4\n" + "5,6\n" * 9
    for size in range(14, 60, 3):
        with pytest.raises(InputError, match=r"^f\.csv:11: column 'a': "):
            read_csv(text, block_bytes=size)


def test_a_line_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CsvSource, "longest_line_bytes", 100)
    with pytest.raises(InputError, match="line of more than 100 bytes"):
        read_csv("1," * 300 + "1\n", block_bytes=16)
    with pytest.raises(InputError, match="line of more than 100 bytes"):
        read_csv('a,b\n1,"2\n' + "3,4\n" * 100, block_bytes=16)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 999), min_size=2, max_size=2), min_size=3, max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(20, 60),
    quoted=st.booleans(),
)
def test_any_rows_and_any_block_size(
    rows: list[list[int]], end: str, size: int, *, quoted: bool
) -> None:
    cell = '"{}"' if quoted else "{}"
    lines = [",".join(cell.format(value) for value in row) for row in rows]
    text = end.join(["a,b", *lines, ""])
    assert read_csv(text, block_bytes=size).values.tolist() == rows


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.text('",\n\rx ', max_size=6), min_size=3, max_size=10),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(20, 90),
)
def test_any_text_that_csv_writes(texts: list[str], quoting: int, end: str, size: int) -> None:
    file = io.StringIO()
    # csv quotes what its own line end holds, so the other is put in place afterwards
    writer = csv.writer(file, quoting=quoting, lineterminator="\r\n")  # type: ignore[arg-type]
    writer.writerows([("text", "a"), *((text, i) for i, text in enumerate(texts))])
    content = file.getvalue() if end == "\r\n" else file.getvalue().replace("\r\n", "\n")
    assert read_csv(content, columns=("a",), block_bytes=size).values.tolist() == list(
        range(len(texts))
    )


def test_a_quote_that_is_not_closed_takes_no_memory() -> None:
    content = b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 2**15
    limit = 64 * len(content)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"^f\.csv:3: "):
            read_csv(content, block_bytes=2**17)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit


def test_the_kinds_of_line_ends_are_named_where_they_change() -> None:
    with pytest.raises(InputError) as caught:
        read_csv("a,b\n" + "1,2\n" * 30 + "3,4\r5,6\n", block_bytes=64)
    assert re.match(r"f\.csv:32: ", caught.value.message)
