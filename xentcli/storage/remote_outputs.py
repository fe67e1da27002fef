"""Writes URLs: a temporary file is uploaded when it is complete."""

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
_PATIENCE_SECONDS = 10  # to wait until an upload is given up
_MOST_PARTS = 10_000  # that S3 takes


def check_url(url: str, *, force: bool) -> None:
    """Raise OutputError if a URL cannot be written later."""
    with telling(OutputError, url, "written"):
        files, path = locate(url)
        if is_http(files) or is_archive(files):
            raise NotImplementedError(f"{protocol_of(files)} is only read")
        with suppress(TypeError):  # not every driver keeps a list of files
            files.invalidate_cache(path)
        if files.isdir(path):
            raise IsADirectoryError("is a directory")
        if not force and files.exists(path):
            what = f"{shown_name(url)}: cannot be written: it exists already"
            raise OutputError(what, hint="--force overwrites it")
        check_bucket(files, path)


@contextmanager
def uploading(url: str, *, force: bool) -> Iterator[Output]:
    """Collect what is written, and upload it when the block ends without an error.

    The file appears whole if the driver can do that.
    """
    copy = TemporaryCopy(shown_name(url))
    with copy.file:
        yield Output(copy.name, copy.file.fileno(), seekable=True)
        check_url(url, force=force)
        with telling(OutputError, url, "written"):
            _send(copy, url)


def _send(copy: TemporaryCopy, url: str) -> None:
    """Upload a copy in a thread, so that no signal comes between a request and its answer.

    A signal ends the upload before its next part, and is passed on when the parts are dropped.
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
            with suppress(KeyboardInterrupt, TimeoutError):  # a signal may come again
                done.exception(last - time.monotonic())
        raise


def _upload(copy: TemporaryCopy, url: str, stopped: Event) -> None:
    """Upload a copy in parts; they make a file after the last one, or are dropped without it."""
    files, path = locate(url)
    parts = -(-copy.size() // (_MOST_PARTS * _UPLOADED_BYTES))
    # A transaction of fsspec would be shared by all threads.
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
            with suppress(Exception):  # closing sends what is left, if anything takes it
                end()
        raise
    finally:
        with suppress(ValueError):
            files.transaction.files.remove(file)
