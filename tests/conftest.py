"""What holds for every test: no process compiles what one before it has compiled."""

import os
import sys

# Without bytecode, each of the hundreds of processes that the tests start would compile the package
# anew, which takes as long as all else that it does.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
