"""Finds the remote files that a pattern matches, if the service can list them."""

import re
from collections.abc import Iterable

from xentcli.errors import InputError
from xentcli.storage.names import shown_name
from xentcli.storage.remote import check_bucket, is_http, locate, telling

_WILD = r"[*[]|\?(?!\w+=)"  # a ? that begins no query


def matching(url: str, without: Iterable[str]) -> list[str]:
    """Return the URLs that a pattern matches, except some; any other URL comes back as it is.

    Raises
    ------
    InputError
        If nothing matches, or the place cannot be listed.
    """
    if not re.search(_WILD, url):
        return [url]
    with telling(InputError, url, "listed"):
        files, path = locate(url)
        if is_http(files) or not re.search(_WILD, path):
            return [url]
        places = files.glob(path, detail=True)
        found = [place for place, info in places.items() if info.get("type") != "directory"]
        if path in found or (not found and files.exists(path)):
            return [url]
        if not found:
            check_bucket(files, path)
    link, *others = url.split("::")
    before = link.removesuffix(path)
    if before == link:  # not spelt as the driver spells it
        before = link[: link.index("://") + 3]
        found = [place.lstrip("/") for place in found]
    named = ["::".join([before + place, *others]) for place in found]
    if not (left := [name for name in named if name not in set(without)]):
        raise InputError(f"{shown_name(url)}: no file matches this pattern")
    return left


def kind_of_url(url: str) -> str | None:
    """Return whether a URL is a ``file`` or a ``directory``; None if nothing is there."""
    with telling(InputError, url, "read"):
        files, path = locate(url)
        try:
            return str(files.info(path)["type"])
        except FileNotFoundError:
            return None
