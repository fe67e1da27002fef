"""Finds the file system behind a URL of any kind that fsspec and its drivers know."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from xentcli.errors import InputError, OutputError, XentError, missing_library
from xentcli.storage.names import shown_name
from xentcli.storage.ranges import TRIES
from xentcli.storage.remote_errors import EXTRA, EXTRA_OF_S3, PATIENCE_SECONDS, reason_of
from xentcli.text import shown_text

_HTTP = ("http", "https")
_CONNECTIONS = 32  # at once, with one S3 service
_LISTED_SECONDS = 10  # for which a folder's list is trusted
_CACHE = re.compile(r"(?:^|::)((?:file|block|simple)?cache(?:d)?)(?=::|://)", re.IGNORECASE)


def locate(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it."""
    if cache := _CACHE.search(url):
        # Its copies would outlive the files, and it writes in a way that we do not control.
        what = f"{cache[1].lower()}:: is not supported"
        raise XentError(what, hint="without it, only what is needed is read")
    try:
        from fsspec.config import conf
        from fsspec.core import url_to_fs
    except ModuleNotFoundError:
        extra = EXTRA_OF_S3 if re.search("(?i)s3a?://", url) else EXTRA
        raise missing_library("a URL", "fsspec", extra) from None
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
    """Return options of the client, which limit the time without a byte, not that of the whole."""
    try:
        from aiohttp import ClientTimeout
    except ModuleNotFoundError:
        raise missing_library("HTTP", "aiohttp", EXTRA) from None
    patience = ClientTimeout(total=None, sock_connect=PATIENCE_SECONDS, sock_read=PATIENCE_SECONDS)
    return {"client_kwargs": {"timeout": patience, "trust_env": True}}


def _s3_options() -> dict[str, Any]:
    """Return options of the client: its patience, and how often botocore tries again."""
    return {
        "listings_expiry_time": _LISTED_SECONDS,
        "config_kwargs": {
            "connect_timeout": PATIENCE_SECONDS,
            "read_timeout": PATIENCE_SECONDS,
            "max_pool_connections": _CONNECTIONS,
            "retries": {"mode": "standard", "total_max_attempts": TRIES},
        },
    }


_OPTIONS = {"http": _http_options, "https": _http_options, "s3": _s3_options, "s3a": _s3_options}
"""The options of the drivers, unless fsspec's own configuration says otherwise."""


def protocol_of(files: Any) -> str:
    """Return the name of a file system's protocol."""
    return files.protocol if isinstance(files.protocol, str) else str(files.protocol[0])


def is_http(files: Any) -> bool:
    """Whether a file system is HTTP."""
    return protocol_of(files) in _HTTP


def check_bucket(files: Any, path: str) -> None:
    """Raise LookupError if the bucket of an S3 path does not exist, as far as one may ask."""
    if protocol_of(files) == "s3":
        try:
            _find(files, path.partition("/")[0])
        except FileNotFoundError:
            raise LookupError("no such bucket") from None
        except PermissionError:
            pass


@cache
def _find(files: Any, bucket: str) -> None:
    files.info(bucket)


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
        what, hint = reason_of(error)
        what = shown_text(_without(url, what.replace(url, name)))
        raise kind(f"{name}: cannot be {verb}: {what}", hint=hint) from error


def _without(url: str, text: str) -> str:
    """Return a text without the user, password and query of a URL."""
    for secret in re.findall(r"//([^/?#]*@)|(\?[^#]*)", url):
        text = text.replace("".join(secret), "")
    return text
