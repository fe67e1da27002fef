"""Ranges of a file on an HTTP server, all of one version of the file."""

from typing import Any

from xentcli.storage.ranges import FileChangedError, patiently

_WAITED_FOR = {408, 425, 429, 500, 502, 503, 504}  # which another try may not meet


class HttpRanges:
    """Reads ranges of a file from a server, which tells the version of the file with each."""

    def __init__(self, files: Any, path: str) -> None:
        self._files = files
        self._path = path
        self._version: dict[str, str] = {}

    @property
    def version(self) -> str:
        """A text that tells the version that was opened from others."""
        return " ".join(f"{key}={value}" for key, value in sorted(self._version.items()))

    async def open(self, count: int) -> tuple[int | None, bytes]:
        """Return the size of the file and its first bytes; no size if ranges cannot be read."""
        status, headers, content = await patiently(self._get, 0, count, passes=self._passes)
        if status == 416:  # there is no first byte
            return 0, b""
        total = headers.get("Content-Range", "").rpartition("/")[2]
        if status == 206 and total.isdigit():
            return int(total), content
        length = headers.get("Content-Length", "")
        if length.isdigit() and int(length) == len(content) < count:
            return len(content), content  # the whole file is here, even without ranges
        return None, b""

    async def fetch(self, start: int, end: int) -> bytes:
        """Return a range of the version that was opened."""
        status, _, content = await patiently(self._get, start, end, passes=self._passes)
        if status not in (206, 416) and not (status == 200 and start == 0):
            raise ValueError("the server sends all of the file where a range is asked for")
        return content[: end - start]

    async def check(self) -> None:
        """Raise FileChangedError unless the file is still of the version that was opened."""
        await self.fetch(0, 1)

    async def _get(self, start: int, end: int) -> tuple[int, Any, bytes]:
        """Ask for a range; read no more than its bytes, even if the whole file is sent."""
        session = await self._files.set_session()
        # A range of a compressed answer would not be a range of the file.
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        async with session.get(self._files.encode_url(self._path), headers=headers) as answer:
            if answer.status == 416:
                self._compare(answer.headers)
                return 416, answer.headers, b""
            answer.raise_for_status()
            self._compare(answer.headers, start if answer.status == 206 else None)
            if answer.status == 206:
                return 206, answer.headers, await answer.read()
            content = b""
            while len(content) < end - start and (part := await answer.content.readany()):
                content += part
            return answer.status, answer.headers, content

    def _compare(self, headers: Any, start: int | None = None) -> None:
        """Raise FileChangedError if an answer is of another version than earlier ones."""
        placed = headers.get("Content-Range", "")
        if (
            start is not None
            and placed
            and not placed.replace("=", " ").startswith(f"bytes {start}-")
        ):
            raise ValueError("the server sends another range than it is asked for")
        version = {
            "ETag": headers.get("ETag", "").removeprefix("W/"),
            "Last-Modified": headers.get("Last-Modified", ""),
            "size": placed.rpartition("/")[2].replace("*", ""),
        }
        for key, value in version.items():
            if value and self._version.setdefault(key, value) != value:
                raise FileChangedError

    def _passes(self, error: Exception) -> bool:
        """Whether a request that failed may succeed when it is tried again."""
        from aiohttp import (
            ClientConnectionError,
            ClientConnectorError,
            ClientPayloadError,
            ClientResponseError,
        )

        if isinstance(error, ClientResponseError):
            return error.status in _WAITED_FOR
        if isinstance(error, ClientConnectorError):
            return bool(self._version)  # the server has answered before
        return isinstance(error, ClientConnectionError | ClientPayloadError | TimeoutError)
