"""What goes wrong in an addition is one line that names it, and never another number."""

from pathlib import Path

import numpy as np
import pytest
from additions import TOTAL, added
from cli_tools import Run

RAISES = "        return cls(int(facts"


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("next(iter([]))", "StopIteration"),
        ("raise SystemExit(7)", "SystemExit: 7"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()", "Odd"),
    ],
)
def test_whatever_an_addition_raises(
    run: Run, tmp_path: Path, raised: str, said: str, jobs: int
) -> None:
    """StopIteration once ended the rows, and SystemExit the run, without a word."""
    np.save(tmp_path / "z.npy", np.zeros((250_000, 9), np.float32))  # a few blocks
    np.save(tmp_path / "y.npy", np.zeros(250_000, np.int64))
    files = (tmp_path / "z.npy", tmp_path / "y.npy")
    with added(tmp_path, TOTAL, (RAISES, f"        {raised}\n{RAISES}")):
        done = run("eval", *files, "--metric", "mine", "--jobs", str(jobs))
    place = TOTAL.splitlines().index(RAISES + '["rank"].sum()), facts.rows)') + 1
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == f"error: a mistake in mine.py:{place}: {said}"
