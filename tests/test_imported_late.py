"""What the package and its commands do not import, or not before it is used: start-up time."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xentcli.cli.process import later

EXTRAS = {
    "aiohttp",
    "backports",
    "fsspec",
    "h5py",
    "jinja2",
    "matplotlib",
    "pyarrow",
    "safetensors",
}
HEAVY = EXTRAS | {"numpy", "pandas", "rich", "typer", "xentcli", "zipfile"}
DATA = Path(__file__).parents[1] / "sample_data"
NPY = "--logits digits_logits.npy --labels digits_labels.npy"
CSV = "--logits digits_logits.csv --labels digits_labels.csv"


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=DATA,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        encoding="utf-8",
        errors="replace",  # an array may be printed
        timeout=60,
    )


def test_what_the_package_imports() -> None:
    """Run after one another, so that each imports no more than those before it and its own."""
    heavy = {"numpy", "rich", "zipfile"}
    steps = {
        "import xentcli": {"xentcli"},
        "import xentcli.cli.reports, xentcli.render.pictures, xentcli.render.report": {"xentcli"},
        "from xentcli import cross_entropy, nll_loss, one_hot, softmax": {"xentcli", "numpy"},
        # This would prove nothing with a measure that sees nothing.
        f"import {', '.join(heavy)}": heavy,
    }
    ending = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    said = run_python("\n".join(f"{code}\n{ending}" for code in steps)).stdout.splitlines()
    *loaded, at_last = ({*line.split()} & HEAVY for line in said)
    assert loaded == [*steps.values()][:-1]
    assert at_last >= heavy


LATER = {"bz2", "lzma", "subprocess"}
ALONE = EXTRAS | LATER | {"pandas", "rich", "zipfile"}
GATES = {
    "xentcli.pipeline.gating.gate_text",
    "xentcli.pipeline.gating.gates",
}  # where there is none
AFTER_EACH_OTHER = """
import contextlib, sys
from xentcli import __main__
from xentcli.cli import process
with process.later(*__main__._SELDOM_USED):
    from xentcli.cli.app import main
for line in LINES:
    sys.argv = ["xent", *line]
    with contextlib.suppress(SystemExit):
        main()
    print("\\nloaded:", *sys.modules, file=sys.stderr)
"""


LOOKS = "xentcli.formats.csv.contents"
"""Parses 1,000 rows cell by cell, a third of a second, to find ids that the other file has."""


LABELS = ("y.npz", "y.json", "y.parquet", "ids.npz")


def save_tables_with_ids(folder: Path) -> None:
    labels = np.array([0, 1])
    table = pd.DataFrame({"id": ["a", "b"], "x": [1.5, 2.5], "y": [0.5, 3.5]})
    table.to_csv(folder / "z.csv", index=False)
    table.assign(label=labels)[["id", "label"]].to_parquet(folder / "y.parquet")
    np.savez(folder / "y.npz", labels=labels, key=["a", "b"])
    np.savez(folder / "ids.npz", labels=labels, id=["a", "b"])
    (folder / "y.json").write_text('{"labels": [0, 1]}')


def check_what_is_imported(lines: list[tuple[str, set[str]]], folder: Path = DATA) -> list[str]:
    """Run lines after one another in one process, and return what they print.

    FOLDER in a line stands for the folder. None imports for the next what that may not.
    """
    words = [[word.replace("FOLDER", str(folder)) for word in line.split()] for line, _ in lines]
    done = run_python(AFTER_EACH_OTHER.replace("LINES", repr(words)))
    loaded = [{*line.split()[1:]} for line in done.stderr.splitlines() if "loaded:" in line]
    for (line, never), there in zip(lines, loaded, strict=True):
        assert {"xentcli", "typer"} <= there, line
        assert not there & never, line
        assert (LOOKS in there) == ("ids.npz" in line), line
    return done.stdout.splitlines()


def test_what_a_command_does_not_import(tmp_path: Path) -> None:
    save_tables_with_ids(tmp_path)
    lines = [
        ("--version", EXTRAS | LATER | {"numpy", "pandas", "rich"}),
        (f"loss {NPY}", ALONE | GATES | {"dataclasses"}),  # which takes 1.5 ms, and each a half
        ("softmax missing.npy", ALONE),
        ("info digits_logits.npy", ALONE),
        (f"loss {NPY} --fail-if loss>9", ALONE),
        ("softmax digits_logits.npy", ALONE),
        ("softmax digits_logits.npy --to npz", ALONE),
        (f"loss {CSV}", ALONE),
        (f"explain {CSV}", ALONE),
        ("softmax digits_logits.npy --to safetensors", EXTRAS | {"pandas", "rich"}),
        ("softmax digits_logits.npy -o FOLDER/z.parquet", {"pandas"}),
        ("softmax FOLDER/z.parquet", {"pandas"}),
        *((f"loss FOLDER/z.csv FOLDER/{y} --id-column id", set[str]()) for y in LABELS),
    ]
    losses = check_what_is_imported(lines, tmp_path)[-len(LABELS) :]
    assert len({float(loss) for loss in losses}) == 1


def test_what_help_does_not_import() -> None:
    never = EXTRAS | {"numpy", "pandas"}
    check_what_is_imported([("--help", never), ("loss --help", never)])


def test_what_is_imported_later_is_there_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("colorsys", "stringprep"):  # which another test may have had imported
        monkeypatch.delitem(sys.modules, name, raising=False)
    with later("colorsys", "stringprep", "sys"):
        early, waiting = import_module("colorsys"), import_module("stringprep")
        assert early.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    assert sys.modules["colorsys"].rgb_to_hsv is early.rgb_to_hsv
    assert "stringprep" not in sys.modules
    assert import_module("sys") is sys
    assert waiting.in_table_a1 is import_module("stringprep").in_table_a1
    with pytest.raises(AttributeError):
        assert waiting.nothing
