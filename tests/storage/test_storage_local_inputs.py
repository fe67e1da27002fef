"""An input that changes while it is read is an error, and nothing is put in the output's place."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from xentcli.errors import InputError
from xentcli.storage.inputs import Input
from xentcli.storage.open import open_input

CONTENT = b"1,2\n3,4\n" * 1000
Change = Callable[[Path], object]


def shorter(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 8)


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"5,6\n")


def rewritten(path: Path) -> None:
    """Keep the size, and a byte."""
    with path.open("r+b") as file:
        file.write(file.read(1))


def replaced(path: Path) -> None:
    """Put another file in its place, with the same content and the same time."""
    before, other = path.stat(), path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def removed(path: Path) -> None:
    path.unlink()


CHANGES = [shorter, longer, rewritten, replaced, removed]


def old_file(path: Path, content: bytes) -> Path:
    """Write a file long ago: two changes within a tick of the clock have the same time."""
    path.write_bytes(content)
    os.utime(path, (1e9, 1e9))
    return path


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_file_that_changes(tmp_path: Path, change: Change, name: str) -> None:
    content = gzip.compress(CONTENT) if name.endswith("gz") else CONTENT
    path = old_file(tmp_path / name, content)
    data = open_input(str(path))
    data.read(100)
    data.check_unchanged()
    copy = data.spooled()
    copy.check_unchanged()
    change(path)
    says = "no such file" if change is removed else "the file changed while it was read"
    for changed in (data, copy):
        with pytest.raises(InputError, match=f"^{path}: .*{says}"):
            changed.check_unchanged()


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.chmod(0o600),
        lambda path: path.read_bytes(),
        lambda path: os.link(path, path.with_name("b")),
    ],
)
def test_what_is_no_change(tmp_path: Path, change: Change) -> None:
    path = old_file(tmp_path / "a", CONTENT)
    data = open_input(str(path))
    change(path)
    data.check_unchanged()


def test_streams_have_nothing_to_check() -> None:
    open_input("/dev/null").check_unchanged()
    reader, writer = os.pipe()
    os.close(writer)
    with open(reader, "rb", buffering=0) as file:  # noqa: PTH123
        Input("<pipe>", file, None).check_unchanged()
