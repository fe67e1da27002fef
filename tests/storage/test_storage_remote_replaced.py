"""Files of a server that are replaced while they are read."""

from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from remote_tools import CONTENT, read_at
from web import Web
from web_files import STAMPS, web_of_files  # noqa: F401 - a fixture

from xentcli.errors import InputError
from xentcli.storage.open import open_input

OTHER = bytes(reversed(CONTENT))
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
