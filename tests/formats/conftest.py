"""Files that tests of several formats begin with."""

from pathlib import Path

import numpy as np
import pytest
from hidden_tools import WIDTH, random_states


@pytest.fixture(name="states")
def states_file(tmp_path: Path) -> Path:
    """Write hidden states of five rows."""
    np.save(tmp_path / "states.npy", random_states(5, WIDTH))
    return tmp_path / "states.npy"
