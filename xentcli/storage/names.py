"""Takes the names of inputs and outputs apart: paths, URLs and extensions."""

import re
from pathlib import Path

from xentcli.errors import UsageError
from xentcli.storage.compression import CODECS
from xentcli.text import links_of, shown_url

STANDARD_STREAM = "-"
"""The name of standard input or, where something is written, of standard output."""

_URL = r"(?i)[a-z][a-z0-9+.-]*(://|::.*://)"  # zip://a.csv::s3://b/c.zip
_FILE = r"(?i)file://(localhost)?(?=/)"


def is_url(name: str) -> bool:
    """Whether `name` is a URL, which may be chained, and not a path."""
    return ":" in name and re.match(_URL, name) is not None


def shown_name(name: str) -> str:
    """Return a name as messages and results show it: URLs without user, password and query."""
    return shown_url(name) if is_url(name) else name


def input_name(name: str) -> str:
    """Return the name of an input as messages and results show it."""
    return "<stdin>" if name == STANDARD_STREAM else shown_name(name)


def local_name(name: str) -> str:
    """Return the path that a ``file://`` URL means; any other name as it is."""
    if name[:7].lower() != "file://" or "::" in name:
        return name
    match = re.match(_FILE, name)
    if match is None:
        hint = "file:///folder/file has three slashes"
        raise UsageError(f"{shown_name(name)}: no such URL", hint=hint)
    from urllib.parse import unquote

    return unquote(name[match.end() :])


def suffix_of(name: str) -> str:
    """Return the extension that tells the format, in lower case, with the dot.

    For a URL it is that of its path, and for a compressed file the one before the compression's.
    """
    path = _path_of(name)
    if path.suffix.lower() in CODECS:
        path = path.with_suffix("")
    return path.suffix.lower()


def stem_of(name: str) -> str:
    """Return a file's name without its folder and the extensions of format and compression."""
    path = _path_of(name)
    return (path.with_suffix("") if path.suffix.lower() in CODECS else path).stem


def compression_suffix_of(name: str) -> str:
    """Return the extension that tells the compression, or an empty text."""
    suffix = _path_of(name).suffix.lower()
    return suffix if suffix in CODECS else ""


def uncompressed_name(name: str) -> str:
    """Return a name without the extension of a compression: ``t.csv.gz`` is a copy of ``t.csv``."""
    suffix = compression_suffix_of(name)
    return name[: -len(suffix)] if suffix and name.lower().endswith(suffix) else name


def beside(folder: str, name: str) -> str:
    """Return the path or URL of a file in a folder, local or remote."""
    if is_url(folder):
        return f"{folder.rstrip('/')}/{name}"
    return str(Path(folder, name))


def _path_of(name: str) -> Path:
    if not is_url(name):
        return Path(name)
    first = next(part for part in links_of(shown_name(name)) if "://" in part)
    return Path(first)
