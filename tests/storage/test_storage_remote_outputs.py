"""URLs to write: output appears whole or not at all."""

import gzip
import zipfile
from collections.abc import Iterator

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from remote_tools import NEW, OLD, read_all, read_at

from xentcli.errors import OutputError, Stopped
from xentcli.storage.open import check_output, open_input, open_output


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()


def save(url: str, *, force: bool = False) -> None:
    with open_output(url, force=force) as output:
        output.write(b"?" * 10 + NEW[10:])
        if output.seekable:
            output.write_at(0, NEW[:10])
        assert fsspec.filesystem("memory").store.get("/f/a", None) is None or force


def test_written_and_read_again(memory: MemoryFileSystem) -> None:
    check_output("memory://f/a", force=False)
    save("memory://f/a")
    assert memory.cat("/f/a") == NEW
    with pytest.raises(OutputError, match=r"^memory://f/a: .* it exists already$") as caught:
        save("memory://f/a")
    assert caught.value.hint == "--force overwrites it"
    with pytest.raises(OutputError, match=r"^memory://f: cannot be written: is a directory$"):
        save("memory://f", force=True)
    data = open_input("memory://f/a")
    assert (data.size, data.seekable) == (len(NEW), True)
    assert read_at(data, 300, 30) == NEW[300:330]
    assert read_all(data) == NEW


def test_compressed_output(memory: MemoryFileSystem) -> None:
    with open_output("memory://a.csv.gz") as output:
        output.write(NEW)
    assert gzip.decompress(memory.cat("/a.csv.gz")) == NEW
    data = open_input("memory://a.csv.gz")
    assert data.suffix == ".csv"
    assert read_all(data) == NEW


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Stopped(15)])
@pytest.mark.parametrize("old", [OLD, None])
def test_a_run_that_fails_changes_nothing(
    memory: MemoryFileSystem, old: bytes | None, error: type[BaseException] | BaseException
) -> None:
    if old:
        memory.pipe("/a", old)

    def fail() -> None:
        with open_output("memory://a", force=True) as output:
            output.write(NEW)
            raise error

    with pytest.raises(error if isinstance(error, type) else type(error)):
        fail()
    assert (memory.cat("/a") if memory.exists("/a") else None) == old


def test_somebody_else_was_faster(memory: MemoryFileSystem) -> None:
    def save_late() -> None:
        with open_output("memory://a") as output:
            output.write(NEW)
            memory.pipe("/a", OLD)

    with pytest.raises(OutputError, match="it exists already"):
        save_late()
    assert memory.cat("/a") == OLD


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.csv", "zip://a.csv::memory://b.zip"])
def test_what_is_only_read(memory: MemoryFileSystem, url: str) -> None:
    with zipfile.ZipFile(memory.open("/b.zip", "wb"), "w"):
        pass
    with pytest.raises(OutputError, match=f"^{url}: cannot be written: "):
        check_output(url, force=True)
