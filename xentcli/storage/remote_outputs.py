"""URLs to write: a temporary file is sent off when all of it is there."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Event, Thread

from xentcli.errors import OutputError
from xentcli.storage.names import shown_name
from xentcli.storage.outputs import Output
from xentcli.storage.ranges import is_archive
from xentcli.storage.remote import check_bucket, is_http, locate, protocol_of, telling
from xentcli.storage.temporary import TemporaryCopy

_UPLOADED_BYTES = 2**24  # at once
_PATIENCE_SECONDS = 10  # with an upload that is to be dropped
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
        check_bucket(files, path)


@contextmanager
def uploading(url: str, *, force: bool) -> Iterator[Output]:
    """Collect what is written, and send it off when the block ends without an error.

    The URL appears whole wherever the driver can do that.
    """
    copy = TemporaryCopy(shown_name(url))
    with copy.file:
        yield Output(copy.name, copy.file.fileno(), seekable=True)
        check_url(url, force=force)
        with telling(OutputError, url, "written"):
            _send(copy, url)


def _send(copy: TemporaryCopy, url: str) -> None:
    """Send a copy off, in a thread, so that no signal comes between a request and its answer.

    A signal ends it before the next part, and is passed on when nothing is left there.
    """
    done: Future[None] = Future()
    stopped = Event()

    def send() -> None:
        try:
            _upload(copy, url, stopped)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            done.set_exception(error)
        else:
            done.set_result(None)

    Thread(target=send, name="xent", daemon=True).start()
    try:
        done.result()
    except BaseException:
        stopped.set()
        last = time.monotonic() + _PATIENCE_SECONDS
        while not done.done() and time.monotonic() < last:
            with suppress(KeyboardInterrupt, TimeoutError):  # which is raised again and again
                done.exception(last - time.monotonic())
        raise


def _upload(copy: TemporaryCopy, url: str, stopped: Event) -> None:
    """Send a copy off in parts, of which the last one makes a file; without it, all are dropped."""
    files, path = locate(url)
    parts = -(-copy.size() // (_MOST_PARTS * _UPLOADED_BYTES))
    # No transaction of fsspec: those of all threads would be one.
    size = max(1, parts) * _UPLOADED_BYTES
    file = files.open(path, "wb", block_size=size, autocommit=False)
    try:
        for part in copy.parts():
            if stopped.is_set():
                raise InterruptedError
            file.write(part)
        file.close()
        file.commit()
    except BaseException:
        for end in (file.discard, file.close):
            with suppress(Exception):  # closing sends what is left, if something took it
                end()
        raise
    finally:
        with suppress(ValueError):
            files.transaction.files.remove(file)
