"""What is behind a URL, of every kind that fsspec and the drivers installed beside it know."""

import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from xentcli.errors import InputError, OutputError, XentError, missing_library
from xentcli.storage.names import shown_name
from xentcli.text import shown_text

T = TypeVar("T")

_EXTRA = "remote"  # the extra of this package that brings fsspec and aiohttp
_HTTP = ("http", "https")
_PATIENCE_SECONDS = 60  # without a byte
_CACHE = re.compile(r"(?:^|::)((?:file|block|simple)?cache(?:d)?)(?=::|://)", re.IGNORECASE)


def locate(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it."""
    if cache := _CACHE.search(url):
        # Its copies would outlive what they are copies of, and its writing is not ours.
        what = f"{cache[1].lower()}:: is not supported"
        raise XentError(what, hint="without it, only what is needed is read")
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError:
        raise missing_library("a URL", "fsspec", _EXTRA) from None
    options = {protocol: _http_options() for protocol in _HTTP if f"{protocol}://" in url.lower()}
    files, path = url_to_fs(url, **options)
    return files, path


def _http_options() -> dict[str, Any]:
    """Return options of the client: no limit on all of the time, but one on silence."""
    try:
        from aiohttp import ClientTimeout
    except ModuleNotFoundError:
        raise missing_library("HTTP", "aiohttp", _EXTRA) from None
    patience = ClientTimeout(
        total=None, sock_connect=_PATIENCE_SECONDS, sock_read=_PATIENCE_SECONDS
    )
    return {"client_kwargs": {"timeout": patience, "trust_env": True}}


def protocol_of(files: Any) -> str:
    """Return the name of a file system's protocol."""
    return files.protocol if isinstance(files.protocol, str) else str(files.protocol[0])


def is_http(files: Any) -> bool:
    """Whether a file system is one of HTTP."""
    return protocol_of(files) in _HTTP


def is_archive(files: Any) -> bool:
    """Whether a file system is what is in a zip or tar file."""
    from fsspec.archive import AbstractArchiveFileSystem

    return isinstance(files, AbstractArchiveFileSystem)


def is_asynchronous(files: Any) -> bool:
    """Whether any number of threads may use a file system at once."""
    from fsspec.asyn import AsyncFileSystem

    return isinstance(files, AsyncFileSystem)


def wait_for(files: Any, function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
    """Return what a coroutine function returns in the loop of an asynchronous file system."""
    from fsspec.asyn import sync

    result: T = sync(files.loop, function, *arguments)
    return result


@contextmanager
def telling(kind: type[XentError], url: str, verb: str) -> Iterator[None]:
    """Turn whatever a driver raises into one line that names the URL, without its secrets."""
    name = shown_name(url)
    try:
        yield
    except (InputError, OutputError):
        raise
    except XentError as error:
        if type(error) is not XentError:  # a signal
            raise
        raise kind(f"{name}: {error.message}", hint=error.hint) from error
    except Exception as error:
        what, hint = _reason(error)
        what = shown_text(what.replace(url, name))
        raise kind(f"{name}: cannot be {verb}: {what}", hint=hint) from error


def _reason(error: Exception) -> tuple[str, str | None]:
    """Return what an exception of a driver says, and what to do about it."""
    said: Any = error
    if isinstance(error, FileNotFoundError):
        if error.__cause__ is None:
            return "no such file", None
        said = error.__cause__  # what fsspec takes for a missing file: any trouble of HTTP
    if type(said).__name__ == "TooManyRedirects":
        return "it is redirected again and again", None
    if getattr(said, "status", None):
        return f"{said.status} {said.message}".strip(), None
    text = " ".join(str(getattr(said, "strerror", None) or said).split()) or type(said).__name__
    if text[1:2].islower():
        text = text[0].lower() + text[1:]
    if isinstance(error, ImportError) and "aiohttp" in text:
        return text, missing_library("HTTP", "aiohttp", _EXTRA).hint
    return text, None
