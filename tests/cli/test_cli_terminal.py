"""What a person sees: numbers in tables, and what these leave out."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, Screen, Terminal, assert_fits
from formulas import softmax
from in_one_test import in_one_test
from numpy.typing import NDArray

Array = NDArray[Any]
pytestmark = pytest.mark.usefixtures("folder")
LOSS = ["loss", "--logits", "z.csv", "--labels", "y.csv"]
WIDTHS = [80, 40]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")


def table_rows(screen: Screen) -> list[list[str]]:
    """Return the cells of the lines that begin with a row's number."""
    return [line.split() for line in screen.lines if re.match(r" *\d+ +(?!of )", line)]


def save_logits(folder: Path, rows: int, classes: int, scale: float = 1.0) -> Array:
    logits = np.random.default_rng(rows + classes).normal(scale=scale, size=(rows, classes))
    np.save(folder / "big.npy", logits)
    return logits


# Tables


@in_one_test
@pytest.mark.parametrize("columns", WIDTHS)
def test_loss(terminal: Terminal, run: Run, columns: int) -> None:
    numbers = run(*LOSS, "--json").json
    screen = terminal(*LOSS, columns=columns)
    assert_fits(screen, columns)
    for name in ("loss", "perplexity", "bits", "standard_error"):
        assert f"{name.replace('_', ' ')} " in screen.text
        assert repr(numbers[name]) in screen.text, "in full"
    assert "5 used, 0 ignored" in re.sub(r"\s+", " ", screen.text)
    dumb = terminal(*LOSS, columns=columns, env={"TERM": "dumb", "NO_COLOR": "1"})
    assert dumb.lines == screen.lines, "a dumb terminal has its width as others have"


def test_nll_has_a_name_of_its_own(terminal: Terminal) -> None:
    screen = terminal("nll", "--log-probs", "z.csv", "--labels", "y.csv", "-q")
    assert "negative log likelihood" in screen.text
    assert "cross entropy" in terminal(*LOSS).text


@in_one_test
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


@in_one_test
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


@in_one_test
@pytest.mark.parametrize(
    ("name", "columns", "scale"),
    [
        ("softmax", 40, 1.0),
        ("softmax", 120, 300.0),
        ("log-softmax", 80, 1.0),
        ("log-softmax", 40, 300.0),
    ],
)
def test_many_columns(
    terminal: Terminal, folder: Path, name: str, columns: int, scale: float
) -> None:
    probs = softmax(save_logits(folder, 3, 100, scale))
    screen = terminal(name, "big.npy", columns=columns)
    assert_fits(screen, columns)
    header = next(line.split() for line in screen.lines if "row" in line.split())
    shown = [int(cell) for cell in header if cell.isdigit()]
    assert shown[0] == 0, "the first columns"
    assert shown[-1] == 99, "and the last"
    assert header.count("…") == 1, "a mark where columns are left out"
    for line in table_rows(screen):
        numbers = [cell for cell in line[1:] if cell != "…"]
        assert all(NUMBER.fullmatch(cell) for cell in numbers), line
        got, want = np.array(numbers, float), probs[int(line[0]), shown]
        got = np.exp(got) if name == "log-softmax" else got
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4)
    assert f"{len(shown)} of 100 columns" in " ".join(screen.lines[-2:])


@in_one_test
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


@in_one_test
@pytest.mark.parametrize(("columns", "whole"), [(80, False), (120, True)])
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


@in_one_test
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


def test_no_table_where_something_else_was_asked_for(terminal: Terminal) -> None:
    (number,) = terminal(*LOSS, "--to", "csv").lines
    assert float(number) > 0
    assert terminal(*LOSS, "--json").text.startswith('{"command": "loss"')
    assert terminal("softmax", "z.csv", "--to", "csv").lines[0] == "cat,dog,bird"
    assert terminal("softmax", "z.csv", "-o", "out.csv") == (0, "")
    assert terminal("softmax", "z.csv", "--json").text.startswith('{"command": "softmax"')
