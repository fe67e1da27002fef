"""Integers that float64 does not hold are rounded, and counted in a note by whatever reads them."""

import json
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_files import write_rows
from cli_tools import Run
from in_one_test import in_one_test

import xentcli as xent

HELD = np.array([[2**53, 2, 3], [2**53, 1, 3], [-(2**60), 1, 2]])
ROUNDED = HELD + np.array([[1, 0, 0], [0, 0, 0], [-1, 0, 0]])
LABELS = np.array([0, 1, 2])
NOTE = "integers beyond 2^53 that float64 does not hold, rounded: "
KINDS = ("z.npy", "z.npz", "z.parquet", "z.csv", "z.json", "z.jsonl")
COMMANDS = (
    *("eval FILE y.npy", "calibrate FILE y.npy", "explain FILE y.npy"),
    *("compare FILE FILE --labels y.npy", "loss FILE hot.npy --binary"),
    *("softmax FILE", "log-softmax FILE --axis 0"),
)


@in_one_test
@pytest.mark.parametrize(
    ("line", "kind", "values", "count"),
    [
        *(("loss FILE y.npy", kind, HELD, 0) for kind in KINDS),
        *(("loss FILE y.npy", kind, ROUNDED, 2) for kind in KINDS),
        *(("loss FILE y.npy", kind, ROUNDED.astype(np.float64), 0) for kind in KINDS[2:]),
        *((line, kind, ROUNDED, 2) for line, kind in zip(COMMANDS, cycle(KINDS), strict=False)),
    ],
)
def test_a_note_counts_them(run: Run, line: str, kind: str, values: np.ndarray, count: int) -> None:
    np.save("y.npy", LABELS)
    np.save("hot.npy", np.eye(3, dtype=int))
    write(kind, values)
    found = run(*line.replace("FILE", kind).split())
    assert found.code == 0, found.err
    noted = [each for each in found.err.splitlines() if NOTE in each]
    assert all(each.endswith(f"rounded: {count}") for each in noted)
    assert bool(noted) == (count > 0), found.err


def write(name: str, values: np.ndarray) -> None:
    if name.endswith("npy"):
        np.save(name, values)
    elif name.endswith("npz"):
        np.savez(name, logits=values)
    elif name.endswith("parquet"):
        pd.DataFrame(values, columns=[*"abc"]).to_parquet(name)
    elif name.endswith("csv"):
        write_rows(name, [*"abc"], values.tolist())
    elif name.endswith("json"):
        Path(name).write_text(json.dumps(values.tolist()))
    else:
        Path(name).write_text("".join(f"{json.dumps(row)}\n" for row in values.tolist()))


def test_text_gives_what_binary_files_give(run: Run) -> None:
    """Each integer is rounded once, to the nearest, wherever it is."""
    draw = np.random.default_rng(2)
    values = draw.integers(2**53, 2**63 - 1, (29, 3)) * draw.choice([-1, 1], (29, 3))
    np.save("y.npy", draw.integers(0, 3, 29))
    said = set()
    for kind in KINDS:
        write(kind, values)
        found = run("loss", kind, "y.npy", "--reduction", "none", "-o", f"{kind}.npy")
        said.add(found.err.replace(f"{kind}:logits", "z").replace(kind, "z"))
        assert np.array_equal(np.load(f"{kind}.npy"), np.load("z.npy.npy")), kind
    rounded = sum(int(float(number)) != number for number in values.ravel().tolist())
    assert said == {f"note: z: {NOTE}{rounded}\n"}


@in_one_test
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a,b\n9007199254740993,1\n2,18446744073709551615\n", 2),
        ('a,b\n"9007199254740993",1.0\n2,3\n', 1),
        ("a;b\n+9007199254740993;1\n2;3\n", 1),
        ("label,a,b\n1,9007199254740993,1\n0,2,3\n", 1),
        ("a,b\n9007199254740992,1\n2,9007199254740994\n", 0),  # which float64 holds
        ("a,b\n-1e30,1\n2,-3.4028234663852886e+38\n", 0),
        ("a,b\n1.5,1.0000000000000000001\n2.5,0.12345678901234567890\n", 0),
        ('{"id": 9007199254740993, "a": [9007199254740993, 1]}\n{"id": 1, "a": [2, 3]}\n', 1),
        ('{"id": 9007199254740993, "a": [4, 1]}\n{"id": 1, "a": [2, 3]}\n', 0),
        ('{"a": [[9007199254740993, 1], [2, 3]], "b": 9007199254740993}', 1),
    ],
)
def test_integers_in_text(run: Run, text: str, count: int) -> None:
    np.save("y.npy", [0, 1])
    name = "t.json" if text.startswith('{"a"') else "t.jsonl" if text[0] == "{" else "t.csv"
    Path(name).write_text(text)
    key = ["--key", "a"] if text[0] == "{" else []
    labels = ["--label-column", "label"] if text.startswith("label") else ["--labels", "y.npy"]
    found = run("loss", name, *labels, *key)
    assert found.code == 0, found.err
    assert (f"{NOTE}{count}\n" in found.err, NOTE in found.err) == (count > 0, count > 0)


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
    for function in (xent.loss, xent.evaluate, partial(xent.calibrate, folds=0)):
        assert f"logits: {NOTE}2" in function(given, LABELS).notes
    assert not any(NOTE in note for note in xent.evaluate(held, LABELS).notes)
    compared = xent.compare(held, given, LABELS).notes
    assert [note for note in compared if NOTE in note] == [f"new: {NOTE}2"]
