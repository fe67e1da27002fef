"""What fsspec does not know, or not without a driver."""

import sys
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from in_one_test import in_one_test
from remote_tools import NEW, OLD

from xentcli.errors import InputError, OutputError
from xentcli.storage.open import check_output, open_input, open_output


def test_nothing_is_said_of_a_url_that_makes_no_sense() -> None:
    for url in ("http://user:word@:x/a?key=s1gned", "nothing://user:word@h/a?key=s1gned"):
        with pytest.raises(InputError) as caught:
            open_input(url)
        with pytest.raises(OutputError) as refused:
            check_output(url, force=True)
        for error in (caught.value, refused.value):
            assert not any(word in error.message for word in ("user", "word", "s1gned"))


@in_one_test
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


# What fsspec does not know, or not without a driver


@in_one_test
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
        install = f"{sys.executable} -m pip install 'aiohttp>=3.9' 'fsspec>=2025.9'"
        assert caught.value.hint == f"the extra 'remote' brings it: {install}"
    if module == "fsspec":
        with pytest.raises(InputError) as caught:
            open_input("s3://a/b")
        assert caught.value.hint == f"the extra 's3' brings it: {install} 's3fs>=2025.9'"


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
