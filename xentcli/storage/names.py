"""What the name of an input or output says: whether it is a URL, and what it ends in."""

import re
from pathlib import Path

from xentcli.errors import UsageError
from xentcli.storage.compression import CODECS

STANDARD_STREAM = "-"
"""The name of standard input, where something is read, and of standard output."""

_URL = re.compile(r"[a-z][a-z0-9+.-]*(://|::.*://)", re.IGNORECASE)  # zip://a.csv::s3://b/c.zip
_FILE = re.compile(r"file://(localhost)?(?=/)", re.IGNORECASE)
_CHAIN = re.compile(r"::(?![^\[\]]*\])")  # but not within http://[::1]/a.csv
_HOST = re.compile(r"[^/?#]*")
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:@]*)(:[0-9]*)?")
_URL_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"]+", re.IGNORECASE)


def is_url(name: str) -> bool:
    """Whether `name` is a URL, chained ones included, and not a path."""
    return _URL.match(name) is not None


def shown_name(name: str) -> str:
    """Return a name as messages and results show it: of a URL, neither user, password nor query.

    Any of these may be what lets somebody in, and messages end up in logs.
    """
    if not is_url(name):
        return name
    shown: list[str] = []
    in_query = False  # a query may hold the `::` that chains URLs
    for part in _CHAIN.split(name):
        if in_query and not _URL.match(part):
            continue
        shown.append(_without_secrets(part))
        in_query = re.search("[?#]", part) is not None
    return "::".join(shown)


def _without_secrets(part: str) -> str:
    scheme, separator, rest = part.partition("://")
    if not separator:  # a file of this machine that holds another
        return part
    host = _HOST.match(rest)
    authority = host[0] if host else ""
    if "@" in authority:
        rest = rest[authority.rindex("@") + 1 :]
    elif "@" in rest and not _HOST_AND_PORT.fullmatch(authority):
        rest = rest[rest.rindex("@") + 1 :]  # a password that holds one of "/?#"
    return scheme + separator + re.split("[?#]", rest, maxsplit=1)[0]


def shown_text(text: str, name: str) -> str:
    """Return what a library says of a URL, with that URL and all others in it as they are shown."""
    text = text.replace(name, shown_name(name))
    return _URL_IN_TEXT.sub(lambda match: shown_name(match[0]), text)


def local_name(name: str) -> str:
    """Return the path that a ``file://`` URL means; any other name as it is."""
    if name[:7].lower() != "file://" or "::" in name:
        return name
    match = _FILE.match(name)
    if match is None:
        hint = "file:///folder/file has three slashes"
        raise UsageError(f"{shown_name(name)}: no such URL", hint=hint)
    from urllib.parse import unquote

    return unquote(name[match.end() :])


def suffix_of(name: str) -> str:
    """Return the extension that tells the format, in lower case, with the dot.

    Of a URL it is that of the path, and of a compressed file the one before the compression's.
    """
    path = _path_of(name)
    if path.suffix.lower() in CODECS:
        path = path.with_suffix("")
    return path.suffix.lower()


def compression_suffix_of(name: str) -> str:
    """Return the extension that tells the compression, or an empty text."""
    suffix = _path_of(name).suffix.lower()
    return suffix if suffix in CODECS else ""


def _path_of(name: str) -> Path:
    if not is_url(name):
        return Path(name)
    first = next(part for part in _CHAIN.split(shown_name(name)) if "://" in part)
    return Path(first)
