"""What holds for every test: no process compiles what one before it has compiled."""

import os
import sys
from pathlib import Path

if sys.dont_write_bytecode and "PYTEST_XDIST_WORKER" not in os.environ:
    # Bytecode is not wanted beside the code. Without any, each of the hundreds of processes that
    # the tests start would compile the package anew, which takes as long as all else that it does.
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
