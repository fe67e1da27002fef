"""Opens what a name means: standard streams, local or remote files, compressed or not.

This module alone imports all the others here, and none of them imports it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from xentcli.errors import OutputError, XentError
from xentcli.storage import paths
from xentcli.storage.compression import CODECS, HEAD_BYTES, Codec, codec_of
from xentcli.storage.inputs import Input
from xentcli.storage.local_inputs import open_local
from xentcli.storage.names import (
    STANDARD_STREAM,
    compression_suffix_of,
    is_url,
    local_name,
    shown_name,
)
from xentcli.storage.outputs import CompressedOutput, Output
from xentcli.storage.streams import (
    check_descriptor,
    descriptor_of,
    standard_input,
    standard_output,
    writing_descriptor,
)


def open_input(name: str) -> Input:
    """Open a file or a URL, decompressed if it is compressed; ``-`` is standard input."""
    data = open_stored(name)
    try:
        return decompressed(data)
    except BaseException:
        data.close()
        raise


def expand(name: str, without: Iterable[str] = ()) -> list[str]:
    """Return the local or remote files that a pattern matches; any other name comes back as it is.

    They are in natural order, without those that will be written. A URL of HTTP is never a pattern.
    """
    if not is_url(local_name(name)):
        return paths.expand(name, without)
    from xentcli.storage.remote_names import matching

    return sorted(matching(name, paths.unmatched(without)), key=paths.natural_key)


def kind_of(name: str) -> str | None:
    """Return whether a name is that of a ``file`` or a ``directory``, local or remote.

    None if nothing is there. Over HTTP, everything is a file.
    """
    if not is_url(local_name(name)):
        return paths.kind_of(local_name(name))
    from xentcli.storage.remote_names import kind_of_url

    return kind_of_url(name)


@contextmanager
def expecting(names: Sequence[str]) -> Iterator[None]:
    """Open remote files before they are asked for, in the order in which they will be.

    They are read ahead, from one file into the next, as long as one of them is in use.
    """
    urls = [name for name in names if is_url(local_name(name))]
    if len(urls) < 2:
        yield
        return
    from xentcli.storage.remote_inputs import expect

    succession = expect(urls)
    yield
    del succession


def wanting(shares: Sequence[tuple[str, tuple[float, float]]]) -> AbstractContextManager[None]:
    """Fetch ahead only these parts of remote files, given as shares of their rows.

    Local files are left out.
    """
    elsewhere = [(name, share) for name, share in shares if is_url(local_name(name))]
    if not elsewhere:
        return nullcontext()
    from xentcli.storage.remote_inputs import wanting as wanting_urls

    return wanting_urls(elsewhere)


def decompressed(data: Input, piece_bytes: int | None = None) -> Input:
    """Return the content of an input if it is compressed, else the input itself.

    Compressed bytes are read `piece_bytes` at a time, if that is given.
    """
    head = data.peek(HEAD_BYTES)
    if head.startswith(b"PK\3\4"):
        from xentcli.storage.archives import only_member

        return only_member(data) or data
    codec = codec_of(head)
    if codec is None:
        return data
    from xentcli.storage.decompressing import PIECE_BYTES, Decompressing

    content: Any = Decompressing(data.name, data.read, codec, piece_bytes or PIECE_BYTES)
    return Input(data.name, content, data.size, seekable=False, check=data.check_unchanged)


def open_stored(name: str) -> Input:
    """Open the bytes of a file or a URL as they are stored, compressed or not."""
    if name == STANDARD_STREAM:
        return standard_input()
    path = local_name(name)
    if is_url(path):
        from xentcli.storage.remote_inputs import open_url

        return open_url(name)
    return open_local(shown_name(name), path)


def version_of(name: str) -> str:
    """Return a text that tells the version of a URL that was last opened from others."""
    from xentcli.storage import remote_inputs

    return remote_inputs.version_of(name)


def check_output(name: str, *, force: bool) -> None:
    """Raise OutputError now if `name` cannot be written later."""
    if name == STANDARD_STREAM:
        return
    _codec_for(name)
    path = local_name(name)
    if is_url(path):
        from xentcli.storage.remote_outputs import check_url

        check_url(name, force=force)
    elif (descriptor := descriptor_of(path)) is not None:
        check_descriptor(shown_name(name), descriptor)
    else:
        from xentcli.storage.local_outputs import check_local

        check_local(shown_name(name), path, force=force)


@contextmanager
def open_output(name: str, *, force: bool = False, waiting: str | None = None) -> Iterator[Output]:
    """Open `name` for writing, compressed as its extension says; ``-`` is standard output.

    A regular file is written beside its place and moved there when the block ends without an
    error. A URL is written to a temporary file, which is then uploaded. Devices, pipes and what the
    shell has opened (``/dev/stdout``) are written as bytes come. A regular file may be left
    `waiting` at another path, from which `together` moves it.
    """
    check_output(name, force=force)
    codec = _codec_for(name)
    with _open_place(name, force, waiting) as output:
        if codec is None:
            yield output
        else:
            compressed = CompressedOutput(output, codec)
            yield compressed
            compressed.finish()


def _codec_for(name: str) -> Codec | None:
    codec = CODECS.get(compression_suffix_of(name))
    if codec is not None:
        try:
            codec.compressor()
        except XentError as error:
            raise OutputError(f"{shown_name(name)}: {error.message}", hint=error.hint) from error
    return codec


def _open_place(name: str, force: bool, waiting: str | None) -> AbstractContextManager[Output]:
    """Open the place to which the bytes go, compressed or not."""
    if name == STANDARD_STREAM:
        return standard_output()
    path = local_name(name)
    if is_url(path):
        from xentcli.storage.remote_outputs import uploading

        return uploading(name, force=force)
    if (descriptor := descriptor_of(path)) is not None:
        return writing_descriptor(shown_name(name), descriptor)
    from xentcli.storage.local_outputs import is_streamed, replacing, streaming

    if is_streamed(path):
        return streaming(shown_name(name), path)
    return replacing(shown_name(name), path, force=force, waiting=waiting)
