"""What a person sees: tables, what they leave out, colours, the progress bar."""

import contextlib
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import (
    PseudoTerminal,
    Run,
    Screen,
    Terminal,
    command,
    run_at_terminal,
    terminal_environment,
)
from numpy.typing import NDArray

Array = NDArray[Any]
pytestmark = pytest.mark.usefixtures("folder")
ESCAPE = "\x1b"
LOSS = ["loss", "--logits", "z.csv", "--labels", "y.csv"]
EXPLAIN = ["explain", "--logits", "z.csv", "--labels", "y.csv"]
WIDTHS = [80, 40]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")


def assert_fits(screen: Screen, columns: int) -> None:
    assert screen.code == 0, screen.text
    assert ESCAPE not in screen.text
    assert max(map(len, screen.lines)) <= columns


def table_rows(screen: Screen) -> list[list[str]]:
    """Return the cells of the lines that begin with a row's number."""
    return [line.split() for line in screen.lines if re.match(r" *\d+ +(?!of )", line)]


def save_logits(folder: Path, rows: int, classes: int, scale: float = 1.0) -> Array:
    logits = np.random.default_rng(rows + classes).normal(scale=scale, size=(rows, classes))
    np.save(folder / "big.npy", logits)
    return logits


def softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


# Tables


@pytest.mark.parametrize("columns", WIDTHS)
def test_loss(terminal: Terminal, run: Run, columns: int) -> None:
    numbers = run(*LOSS, "--json").json
    screen = terminal(*LOSS, columns=columns)
    assert_fits(screen, columns)
    for name in ("loss", "perplexity", "bits", "standard_error"):
        assert f"{name.replace('_', ' ')} " in screen.text
        assert repr(numbers[name]) in screen.text, "in full"
    assert "5 used, 0 ignored" in re.sub(r"\s+", " ", screen.text)


def test_nll_has_a_name_of_its_own(terminal: Terminal) -> None:
    screen = terminal("nll", "--log-probs", "z.csv", "--labels", "y.csv", "-q")
    assert "negative log likelihood" in screen.text
    assert "cross entropy" in terminal(*LOSS).text


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_small_matrix_is_shown_whole(terminal: Terminal, folder: Path, columns: int) -> None:
    logits = save_logits(folder, 4, 2)
    screen = terminal("softmax", "big.npy", columns=columns)
    assert_fits(screen, columns)
    want = [[str(i), *(f"{p:.4f}" for p in row)] for i, row in enumerate(softmax(logits))]
    assert table_rows(screen) == want
    assert "…" not in screen.text
    assert " of " not in screen.lines[-1]


def test_header_names_are_shown(terminal: Terminal) -> None:
    screen = terminal("softmax", "z.csv")
    assert any(line.split() == ["row", "cat", "dog", "bird"] for line in screen.lines)


@pytest.mark.parametrize("columns", WIDTHS)
def test_many_rows(terminal: Terminal, folder: Path, columns: int) -> None:
    probs = softmax(save_logits(folder, 1234, 2))
    screen = terminal("softmax", "big.npy", columns=columns)
    assert_fits(screen, columns)
    rows = table_rows(screen)
    places = [int(row[0]) for row in rows]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, 1233)
    assert len(rows) < 30
    for place, *numbers in rows:
        np.testing.assert_allclose([float(n) for n in numbers], probs[int(place)], atol=1e-4)
    closing = " ".join(screen.lines[-2:])
    assert f"{len(rows)} of 1,234 rows" in closing
    assert "-o FILE" in closing, "how to get it all"


@pytest.mark.parametrize("columns", [*WIDTHS, 120])
@pytest.mark.parametrize("scale", [1.0, 10.0, 300.0])
@pytest.mark.parametrize("name", ["softmax", "log-softmax"])
def test_many_columns(
    terminal: Terminal, folder: Path, name: str, columns: int, scale: float
) -> None:
    probs = softmax(save_logits(folder, 3, 500, scale))
    screen = terminal(name, "big.npy", columns=columns)
    assert_fits(screen, columns)
    header = next(line.split() for line in screen.lines if "row" in line.split())
    shown = [int(cell) for cell in header if cell.isdigit()]
    assert shown[0] == 0, "the first columns"
    assert shown[-1] == 499, "and the last"
    assert header.count("…") == 1, "a mark where columns are left out"
    for line in table_rows(screen):
        numbers = [cell for cell in line[1:] if cell != "…"]
        assert all(NUMBER.fullmatch(cell) for cell in numbers), line
        got, want = np.array(numbers, float), probs[int(line[0]), shown]
        got = np.exp(got) if name == "log-softmax" else got
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4)
    assert f"{len(shown)} of 500 columns" in " ".join(screen.lines[-2:])


@pytest.mark.parametrize("columns", WIDTHS)
def test_long_class_names_leave_the_digits_visible(
    terminal: Terminal, folder: Path, columns: int
) -> None:
    names = [f"a very long name of class {i}" for i in range(8)]
    logits = np.random.default_rng(0).normal(size=(2, 8))
    lines = [",".join(names), *(",".join(map(repr, row)) for row in logits.tolist())]
    (folder / "z.csv").write_text("\n".join(lines) + "\n")
    screen = terminal("softmax", "z.csv", columns=columns)
    assert_fits(screen, columns)
    rows = table_rows(screen)
    assert [row[0] for row in rows] == ["0", "1"], "the rows' numbers stay"
    for row in rows:
        numbers = [cell for cell in row[1:] if cell != "…"]
        assert numbers[0] == f"{softmax(logits)[int(row[0]), 0]:.4f}"
        assert all(NUMBER.fullmatch(cell) for cell in numbers)
    assert (" of 8 columns" in screen.text) == (columns == 40)
    header = screen.lines[1].split("  " if columns == 40 else " ")
    assert header[-1].endswith("7"), "names are cut in the middle"


@pytest.mark.parametrize(("columns", "whole"), [(80, False), (120, True), (200, True)])
def test_names_use_the_room_that_there_is(
    terminal: Terminal, folder: Path, columns: int, *, whole: bool
) -> None:
    names = ["n02123045 tabby, domestic cat", "n02123159 tiger cat", "n02124075 Egyptian cat, mau"]
    logits = [row.split(",") for row in (folder / "z.csv").read_text().splitlines()[1:]]
    header = ",".join(f'"{name}"' for name in names)
    (folder / "long.csv").write_text("\n".join([header, *map(",".join, logits), ""]))
    (folder / "label.csv").write_text(f'label\n"{names[0]}"\n' + f'"{names[2]}"\n' * 4)
    page = terminal("explain", "long.csv", "label.csv", columns=columns)
    assert page.code == 0
    assert max(map(len, page.lines)) <= columns
    assert ("…" not in page.text) == whole
    assert all(page.text.count(name) >= (6 if whole else 0) for name in names)
    softmax = terminal("softmax", "long.csv", columns=columns)
    assert max(map(len, softmax.lines)) <= columns
    assert columns == 80 or all(name in softmax.text for name in names)


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_deep_array_names_its_rows_by_index(
    terminal: Terminal, folder: Path, columns: int
) -> None:
    np.save(folder / "deep.npy", np.zeros((2, 3, 2)))
    screen = terminal("softmax", "deep.npy", columns=columns)
    assert_fits(screen, columns)
    labels = [line.split("  ")[0] for line in screen.lines if re.match(r"\d, \d ", line)]
    assert labels == ["0, 0", "0, 1", "0, 2", "1, 0", "1, 1", "1, 2"]


def test_losses_of_rows(terminal: Terminal, run: Run) -> None:
    want = [float(row) for row in run(*LOSS, "--reduction", "none").out.splitlines()]
    rows = table_rows(terminal(*LOSS, "--reduction", "none"))
    assert [float(row[1]) for row in rows] == pytest.approx(want, abs=1e-4)


def test_one_hot(terminal: Terminal) -> None:
    screen = terminal("one-hot", "y.npy", "--classes", "a,b,c")
    assert table_rows(screen)[:2] == [["0", "1", "0", "0"], ["1", "0", "1", "0"]]
    assert "rounded" not in screen.text


def test_no_rows(terminal: Terminal, folder: Path) -> None:
    np.save(folder / "none.npy", np.zeros((0, 3)))
    screen = terminal("softmax", "none.npy")
    assert (screen.code, screen.lines) == (0, ["softmax: no rows"])


@pytest.mark.parametrize("columns", WIDTHS)
def test_explain(terminal: Terminal, run: Run, columns: int) -> None:
    found = run(*EXPLAIN, "--json").json["explanation"]
    screen = terminal(*EXPLAIN, columns=columns)
    assert_fits(screen, columns)
    flat = re.sub(r"\s+", " ", screen.text)
    for step in ("logits", "softmax", "one-hot", "-y * log(p)", "log_softmax", "three routes"):
        assert step in flat
    for route in found["routes"]:
        assert repr(route["loss"]) in screen.text, "the results in full"
        if columns == 80:
            assert route["formula"] in screen.text
    assert "row loss" in flat


@pytest.mark.parametrize("columns", WIDTHS)
def test_explain_says_what_it_leaves_out(terminal: Terminal, folder: Path, columns: int) -> None:
    save_logits(folder, 5, 30)
    np.save(folder / "y.npy", np.array([7, 1, 29, 0, 3]))
    screen = terminal("explain", "--logits", "big.npy", "--labels", "y.npy", columns=columns)
    assert_fits(screen, columns)
    headers = [line.split() for line in screen.lines if line.split()[:1] == ["row"]]
    assert headers
    for header in headers:
        assert "…" in header, "a mark where columns are left out"
    assert "of 30 columns" in re.sub(r"\s+", " ", screen.text)


def test_explain_shows_the_labels_columns(terminal: Terminal, folder: Path) -> None:
    save_logits(folder, 5, 30)
    np.save(folder / "y.npy", np.array([7, 1, 29, 0, 3]))
    screen = terminal("explain", "--logits", "big.npy", "--labels", "y.npy")
    header = next(line.split() for line in screen.lines if line.split()[:1] == ["row"])
    assert {"1", "7", "29"} <= set(header)


def test_explain_of_underflow(terminal: Terminal, folder: Path) -> None:
    (folder / "z.csv").write_text("0,1000,3\n")
    (folder / "y.csv").write_text("0\n")
    screen = terminal(*EXPLAIN)
    assert screen.code == 0
    assert "nan" in screen.text
    assert "1000.0" in screen.text
    assert "becomes 0" in screen.text


def test_explain_of_nan_names_the_place(terminal: Terminal, folder: Path) -> None:
    np.save(folder / "z.npy", np.array([[0.0, np.nan]]))
    np.save(folder / "y.npy", np.array([0]))
    screen = terminal("explain", "--logits", "z.npy", "--labels", "y.npy")
    assert "In 0 places" not in screen.text
    assert screen.code == 1
    assert "z.npy[0, 1]: logit nan" in screen.text


@pytest.mark.parametrize("columns", WIDTHS)
def test_info(terminal: Terminal, run: Run, columns: int) -> None:
    found = run("info", "z.csv", "y.npy", "--json").json["files"]
    screen = terminal("info", "z.csv", "y.npy", columns=columns)
    assert_fits(screen, columns)
    flat = re.sub(r"\s+", " ", screen.text)
    for said in ("z.csv", "y.npy", "5 × 3", "cat, dog, bird", "looks like", "logits", "labels"):
        assert said in flat
    if columns == 80:
        lines = [line.split()[0] for line in screen.lines if line]
        assert lines == ["file", "z.csv", "y.npy", "fits:"], "a line each"
        assert f"{found[0]['minimum']:.4g} to {found[0]['maximum']:.4g}" in flat
    else:
        alone = terminal("info", "z.csv", columns=columns).text
        for number in ("minimum", "maximum", "mean"):
            assert repr(found[0][number]) in screen.text
            assert repr(found[0][number]) in alone
    assert "xent loss z.csv y.npy" in flat


def test_no_table_where_something_else_was_asked_for(terminal: Terminal) -> None:
    (number,) = terminal(*LOSS, "--to", "csv").lines
    assert float(number) > 0
    assert terminal(*LOSS, "--json").text.startswith('{"command": "loss"')
    assert terminal("softmax", "z.csv", "--to", "csv").lines[0] == "cat,dog,bird"
    assert terminal("softmax", "z.csv", "-o", "out.csv") == (0, "")
    assert terminal("softmax", "z.csv", "--json").text.startswith('{"command": "softmax"')


# Colour


COMMANDS = [
    LOSS,
    EXPLAIN,
    ["softmax", "z.csv"],
    ["one-hot", "y.csv"],
    ["info", "z.csv"],
    ["softmax", "missing.csv"],
    ["softmax", "index.csv"],
    ["softmax", "z.csv", "--temperature", "0"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_colour_only_where_it_is_wanted(
    terminal: Terminal, folder: Path, arguments: list[str]
) -> None:
    (folder / "index.csv").write_text(",a,b\n0,1,2\n")
    assert ESCAPE in terminal(*arguments, env={}).text
    assert ESCAPE not in terminal(*arguments, env={"NO_COLOR": "1"}).text
    assert ESCAPE not in terminal(*arguments, "--color", "never", env={}).text
    both = terminal(*arguments, "--color", "always", env={"NO_COLOR": "1"})
    assert ESCAPE not in both.text, "NO_COLOR wins"


def test_usage_errors_heed_color_never(terminal: Terminal) -> None:
    for arguments in (["softmax", "z.csv", "--bogus"], ["softmax", "z.csv", "--axis", "x"]):
        assert ESCAPE not in terminal(*arguments, "--color", "never", env={}).text


def test_color_always_colours_a_pipe(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    (folder / "index.csv").write_text(",a,b\n0,1,2\n")
    outcome = run("softmax", "index.csv", "--color", "always")
    assert ESCAPE in outcome.err
    assert ESCAPE not in outcome.out, "data stay data"
    assert ESCAPE in run("softmax", "missing.csv", "--color", "always").err


# A terminal of its own, and the progress bar


def test_output_that_a_terminal_cannot_encode(folder: Path) -> None:
    """In an ASCII locale an ellipsis may look odd; it does not end the run."""
    save_logits(folder, 100, 3)
    terminal = PseudoTerminal(80)
    env = terminal_environment(80, {"PYTHONIOENCODING": "ascii"})
    done = subprocess.run(
        command("softmax", "big.npy"),
        cwd=folder,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=terminal.follower,
        stderr=terminal.follower,
        check=False,
        timeout=60,
    )
    screen = Screen(done.returncode, terminal.close())
    assert screen.code == 0, screen.text
    assert "15 of 100 rows" in screen.text


def watch(folder: Path, stderr: int | None) -> subprocess.Popen[bytes]:
    """Start a loss of four blocks that come through a pipe."""
    arguments = ["loss", "--logits", "-", "--labels", "four.npy", "--jobs", "1"]
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env={**os.environ, **terminal_environment(80, {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if stderr is None else stderr,
    )


def test_progress_is_for_terminals_and_for_work_of_a_second(folder: Path) -> None:
    np.save(folder / "four.npy", np.zeros(4, np.int64))
    np.save(folder / "four_logits.npy", np.zeros((4, 2**20), np.float16))
    content = (folder / "four_logits.npy").read_bytes()
    first = len(content) - 3 * 2**21
    slow, fast = PseudoTerminal(80), PseudoTerminal(80)
    processes = [watch(folder, stderr) for stderr in (slow.follower, None, fast.follower)]
    for process, part in zip(processes, (content[:first], content[:first], content), strict=True):
        assert process.stdin
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(part)
            process.stdin.flush()
    time.sleep(1.1)  # the pipe holds less than a block, so all have begun
    for process in processes[:2]:
        assert process.stdin
        process.stdin.write(content[first:])
    ends = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert [float(out) for out, _ in ends] == [pytest.approx(20 * np.log(2))] * 3
    assert re.search(r"\d of 4 rows", slow.close())
    assert fast.close() == ""
    assert ends[1][1] == b""


def test_the_terminal_of_a_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as in this process, and the width is asked of the terminal itself."""
    terminal = PseudoTerminal(40)
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    done = subprocess.run(
        command("softmax", "z.csv"),
        cwd=folder,
        env={**env, "NO_COLOR": "1", "TERM": "xterm"},
        stdin=terminal.follower,
        stdout=terminal.follower,
        stderr=terminal.follower,
        check=False,
        timeout=60,
    )
    monkeypatch.chdir(folder)
    assert Screen(done.returncode, terminal.close()) == run_at_terminal(
        ("softmax", "z.csv"), 40, {"NO_COLOR": "1"}
    )


def test_bytes_are_not_shown_at_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 2)))
    screen = terminal("softmax", tmp_path / "x.npy", "--to", "npy")
    assert screen.code == 2
    assert "error: npy is no text for a terminal" in screen.text
