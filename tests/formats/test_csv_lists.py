"""Lists in the cells of a CSV file, as pandas writes what columns of lists hold."""

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test
from opening import csv_source, read_csv

from xentcli.errors import InputError

Z = np.round(np.random.default_rng(5).normal(size=(6, 40)), 4)
Y = np.arange(6) % 3
WRITTEN: dict[str, Callable[[Any], str]] = {
    "a list": lambda row: str(row.tolist()),
    "a tuple": lambda row: str(tuple(row.tolist())),
    "an array": str,
    "an array's repr": repr,
    "a tensor": lambda row: f"tensor({row.tolist()}, device='cuda:0', grad_fn=<SelectBackward0>)",
    "NumPy's numbers": lambda row: str([np.float64(number) for number in row]),
    "one list in another": lambda row: str([row.tolist()]),
    "what R writes": lambda row: f"c({', '.join(map(str, row.tolist()))})",
}


@in_one_test
@pytest.mark.parametrize(("how", "delimiter"), zip(WRITTEN, cycle([",", ";", "\t", "|"])))
def test_lists_beside_an_id_and_labels(how: str, delimiter: str) -> None:
    cells = [WRITTEN[how](row) for row in Z]
    frame = pd.DataFrame({"id": list("abcdef"), "logits": cells, "label": Y})
    read = read_csv(frame.to_csv(index=False, sep=delimiter), label_column="label", id_column="id")
    assert (read.values.tolist(), read.columns) == (Z.tolist(), None)
    assert read.labels is not None
    assert read.ids is not None
    assert (read.labels.tolist(), read.ids.tolist()) == (Y.tolist(), list("abcdef"))


@in_one_test
@pytest.mark.parametrize("columns", [("logits",), None])
@pytest.mark.parametrize("block_bytes", [None, 600])
def test_lists_are_chosen_or_found(columns: Any, block_bytes: int | None) -> None:
    frame = pd.DataFrame({"file": ["x"] * 6, "logits": list(Z), "fold": Y})
    text = frame.to_csv(index=False)
    read = read_csv(text, columns=columns, block_bytes=block_bytes)
    assert read.values.tolist() == Z.tolist()
    note = "f.csv: column 'file', column 'fold' beside the lists are left out"
    assert (note in read.notes) == (columns is None)


def test_lists_of_labels() -> None:
    one_hot = np.eye(3, dtype=int)[Y]
    text = pd.DataFrame({"logits": Z.tolist(), "label": one_hot.tolist()}).to_csv(index=False)
    read = read_csv(text, label_column="label")
    assert read.labels is not None
    assert read.labels.tolist() == one_hot.tolist()
    assert csv_source(text, label_column="label").label_row == (3,)
    read = read_csv(pd.DataFrame({"label": (one_hot > 0).tolist()}).to_csv(index=False))
    assert read.values.tolist() == one_hot.tolist()
    text = pd.DataFrame({"logits": Z.tolist(), "label": [[y] for y in Y]}).to_csv(index=False)
    read = read_csv(text, label_column="label")
    assert read.labels is not None
    assert read.labels.tolist() == Y.tolist()


BAD = {
    "[1.5, 2.5]": "a list of 2 where the first has 3",
    "[]": "a list of 0 where the first has 3",
    "[1.5 ... 2.5]": "printed in short, and cut where the dots stand",
    "": "an empty cell instead of a list",
    "[1.5, x, 2.5]": "'[1.5, x, 2.5]' is no list of numbers",
    "[1.5, 2.5 3.5]": "'[1.5, 2.5 3.5]' is no list of numbers",
    "[1.5, 1e400, 2.5]": "a number is larger than any float64",
    "[1.5, None, 2.5]": "null is not a number",
    "1.5": "'1.5' is no list of numbers",
}


@in_one_test
@pytest.mark.parametrize("cell", BAD)
@pytest.mark.parametrize("between", [", ", "\n "])
def test_a_cell_that_is_no_such_list(cell: str, between: str) -> None:
    good = [f"[{between.join(['0.5', '-1.5', '2.0'])}]".replace("\n", "\n")] * 4
    text = pd.DataFrame({"logits": [*good, cell, *good], "label": 1}).to_csv(index=False)
    with pytest.raises(InputError) as caught:
        read_csv(text, columns=("logits",))
    line = 2 + 4 * (1 + 2 * between.count("\n"))
    assert caught.value.message.startswith(f"f.csv:{line}: column 'logits'")
    assert BAD[cell] in caught.value.message


@pytest.mark.parametrize("names", [["(0, 1]", "(1, 2]"], ["[0, 1)", "[1, 2)"]])
def test_intervals_are_names(names: list[str]) -> None:
    text = pd.DataFrame({"label": names * 3}).to_csv(index=False)
    assert read_csv(text, labels=True).values.tolist() == names * 3
    text = pd.DataFrame(Z[:, :2], columns=names).to_csv(index=False, sep=";")
    assert read_csv(text).columns == tuple(names)


def test_nan_in_a_list_is_a_number() -> None:
    read = read_csv("z\n[nan 1.5]\n[2. -inf]\n")
    np.testing.assert_array_equal(read.values, [[np.nan, 1.5], [2, -np.inf]])


@in_one_test
@pytest.mark.parametrize(
    ("frame", "ways"),
    [
        ({"a": Z[:, 0], "b": Z[:, 1], "z": Z.tolist()}, ["--columns z", "--drop z"]),
        ({"p": Z.tolist(), "z": Z.tolist()}, ["--columns p", "--columns z"]),
        ({"a": Y, "label": Z.tolist()}, ["--columns label", "--drop label"]),
    ],
)
def test_lists_beside_what_may_be_classes(frame: dict[str, Any], ways: list[str]) -> None:
    with pytest.raises(InputError, match="hold") as caught:
        csv_source(pd.DataFrame(frame).to_csv(index=False))
    assert all(way in (caught.value.hint or "") for way in ways)
