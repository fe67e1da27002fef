"""The command that info says fits rows with ids, whose labels stand in a file that it did not see.

Files may name the same rows in another order: a command that left the ids out would match them by
place.
"""

import numpy as np
import pandas as pd
import pytest
from cli_files import write_rows
from cli_tools import Run
from close_to import close_to
from info_tools import LOSS, NAMES, TEXT, N, Z, command_of, follow


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_rows_keep_their_ids(run: Run, kind: str) -> None:
    order = np.random.default_rng(5).permutation(N)
    table = pd.DataFrame(Z[order], columns=NAMES)
    table.insert(0, "row id", [f"img_{i}" for i in order])
    table["fold"] = order % 5
    getattr(table, f"to_{kind}")(f"rows.{kind}", index=False)
    command = command_of(run, f"rows.{kind}")
    assert "LABELS --id-column 'row id'" in command
    write_rows("truth.csv", ["row id", "label"], [[f"img_{i}", TEXT[i]] for i in range(N)])
    assert follow(run, command.replace("LABELS", "truth.csv")) == close_to(LOSS, rel=1e-12)
    np.save("y.npy", [NAMES.index(TEXT[i]) for i in order])
    assert follow(run, command.replace("LABELS", "y.npy")) == close_to(LOSS, rel=1e-12)
