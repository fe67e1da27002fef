"""Ids beside rows: carried unchanged to every output that can hold them."""

import csv
import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run, Terminal, refusal
from close_to import close_to
from in_one_test import in_one_test

from xentcli import cross_entropy, softmax

IDS = ["img_1", ' say "hi", ', "two\nlines", "naïve ☃", "", "007"]
LOGITS = np.random.default_rng(5).normal(size=(6, 2))
LABELS = [0, 1, 1, 0, 0, 1]
SOFTMAX = ["softmax", "in.csv", "--drop", "label", "--id-column", "id"]
LOSS = ["loss", "--logits", "in.csv", "--label-column", "label", "--id-column", "id"]
NONE = [*LOSS, "--reduction", "none"]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    save(tmp_path / "in.csv", IDS)


def save(path: Path, ids: list[str], header: tuple[str, ...] = ("cat", "dog")) -> None:
    frame = pd.DataFrame(np.resize(LOGITS, (len(ids), 2)), columns=header)
    frame.insert(1, "id", ids)
    frame["label"] = np.resize(LABELS, len(ids))
    frame.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize(("suffix", "block"), [("csv", 2**21), ("tsv", 64)])
def test_softmax(run: Run, monkeypatch: pytest.MonkeyPatch, suffix: str, block: int) -> None:
    monkeypatch.setattr("xentcli.formats.csv.source.CsvSource.block_bytes", block)
    assert run(*SOFTMAX, "-o", f"out.{suffix}", "--jobs", "2").code == 0
    content = Path(f"out.{suffix}").read_bytes().decode()
    header, *rows = rows_of(content, "\t" if suffix == "tsv" else ",")
    assert header == ["id", "cat", "dog"]
    assert [row[0] for row in rows] == IDS
    probs = [[float(cell) for cell in row[1:]] for row in rows]
    assert probs == softmax(LOGITS).tolist()


def test_what_is_written_is_read_again(run: Run) -> None:
    assert run(*SOFTMAX, "-o", "out.csv").code == 0
    again = run("log-softmax", "out.csv", "--id-column", "id").out
    assert [row[0] for row in rows_of(again)[1:]] == IDS


@pytest.mark.parametrize("axis", ["0", "-2"])
def test_along_the_file(run: Run, axis: str) -> None:
    rows = rows_of(run(*SOFTMAX, "--axis", axis).out)[1:]
    assert [row[0] for row in rows] == IDS
    got = [[float(cell) for cell in row[1:]] for row in rows]
    np.testing.assert_allclose(got, softmax(LOGITS, axis=0), rtol=1e-14)


def test_losses(run: Run) -> None:
    header, *rows = rows_of(run(*NONE).out)
    assert header == ["id", "loss"]
    assert [row[0] for row in rows] == IDS
    want = cross_entropy(LOGITS, LABELS, reduction="none").tolist()
    assert [float(row[1]) for row in rows] == want


def test_without_a_header(run: Run) -> None:
    Path("in.csv").write_text('a,1,2\n"b,c",3,4\n')
    out = run("softmax", "in.csv", "--id-column", "1").out
    assert [row[0] for row in rows_of(out)] == ["id", "a", "b,c"]
    assert len(out.splitlines()) == 3


def test_json(run: Run) -> None:
    got = run(*SOFTMAX, "--json").json
    assert (got["id_column"], got["ids"], got["columns"]) == ("id", IDS, ["cat", "dog"])
    assert got["values"] == softmax(LOGITS).tolist()
    got = run(*NONE, "--json").json
    assert (got["ids"], len(got["losses"]), got["rows"]) == (IDS, 6, 6)
    assert "ids" not in run("softmax", "in.csv", "--columns", "cat,dog", "--json").json


def test_a_format_that_holds_no_ids(run: Run) -> None:
    outcome = run(*SOFTMAX, "-o", "out.npy")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("error: out.npy: npy holds no ids; these do: csv, tsv")
    assert not Path("out.npy").exists()


MISUSED: list[tuple[list[str], int, str]] = [
    (["info", "in.csv", "--id-column", "id"], 2, "No such option: --id-column"),
    (["softmax", "in.csv", "--id-column", "no"], 1, "in.csv: there is no column 'no'; it has"),
    (["softmax", "z.npy", "--id-column", "id"], 1, "z.npy: npy has no columns to choose from"),
]  # fmt: skip


@in_one_test
@pytest.mark.parametrize(("arguments", "code", "message"), MISUSED)
def test_misuse(run: Run, arguments: list[str], code: int, message: str) -> None:
    np.save("z.npy", LOGITS)
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith(f"error: {message}")


# At a terminal


def test_ids_label_the_rows(terminal: Terminal) -> None:
    for columns in (80, 40):
        screen = terminal(*SOFTMAX, columns=columns)
        assert screen.code == 0
        assert max(map(len, screen.lines)) <= columns
        assert screen.lines[1].split() == ["id", "cat", "dog"]
        shown = ["img_1", '"hi",', r"two\nlines", "naïve", "", "007"]
        for i, (name, row) in enumerate(zip(shown, softmax(LOGITS), strict=True)):
            line = screen.lines[2 + i]
            assert name in line
            assert line.endswith("  ".join(f"{p:.4f}" for p in row))


def test_long_ids_leave_the_numbers_visible(terminal: Terminal) -> None:
    save(Path("in.csv"), [f"{'image ' * 9}{i}" for i in range(20)])
    for columns in (80, 40):
        screen = terminal(*SOFTMAX, columns=columns)
        assert max(map(len, screen.lines)) <= columns
        rows = [line for line in screen.lines if line.startswith("image ")]
        assert len(rows) == 15
        assert all(re.search(r"^image .*….*\d  0\.\d{4}  0\.\d{4}$", line) for line in rows)


HOSTILE = [
    ("[red]x[/red]", "[red]x[/red]"),
    (":smile:", ":smile:"),
    ("\x1b[31mred", r"\x1b[31mred"),
    ("a\u202eb", r"a\u202eb"),
    ("a\rb", r"a\rb"),
    ("a\u2028b", r"a\u2028b"),
]


@in_one_test
@pytest.mark.parametrize(("name", "shown"), HOSTILE)
def test_hostile_text_is_shown_escaped_and_written_unchanged(
    terminal: Terminal, run: Run, name: str, shown: str
) -> None:
    with Path("in.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[name, "cat", "dog"], [f"{name}1", "1", "2"], ["x", "3", "4"]])
    screen = terminal("softmax", "in.csv", "--id-column", "1", columns=100)
    assert screen.code == 0, screen.text
    assert all(c.isprintable() for c in screen.text.replace("\n", "")), ascii(screen.text)
    assert [line.split()[0] for line in screen.lines[1:4]] == [shown, f"{shown}1", "x"]
    assert run("softmax", "in.csv", "--id-column", "1", "-o", "out.csv").code == 0
    header, *rows = rows_of(Path("out.csv").read_bytes().decode())
    assert [header[0], *(row[0] for row in rows)] == [name, f"{name}1", "x"]
    classes = f"{name} ,dog"  # in hints, errors and notes
    labels = terminal("one-hot", "in.csv", "--classes", classes, "--columns", "1", "--header")
    assert labels.code == 1
    assert all(c.isprintable() for c in labels.text.replace("\n", "")), ascii(labels.text)
    assert shown in labels.text.replace("\\\\", "\\")


# Formulas


@in_one_test
@pytest.mark.parametrize(
    ("cell", "where"),
    [
        *((each, "id") for each in ("=1+1", "+cmd", "@A1", "-x", "-1+2", "\t1", "\rx", "=" * 99)),
        *((each, "header") for each in ("=1+1", "-x", "=" * 99)),
    ],
)
def test_cells_that_a_spreadsheet_would_run(run: Run, cell: str, where: str) -> None:
    if where == "id":
        save(Path("in.csv"), ["x", cell, "=2"])
    else:
        save(Path("in.csv"), ["x"], (cell, "@2"))
    outcome = run(*SOFTMAX, "-o", "out.csv")
    assert outcome.code == 0
    shown = repr(cell if len(cell) <= 40 else cell[:37] + "...")
    said = f"warning: out.csv: a spreadsheet would run the cell {shown} as a formula\n"
    assert outcome.err == said.replace("\\\\", "\\")
    rows = rows_of(Path("out.csv").read_bytes().decode())
    assert (rows[2][0] if where == "id" else rows[0][1]) == cell


def test_formulas_are_said_of_csv_alone_and_unless_quiet(run: Run) -> None:
    save(Path("in.csv"), ["x", "=1+1"])
    assert run(*SOFTMAX, "--json").err == ""
    assert run(*SOFTMAX, "-q", "-o", "quiet.csv").err == ""


@in_one_test
@pytest.mark.parametrize("cell", ["-1.5", "+2", "-1e5", "a=b", "", "-inf", " =1"])
def test_cells_that_are_no_formulas(run: Run, cell: str) -> None:
    save(Path("in.csv"), [cell, "x"])
    outcome = run(*SOFTMAX)
    assert (outcome.code, outcome.err) == (0, "")
    assert not math.isnan(float(rows_of(outcome.out)[1][1]))


@in_one_test
@pytest.mark.parametrize(
    ("kind", "ending", "of_labels"),
    [
        ("string", "csv", "parquet"),
        ("string", "parquet", "arrow"),
        ("string", "arrow", "csv"),
        ("Int64", "csv", "arrow"),
        ("Int64", "parquet", "parquet"),
        ("Int64", "arrow", "csv"),
    ],
)
def test_a_missing_id_is_the_empty_one(run: Run, kind: Any, ending: str, of_labels: str) -> None:
    """A null is what an empty cell is: two of them go by place, as any doubled ids do."""
    for ids in (["7", None, "5", "3"], ["7", None, "5", None]):
        names = pd.Series(ids, dtype="string").astype(kind)
        z = pd.DataFrame(LOGITS[:4], columns=["cat", "dog"]).assign(id=names)
        y = pd.DataFrame({"id": names, "label": LABELS[:4]})
        want = [cross_entropy(LOGITS[i], LABELS[i]) for i in range(4)]
        for order in ([0, 1, 2, 3], [2, 1, 3, 0]):
            write_table(z, f"z.{ending}")
            write_table(y.iloc[order], f"y.{of_labels}")
            outcome = run("loss", f"z.{ending}", f"y.{of_labels}", "--reduction", "none")
            if order[0] and ids[3] is None:
                assert f"y.{of_labels}" in refusal(outcome).error
                assert "a second label with the id ''" in outcome.err
                continue
            rows = rows_of(outcome.out)[1:]
            assert [row[0] for row in rows] == ["7", "", "5", ids[3] or ""]
            assert [float(row[1]) for row in rows] == close_to(want, rel=1e-14)
    z.assign(cat=None).to_parquet("z.parquet")
    assert "null" in refusal(run("loss", "z.parquet", f"y.{of_labels}")).error


def write_table(table: pd.DataFrame, name: str) -> None:
    if name.endswith("csv"):
        table.to_csv(name, index=False)
    elif name.endswith("parquet"):
        table.to_parquet(name, index=False)
    else:
        table.reset_index(drop=True).to_feather(name)
