"""A server with some files, as a fixture."""

import gzip
import hashlib
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from remote_tools import CONTENT
from web import Web, serving


@cache
def compressed() -> bytes:
    """Return what took a fifth of each test's time when it was made for it."""
    return gzip.compress(CONTENT)


@pytest.fixture(name="web")
def web_of_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("xentcli.storage.ranges._FIRST_WAIT_SECONDS", 0.001)
    with serving() as server:
        server.files = {"a.npy": CONTENT, "a.csv.gz": compressed(), "1": b"x", "0": b""}
        yield server


STAMPS: dict[str, Callable[[bytes], dict[str, str]]] = {
    "etag": lambda content: {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'},
    "weak etag": lambda content: {"ETag": f'W/"{hashlib.sha256(content).hexdigest()}"'},
    "time": lambda content: {"Last-Modified": f"Thu, 01 Jan 1970 00:00:{content[0] % 60:02} GMT"},
}
