"""Reads ranges of an object of S3, all of one version of it."""

from typing import Any

from xentcli.storage.ranges import FileChangedError, patiently
from xentcli.storage.remote_errors import code_of
from xentcli.text import first_line


class _CutError(Exception):
    """The bytes of an answer did not come, or not all of them."""


class S3Ranges:
    """Reads ranges of an object, on condition that its ETag is that of the first range.

    botocore tries again after errors that the service answers with; this class tries again only if
    an answer is cut off.
    """

    def __init__(self, files: Any, path: str) -> None:
        self._files = files
        self._path = path
        bucket, key, version = files.split_path(path)
        self._object = {"Bucket": bucket, "Key": key}
        if version:
            self._object["VersionId"] = version
        self._condition: dict[str, str] = {}

    @property
    def version(self) -> str:
        """The ETag of the object that was opened."""
        return self._condition.get("IfMatch", "")

    async def open(self, count: int) -> tuple[int | None, bytes]:
        """Return the size of the object and its first bytes."""
        try:
            if not self._object["Key"]:
                raise FileNotFoundError
            answer, content = await patiently(self._get, 0, count, passes=_is_cut)
        except OSError as error:
            cause = error.__cause__
            if cause and (_status_of(error) not in (404, 416) or code_of(cause) == "NoSuchBucket"):
                raise
            info = await self._files._info(self._path, refresh=True)
            if info["type"] == "directory":
                raise IsADirectoryError("is a directory") from None
            if info["size"]:
                raise
            self._condition = {"IfMatch": info["ETag"]}
            return 0, b""  # an empty object has no ranges
        self._condition = {"IfMatch": answer["ETag"]}
        return int(answer["ContentRange"].rpartition("/")[2]), content

    async def fetch(self, start: int, end: int) -> bytes:
        """Return a range of the version that was opened."""
        try:
            return (await patiently(self._get, start, end, passes=_is_cut))[1]
        except OSError as error:
            if _status_of(error) == 416:  # the object is shorter than it was
                return b""
            raise

    async def check(self) -> None:
        """Raise FileChangedError unless the object still has the same ETag."""
        info = await self._files._info(self._path, refresh=True)
        if info.get("ETag") != self.version:
            raise FileChangedError

    async def _get(self, start: int, end: int) -> tuple[Any, bytes]:
        asked = {**self._object, **self._condition, "Range": f"bytes={start}-{end - 1}"}
        try:
            answer = await self._files._call_s3("get_object", **asked)
        except OSError as error:
            if _status_of(error) == 412:
                raise FileChangedError from error
            raise
        try:
            if answer["ETag"] != self._condition.get("IfMatch", answer["ETag"]):
                raise FileChangedError  # the service ignores conditions
            return answer, await answer["Body"].read()
        except (FileChangedError, TimeoutError):
            raise
        except Exception as error:
            raise _CutError(first_line(error)) from error
        finally:
            answer["Body"].close()


def _is_cut(error: Exception) -> bool:
    return isinstance(error, _CutError | TimeoutError)


def _status_of(error: OSError) -> int:
    """Return the status of the answer that s3fs turned into an error."""
    response: Any = getattr(error.__cause__, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
