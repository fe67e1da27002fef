"""Work that comes in a file, done by a fork that knows nothing of where it was made."""

import pickle
import sys
from pathlib import Path


def main() -> None:
    """Do work with its item, pair by pair, and write what comes of them."""
    work, results = map(Path, sys.argv[1:])
    pairs = pickle.loads(work.read_bytes())
    results.write_bytes(pickle.dumps([work(item) for work, item in pairs]))
