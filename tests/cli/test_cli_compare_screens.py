"""xent compare at a terminal: a verdict for everybody, and lines that fit."""

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Argument, Terminal
from compare_tools import (
    BASE,
    DIGITS_OF_TWO,
    LABELS,
    MODELS,
    NEW,
    ONE,
    TRUE,
    TWO,
    save_models,
)
from formulas import cross_entropies
from in_one_test import in_one_folder


def test_a_verdict_for_everybody(terminal: Terminal) -> None:
    screen = terminal("compare", *DIGITS_OF_TWO, columns=200)
    assert screen.lines[0].endswith(
        "digits_weak_logits.npy is worse: loss +0.565 ± 0.021 (paired), accuracy 96.9 % -> 86.4 %, "
        "48 rows lost, 1 won"
    )
    counts = terminal("compare", *DIGITS_OF_TWO, "--metric", "both_right").lines[-1]
    assert counts.split() == ["both_right", "388", "450"]
    back = terminal("compare", NEW, BASE, "--labels", LABELS, columns=200)
    assert "digits_logits.npy is better: loss -0.565 ± 0.021 (paired)" in back.lines[0]
    assert "1 row lost, 48 won" in back.lines[0]
    end = screen.lines[0].index(" %")  # of a line this wide, or wider by one
    for columns in (end, end + 1):
        lines = terminal("compare", *DIGITS_OF_TWO, columns=columns).lines
        assert lines[0].endswith("accuracy"), columns
        assert lines[1].startswith("96.9 % -> 86.4 %"), columns
    for part in ("+0.565 ± 0.021", "96.9 % -> 86.4 %", "48 rows"):
        columns = screen.lines[0].index(part) + len(part) - 2  # within the part
        lines = terminal("compare", *DIGITS_OF_TWO, columns=columns).lines
        assert any(part in line for line in lines[:4]), columns


def test_other_verdicts(terminal: Terminal) -> None:
    save_models()
    screen = terminal("compare", "one.npy", "one.npy", *MODELS[2:])
    assert screen.lines[0] == "one.npy gives the same as one.npy: no row differs"
    assert "rows that changed" not in screen.text
    said = " ".join(screen.text.split())
    assert "difference 0 0.0 % of the rows worse" in said
    assert "difference 0 points both right" in said
    assert "base to new 0, back 0, JS 0 median 0, 90 % 0, 99 % 0, largest 0 " in said
    assert "p(label) 0 on average" in said
    lines = terminal("compare", "one.npy", "one.npy", "two.npy", *MODELS[2:]).lines
    (cells,) = [line.split() for line in lines if line.startswith("one.npy") and "100.0 %" in line]
    assert cells[2] == "0"
    nearly = ONE + np.where(np.arange(40)[:, None] % 2, 1e-9, -1e-9) * TWO
    np.save("nearly.npy", nearly)
    change = np.mean(cross_entropies(nearly, TRUE) - cross_entropies(ONE, TRUE))
    screen = terminal("compare", "one.npy", "nearly.npy", *MODELS[2:], columns=200)
    says = f"nearly.npy gives nearly the same as one.npy: loss {change:+.4g} ± "
    assert screen.lines[0].startswith(says)
    screen = terminal("compare", "one.npy", "two.npy", columns=200)
    assert screen.lines[0].startswith("two.npy differs from one.npy: KL 0.")


def test_one_sequence_proves_nothing_of_others(terminal: Terminal) -> None:
    one = np.zeros((8, 20, 3))
    one[..., 0] = 0.5
    np.save("one.npy", one)
    one[0, :12, 1] = 1.0  # in the first sequence alone, twelve rows are won
    np.save("two.npy", one)
    np.save("y.npy", np.ones((8, 20), int))
    files = (*MODELS, "--class-axis", "-1")
    assert "two.npy is not clearly better or worse" in terminal("compare", *files).text
    plain = terminal("compare", *files, "--cluster", "rows").text
    assert "two.npy is better" in plain
    assert "lost 0, won 12, neither 148; McNemar p = 0.00049" in plain
    narrow = terminal("compare", *files, "--cluster", "rows", columns=60).text
    assert "McNemar p = 0.00049" in [line.strip() for line in narrow.splitlines()], narrow
    for name in ("one", "two", "y"):
        np.save(f"{name}.npy", np.load(f"{name}.npy")[:1])
    alone = terminal("compare", *files, columns=200)
    assert alone.lines[0].startswith("two.npy: one cluster says little of others: loss ")
    assert "20 (20 used, 0 ignored), 3 classes, 1 cluster " in alone.text


def test_a_model_beside_itself_at_another_temperature(terminal: Terminal) -> None:
    options = ("--temperature", "1", "--temperature", "0.5725")
    outcome = terminal("compare", BASE, BASE, "--labels", LABELS, *options)
    said = "digits_logits.npy (T = 0.5725) is better by loss: loss -0.045"
    assert said in " ".join(outcome.text.split())


def test_three_models_have_a_line_each(terminal: Terminal) -> None:
    save_models()
    np.save("three.npy", ONE[:, ::-1])
    files = ("one.npy", "two.npy", "three.npy", "--labels", "y.npy")
    *lines, said = terminal("compare", *files).lines[-4:]
    assert said.startswith("differences are from the first model")
    assert [line.split()[0] for line in lines] == ["one.npy", "two.npy", "three.npy"]
    shown = [each for line in lines for each in line.split()]
    screen = terminal("compare", *files, columns=40).lines
    head = next(i for i, line in enumerate(screen) if line.split()[:1] == ["model"])
    narrow = screen[head + 1 : head + 4]
    assert all(each in shown for line in narrow for each in line.split()[1:])  # none cut


# Widths


@in_one_folder
@pytest.mark.parametrize(
    ("columns", "more"),
    [
        (40, []),
        (40, [BASE, "--labels", LABELS]),
        (40, ["--metric", "all", "--labels", LABELS]),
        (80, [BASE]),
    ],
)
def test_no_line_is_wider_than_the_terminal(
    terminal: Terminal, columns: int, more: list[Argument]
) -> None:
    screen = terminal("compare", BASE, NEW, *more, columns=columns)
    assert screen.code == 0
    assert max(map(len, screen.lines)) <= columns


def test_names_of_models_are_whole_where_there_is_room(terminal: Terminal) -> None:
    names = [f"run-2026-11-0{i}-of-the-{i}rd-baseline.npy" for i in range(3)]
    for i, name in enumerate(names):
        np.save(name, ONE + i * TWO)
    lines = terminal("compare", *names, columns=120).lines
    assert {line.split()[0] for line in lines if line} >= {*names}
    cut = terminal("compare", *names, columns=40).lines
    assert not {line.split()[0] for line in cut if line} >= {*names}


def test_columns_of_groups_are_left_out_and_no_number_is_cut(terminal: Terminal) -> None:
    save_models()
    regions = ["north" if i % 3 else "south" for i in range(40)]
    write_rows("y.csv", ["label", "region"], zip(TRUE.tolist(), regions, strict=True))
    options = ("--labels", "y.csv", "--label-column", "label", "--by", "region")
    for columns in (40, 80):
        text = terminal("compare", "one.npy", "two.npy", *options, columns=columns).text
        lines = text[text.index("rows that changed most") :].splitlines()
        assert "south" in lines[-1], columns
        assert max(map(len, lines)) <= columns
        assert "…" not in "".join(lines), (columns, text)


def test_names_of_rows_are_cut_only_where_the_line_is_too_long(terminal: Terminal) -> None:
    save_models()
    for i, part in enumerate(np.split(np.load("one.npy"), 4)):
        np.save(f"a-long-name-{i}.npy", part)
    command = ("compare", "a-long-name-*.npy", *MODELS[1:], "--metric", "changed_rows")
    whole = terminal(*command, columns=200).lines
    start = next(i for i, line in enumerate(whole) if "predicts now" in line)
    table = [line.rstrip() for line in whole[start : start + 11]]
    for less in (0, 1):
        lines = terminal(*command, columns=max(map(len, table)) - less).lines
        found = [line.rstrip() for line in lines if ".npy[" in line or "…" in line]
        assert (found == table[1:]) == (not less)


def test_ids_of_rows_are_whole_before_the_losses_are_there(terminal: Terminal) -> None:
    classes, ids = ["airplane", "automobile", "an uncommon kind of animal"], range(40, 80)
    for name, rows in (("one.csv", ONE), ("two.csv", TWO)):
        table = [[f"img_{i:05}.png", *row] for i, row in zip(ids, rows.tolist(), strict=True)]
        write_rows(name, ["id", *classes], table)
    labels = ([f"img_{i:05}.png", y] for i, y in zip(ids, TRUE.tolist(), strict=True))
    write_rows("y.csv", ["id", "label"], labels)
    command = ("compare", "one.csv", "two.csv", "--labels", "y.csv", "--metric", "changed_rows")
    for columns, heads in ((80, "id loss was now label"), (78, "id loss now label")):
        lines = terminal(*command, columns=columns).lines
        start = next(i for i, line in enumerate(lines) if line.split()[:1] == ["row"])
        assert lines[start].split() == ["row", *heads.split(), "predicted", "predicts", "now"]
        assert all(line.split()[1].startswith("img_000") for line in lines[start + 1 : start + 11])
    cut = terminal(*command, columns=60).text
    assert ("img_000" in cut, "…" in cut) == (False, True)


def test_an_interval_of_many_rows_has_the_digits_of_its_error(terminal: Terminal) -> None:
    rows, y = np.zeros((200_000, 2)), np.zeros(200_000, np.int64)
    rows[:, 0] = 9.0
    new = rows.copy()
    new[:3] = [0.0, 9.0]
    for name, array in (("one", rows), ("two", new), ("y", y)):
        np.save(f"{name}.npy", array)
    text = terminal("compare", "one.npy", "two.npy", "--labels", "y.npy").text
    error = 100.0 * np.sqrt((3 - 9 / 200_000) / 200_000 / 199_999)
    low, high = (-100.0 * 3 / 200_000 + side * 1.959976 * error for side in (-1, 1))
    assert f"difference -0.00150 ± {error:.5f} points, 95 % {low:.5f} to {high:.5f}" in text


def test_a_probability_below_any_float_is_not_called_0(terminal: Terminal) -> None:
    z = np.tile([4.0, 0.0], (1_200, 1))
    for name, array in (("one", z), ("two", z[:, ::-1]), ("y", np.zeros(1_200, np.int64))):
        np.save(f"{name}.npy", array)
    text = terminal("compare", "one.npy", "two.npy", "--labels", "y.npy").text
    assert "McNemar p < 1e-300" in text
