"""Odd CSV through the command line, in one block and in many: one line, with place and cure.

In many blocks the fast parsers come first, as in a file of more than 2 MB.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run, refusal
from forking import said_by
from in_one_test import in_one_test

from xentcli.formats.csv.source import CsvSource

GOOD = b"1.5,2.5\n" * 40


def at_42(line: bytes) -> bytes:
    """Return a file with this line and others that are good."""
    return b"a,b\n" + GOOD + line


TRAPS: dict[str, tuple[bytes, str, str]] = {
    # name: file, start of the message behind its name, part of the hint
    "short": (at_42(b"3\n"), ":42: 1 cell where there should be 2", ""),
    "long": (at_42(b"3,4,5\n"), ":42: 3 cells where there", "hold the delimiter"),
    "trailing comma": (at_42(b"3,4,\n"), ":42: 3 cells where", "the line ends"),
    "trailing commas": (b"a,b\n" + b"3,4,\n" * 40, ":2: 3 cells where", "ends with a delimiter"),
    "trailing commas everywhere": (b"a,b,\n" + b"3,4,\n" * 40, ":2: column 3: an empty", "drop 3"),
    "text": (at_42(b"3,x\n"), ":42: column 'b': 'x' is not a number", ""),
    "decimal comma": (b"a;b\n" + b"1;2\n" * 40 + b"3;1,5\n", ":42: column 'b': '1,5'", "--decimal"),
    "thousands": (at_42(b'3,"1,234"\n'), ":42: column 'b': '1,234' is not a", "written 1234"),
    "unquoted thousands": (at_42(b"3,1,234\n"), ":42: 3 cells where", "1,234 must be"),
    "hex": (at_42(b"3,0x1F\n"), ":42: column 'b': '0x1F' is not", "like 1234"),
    "underscore": (at_42(b"3,1_000\n"), ":42: column 'b': '1_000' is not", "like 1234"),
    "empty": (at_42(b"3,\n"), ":42: column 'b': an empty cell", "fill it in"),
    "empty line": (at_42(b"\n1,2\n"), ":42: an empty line", "delete it"),
    "two names": (b"a,b,a\n" + b"1,2,3\n" * 40, ":1: two columns are named 'a': 1 and 3", "rename"),
    "only a header": (b"a,b\n", ": there is a header but no row", ""),
    "nothing": (b"", ": the file is empty", "to the end"),
    "NUL": (at_42(b"3,1\0\n"), r":42: column 'b': '1\x00' is not a number", "utf-16-le"),
    "NULs": ("a,b\n1,2\n".encode("utf-16-le") * 40, ": every other byte is 0", "utf-16-le"),
    "not UTF-8": (at_42(b"3,\xe9\n"), ":42: byte 0xe9 is not UTF-8", "--encoding"),
    "cut UTF-8": (at_42(b"3,\xc3"), ":42: byte 0xc3 is not UTF-8", "--encoding"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), ": the text is UTF-16", "--encoding utf-16"),
    "UTF-32": ("a,b\n1,2\n".encode("utf-32"), ": the text is UTF-32", "--encoding utf-32"),
    "cut by pandas": (at_42(b"...,...\n"), ":42: column 'a': '...' is not a", "whole"),
    "cut by NumPy": (at_42(b"3,[0.1 ... 0.9]\n"), ":42: column 'b': '[0.1 ... ", "whole"),
    "cut columns": (b"a,b,c\n" + b"1,2,3\n" * 40 + b"1,...,2,3\n", ":42: 4 cells where", "whole"),
    "printed array": (b"[[1.5 2.5]\n [3.5 4.5]]\n", ":1:7: no JSON: ", "savetxt"),
    "line end in quotes": (at_42(b'3,"1\n2"\n'), r":42: column 'b': '1\n2' is", ""),
    "open quote": (at_42(b'3,"4\n'), ":42: a quote is never closed", "twice"),
    "open quote in the header": (b'a,"b\n' + GOOD, ":1: a quote is never closed", "twice"),
    "R's names of rows": (
        b'"A" "B"\n' + b"".join(b'"row%d" 1.5 2\n' % i for i in range(40)),
        ": column 1 may be no class: it holds text",
        "--drop 1",
    ),
}  # fmt: skip


@in_one_test
@pytest.mark.parametrize("open_one", ["z.csv", "y.csv"])
def test_an_open_quote_is_said_before_the_rows_that_it_swallows(run: Run, open_one: str) -> None:
    texts = {"z.csv": "a,b\n1,2\n3,4\n5,6\n", "y.csv": "label\nb\na\nb\n"}
    for name, text in texts.items():
        lines = text.splitlines()
        lines[2] = f'"{lines[2]}' if name == open_one else lines[2]
        Path(name).write_text("\n".join([*lines, ""]))
    outcome = run("loss", "z.csv", "y.csv")
    assert outcome.err.startswith(f"error: {open_one}:3: a quote is never closed\n")
    piped = run("loss", "-", "y.csv", stdin=Path("z.csv").read_bytes())
    assert f"{open_one.replace('z.csv', '<stdin>')}:3: a quote is never closed\n" in piped.err


@in_one_test
@pytest.mark.parametrize("name", TRAPS)
def test_traps(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    content, message, cure = TRAPS[name]
    Path("in.csv").write_bytes(content)
    outcomes = []
    for block in (2**21, 64):
        monkeypatch.setattr(CsvSource, "block_bytes", block)
        outcomes.append(run("softmax", "in.csv", "-o", "out.csv"))
    error, hint = refusal(outcomes[0])
    assert error.startswith(f"in.csv{message}")
    assert cure in hint
    assert outcomes[0] == outcomes[1]
    assert [path.name for path in Path().iterdir()] == ["in.csv"]
    assert Path("in.csv").read_bytes() == content


@in_one_test
@pytest.mark.parametrize("row", ["3,x", "3", '3,"1,234"'])
def test_the_same_message_in_a_file_of_more_than_a_block(
    run: Run, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    monkeypatch.setattr(CsvSource, "block_bytes", 2**14)
    Path("small.csv").write_text(f"a,b\n0.5,1.5\n{row}\n")
    small = run("softmax", "small.csv")
    Path("small.csv").write_text("a,b\n" + "0.5,123456.5\n" * 2_000 + f"{row}\n")
    assert Path("small.csv").stat().st_size > 2**14
    large = run("softmax", "small.csv", "-o", "out.csv")
    assert large.code == small.code == 1
    assert large.err == small.err.replace(":3:", ":2002:")


def test_a_line_without_an_end(tmp_path: Path) -> None:
    """It is refused before it fills the memory."""
    said = said_by("endless_line:main", [], tmp_path)
    error = "1 error: <stdin>:1: a line of more than 67108864 bytes\nhint: "
    assert said.startswith(error), said


def test_a_long_line_behind_others(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CsvSource, "block_bytes", 64)
    monkeypatch.setattr(CsvSource, "longest_line_bytes", 2**10)
    Path("in.csv").write_text("a,b\n" + "1,2\n" * 40 + "1.5," * 2**12)
    assert (
        refusal(run("softmax", "in.csv", "-o", "out.csv")).error
        == "in.csv:42: a line of more than 1024 bytes"
    )


def test_what_is_cut_short_or_flipped_is_read_or_refused(run: Run) -> None:
    content = b'id,a,"b ""c"""\r\nx,1.5,-2\r\n"y, z",3e-7,nan\r\n\xc3\xa9,inf,0\r\n'
    damaged = [content[:i] for i in range(0, len(content), 3)]
    for i, byte in [*enumerate(content)][::2]:
        damaged.append(content[:i] + bytes([byte ^ 1 << i % 7]) + content[i + 1 :])
    for part in damaged:
        Path("in.csv").write_bytes(part)
        outcome = run("softmax", "in.csv", "--id-column", "1", "--non-finite", "propagate")
        assert outcome.code == 0 or refusal(outcome), part


@in_one_test
@pytest.mark.parametrize(
    ("ids", "count", "block"),
    [
        (True, 300, 2**9),  # a row is longer than what is looked at first
        (True, 100, 2**11),
        (False, 100, 2**11),
    ],
)
def test_many_columns_there_and_back(
    run: Run, monkeypatch: pytest.MonkeyPatch, ids: bool, count: int, block: int
) -> None:
    monkeypatch.setattr(CsvSource, "block_bytes", block)
    monkeypatch.setattr("xentcli.formats.csv.writer._FORMATTED_CELLS", 150)
    names = [f"c{i}" for i in range(count)]
    head, start, option = ("id,", "img_{},", ["--id-column", "id"]) if ids else ("", "", [])
    lines = [start.format(i) + ",".join(["0"] * count) for i in range(3)]
    Path("in.csv").write_text("\n".join([head + ",".join(names), *lines, ""]))
    assert run("softmax", "in.csv", *option, "-o", "out.csv").code == 0
    header, *rows = Path("out.csv").read_text().splitlines()
    assert header == head + ",".join(names)
    assert rows == [start.format(i) + ",".join([repr(1 / count)] * count) for i in range(3)]


@pytest.mark.parametrize("header", ["2,0,1", "0,2,1,3"])
def test_a_first_row_that_numbers_the_columns_in_another_order(run: Run, header: str) -> None:
    """It is the header of a frame whose columns were put in another order, or data."""
    names = list(map(int, header.split(",")))
    z = np.random.default_rng(6).normal(size=(5, len(names)))
    labels = np.arange(5) % len(names)
    np.save("y.npy", labels)
    pd.DataFrame(z[:, names], columns=names).to_csv("z.csv", index=False)
    error, hint = refusal(run("loss", "z.csv", "y.npy"))
    assert error.startswith("z.csv:1: the first row numbers the columns in another order")
    assert hint == "say which with --header or --no-header"
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(5), labels]
    assert run("loss", "z.csv", "y.npy", "--header").number == pytest.approx(
        losses.mean(), rel=1e-12
    )
    Path("z.csv").write_text(f"{header}\n{header[::-1]}\n")  # whole numbers are data
    rows = np.array([names, names[::-1]], float)
    want = (np.log(np.exp(rows).sum(axis=1)) - rows[:, 0]).mean()
    assert run("loss", "z.csv", "0,0").number == pytest.approx(want, rel=1e-12)
