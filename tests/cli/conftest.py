"""Fixtures of the command line's tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import copy_files
from cli_tools import (
    Argument,
    Outcome,
    Run,
    Screen,
    Terminal,
    call_main,
    run_at_terminal,
)
from compare_tools import whole_comparison
from hidden_files import save_hidden_files
from merge_tools import write_shards
from numpy.typing import NDArray


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Run:
    """Run the command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: Argument, stdin: bytes | Path | None = None) -> Outcome:
        capfdbinary.readouterr()
        code = call_main(arguments, stdin)
        out, err = capfdbinary.readouterr()
        return Outcome(code, out, err)

    return call


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Run the command in this process at a terminal, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(
        *arguments: Argument, columns: int = 80, env: Mapping[str, str] | None = None
    ) -> Screen:
        return run_at_terminal(arguments, columns, env)

    return call


@pytest.fixture
def compared(run: Run) -> dict[str, Any]:
    """Write two models and their labels, and return the metrics of their comparison."""
    return whole_comparison(run)


@pytest.fixture
def hidden_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a head, hidden states and labels."""
    monkeypatch.chdir(tmp_path)
    save_hidden_files()
    return tmp_path


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with logits (5, 3) and labels (5,), as NPY and as CSV with a header."""
    made = tmp_path_factory.mktemp("samples")
    logits = np.random.default_rng(7).normal(size=(5, 3))
    labels = np.array([0, 1, 2, 0, 1])
    np.save(made / "z.npy", logits)
    np.save(made / "y.npy", labels)
    rows = [",".join(map(repr, row)) for row in logits.tolist()]
    (made / "z.csv").write_text("\n".join(["cat,dog,bird", *rows, ""]))
    (made / "y.csv").write_text("\n".join(["label", *map(str, labels.tolist()), ""]))
    return made


@pytest.fixture
def folder(sample_files: Path, tmp_path: Path) -> Path:
    """Fill the folder of the test with the sample files."""
    return copy_files(sample_files, tmp_path)


@pytest.fixture
def logits(folder: Path) -> NDArray[np.float64]:
    """Return the logits of the sample files."""
    return np.asarray(np.load(folder / "z.npy"))


@pytest.fixture
def labels(folder: Path) -> NDArray[np.int64]:
    """Return the labels of the sample files."""
    return np.asarray(np.load(folder / "y.npy"))


@pytest.fixture(scope="session")
def shard_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with the shards that `merge_tools` describes."""
    return write_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture
def shards(shard_files: Path, tmp_path: Path) -> Path:
    """Fill the folder of the test with shards."""
    return copy_files(shard_files, tmp_path)
