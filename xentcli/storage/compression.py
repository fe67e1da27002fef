"""Compressed streams: gzip, bzip2, xz and zstd, known by their first bytes or their extension."""

import io
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from xentcli.errors import InputError, XentError, missing_library

HEAD_BYTES = 64  # that tell every compression
PIECE_BYTES = 2**17  # compressed, read at once
MOST_DICTIONARY_BYTES = 2**28
"""The most memory that an xz stream may ask for; xz -9 asks for 2**26."""


class Decompressor(Protocol):
    """What turns one compressed stream into bytes, as those of bz2, lzma and zstd do."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more input."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the stream."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes."""


class Compressor(Protocol):
    """What turns bytes into one compressed stream."""

    def compress(self, data: memoryview, /) -> bytes:
        """Take bytes, and return what is ready."""

    def flush(self) -> bytes:
        """Return the rest."""


class Codec(NamedTuple):
    """A compression: how to know it, read it and write it."""

    name: str
    begins: Callable[[bytes], bool]
    """Whether bytes are the beginning of such a stream."""
    padded: bool
    """Whether zeros may follow a stream, as tapes and xz have them."""
    error: Callable[[], type[Exception]]
    decompressor: Callable[[], Decompressor]
    compressor: Callable[[], Compressor]


class _GzipDecompressor:
    """zlib's decompressor, which checks gzip's sums, in the manner of the others."""

    def __init__(self) -> None:
        import zlib

        self._zlib = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._full and not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        content = self._zlib.decompress(self._zlib.unconsumed_tail + data, max(0, max_length))
        self._full = len(content) == max_length and not self._zlib.eof  # zlib may hold more
        return content


def _begins_bzip2(head: bytes) -> bool:
    """Look for the first block or the end behind the magic: with less, it may be text."""
    block, end = b"1AY&SY", b"\x17rE8P\x90"
    return head[:3] == b"BZh" and b"1" <= head[3:4] <= b"9" and head[4:10] in (block, end)


def _begins_zstd(head: bytes) -> bool:
    """Look for a frame, or one of the 16 kinds that are to be skipped."""
    skipped = head[1:4] == b"\x2a\x4d\x18" and b"\x50" <= head[:1] <= b"\x5f"
    return skipped or head.startswith(b"\x28\xb5\x2f\xfd")


def _zlib_compressor() -> Compressor:
    """Return gzip's, without name and time in its header: equal content gives equal bytes."""
    import zlib

    return zlib.compressobj(wbits=16 + zlib.MAX_WBITS)


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error


def _lzma() -> Any:
    import lzma

    return lzma


def _bz2() -> Any:
    import bz2

    return bz2


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        try:
            from backports import zstd
        except ModuleNotFoundError:
            raise missing_library("zstd", "Python 3.14 or backports.zstd", "zstd") from None
    return zstd


def _zstd_compressor() -> Compressor:
    zstd = _zstd()
    compressor: Compressor = zstd.ZstdCompressor(
        options={zstd.CompressionParameter.checksum_flag: 1}
    )
    return compressor


CODECS = {
    ".gz": Codec(
        "gzip",
        lambda head: head.startswith(b"\x1f\x8b"),
        padded=True,
        error=_zlib_error,
        decompressor=_GzipDecompressor,
        compressor=_zlib_compressor,
    ),
    ".bz2": Codec(
        "bzip2",
        _begins_bzip2,
        padded=False,
        error=lambda: OSError,
        decompressor=lambda: _bz2().BZ2Decompressor(),
        compressor=lambda: _bz2().BZ2Compressor(),
    ),
    ".xz": Codec(
        "xz",
        lambda head: head.startswith(b"\xfd7zXZ\0"),
        padded=True,
        error=lambda: _lzma().LZMAError,
        decompressor=lambda: _lzma().LZMADecompressor(_lzma().FORMAT_XZ, MOST_DICTIONARY_BYTES),
        compressor=lambda: _lzma().LZMACompressor(),
    ),
    ".zst": Codec(
        "zstd",
        _begins_zstd,
        padded=False,
        error=lambda: _zstd().ZstdError,
        decompressor=lambda: _zstd().ZstdDecompressor(),
        compressor=_zstd_compressor,
    ),
}
"""The compressions, each by the extension of the files that have it."""


def codec_of(head: bytes) -> Codec | None:
    """Return the compression of what begins with these bytes, if it is compressed."""
    return next((codec for codec in CODECS.values() if codec.begins(head)), None)


class Decompressing(io.RawIOBase):
    """The content of compressed streams that follow one another, read as it is asked for.

    Parameters
    ----------
    name : str
        For messages.
    read : callable
        Returns the next so many compressed bytes; fewer only at the end.
    codec : Codec
        The compression of all streams.
    piece_bytes : int
        How many compressed bytes are read at once.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[int], bytes],
        codec: Codec,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._name = name
        self._read = read
        self._piece_bytes = piece_bytes
        self._codec = codec
        try:
            self._error = codec.error()
            self._decompressor = codec.decompressor()
        except XentError as error:
            raise InputError(f"{name}: {error.message}", hint=error.hint) from error
        self._compressed = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, count: int = -1) -> bytes:
        """Return at least one and at most `count` bytes; none only at the end."""
        content = b""
        while not content and count and (not self._decompressor.eof or self._next_stream()):
            if self._decompressor.needs_input and not self._compressed:
                self._compressed = self._read(self._piece_bytes)
                if not self._compressed:
                    what = f"the {self._codec.name} data end too early"
                    raise InputError(f"{self._name}: {what}", hint="the file is cut off")
            data, self._compressed = self._compressed, b""
            try:
                content = self._decompressor.decompress(data, count)
            except self._error as error:
                what = f"the {self._codec.name} data are damaged: {_reason(error)}"
                raise InputError(f"{self._name}: {what}") from error
        return content

    def _next_stream(self) -> bool:
        """Begin with the stream after one that has ended, if there is one."""
        rest, more = b"", self._decompressor.unused_data or self._read(self._piece_bytes)
        while more:
            rest += more
            if self._codec.padded:
                rest = rest.lstrip(b"\0")
            more = self._read(self._piece_bytes) if len(rest) < HEAD_BYTES else b""
        if not rest:
            return False
        if not self._codec.begins(rest):
            raise InputError(f"{self._name}: something follows the {self._codec.name} data")
        self._decompressor = self._codec.decompressor()
        self._compressed = rest
        return True


def _reason(error: Exception) -> str:
    """Return the end of what a library says, which begins with words of its own."""
    text = " ".join(str(error).split()).rpartition(": ")[2]
    return text[:1].lower() + text[1:]
