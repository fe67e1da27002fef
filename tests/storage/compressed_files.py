"""Files compressed in every way that is read."""

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from functools import cache

import pytest

from xentcli.storage import decompressing
from xentcli.storage.inputs import Input
from xentcli.storage.open import decompressed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Function = Callable[[bytes], bytes]


def compress_zstd(content: bytes) -> bytes:
    return zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: 1})


COMPRESS: dict[str, Function] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": compress_zstd,
}
DECOMPRESS: dict[str, Function] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": zstd.decompress,
}
SUFFIXES = sorted(COMPRESS)
CONTENT = b"".join(b"%d,%d\n" % (i, i * i * 7919 % 10007) for i in range(12_000))


@cache
def compressed_content(suffix: str) -> bytes:
    return COMPRESS[suffix](CONTENT)


every_suffix = pytest.mark.parametrize("suffix", SUFFIXES)


def opened(content: bytes, name: str = "a", piece_bytes: int = decompressing.PIECE_BYTES) -> Input:
    """Open what is in memory as `open_input` opens a file."""
    return decompressed(Input(name, io.BytesIO(content), len(content)), piece_bytes)


def read_all(data: Input, count: int = 2**20) -> bytes:
    return b"".join(iter(lambda: data.read(count), b""))
