"""Where results go and in which form: JSON by extension, streams, ids of every kind, terminals."""

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, Terminal, strict_json
from in_one_test import in_one_test
from pyarrow import feather

pytestmark = pytest.mark.usefixtures("folder")
LOSS = ["loss", "z.csv", "y.csv"]
COMMANDS = [
    LOSS,
    [*LOSS, "--reduction", "none"],
    ["softmax", "z.csv"],
    ["one-hot", "y.csv"],
    ["info", "z.csv"],
    ["explain", "z.csv", "y.csv"],
]


@in_one_test
@pytest.mark.parametrize("arguments", COMMANDS)
def test_json_by_extension(run: Run, arguments: list[str]) -> None:
    want = run(*arguments, "--to", "json")
    assert run(*arguments, "-o", "out.json") == (0, b"", b"")
    assert Path("out.json").read_bytes() == want.stdout
    strict_json(want.stdout)


def test_json_in_other_words(run: Run) -> None:
    assert run("softmax", "z.csv", "--to", "json") == run("softmax", "z.csv", "--json")
    Path("out.json").touch()
    assert run("softmax", "z.csv", "-o", "out.json").code == 1, "it exists already"


@in_one_test
@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_stream_without_an_extension(run: Run, arguments: list[str]) -> None:
    want = run(*arguments)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe:
        assert run(*arguments, "-o", f"/dev/fd/{writer}") == (0, b"", want.stderr)
        os.close(writer)
        assert pipe.read() == want.stdout


def test_a_device_that_is_full(run: Run) -> None:
    for arguments in COMMANDS[1:4]:
        full = run(*arguments, "-o", "/dev/full")
        assert full.err.endswith("error: /dev/full: cannot be written: no space left on device\n")
        assert (full.code, full.out) == (1, "")


def test_an_extension_that_says_nothing(run: Run) -> None:
    assert run(*LOSS, "-o", "loss.now").code == 0
    assert Path("loss.now").read_text() == run(*LOSS).out
    for arguments in (["softmax", "z.csv"], [*LOSS, "--reduction", "none"]):
        outcome = run(*arguments, "-o", "out.now")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("error: out.now: its extension names no format\nhint: --to ")


PARIS = dt.timezone(dt.timedelta(hours=1))
IDS: list[tuple[Any, Any, str]] = [
    (pa.array([1.5, np.nan]), [1.5, None], "nan"),
    (pa.array([-np.inf, np.inf]), [None, None], "inf"),
    (pa.array([dt.date(2024, 1, 31)] * 2), ["2024-01-31"] * 2, "2024-01-31"),
    (pa.array([dt.time(1, 2, 3)] * 2), ["01:02:03"] * 2, "01:02:03"),
    (pa.array([Decimal("1.50")] * 2), ["1.50"] * 2, "1.50"),
    (pa.array(["é".encode(), b"\xff"]), ["é", "\\xff"], "\\xff"),
    (
        pa.array([10**18 + 1] * 2, pa.timestamp("ns")),
        ["2001-09-09T01:46:40.000000001"] * 2,
        "2001-09-09T01:46:40.000000001",
    ),
    (
        pa.array([dt.datetime(2024, 1, 1, 12, tzinfo=PARIS)] * 2),
        ["2024-01-01T12:00:00+01:00"] * 2,
        "2024-01-01T12:00:00+01:00",
    ),
    (pa.array([1, 2**60]), [1, 2**60], str(2**60)),
    (
        pa.array([1, 2000], pa.timestamp("ns", tz="+01:30")),
        ["1970-01-01T01:30:00.000000001+01:30", "1970-01-01T01:30:00.000002000+01:30"],
        "1970-01-01T01:30:00.000002000+01:30",
    ),
    (
        pa.array([1, 2000], pa.timestamp("ns", tz="UTC")),
        ["1970-01-01T00:00:00.000000001+00:00", "1970-01-01T00:00:00.000002000+00:00"],
        "1970-01-01T00:00:00.000002000+00:00",
    ),
    (
        pa.array([1, 10**9 + 1], pa.time64("ns")),
        ["00:00:00.000000001", "00:00:01.000000001"],
        "00:00:01.000000001",
    ),
]


@in_one_test
@pytest.mark.parametrize(("ids", "in_json", "in_csv"), IDS)
def test_ids_of_every_kind(run: Run, ids: Any, in_json: list[Any], in_csv: str) -> None:
    pq.write_table(pa.table({"id": ids, "a": [1.0, 2.0], "b": [0.0, 1.0]}), "in.parquet")
    softmax = ["softmax", "in.parquet", "--id-column", "id"]
    assert run(*softmax, "--json").json["ids"] == in_json
    assert run(*softmax).out.splitlines()[2].startswith(f"{in_csv},")


def test_dates_and_spans_of_arrow_files(run: Run) -> None:
    values = {"a": [1.0, 2.0], "b": [0.0, 1.0]}
    softmax = ["softmax", "in.arrow", "--id-column", "id", "--json"]
    dates = pa.array([dt.date(2024, 1, 31)] * 2, pa.date64())
    feather.write_feather(pa.table({"id": dates, **values}), "in.arrow")
    assert run(*softmax).json["ids"] == ["2024-01-31"] * 2
    spans = pa.array([(1, 2, 3)] * 2, pa.month_day_nano_interval())
    feather.write_feather(pa.table({"id": spans, **values}), "in.arrow")
    what = "column 'id' holds month_day_nano_interval, and ids are numbers or text"
    assert run(*softmax) == (1, b"", f"error: in.arrow: {what}\n".encode())


@in_one_test
@pytest.mark.parametrize("odd", ["\x9b31m", "a\u202eb", "a\u2028b", "\x7f", "\x1b[31m"])
def test_a_terminal_obeys_no_text(terminal: Terminal, run: Run, odd: str) -> None:
    Path("in.csv").write_text(f"id,x{odd},b\n{odd},1,2\n", encoding="utf-8")
    softmax = ["softmax", "in.csv", "--id-column", "id"]
    found = strict_json(terminal(*softmax, "--json", columns=400).text)
    assert found["ids"] == [odd]
    assert found["columns"] == [f"x{odd}", "b"]
    assert run(*softmax, "--json").json == found
    text = terminal(*softmax, "--to", "csv").text
    assert all(c.isprintable() or c == "\n" for c in text), ascii(text)
    assert run(*softmax).out.splitlines(keepends=True)[0].startswith(f"id,x{odd[:1]}")


def test_the_losses_of_rows_have_a_name(terminal: Terminal) -> None:
    for command in ("loss", "nll"):
        screen = terminal(command, "z.npy", "y.npy", "--reduction", "none", "--quiet")
        assert screen.lines[1].split() == ["row", "loss"]
