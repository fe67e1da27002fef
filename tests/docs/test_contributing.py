"""What CONTRIBUTING shows how to add is added here: its blocks of code are written into files.

Each is used through the public seam alone, and works in the command line.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from addition_runs import run, run_again
from close_to import close_to
from doc_tools import CONTRIBUTING, ROOT, examples
from numpy.typing import NDArray

CODE = {
    example.code.splitlines()[0].strip('"').split(":")[0]: example.code
    for example in examples(CONTRIBUTING, "python")
}


MODULES = {
    "IDX": "idx",
    "Mean confidence": "confidence",
    "Mean margin": "margin",
    "xent shape.": "shape",
    "xent gap.": "gap",
    "A pool": "pool",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write each block of code into a module."""
    assert CODE.keys() == MODULES.keys()
    for title, name in MODULES.items():
        (tmp_path / f"added_{name}.py").write_text(CODE[title])
    return tmp_path


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_the_linters_find_nothing_in_the_code(folder: Path, command: str) -> None:
    """Within the package, they look at it as at all other files."""
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        *command.split(),
        "--config",
        str(ROOT / "pyproject.toml"),
    ]
    done = subprocess.run([*ruff, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


MAIN = (
    "from xentcli.pipeline.run import Run; Run._field_defaults['block_elements'] = 10_000;"
    "from xentcli.cli.app import main; main()"
)
WITH_FORMAT = f"import added_idx; {MAIN}"
WITH_COMMAND = f"from xentcli.cli.names import register; register('shape', 'added_shape'); {MAIN}"


def idx(values: NDArray[Any], code: int) -> bytes:
    header = bytes([0, 0, code, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return header + values.astype(values.dtype.newbyteorder(">")).tobytes()


def test_a_format(folder: Path) -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(scale=0.1, size=(1_200, 10)).astype(np.float32)  # two blocks
    labels = rng.integers(0, 10, len(logits)).astype(np.uint8)
    np.save(folder / "z.npy", logits)
    np.save(folder / "y.npy", labels)
    (folder / "z.idx").write_bytes(idx(logits, 13))
    (folder / "y").write_bytes(idx(labels, 8))  # known by its first bytes
    code, want, _ = run_again(MAIN, folder, "loss", "z.npy", "y.npy")
    assert code == 0
    got = run_again(WITH_FORMAT, folder, "loss", "z.idx", "y", "--jobs", "2")
    assert got == (0, want, "")
    piped = (folder / "z.idx").read_bytes()
    got = run(WITH_FORMAT, folder, "loss", "-", "y", "--jobs", "1", stdin=piped)
    assert got == (0, want, "")


def test_what_is_wrong_with_a_file_of_a_new_format(folder: Path) -> None:
    whole = idx(np.zeros((4, 3), np.float64), 14)
    (folder / "z.idx").write_bytes(whole[:-1])
    code, out, err = run_again(WITH_FORMAT, folder, "softmax", "z.idx")
    assert (code, out) == (1, "")
    assert err == "error: z.idx: the file is cut off\n"
    (folder / "z.idx").write_bytes(whole + b"\0")  # the header may be wrong
    code, out, err = run_again(WITH_FORMAT, folder, "loss", "z.idx", "0,1,2,0")
    assert (code, out, err) == (1, "", "error: z.idx: something follows the array\n")
    code, out, _ = run(WITH_FORMAT, folder, "loss", "--help")
    assert (code, "The format to read: idx, npy," in out) == (0, True)


USE_METRIC = """
import json
import added_confidence
import numpy as np
from xentcli.core.labels import LossOptions
from xentcli.core.row_facts import row_facts
from xentcli.metrics.interface import States
logits = np.load("z.npy")
labels = np.load("y.npy")
total = States.empty(["confidence", "loss"])
for rows in (slice(7, None), slice(0, 7)):
    facts = row_facts(logits[rows], labels[rows], LossOptions(), total.needs)
    total = total.from_rows(facts).merge(total)
total = States.from_plain(json.loads(json.dumps(total.to_plain())))
print(json.dumps([total.compute()["confidence"].value, total.compute()["confidence"].n]))
"""


def test_a_metric(folder: Path) -> None:
    logits = np.random.default_rng(5).normal(size=(20, 4))
    labels = np.full(20, 3)
    labels[2] = -100
    np.save(folder / "z.npy", logits)
    np.save(folder / "y.npy", labels)
    code, out, err = run_again(USE_METRIC, folder)
    assert (code, err) == (0, "")
    powers = np.exp(np.delete(logits, 2, axis=0))
    value, rows = json.loads(out)
    assert rows == 19
    assert value == close_to((powers.max(axis=1) / powers.sum(axis=1)).mean(), rel=1e-14)
    asked = ("eval", "z.npy", "y.npy", "--metric", "confidence", "--fail-if", "confidence > 0")
    found = run(f"import added_confidence; {MAIN}", folder, *asked)
    assert found == (3, f"{value!r}\n", f"fail: confidence > 0: confidence is {value!r}\n")


def test_a_mean_of_a_fact(folder: Path) -> None:
    """Its bits are the same for any cuts and after a merge; a row with NaN is left out."""
    logits = (
        np.random.default_rng(6).normal(scale=0.1, size=(1_200, 10)).astype(np.float32)
    )  # two blocks
    np.save(folder / "z.npy", logits)
    np.save(folder / "y.npy", np.zeros(len(logits), np.int64))
    code = f"import added_confidence, added_margin; {MAIN}"
    asked = ("eval", "z.npy", "y.npy", "--metric", "margin", "--metric", "confidence")
    found = run_again(code, folder, *asked, "--jobs", "2")
    ordered = np.sort(logits.astype(np.float64), axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    powers = np.exp(ordered - ordered[:, -1:])
    header, margin, confidence = (line.split(",") for line in found[1].splitlines())
    assert header == ["metric", "value", "standard_error", "low", "high", "n"]
    assert float(margin[1]) == close_to(margins.mean(), rel=1e-12)
    error = margins.std(ddof=1) / np.sqrt(len(margins))
    assert float(margin[2]) == close_to(error, rel=1e-9)
    assert float(confidence[1]) == close_to((1 / powers.sum(axis=1)).mean(), rel=1e-6)
    for number, rows in enumerate((":701", "701:")):
        state = ("--rows", rows, "--state", f"{number}.json")
        assert run_again(code, folder, *asked, *state)[0] == 0
    assert run_again(code, folder, "merge", "1.json", "0.json") == found
    logits[7, 3] = np.nan
    np.save(folder / "z.npy", logits)
    done, out, _ = run_again(code, folder, *asked, "--non-finite", "propagate")
    assert done == 0
    _, *lines = (line.split(",") for line in out.splitlines())
    assert [line[-1] for line in lines] == ["1199", "1199"]
    assert all(np.isfinite(float(line[1])) for line in lines)


def test_a_command(folder: Path) -> None:
    np.save(folder / "z.npy", np.zeros((3, 4, 5)))
    (folder / "z.csv").write_text("a;b\n1;2\n")
    shown = run(WITH_COMMAND, folder, "shape", "z.npy", "z.csv")
    note = "note: z.csv: cells are separated by a semicolon\n"
    assert shown == (0, "z.npy: 3 x 4 x 5\nz.csv: ? x 2\n", note)
    code, out, err = run_again(WITH_COMMAND, folder, "shape", "z.csv", "--delimiter", ";", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"command": "shape", "shapes": {"z.csv": ["?", 2]}}
    assert run_again(WITH_COMMAND, folder, "shape", "z.npy", "-o", "shapes.txt") == (0, "", "")
    assert (folder / "shapes.txt").read_text() == "z.npy: 3 x 4 x 5\n"
    code, out, _ = run_again(WITH_COMMAND, folder, "--help")
    assert code == 0
    assert "shape" in out


def test_a_command_on_two_models(folder: Path) -> None:
    base, new = np.random.default_rng(8).normal(size=(2, 1_200, 10))  # two blocks
    np.save(folder / "base.npy", base)
    np.save(folder / "new.npy", new)
    with_gap = f"from xentcli.cli.names import register; register('gap', 'added_gap'); {MAIN}"
    found = run_again(with_gap, folder, "gap", "base.npy", "new.npy", "--jobs", "2")
    assert found == (0, f"{np.abs(base - new).max()}\n", "")
    (folder / "base.csv").write_text("a,b,c\n1.5,2.5,3.5\n4.5,5.5,6.5\n")
    (folder / "new.csv").write_text("c,b,a\n3.5,2.5,1.75\n6.5,5.5,4.5\n")
    code, out, err = run_again(with_gap, folder, "gap", "base.csv", "new.csv", "--json")
    assert (code, json.loads(out)) == (0, {"command": "gap", "largest": 0.25})
    assert err == "note: new.csv: its classes are in another order; matched by name\n"
    new[1_190, 3] = np.nan
    np.save(folder / "new.npy", new)
    for models in (("base.npy", "new.npy"), ("new.npy", "base.npy")):
        assert run_again(with_gap, folder, "gap", *models) == (0, "nan\n", "")


def test_a_scheduler(folder: Path) -> None:
    """Its process has only what was pickled: it opens the file itself."""
    rng = np.random.default_rng(7)
    np.save(
        folder / "z.npy", rng.normal(scale=0.1, size=(1_200, 10)).astype(np.float32)
    )  # two blocks
    np.save(folder / "y.npy", rng.integers(0, 10, 1_200))
    code, want, _ = run_again(MAIN, folder, "loss", "z.npy", "y.npy")
    assert code == 0
    with_pool = f"import added_pool; {MAIN}"
    got = run(with_pool, folder, "loss", "z.npy", "y.npy", "--scheduler", "pool:1")
    assert got == (0, want, "")
    code, out, err = run_again(with_pool, folder, "loss", "z.npy", "y.npy", "--scheduler", "pool:x")
    assert (code, out, err.splitlines()[0]) == (2, "", "error: --scheduler: 'pool:x' is no pool:N")


def test_a_mistake_in_an_addition_is_one_line_that_says_whose(folder: Path) -> None:
    """What CONTRIBUTING adds is spoiled in one place at a time."""
    np.save(folder / "z.npy", np.eye(3))
    code_of = {name: CODE[title] for title, name in MODULES.items()}
    with_added = f"import sys\nif sys.argv[1] != 'shape': import added_pool\n{WITH_COMMAND}"
    line = CODE["xent shape."].splitlines().index("    for name in files:") + 1
    loss, shape = ("loss", "z.npy", "0,1,2", "--scheduler", "pool:1"), ("shape", "z.npy")
    for name, old, new, arguments, says in [
        ("pool", ", jobs: int)", ")", loss, "a mistake in xent, or in what -c adds to it"),
        ("shape", "COMMAND =", "COMMANDS =", shape, "added_shape has no COMMAND = Command("),
        ("shape", "in files", "in file", shape, f"a mistake in added_shape.py:{line}: NameError"),
        ("shape", "import Destin", "import Destim", shape, "added_shape.py:8: ImportError: cannot"),
        (
            "shape",
            'lambda _delimiter: "\\n".join(lines) + "\\n"',
            "None",
            shape,
            "Forms(...) takes text",
        ),
        ("shape", "import open_f", "import open_", shape, f"added_shape.py:{line - 5}: ImportErr"),
    ]:
        path = folder / f"added_{name}.py"
        path.write_text(code_of[name].replace(old, new, 1))
        as_users_do = new in (")", "in file")  # of a mistake when it is added, and when called
        code, out, err = (run if as_users_do else run_again)(with_added, folder, *arguments)
        path.write_text(code_of[name])
        assert (code in (1, 2), out, err.count("error: ")) == (True, "", 1), (new, err)
        assert says in err.splitlines()[0], (new, err)
