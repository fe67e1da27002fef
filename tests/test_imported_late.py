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
    sys.argv = ["xent", *line.split()]
    with contextlib.suppress(SystemExit):
        main()
    print("\\nloaded:", *sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "allowed",
    [
        [
            ("--version", EXTRAS | LATER | {"numpy", "pandas", "rich"}),
            ("softmax missing.npy", ALONE),
            ("info digits_logits.npy", ALONE),
            (f"loss {NPY}", ALONE | GATES),
            (f"loss {NPY} --fail-if loss>9", ALONE),
            ("softmax digits_logits.npy", ALONE),
            ("softmax digits_logits.npy --to npz", ALONE),
            (f"loss {CSV}", ALONE),
            (f"explain {CSV}", ALONE),
            ("softmax digits_logits.npy --to safetensors", EXTRAS | {"pandas", "rich"}),
            ("softmax digits_logits.npy -o FOLDER/z.parquet", {"pandas"}),
            ("softmax FOLDER/z.parquet", {"pandas"}),
        ],
        [("--help", EXTRAS | {"numpy", "pandas"}), ("loss --help", EXTRAS | {"numpy", "pandas"})],
    ],
    ids=["without rich", "with rich"],
)
def test_what_a_command_does_not_import(
    allowed: list[tuple[str, set[str]]], tmp_path: Path
) -> None:
    """Run after one another in one process, none imports for the next what that may not."""
    lines = [line.replace("FOLDER", str(tmp_path)) for line, _ in allowed]
    done = run_python(AFTER_EACH_OTHER.replace("LINES", repr(lines)))
    loaded = [{*line.split()[1:]} for line in done.stderr.splitlines() if "loaded:" in line]
    for (line, never), there in zip(allowed, loaded, strict=True):
        assert {"xentcli", "typer"} <= there, line
        assert not there & never, line


def test_cells_are_not_looked_through_for_ids_that_the_other_file_has_not(tmp_path: Path) -> None:
    """What lists the columns of a table parses 1,000 rows cell by cell, a third of a second."""
    labels = np.array([0, 1])
    table = pd.DataFrame({"id": ["a", "b"], "x": [1.5, 2.5], "y": [0.5, 3.5]})
    table.to_csv(tmp_path / "z.csv", index=False)
    table.assign(label=labels)[["id", "label"]].to_parquet(tmp_path / "y.parquet")
    np.savez(tmp_path / "y.npz", labels=labels, key=["a", "b"])
    np.savez(tmp_path / "ids.npz", labels=labels, id=["a", "b"])
    (tmp_path / "y.json").write_text('{"labels": [0, 1]}')
    looks = "xentcli.formats.csv.contents"
    others = [f"loss z.csv y.{end} --id-column id" for end in ("npz", "json", "parquet")]
    asked = [*others, "loss z.csv ids.npz --id-column id"]
    done = run_python(
        f"import os; os.chdir({str(tmp_path)!r})" + AFTER_EACH_OTHER.replace("LINES", repr(asked))
    )
    loaded = [{*line.split()[1:]} for line in done.stderr.splitlines() if "loaded:" in line]
    assert [looks in each for each in loaded] == [False, False, False, True]
    assert len({float(x) for x in done.stdout.split()}) == 1


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
