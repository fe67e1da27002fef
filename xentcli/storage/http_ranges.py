"""Ranges of a file on an HTTP server, all of one version of the file."""

from typing import Any

from xentcli.errors import InputError
from xentcli.storage.remote import wait_for

_WHILE_REPLACED = "something replaced it: run again when that is done"


def changed(name: str) -> InputError:
    """Return the error of a URL whose content is no longer what was opened."""
    return InputError(f"{name}: the file changed while it was read", hint=_WHILE_REPLACED)


class HttpRanges:
    """Reads ranges of a file from a server, which names the version of the file with each."""

    def __init__(self, files: Any, path: str, name: str, size: int) -> None:
        self._files = files
        self._path = path
        self._name = name
        self._version = {"size": str(size)}

    def are_served(self) -> bool:
        """Whether the server sends a range where one is asked for, and not all of the file."""
        status, content = self._get(1, 2)
        return status == 206 and len(content) == 1

    def fetch(self, start: int, end: int) -> bytes:
        """Return a range of the version that the first of all ranges was of."""
        status, content = self._get(start, end)
        if status not in (206, 416) and not (status == 200 and start == 0):
            raise ValueError("the server sends all of the file where a range is asked for")
        return content[: end - start]

    def _get(self, start: int, end: int) -> tuple[int, bytes]:
        status, headers, content = wait_for(self._files, self._answer, start, end)
        if status == 206:
            self._compare(headers, start)
        return status, content

    async def _answer(self, start: int, end: int) -> tuple[int, Any, bytes]:
        """Ask for a range; read no more than its bytes, even if the whole file is sent."""
        session = await self._files.set_session()
        # A range of a compressed answer would be no range of the file.
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        async with session.get(self._files.encode_url(self._path), headers=headers) as answer:
            if answer.status == 416:
                return 416, answer.headers, b""
            answer.raise_for_status()
            if answer.status == 206:
                return 206, answer.headers, await answer.read()
            content = b""
            while len(content) < end - start and (part := await answer.content.readany()):
                content += part
            return answer.status, answer.headers, content

    def _compare(self, headers: Any, start: int) -> None:
        """Raise InputError if a range is of another version than the ranges before it."""
        placed = headers.get("Content-Range", "")
        if placed and not placed.replace("=", " ").startswith(f"bytes {start}-"):
            raise ValueError("the server sends another range than it is asked for")
        said = {
            "ETag": headers.get("ETag", "").removeprefix("W/"),
            "Last-Modified": headers.get("Last-Modified", ""),
            "size": placed.rpartition("/")[2].replace("*", ""),
        }
        for key, value in said.items():
            if value and self._version.setdefault(key, value) != value:
                raise changed(self._name)
