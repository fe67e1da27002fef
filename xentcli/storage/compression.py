"""Compressions: gzip, bzip2, xz and zstd, known by their first bytes or their extension."""

import sys
from collections.abc import Callable
from typing import Any, Protocol

from xentcli.errors import XentError, missing_library

HEAD_BYTES = 64  # enough to tell every compression
MOST_DICTIONARY_BYTES = 2**28
"""The most memory that an xz stream may ask for; xz -9 asks for 2**26."""


class Decompressor(Protocol):
    """Turns one compressed stream into bytes, with the interface of bz2, lzma and zstd."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether it returns nothing more without more input."""

    @property
    def unused_data(self) -> bytes:
        """The bytes that follow the end of the stream."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes."""


class Compressor(Protocol):
    """Turns bytes into one compressed stream."""

    def compress(self, data: memoryview, /) -> bytes:
        """Take bytes, and return the compressed bytes that are ready."""

    def flush(self) -> bytes:
        """Return the rest."""


class Codec:
    """A compression: how to know it, read it and write it."""

    def __init__(
        self,
        name: str,
        begins: Callable[[bytes], bool],
        padded: bool,
        error: Callable[[], type[Exception]],
        decompressor: Callable[[], Decompressor],
        compressor: Callable[[], Compressor],
    ) -> None:
        self.name = name
        self.begins = begins
        """Whether bytes are the beginning of such a stream."""
        self.padded = padded
        """Whether zeros may follow a stream, as on tapes and in xz files."""
        self.error = error
        self.decompressor = decompressor
        self.compressor = compressor


class _GzipDecompressor:
    """zlib's decompressor, which checks gzip's sums, with the interface of the others."""

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
    """Look for a frame, or for one of the 16 kinds of frames to skip."""
    skipped = head[1:4] == b"\x2a\x4d\x18" and b"\x50" <= head[:1] <= b"\x5f"
    return skipped or head.startswith(b"\x28\xb5\x2f\xfd")


def _zlib_compressor() -> Compressor:
    """Return gzip's compressor; its header has no name or time, so equal content is equal bytes."""
    import zlib

    return zlib.compressobj(wbits=16 + zlib.MAX_WBITS)


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error


def _lzma() -> Any:
    try:
        import lzma
    except ModuleNotFoundError:
        raise _not_built("xz") from None
    return lzma


def _bz2() -> Any:
    try:
        import bz2
    except ModuleNotFoundError:
        raise _not_built("bzip2") from None
    return bz2


def _not_built(name: str) -> XentError:
    return XentError(f"{name} needs a Python that was built with it")


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        try:
            from compression import zstd
        except ModuleNotFoundError:
            raise _not_built("zstd") from None
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
"""The compressions by the extension of their files."""


def codec_of(head: bytes) -> Codec | None:
    """Return the compression of a stream that begins with these bytes, or None."""
    return next((codec for codec in CODECS.values() if codec.begins(head)), None)
