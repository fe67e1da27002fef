"""URLs to read: ranges where the server has them, streams elsewhere."""

import gzip
import hashlib
import io
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from remote_tools import CONTENT, NEW, OLD, read_all, read_at
from web import Web, serving

from xentcli.errors import InputError, OutputError
from xentcli.storage.open import check_output, expecting, open_input, open_output
from xentcli.storage.remote_inputs import open_url

# HTTP, in


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("xentcli.storage.ranges._FIRST_WAIT_SECONDS", 0.001)
    with serving() as server:
        server.files = {"a.npy": CONTENT, "a.csv.gz": gzip.compress(CONTENT), "1": b"x", "0": b""}
        yield server


def test_a_server_with_ranges(web: Web) -> None:
    url = web.url("ranges", "a.npy")
    data = open_input(url)
    assert (data.name, data.suffix, data.size, data.seekable) == (url, ".npy", len(CONTENT), True)
    assert data.peek(128) == CONTENT[:128]
    assert web.sent() < 100_000, "a look at the beginning costs little"
    assert read_at(data, 500_000, 1000) == CONTENT[500_000:501_000]
    assert web.sent() < 110_000, "and so does another place"
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


def test_files_that_are_read_one_after_the_other(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece costs no request, and the next file is on its way before it is asked for."""
    names = [f"{i}.npy" for i in range(4)]
    web.files = {name: CONTENT[i:] + CONTENT[:i] for i, name in enumerate(names)}
    urls = [web.url("ranges", name) for name in names]
    with expecting(urls):
        files = [open_input(url) for url in urls]
    assert [data.peek(9) for data in files] == [web.files[name][:9] for name in names]
    assert len(web.asked) == len(names), "one request opens a file"
    assert read_at(files[0], 32_768, 99) == CONTENT[32_768:32_867]
    for _ in range(1000):
        if len(web.asked) == len(names) + 2:
            break
        time.sleep(0.005)
    assert {name for (name, wanted) in web.asked if "bytes=0-" not in wanted} == set(names[:2])
    for name, data in zip(names, files, strict=True):
        assert read_all(data, 50_000) == web.files[name], name
    assert len(web.asked) == 2 * len(names)
    with expecting(urls):
        files = [open_input(url) for url in urls]
    for times in (1, 2):
        web.asked.clear()
        for i in (1, 0, 3, 2):  # as threads may come to them; and all of them once more
            assert read_at(files[i], 0, len(CONTENT)) == web.files[names[i]], (i, times)
        assert set(web.asked.values()) == {1}, times
    monkeypatch.setattr("xentcli.storage.succession._MOST_HEADS", 1)
    with expecting(urls):
        for data in [open_input(url) for url in urls]:  # of which the last alone has its beginning
            assert read_all(data) == web.files[data.name.rpartition("/")[2]]


def test_a_file_object_for_libraries(web: Web) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("inner", CONTENT)
    web.files["a.zip"] = archive.getvalue()
    data = open_url(web.url("ranges", "a.zip"))  # an archive is opened by who asks for it
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


def test_a_server_of_few_days(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """What passes is waited for; what does not is one line."""
    backoff = "botocore.retries.standard.ExponentialBackoff.delay_amount"
    monkeypatch.setattr(backoff, lambda *_: 0.001)
    for address in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(address, web.address)
    fsspec.get_filesystem_class("s3").clear_instance_cache()  # another test had another service
    web.stamp = STAMPS["etag"]
    for place in (f"{web.address}/", "s3://"):
        assert read_all(open_input(f"{place}flaky/a.npy")) == CONTENT, place
        web.asked.clear()
        for manner, says in {
            "stalls": "nothing came for 0.05 seconds",
            "lies": "bytes were asked for and 0 came",
            "broken": "the connection was cut before all of it came",
        }.items():
            patience = 0.05 if manner == "stalls" else 20
            for module in ("remote", "remote_errors"):
                monkeypatch.setattr(f"xentcli.storage.{module}.PATIENCE_SECONDS", patience)
            with pytest.raises(InputError) as caught:
                read_at(open_input(f"{place}{manner}/a.npy"), len(CONTENT) + 100_000, 9)
            assert says in caught.value.message, (place, manner)
            assert "\n" not in caught.value.message, (place, manner)


def test_redirected_again_and_again(web: Web) -> None:
    url = web.url("loop", "a.npy")
    with pytest.raises(InputError) as caught:
        open_input(url)
    assert caught.value.message == f"{url}: cannot be read: it is redirected again and again"


def test_a_server_that_sends_another_range(web: Web) -> None:
    data = open_input(web.url("elsewhere", "a.npy"))
    with pytest.raises(InputError, match="the server sends another range than it is asked for"):
        read_at(data, 500_000, 10)


@pytest.mark.parametrize("manner", ["ranges", "whole", "endless", "loop", "403", "broken"])
def test_nothing_that_lets_somebody_in_is_said(web: Web, manner: str) -> None:
    url = web.url(manner, "a.npy")
    secret = f"{url.replace('://', '://user:word@')}?X-Amz-Signature=s1gned#part"
    said = ""
    try:
        data = open_input(secret)
        assert (data.name, data.suffix) == (url, ".npy")
        read_all(data)
    except InputError as error:
        said = f"{error.message} {error.hint}"
        assert said.startswith(f"{url}: cannot be read: ")
    assert bool(said) == (manner in ("loop", "403", "broken"))
    assert not any(word in said for word in ("user", "word@", "s1gned", "part"))


def test_nothing_is_said_of_a_url_that_makes_no_sense() -> None:
    for url in ("http://user:word@:x/a?key=s1gned", "nothing://user:word@h/a?key=s1gned"):
        with pytest.raises(InputError) as caught:
            open_input(url)
        with pytest.raises(OutputError) as refused:
            check_output(url, force=True)
        for error in (caught.value, refused.value):
            assert not any(word in error.message for word in ("user", "word", "s1gned"))


@pytest.mark.parametrize(
    ("url", "cache"),
    [
        ("filecache::http://a/b.npy", "filecache"),
        ("simplecache::s3://a/b.npy", "simplecache"),
        ("BLOCKCACHE::zip://a::memory://b", "blockcache"),
        ("zip://a::filecache::http://a/b.zip", "filecache"),
    ],
)
def test_caches_are_refused(url: str, cache: str) -> None:
    with pytest.raises(InputError) as caught:
        open_input(url)
    assert caught.value.message == f"{url}: {cache}:: is not supported"
    with pytest.raises(OutputError, match=r":: is not supported$"):
        check_output(url, force=True)


def test_nobody_answers() -> None:
    with pytest.raises(InputError, match=r"^http://127\.0\.0\.1:1/a: cannot be read: nobody"):
        open_input("http://127.0.0.1:1/a")


# What is replaced while it is read


OTHER = bytes(reversed(CONTENT))
STAMPS: dict[str, Callable[[bytes], dict[str, str]]] = {
    "etag": lambda content: {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'},
    "weak etag": lambda content: {"ETag": f'W/"{hashlib.sha256(content).hexdigest()}"'},
    "time": lambda content: {"Last-Modified": f"Thu, 01 Jan 1970 00:00:{content[0] % 60:02} GMT"},
}
every_stamp = pytest.mark.parametrize("stamp", STAMPS)


@every_stamp
def test_replaced_between_two_ranges(web: Web, stamp: str) -> None:
    web.stamp = STAMPS[stamp]
    data = open_input(web.url("ranges", "a.npy"))
    assert read_at(data, 400_000, 10) == CONTENT[400_000:400_010]
    data.check_unchanged()
    web.files["a.npy"] = OTHER
    for use in (lambda: read_at(data, 500_000, 10), data.check_unchanged, lambda: data.read(10**6)):
        with pytest.raises(InputError) as caught:
            use()
        assert caught.value.message == f"{data.name}: the file changed while it was read"
        assert caught.value.hint == "something replaced it: run again when that is done"


def test_replaced_by_a_longer_one_where_nothing_but_the_size_tells(web: Web) -> None:
    data = open_input(web.url("ranges", "a.npy"))
    web.files["a.npy"] = CONTENT * 2
    for use in (lambda: read_at(data, 500_000, 10), data.check_unchanged):
        with pytest.raises(InputError, match="the file changed while it was read"):
            use()


@every_stamp
@pytest.mark.parametrize("manner", ["whole", "endless"])
def test_a_stream_that_is_replaced(web: Web, manner: str, stamp: str) -> None:
    """One answer is of one version; but a file may be opened more than once."""
    web.stamp = STAMPS[stamp]
    data = open_input(web.url(manner, "a.npy"))
    copy = data.spooled()
    copy.check_unchanged()
    web.files["a.npy"] = OTHER
    with pytest.raises(InputError, match="the file changed while it was read"):
        copy.check_unchanged()


@every_stamp
def test_replaced_before_the_first_range(web: Web, stamp: str) -> None:
    """What is asked for first holds the version."""
    web.stamp = STAMPS[stamp]
    sizes = web.stamp
    calls: list[bytes] = []

    def stamp_and_replace(content: bytes) -> dict[str, str]:
        calls.append(content)
        web.files["a.npy"] = OTHER
        return sizes(content)

    web.stamp = stamp_and_replace
    data = open_input(web.url("ranges", "a.npy"))
    assert calls[0] == CONTENT
    for use in (lambda: read_at(data, 500_000, 10), data.check_unchanged):
        with pytest.raises(InputError, match="the file changed while it was read"):
            use()


class TaggedFiles(MemoryFileSystem):  # type: ignore[misc]
    """A driver that tells a version, as those of object stores do."""

    protocol = "tagged"
    cachable = False
    tag = "1"

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return {
            "name": path,
            "size": len(CONTENT),
            "type": "file",
            "ETag": self.tag,
            "VersionId": None,
        }

    def cat_file(self, *_: Any, start: int = 0, end: int = 0, **__: Any) -> bytes:
        return CONTENT[start:end]


def test_an_object_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.register_implementation("tagged", TaggedFiles, clobber=True)
    data = open_input("tagged://a.npy")
    assert read_at(data, 5, 5) == CONTENT[5:10]
    data.check_unchanged()
    monkeypatch.setattr(TaggedFiles, "tag", "2")
    with pytest.raises(InputError, match=r"^tagged://a\.npy: the file changed while it was read$"):
        data.check_unchanged()


def test_a_file_that_is_gone(web: Web) -> None:
    data = open_input(web.url("ranges", "a.npy"))
    del web.files["a.npy"]
    with pytest.raises(InputError, match="404 Not Found"):
        data.check_unchanged()


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
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(InputError, match=r"^s3://b/a: cannot be read: install s3fs") as caught:
        open_input("s3://b/a")
    assert "the extra 's3' brings it" in str(caught.value.hint)
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
        super().write(data[:100])
        raise RuntimeError("the driver\nis odd")


class OddFiles(MemoryFileSystem):  # type: ignore[misc]
    """A driver with trouble of its own."""

    protocol = "odd"
    cachable = False
    store: dict[str, Any] = {}  # noqa: RUF012

    def cat_file(self, *_: Any, **__: Any) -> bytes:
        raise RuntimeError("the driver\nis odd")

    def _open(self, path: str, *_: Any, **__: Any) -> Any:
        return OddFile(self, self._strip_protocol(path))


def test_a_driver_that_breaks() -> None:
    fsspec.register_implementation("odd", OddFiles, clobber=True)
    place = OddFiles._strip_protocol("odd://a")
    OddFiles.store[place] = MemoryFile(None, place, OLD)
    with pytest.raises(InputError, match=r"^odd://a: cannot be read: the driver is odd$"):
        open_input("odd://a")
    says = r"^odd://a: cannot be written: the driver is odd$"
    with pytest.raises(OutputError, match=says), open_output("odd://a", force=True) as output:
        output.write(NEW)
    assert OddFiles.store[place].getvalue() == OLD
