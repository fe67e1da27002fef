"""What the tests of local files that are written share."""

from pathlib import Path

from xentcli.storage.open import open_output

OLD = b"old" * 1000
NEW = b"new" * 5000


def save(path: str | Path, content: bytes = NEW, *, force: bool = False) -> None:
    with open_output(str(path), force=force) as output:
        for start in range(0, len(content), 1000):
            output.write(content[start : start + 1000])
