"""Temporary copies: what was written comes back; a full disk is said to be the copy's."""

import os
import tempfile
from pathlib import Path

import pytest

from xentcli.errors import InputError, OutputError
from xentcli.storage.inputs import Input
from xentcli.storage.temporary import TemporaryCopy

CONTENT = bytes(range(256)) * 9000


def test_what_was_written_comes_back_more_than_once() -> None:
    copy = TemporaryCopy("a")
    with copy.file:
        copy.write(CONTENT)
        copy.write(b"")
        copy.write(memoryview(CONTENT)[:5])
        for _ in range(2):
            assert b"".join(copy.parts()) == CONTENT + CONTENT[:5]
        assert copy.size() == len(CONTENT) + 5


def test_a_disk_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full)
    monkeypatch.setattr(tempfile, "tempdir", "/there")
    says = r"^a temporary copy of <stdin> in /there: cannot be written: no space left on device$"
    reader, writer = os.pipe()
    os.write(writer, b"1,2\n")
    os.close(writer)
    with full, open(reader, "rb", buffering=0) as file:  # noqa: PTH123
        with pytest.raises(OutputError, match=says):
            TemporaryCopy("<stdin>").write(CONTENT)
        with pytest.raises(OutputError, match=says):
            Input("<stdin>", file, None).spooled()


def test_no_folder_for_temporary_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    monkeypatch.setattr(tempfile, "tempdir", missing)
    with pytest.raises(OutputError) as caught:
        TemporaryCopy("a")
    says = f"a temporary copy of a in {missing}: cannot be written: no such file or directory"
    assert caught.value.message == says
    assert str(caught.value.hint).startswith("TMPDIR=FOLDER names another folder")


def test_a_copy_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    copy = TemporaryCopy("a")

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with copy.file:
        copy.write(CONTENT)
        monkeypatch.setattr(os, "pread", fail)
        with pytest.raises(
            InputError, match=r"^a temporary copy of a in /.*: cannot be read: input"
        ):
            list(copy.parts())
