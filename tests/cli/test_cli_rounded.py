"""Integers that float64 does not hold are rounded, and counted in a note by whatever reads them."""

from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run
from in_one_test import in_one_test

import xentcli as xent

HELD = np.array([[2**53, 2, 3], [2**53, 1, 3], [-(2**60), 1, 2]])
ROUNDED = HELD + np.array([[1, 0, 0], [0, 0, 0], [-1, 0, 0]])
LABELS = np.array([0, 1, 2])
NOTE = "integers beyond 2^53 that float64 does not hold, rounded: "
KINDS = ("z.npy", "z.npz", "z.parquet")
COMMANDS = (
    *("eval FILE y.npy", "calibrate FILE y.npy", "explain FILE y.npy"),
    *("compare FILE FILE --labels y.npy", "loss FILE hot.npy --binary"),
    *("softmax FILE", "log-softmax FILE --axis 0"),
)


@in_one_test
@pytest.mark.parametrize(
    ("line", "kind", "dtype"),
    [
        *(("loss FILE y.npy", kind, dtype) for kind in KINDS for dtype in (np.int64, np.float64)),
        *((line, kind, np.int64) for line, kind in zip(COMMANDS, cycle(KINDS), strict=False)),
    ],
)
def test_a_note_counts_them(run: Run, line: str, kind: str, dtype: type[np.generic]) -> None:
    np.save("y.npy", LABELS)
    np.save("hot.npy", np.eye(3, dtype=int))
    for values, count in ((HELD, 0), (ROUNDED, 2)):
        write(kind, values.astype(dtype))
        found = run(*line.replace("FILE", kind).split())
        assert found.code == 0, found.err
        noted = [each for each in found.err.splitlines() if NOTE in each]
        assert all(each.endswith(f"rounded: {count}") for each in noted)
        assert bool(noted) == (count > 0 and dtype is np.int64), found.err


def write(name: str, values: np.ndarray) -> None:
    if name.endswith("npy"):
        np.save(name, values)
    elif name.endswith("npz"):
        np.savez(name, logits=values)
    else:
        pd.DataFrame(values, columns=[*"abc"]).to_parquet(name)


def test_each_file_of_a_pattern_is_counted(run: Run) -> None:
    for i in (0, 1):
        np.save(f"part-{i}.npy", ROUNDED)
    said = run("softmax", "part-*.npy", "-o", "{stem}.csv").err
    assert said == f"note: part-*.npy: {NOTE}4\n"
    assert Path("part-1.csv").exists()


def test_what_is_cast_to_a_dtype_is_rounded_as_asked(run: Run) -> None:
    np.save("z.npy", ROUNDED)
    assert run("softmax", "z.npy", "--dtype", "float32").err == ""


@pytest.mark.parametrize("dtype", [np.int64, "list"])
def test_python_says_the_same(dtype: object) -> None:
    given = ROUNDED.tolist() if dtype == "list" else ROUNDED
    held = HELD.tolist() if dtype == "list" else HELD
    for function in (xent.loss, xent.evaluate, xent.calibrate):
        assert f"logits: {NOTE}2" in function(given, LABELS).notes
        assert not any(NOTE in note for note in function(held, LABELS).notes)
    compared = xent.compare(held, given, LABELS).notes
    assert [note for note in compared if NOTE in note] == [f"new: {NOTE}2"]
