"""Logits with labels, and with ids and folds beside them, and what info says of such files."""

import shlex

import numpy as np
from cli_files import write_rows
from cli_tools import Run

from xentcli import cross_entropy

N = 40
Z = np.random.default_rng(3).normal(scale=3, size=(N, 3))
Y = np.random.default_rng(4).integers(0, 3, N)
NAMES = ["cat", "dog", "fox"]
TEXT = [NAMES[y] for y in Y]
LOSS = float(cross_entropy(Z, Y))


def write_mixed() -> None:
    """Write a table with ids, names, folds and labels, without and with the index of pandas."""
    columns = ["id", *NAMES, "file name", "fold", "label"]
    rows = [
        [500 + i, *z, f"img_{i}.png", i % 5, name]
        for i, (z, name) in enumerate(zip(Z.tolist(), TEXT, strict=True))
    ]
    write_rows("mixed.csv", columns, rows)
    write_rows("index.csv", ["", *columns], [[i, *row] for i, row in enumerate(rows)])


def looks(run: Run, *files: str) -> dict[str, tuple[list[int], str]]:
    found = run("info", *files, "--json").json["files"]
    return {
        each["name"] or "+".join(each["columns"] or ()): (each["shape"], each["looks_like"])
        for each in found
    }


def command_of(run: Run, *files: str) -> str:
    """Return the one command that fits logits and labels, from the CSV form."""
    rows = run("info", *files).table
    (fits,) = {row["fits"] for row in rows if row["looks_like"] in ("logits", "probabilities")}
    return fits


def follow(run: Run, command: str) -> float:
    name, *arguments = shlex.split(command)
    assert name == "xent"
    return run(*arguments).number
