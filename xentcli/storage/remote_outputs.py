"""URLs to write: a temporary file is sent off when all of it is there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from shutil import copyfileobj

from xentcli.errors import OutputError
from xentcli.storage.names import shown_name
from xentcli.storage.outputs import Output
from xentcli.storage.ranges import is_archive
from xentcli.storage.remote import is_http, locate, protocol_of, telling
from xentcli.storage.temporary import TemporaryCopy

_UPLOADED_BYTES = 2**24  # at once
_MOST_PARTS = 10_000  # that S3 takes


def check_url(url: str, *, force: bool) -> None:
    """Raise OutputError if a URL cannot be written later."""
    with telling(OutputError, url, "written"):
        files, path = locate(url)
        if is_http(files) or is_archive(files):
            raise NotImplementedError(f"{protocol_of(files)} is only read")
        with suppress(TypeError):  # not every driver has a list to forget
            files.invalidate_cache(path)
        if files.isdir(path):
            raise IsADirectoryError("is a directory")
        if not force and files.exists(path):
            what = f"{shown_name(url)}: cannot be written: it exists already"
            raise OutputError(what, hint="--force overwrites it")


@contextmanager
def uploading(url: str, *, force: bool) -> Iterator[Output]:
    """Collect what is written, and send it off when the block ends without an error.

    The URL appears whole wherever the driver can do that.
    """
    copy = TemporaryCopy(shown_name(url))
    with copy.file:
        yield Output(copy.name, copy.file.fileno(), seekable=True)
        check_url(url, force=force)
        copy.file.seek(0)
        with telling(OutputError, url, "written"):
            _send(copy, url)


def _send(copy: TemporaryCopy, url: str) -> None:
    """Send a copy off in parts, of which the last one makes a file; without it, all are dropped."""
    files, path = locate(url)
    parts = -(-copy.size() // (_MOST_PARTS * _UPLOADED_BYTES))
    try:
        with files.transaction:
            file = files.open(path, "wb", block_size=max(1, parts) * _UPLOADED_BYTES)
            copyfileobj(copy.file, file, _UPLOADED_BYTES)
            file.close()  # not where something failed: closing sends what is left
    except BaseException:
        with suppress(Exception):  # there is nothing to be closed any more
            file.close()
        raise
