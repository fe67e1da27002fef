"""What xent eval shows at a terminal: tables that fit, names that are cut, numbers that are not."""

import re

import numpy as np
import pytest
from cli_files import DIGITS, write_rows
from cli_tools import Run, Terminal
from in_one_test import in_one_folder
from rich.cells import cell_len


def test_one_screen_for_ten_classes(terminal: Terminal) -> None:
    screen = terminal("eval", *DIGITS)
    assert len(screen.lines) <= 23
    assert max(map(len, screen.lines)) <= 80
    for text in ("0.1565 ± 0.0181", "0.9689", "436 of 450", "ECE 0.0690 (0.0306 by chance)"):
        assert text in screen.text
    assert "8 as 1  3" in screen.text
    assert screen.lines[-4].split()[:2] == ["38", "4.2382"]
    higher = terminal("eval", *DIGITS, env={"LINES": "26", "NO_COLOR": "1"})
    assert higher.lines[:-8] == screen.lines[:-6]
    assert len(higher.lines) == len(screen.lines) + 2


@in_one_folder
@pytest.mark.parametrize(
    ("columns", "more"),
    [(40, []), (60, []), (40, ["--metric", "all"]), (60, ["--metric", "all"])],
)
def test_no_line_is_wider_than_the_terminal(
    terminal: Terminal, columns: int, more: list[str]
) -> None:
    screen = terminal("eval", *DIGITS, *more, columns=columns)
    assert screen.code == 0
    assert max(map(len, screen.lines)) <= columns
    assert "…" not in screen.text, "columns are left out, and no number is cut"
    assert "8 as 1  3" in screen.text or more


@in_one_folder
@pytest.mark.parametrize("bins", [1, 60, 200])
def test_any_number_of_bins(terminal: Terminal, bins: int) -> None:
    screen = terminal("eval", *DIGITS, "--bins", str(bins))
    assert screen.code == 0
    assert max(map(len, screen.lines)) <= 80
    assert any(line.startswith("1.0 │") for line in screen.lines) == (bins <= 60)


def test_no_suspects_is_one_line(terminal: Terminal) -> None:
    lines = terminal("eval", *DIGITS, "--metric", "suspects").lines
    assert [line.strip() for line in lines if line.strip()] == [
        "suspects",
        "0 of 450 labels may be wrong",
    ]


def test_long_names_are_cut_in_the_middle(terminal: Terminal) -> None:
    names = ["a" * 60 + "1", "\x1b[31m" + "b" * 60]
    write_rows("z.csv", names, [[2, 1], [1, 2], [3, 1.5]])
    write_rows("y.csv", ["label"], [[0], [0], [1]])
    screen = terminal("eval", "z.csv", "y.csv")
    assert "…" in screen.text
    assert "\x1b[31m" not in screen.text
    assert max(map(len, screen.lines)) <= 80


def test_confused_classes_stand_below_each_other_in_any_script(terminal: Terminal) -> None:
    names = ["日本語", "cat", "🎉 party"]
    z = np.eye(3)[[0, 1, 2, 1, 2, 0]] * 4.0
    write_rows("z.csv", names, z.tolist())
    write_rows("y.csv", ["label"], [[names[i]] for i in (0, 1, 2, 0, 1, 2)])
    lines = terminal("eval", "z.csv", "y.csv").text.splitlines()
    pairs = [line.rpartition(" as ")[0] for line in lines if " as " in line]
    assert len({cell_len(text) for text in pairs}) == 1, pairs
    assert len(pairs) == 3


def test_a_matrix_of_wide_names_that_does_not_fit_is_a_list(terminal: Terminal) -> None:
    names = ["日本語クラス", "猫", "犬と鳥", "魚", "馬と牛の群れ", "牛", "羊の群れ", "🎉 party"]
    write_rows("z.csv", names, (np.eye(8) * 4.0).tolist() * 8)
    write_rows("y.csv", ["label"], [[name] for name in names for _ in names])
    command = ("eval", "z.csv", "y.csv", "--metric", "confusions", "-q")
    for columns in range(40, 90, 3):
        lines = terminal(*command, columns=columns).lines
        assert max(map(cell_len, lines)) <= columns
        counts = [cell for line in lines[2:] for cell in line.split() if len(cell) == 1]
        assert "…" not in counts, lines


def test_ids_have_the_room_that_numbers_leave(terminal: Terminal) -> None:
    names = [f"photographs/2024/image-{i:04d}.jpg" for i in range(3)]
    write_rows("z.csv", ["id", "cat", "dog"], [[name, 2, 1] for name in names])
    write_rows("y.csv", ["label"], [[0], [0], [1]])
    for columns, whole in ((80, False), (120, True)):
        screen = terminal("eval", "z.csv", "y.csv", "--id-column", "id", columns=columns)
        assert [name in screen.text for name in names] == [whole] * 3, screen.text
        for i in range(3):
            assert f"{i}.jpg" in screen.text, screen.text


def test_rows_of_shards_are_told_apart_where_their_names_are_cut(terminal: Terminal) -> None:
    logits = np.random.default_rng(3).normal(size=(4, 6, 3))
    for i, part in enumerate(logits):
        np.save(f"logits-of-a-long-run-{i:05}.npy", part)
        np.save(f"y-{i}.npy", part.argmin(axis=1))
    for columns in (50, 60):
        lines = terminal("eval", "logits-*.npy", "y-*.npy", columns=columns).lines
        start = next(i for i, line in enumerate(lines) if line.startswith("row "))
        for line in lines[start + 1 : start + 5]:
            assert re.match(r"….*0[0-3].*\[\d\] ", line), line


def test_names_of_groups_are_cut_and_their_numbers_are_not(terminal: Terminal, run: Run) -> None:
    long = "a name that is longer than any column can be, and then some"
    z = np.random.default_rng(1).normal(size=(40, 2))
    write_rows("z.csv", [f'"{long}"', "dog"], z.tolist())
    write_rows("y.csv", [f'"{long}"', "dog"], (z > 0.1).astype(int).tolist())
    for columns, metric in ((80, []), (80, ["--metric", "labels"]), (120, [])):
        shown = terminal("eval", "z.csv", "y.csv", "--binary", *metric, columns=columns)
        line = next(line for line in shown.lines if line.startswith("a na"))
        numbers = line.split()[-7:]
        assert numbers[0] == "40"
        assert all("…" not in number for number in numbers)
    assert len(run("eval", "z.csv", "y.csv", "--binary", "--metric", "labels").out) > len(long)
