"""What is behind a URL, of every kind that fsspec and the drivers installed beside it know."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from xentcli.errors import InputError, OutputError, XentError, missing_library
from xentcli.storage.names import shown_name
from xentcli.storage.ranges import TRIES
from xentcli.text import shown_text

_EXTRA = "remote"  # the extra of this package that brings fsspec and aiohttp
_EXTRA_OF_S3 = "s3"
_HTTP = ("http", "https")
_PATIENCE_SECONDS = 20  # without a byte
_CONNECTIONS = 32  # at once, with one S3 service
_LISTED_SECONDS = 10  # that a folder's list is taken for what is there
_CACHE = re.compile(r"(?:^|::)((?:file|block|simple)?cache(?:d)?)(?=::|://)", re.IGNORECASE)


def locate(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it."""
    if cache := _CACHE.search(url):
        # Its copies would outlive what they are copies of, and its writing is not ours.
        what = f"{cache[1].lower()}:: is not supported"
        raise XentError(what, hint="without it, only what is needed is read")
    try:
        from fsspec.config import conf
        from fsspec.core import url_to_fs
    except ModuleNotFoundError:
        raise missing_library("a URL", "fsspec", _EXTRA) from None
    options = {
        protocol: {**options_of(), **conf.get(protocol, {})}
        for protocol, options_of in _OPTIONS.items()
        if f"{protocol}://" in url.lower()
    }
    files, path = url_to_fs(url, **options)
    if protocol_of(files) == "s3":
        files.retries = 1  # botocore tries again
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


def _s3_options() -> dict[str, Any]:
    """Return options of the client: how often botocore tries again, and its patience."""
    return {
        "listings_expiry_time": _LISTED_SECONDS,
        "config_kwargs": {
            "connect_timeout": _PATIENCE_SECONDS,
            "read_timeout": _PATIENCE_SECONDS,
            "max_pool_connections": _CONNECTIONS,
            "retries": {"mode": "standard", "total_max_attempts": TRIES},
        },
    }


_OPTIONS = {"http": _http_options, "https": _http_options, "s3": _s3_options, "s3a": _s3_options}
"""What the drivers are told, where fsspec's own configuration says nothing else."""


def protocol_of(files: Any) -> str:
    """Return the name of a file system's protocol."""
    return files.protocol if isinstance(files.protocol, str) else str(files.protocol[0])


def is_http(files: Any) -> bool:
    """Whether a file system is one of HTTP."""
    return protocol_of(files) in _HTTP


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
        what = shown_text(_without(url, what.replace(url, name)))
        raise kind(f"{name}: cannot be {verb}: {what}", hint=hint) from error


def _without(url: str, text: str) -> str:
    """Return a text without what a URL says of who is let in."""
    for secret in re.findall(r"//([^/?#]*@)|(\?[^#]*)", url):
        text = text.replace("".join(secret), "")
    return text


def _reason(error: Exception) -> tuple[str, str | None]:
    """Return what an exception of a driver says, and what to do about it."""
    said: Any = error
    if isinstance(error, TimeoutError) and not error.strerror:
        return f"nothing came for {_PATIENCE_SECONDS} seconds", None
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
    for module, extra in {"aiohttp": _EXTRA, "s3fs": _EXTRA_OF_S3}.items():
        if isinstance(error, ImportError) and module in text:
            return text, missing_library("a URL", module, extra).hint
    return text, None
