"""What the command decides about CSV input, what it says about that, and how to overrule it."""

import math
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run
from in_one_test import in_one_test


def rows_read(run: Run, text: str, *arguments: str) -> tuple[list[list[float]], str]:
    """Return the logits that are read, up to a constant in each row, and what is said."""
    Path("in.csv").write_text(text)
    outcome = run("log-softmax", "in.csv", "--json", *arguments)
    assert outcome.code == 0, outcome.err
    values = np.array(outcome.json["values"])
    return (values - values[:, :1]).round(9).tolist(), outcome.err


PLAIN = [[0.0, 1.0], [0.0, 2.0]]


@in_one_test
@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("5,6\n5,7\n", [], ""),
        ("a,b\n0,1\n0,2\n", [], ""),
        ('"a","b"\r\n0,1\r\n0,2\r\n', [], ""),
        ("a,b\n0,1\n0,2", [], ""),
        ("\ufeffa,b\n0,1\n0,2\n\n", [], ""),
        ("0,1\n0,2\n", ["--no-header"], ""),
        ("7,8\n0,1\n0,2\n", ["--header"], ""),
        ("1,234;x\n0;1\n0;2\n", ["--delimiter", ";", "--header"], ""),
        ("a;b\n0;1\n0;2\n", [], "note: in.csv: cells are separated by a semicolon\n"),
        ("a\tb\n0\t1\n0\t2\n", [], "note: in.csv: cells are separated by a tab\n"),
        ("a|b\n0|1\n0|2\n", ["--delimiter", "|"], ""),
        ("a\tb\n0\t1\n0\t2\n", ["--delimiter", "tab"], ""),
        ("a\tb\n0\t1\n0\t2\n", ["--from", "tsv"], ""),
        (",a,b\n0,0,1\n1,0,2\n", [], "note: in.csv: the first column, without a name, counts the"),
        ("0,1\n0,1\n0,2.0\n", [], "note: in.csv: the first row counts the columns: read as a"),
        ("a,b,c\n0,1,x\n0,2,y\n", ["--drop", "c"], ""),
        ("a,b,c\n0,9,1\n0,9,2\n", ["--columns", "a,c"], ""),
        ("a,b,c\n0,9,1\n0,9,2\n", ["--columns", "1,3"], ""),
        ('a,"b, c",d\n0,9,1\n0,9,2\n', ["--drop", '"b, c"'], ""),
        ("b,c,a\n1,9,0\n2,9,0\n", ["--columns", "a,b"], ""),
    ],
)
def test_the_same_rows(run: Run, text: str, arguments: list[str], said: str) -> None:
    rows, err = rows_read(run, text, *arguments)
    assert rows == PLAIN
    assert err.startswith(said)
    assert len(err.splitlines()) == bool(said)
    assert not said or rows_read(run, text, *arguments, "--quiet") == (PLAIN, "")


def test_no_header_makes_the_counting_row_data(run: Run) -> None:
    rows, err = rows_read(run, "0,1\n0,1\n0,2\n", "--no-header")
    assert (rows, err) == ([[0.0, 1.0], *PLAIN], "")


@pytest.mark.parametrize("cell", ["1,234", "0x10", "1_000"])
def test_an_almost_number_in_the_first_row(run: Run, cell: str) -> None:
    Path("in.csv").write_text(f"{cell};2\n1;2\n")
    refused = run("softmax", "in.csv", "--delimiter", ";")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        f"error: in.csv:1: column 1: '{cell}' may be a name or a number\n"
        "hint: say which with --header or --no-header\n"
    )
    assert run("softmax", "in.csv", "--delimiter", ";", "--header").code == 0


def test_an_index_that_stops_counting(run: Run) -> None:
    Path("in.csv").write_text(",a,b\n0,1,2\n1,1,2\n5,1,2\n")
    refused = run("softmax", "in.csv")
    assert (refused.code, refused.out) == (1, "")
    assert "error: in.csv:4: the first column, which has no name" in refused.err


@in_one_test
@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("a,b\n1,2\n3,1e999\n", [], "in.csv:3: column 'b': 1e999 is larger than any float64"),
        ("1,2\n3,x\n", [], "in.csv:2: column 2: 'x' is not a number"),
        ("a,b\n1,2\n", ["--columns", "c"], "in.csv: there is no column 'c'; it has 'a', 'b'"),
        ("1,2\n", ["--drop", "3"], "in.csv: there is no column '3'; it has columns 1 to 2"),
        ("a,b\n1,2\n1,é\n", [], "in.csv:3: column 'b': 'é' is not a number"),
    ],
)
def test_what_cannot_be_read(run: Run, text: str, arguments: list[str], message: str) -> None:
    Path("in.csv").write_text(text)
    outcome = run("softmax", "in.csv", *arguments, "-o", "out.csv")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {message}")
    assert [path.name for path in Path().iterdir()] == ["in.csv"]


def test_text_that_is_not_utf_8(run: Run) -> None:
    Path("in.csv").write_bytes("a,b\n1,2\n".encode("utf-16"))
    outcome = run("softmax", "in.csv")
    assert outcome.err.startswith("error: in.csv: the text is UTF-16")
    Path("in.csv").write_bytes(b"a,\xe9\n1,2\n")
    assert run("softmax", "in.csv").err.startswith("error: in.csv:1: byte 0xe9 is not UTF-8 text")


def test_one_column_is_no_matrix_of_logits(run: Run) -> None:
    """One logit a row has no second class; it must not be taken for one row of many classes."""
    Path("z.csv").write_text("logit\n0.3\n-1.2\n2.0\n")
    Path("y.csv").write_text("label\n0\n1\n1\n")
    outcome = run("loss", "--logits", "z.csv", "--labels", "y.csv")
    assert (outcome.code, outcome.out) == (1, "")


def test_the_line_of_a_wrong_label(run: Run) -> None:
    """Line numbers count the header, and reach beyond the first block."""
    Path("z.csv").write_text("a,b\n" + "0,1\n" * 2000)
    labels = ["label", *["1"] * 2000]
    labels[1041] = "17"
    Path("y.csv").write_text("\n".join(labels) + "\n")
    outcome = run("loss", "--logits", "z.csv", "--labels", "y.csv")
    assert outcome.err.splitlines()[0] == "error: y.csv:1042: label 17 is outside 0..1"


@pytest.mark.parametrize("header", [True, False])
def test_header_option_holds_for_both_files(run: Run, header: bool) -> None:
    top = "0,1\n" if header else ""
    Path("z.csv").write_text(top + "0,1\n2,3\n")
    Path("y.csv").write_text(("7\n" if header else "") + "0\n1\n")
    option = "--header" if header else "--no-header"
    outcome = run("loss", "--logits", "z.csv", "--labels", "y.csv", option)
    rows = [math.log(1 + math.e), math.log(1 + math.e) - 1]
    assert float(outcome.out) == pytest.approx(sum(rows) / 2)
    assert outcome.err == ""


def test_delimiters_of_several_bytes(run: Run) -> None:
    """Each of their bytes is one of other characters, too: é is 0xc3 0xa9, è is 0xc3 0xa8."""
    rows = [['"aè"', "b©"], ["1.5", '"2.25"'], ["7", '"-1e3"'], ["0.5", "0.25"]]
    commands = (["softmax", "--columns", "1"], ["softmax"], ["info", "--json"])

    def outcomes(delimiter: str) -> list[tuple[int, str, str]]:
        Path("in.csv").write_text("\n".join(map(delimiter.join, rows)), "utf-8")
        found = [run(*each, "in.csv", "--delimiter", delimiter) for each in commands]
        return [(each.code, each.out.partition('"bytes"')[0], each.err) for each in found]

    plain = outcomes(",")
    for delimiter in ("é", "\U0001f600", "\x85", "\u2028"):
        assert outcomes(delimiter) == plain, delimiter


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("utf-16", b"a,b\n1,2\n3"), ("punycode", "a,é\n1.5,2\n".encode()), ("idna", b"xn--\xff")],
)
def test_codecs_that_find_more_wrong(run: Run, encoding: str, content: bytes) -> None:
    outcome = run("softmax", "-", "--encoding", encoding, stdin=content)
    assert outcome.code == 1
    assert outcome.err.startswith("error: <stdin>:")


def test_a_delimiter_that_is_no_character(run: Run) -> None:
    outcome = run("softmax", "z.csv", "--delimiter", "\udcff")
    assert (outcome.code, "must be one character" in outcome.err) == (2, True)
