"""What holds for every test: compiled code is kept, and examples that are drawn are the same ones.

``pytest --hypothesis-profile random`` draws others each time.
"""

import os
import sys

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile("same")

# Without bytecode, each of the hundreds of processes that the tests start would compile the package
# anew, which takes as long as all else that it does.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
