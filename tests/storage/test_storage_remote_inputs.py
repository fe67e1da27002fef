"""URLs to read: ranges where the server has them, streams elsewhere."""

import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import fsspec
import pytest
from in_one_test import in_one_test
from remote_tools import CONTENT, read_all, read_at
from web import Web, serving
from web_files import STAMPS, web_of_files  # noqa: F401 - a fixture

from xentcli.errors import InputError
from xentcli.storage.open import expecting, open_input
from xentcli.storage.remote_inputs import open_url


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


@in_one_test
@pytest.mark.parametrize("manner", ["ranges", "whole", "endless"])
@pytest.mark.parametrize("name", ["0", "1"])
def test_tiny_files(web: Web, manner: str, name: str) -> None:
    assert read_all(open_input(web.url(manner, name))) == web.files[name]


@pytest.mark.parametrize("manner", ["ranges", "whole", "endless"])
def test_compressed(web: Web, manner: str) -> None:
    data = open_input(web.url(manner, "a.csv.gz?signed=1.npy#there"))
    assert (data.suffix, data.seekable) == (".csv", False)
    assert read_all(data) == CONTENT


@in_one_test
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


@in_one_test
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
