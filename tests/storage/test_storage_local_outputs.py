"""Files that are written: whole or not at all, never over another without being told to."""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from in_one_test import in_one_test
from local_tools import NEW, OLD, save

from xentcli.errors import OutputError, Stopped
from xentcli.storage.open import check_output, open_input, open_output


def fail(path: Path, error: type[BaseException] | BaseException) -> None:
    """Fail in the middle of writing."""
    with open_output(str(path), force=True) as output:
        output.write(NEW)
        raise error


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file(tmp_path: Path) -> None:
    with open_output(str(tmp_path / "a.csv")) as output:
        assert output.seekable
        output.write(NEW)
        output.write(b"")
        output.write(memoryview(NEW)[1:4])
        assert not (tmp_path / "a.csv").exists()
    assert (tmp_path / "a.csv").read_bytes() == NEW + NEW[1:4]
    assert names(tmp_path) == ["a.csv"]


def test_nothing_written_is_an_empty_file(tmp_path: Path) -> None:
    save(tmp_path / "a", b"")
    assert (tmp_path / "a").read_bytes() == b""


def test_write_at(tmp_path: Path) -> None:
    with open_output(str(tmp_path / "a")) as output:
        output.write(b"0123456789")
        output.write_at(2, b"xyz")
        output.write(b"!")
    assert (tmp_path / "a").read_bytes() == b"01xyz56789!"


@in_one_test
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, Stopped(15)])
@pytest.mark.parametrize("existing", [True, False])
def test_an_exception_changes_nothing(
    tmp_path: Path, error: type[BaseException] | BaseException, *, existing: bool
) -> None:
    path = tmp_path / "a"
    if existing:
        path.write_bytes(OLD)
    kind = error if isinstance(error, type) else type(error)
    with pytest.raises(kind):
        fail(path, error)
    assert names(tmp_path) == (["a"] if existing else [])
    assert not existing or path.read_bytes() == OLD


@pytest.mark.parametrize("refuse", [save, lambda path: check_output(str(path), force=False)])
def test_an_existing_file_is_refused(tmp_path: Path, refuse: Callable[[Path], None]) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    with pytest.raises(OutputError, match=f"^{path}: cannot be written: it exists") as caught:
        refuse(path)
    assert "--force" in (caught.value.hint or "")
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["a"]


def test_force_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    check_output(str(path), force=True)
    save(path, force=True)
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("existing", [True, False])
def test_links_are_followed(tmp_path: Path, *, existing: bool) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    target, link = folder / "target", tmp_path / "link"
    link.symlink_to("folder/target")
    if existing:
        target.write_bytes(OLD)
    save(link, force=existing)
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert (names(tmp_path), names(folder)) == (["folder", "link"], ["target"])


@in_one_test
@pytest.mark.parametrize(
    "name", ["x" * 255, "数" * 85, "数" * 80 + ".npy", "😀" * 60 + ".csv", "a b\n", ".hidden", "-"]
)
def test_any_name_that_the_system_takes(tmp_path: Path, name: str) -> None:
    save(tmp_path / name)
    assert (tmp_path / name).read_bytes() == NEW
    assert names(tmp_path) == [name]


@in_one_test
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("missing/a.csv", "there is no folder .*missing"),
        ("file/a.csv", "there is no folder .*file"),
        (".", "is a directory"),
        ("folder", "is a directory"),
        ("x" * 300, "file name too long"),
        ("/proc/a.csv", "."),
    ],
)
@pytest.mark.parametrize("force", [True, False])
def test_what_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, says: str, *, force: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    with pytest.raises(OutputError, match=f"^{path}: cannot be written: {says}"):
        save(path, force=force)
    assert names(tmp_path) == ["file", "folder"]


@pytest.mark.parametrize("force", [True, False])
def test_null_device_is_streamed(*, force: bool) -> None:
    save("/dev/null", force=force)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_full_device() -> None:
    with pytest.raises(OutputError, match=r"^/dev/full: cannot be written: no space left"):
        save("/dev/full")


@pytest.mark.parametrize("force", [True, False])
def test_named_pipes_are_streamed(tmp_path: Path, *, force: bool) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    reader.start()
    save(path, force=force)
    reader.join()
    assert got == [NEW]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert names(tmp_path) == ["fifo"]


def test_the_reader_of_a_pipe_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: path.open("rb").close(), daemon=True)
    reader.start()
    with open_output(str(path)) as output:
        reader.join()
        with pytest.raises(Stopped) as caught:
            output.write(NEW)
    assert caught.value.exit_code == 141


@pytest.mark.parametrize("through_link", [True, False])
def test_output_over_its_own_input(tmp_path: Path, *, through_link: bool) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    link = tmp_path / "link"
    link.symlink_to(path)
    data = open_input(str(path))
    with data._file, open_output(str(link if through_link else path), force=True) as output:
        while part := data.read(700):
            output.write(part.upper())
    assert path.read_bytes() == OLD.upper()


@pytest.mark.parametrize("force", [True, False])
def test_two_writers_of_a_new_file(tmp_path: Path, *, force: bool) -> None:
    path = tmp_path / "a"
    contents = [bytes([i]) * 10_000 for i in range(8)]
    refused: list[str] = []
    together = threading.Barrier(len(contents), timeout=10)

    def write(content: bytes) -> None:
        try:
            with open_output(str(path), force=force) as output:
                together.wait()
                output.write(content)
        except OutputError as error:
            refused.append(error.message)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert len(refused) == (0 if force else len(contents) - 1)
    assert all("it exists already" in message for message in refused)
    assert names(tmp_path) == ["a"]
