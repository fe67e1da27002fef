"""URLs: ranges where the server has them, streams elsewhere, output that appears whole."""

import gzip
import io
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from web import Web, serving

from xentcli.errors import InputError, OutputError, Stopped, UsageError
from xentcli.storage.inputs import Input
from xentcli.storage.names import is_url, local_name, suffix_of
from xentcli.storage.open import check_output, open_input, open_output

CONTENT = bytes(range(256)) * 16 * 256  # a MiB
OLD, NEW = b"old" * 1000, b"new" * 5000


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        server.files = {"a.npy": CONTENT, "a.csv.gz": gzip.compress(CONTENT), "1": b"x", "0": b""}
        yield server


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()


def read_all(data: Input, count: int = 2**18) -> bytes:
    return b"".join(iter(lambda: data.read(count), b""))


def read_at(data: Input, start: int, size: int) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: data.read_at(start, memoryview(buffer))])


# HTTP, in


def test_a_server_with_ranges(web: Web) -> None:
    url = web.url("ranges", "a.npy")
    data = open_input(url)
    assert (data.name, data.suffix, data.size, data.seekable) == (url, ".npy", len(CONTENT), True)
    assert data.peek(128) == CONTENT[:128]
    assert web.sent() < 100_000, "a look at the beginning costs little"
    assert read_at(data, 500_000, 1000) == CONTENT[500_000:501_000]
    assert web.sent() < 110_000
    assert read_at(data, len(CONTENT) - 5, 10) == CONTENT[-5:]
    assert read_at(data, len(CONTENT), 10) == b""
    assert read_all(data) == CONTENT
    data.rewind()
    assert data.read(300) == CONTENT[:300]


def test_threads_that_read_at_once(web: Web) -> None:
    data = open_input(web.url("ranges", "a.npy"))
    starts = range(0, len(CONTENT), 50_001)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda start: read_at(data, start, 50_001), starts))
    assert b"".join(parts) == CONTENT


def test_a_file_object_for_libraries(web: Web) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("inner", CONTENT)
    web.files["a.zip"] = archive.getvalue()
    data = open_input(web.url("ranges", "a.zip"))
    with zipfile.ZipFile(data.as_file()) as reader:
        assert reader.read("inner") == CONTENT
    with serving() as other:
        other.files["a.zip"] = archive.getvalue()
        inner = open_input(f"zip://inner::{other.url('ranges', 'a.zip')}")
        assert not inner.seekable
        assert read_all(inner) == CONTENT


@pytest.mark.parametrize("manner", ["whole", "endless"])
def test_a_server_without_ranges_or_sizes(web: Web, manner: str) -> None:
    data = open_input(web.url(manner, "a.npy"))
    assert not data.seekable
    assert data.peek(9) == CONTENT[:9]
    assert read_all(data) == CONTENT
    copy = open_input(web.url(manner, "a.npy")).spooled()
    assert read_at(copy, 1000, 1000) == CONTENT[1000:2000]


@pytest.mark.parametrize("manner", ["ranges", "whole", "endless"])
@pytest.mark.parametrize("name", ["0", "1"])
def test_tiny_files(web: Web, manner: str, name: str) -> None:
    assert read_all(open_input(web.url(manner, name))) == web.files[name]


@pytest.mark.parametrize("manner", ["ranges", "whole", "endless"])
def test_compressed(web: Web, manner: str) -> None:
    data = open_input(web.url(manner, "a.csv.gz?signed=1.npy#there"))
    assert (data.suffix, data.seekable) == (".csv", False)
    assert read_all(data) == CONTENT


@pytest.mark.parametrize(
    ("manner", "name", "says"),
    [
        ("ranges", "b.npy", "404 Not Found"),
        ("403", "a.npy", "403 Forbidden"),
        ("500", "a.npy", "500 Internal Server Error"),
        ("cut", "a.npy", "."),
        ("broken", "a.npy", "."),
    ],
)
def test_what_a_server_refuses(web: Web, manner: str, name: str, says: str) -> None:
    url = web.url(manner, name)

    def read() -> None:
        data = open_input(url)
        with data._file:
            read_all(data)

    with pytest.raises(InputError, match=rf"^{url}: cannot be read: .*{says}") as caught:
        read()
    assert "\n" not in caught.value.message


def test_nobody_answers() -> None:
    with pytest.raises(InputError, match=r"^http://127\.0\.0\.1:1/a: cannot be read: .*connect"):
        open_input("http://127.0.0.1:1/a")


# What fsspec does not know, or not without a driver


@pytest.mark.parametrize(
    ("url", "says", "hint"),
    [
        ("nothing://a.npy", "protocol not known: nothing", None),
        ("memory://missing.npy", "no such file", None),
        ("zip://a.csv::memory://missing.zip", "no such file", None),
        ("ftp://127.0.0.1:1/a.csv", "connection refused", None),
    ],
)
def test_what_cannot_be_opened(url: str, says: str, hint: str | None) -> None:
    with pytest.raises(InputError) as caught:
        open_input(url)
    assert caught.value.message == f"{url}: cannot be read: {says}"
    assert caught.value.hint == hint


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match=r"^s3://b/a: cannot be read: install s3fs"):
        open_input("s3://b/a")
    with pytest.raises(OutputError, match=r"^s3://b/a: cannot be written: install s3fs"):
        check_output("s3://b/a", force=True)


@pytest.mark.parametrize("module", ["fsspec", "aiohttp"])
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    for name in [module, *(name for name in sys.modules if name.split(".")[0] == module)]:
        monkeypatch.setitem(sys.modules, name, None)
    for use in (open_input, lambda url: check_output(url, force=True)):
        with pytest.raises(
            (InputError, OutputError), match=rf"^http://a/b: .* needs {module}"
        ) as caught:
            use("http://a/b")
        install = f"{sys.executable} -m pip install 'aiohttp>=3.9' 'fsspec>=2024.6'"
        assert caught.value.hint == f"the extra 'remote' brings it: {install}"


class OddFile(MemoryFile):  # type: ignore[misc]
    """Breaks in the middle, as a driver's own error."""

    def read(self, *_: Any) -> bytes:
        raise RuntimeError("the driver\nis odd")

    def write(self, data: Any) -> int:
        if self.tell():
            raise RuntimeError("the driver\nis odd")
        return int(super().write(data))


class OddFiles(MemoryFileSystem):  # type: ignore[misc]
    """A driver with trouble of its own."""

    protocol = "odd"
    cachable = False
    store: dict[str, Any] = {}  # noqa: RUF012

    def cat_file(self, *_: Any, **__: Any) -> bytes:
        raise RuntimeError("the driver\nis odd")

    def _open(self, path: str, *_: Any, **__: Any) -> Any:
        return OddFile(self, self._strip_protocol(path))


def test_a_driver_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.register_implementation("odd", OddFiles, clobber=True)
    monkeypatch.setattr("xentcli.storage.remote_outputs._UPLOADED_BYTES", 100)
    place = OddFiles._strip_protocol("odd://a")
    OddFiles.store[place] = MemoryFile(None, place, OLD)
    with pytest.raises(InputError, match=r"^odd://a: cannot be read: the driver is odd$"):
        open_input("odd://a")
    with pytest.raises(OutputError, match=r"^odd://a: cannot be written: the driver is odd$"):
        save("odd://a", force=True)
    assert OddFiles.store[place].getvalue() == OLD


# Any other, out and in


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


# Names


def test_urls_of_files(tmp_path: Path) -> None:
    path = tmp_path / "a b%.csv"
    url = f"file://{tmp_path}/a%20b%25.csv"
    with open_output(url) as output:
        output.write(NEW)
    assert path.read_bytes() == NEW
    data = open_input(url.replace("file://", "FILE://localhost"))
    assert (data.seekable, data.suffix, read_all(data)) == (True, ".csv", NEW)


def test_a_url_of_a_file_with_two_slashes() -> None:
    with pytest.raises(UsageError) as caught:
        open_input("file://a.csv")
    assert "three slashes" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "url", "suffix"),
    [
        ("a.csv", False, ".csv"),
        ("A.CSV.GZ", False, ".csv"),
        ("a.gz", False, ""),
        ("a.npy.zst", False, ".npy"),
        ("a.csv?b.npy", False, ".npy"),
        ("model::logits.npy", False, ".npy"),
        ("a:/b.csv", False, ".csv"),
        ("./http://a.csv", False, ".csv"),
        ("http://host/a.csv.bz2?x=b.npy#c", True, ".csv"),
        ("S3://bucket/a.npy.xz", True, ".npy"),
        ("zip://a.csv::file.zip", True, ".csv"),
        ("zip://a.csv::file://b.zip", True, ".csv"),
        ("simplecache::s3://b/a.npy", True, ".npy"),
        ("-", False, ""),
    ],
)
def test_names(name: str, url: bool, suffix: str) -> None:
    assert (is_url(local_name(name)), suffix_of(name)) == (url, suffix)
