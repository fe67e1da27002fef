"""Compressed files that are cut off, changed or bombs: said in one line, all in little room."""

import bz2
import gzip
import lzma
import struct
import sys
import tracemalloc

import pytest
from compressed_files import COMPRESS, CONTENT, Function, every_suffix, opened, read_all
from in_one_test import in_one_test

from xentcli.errors import InputError
from xentcli.storage import compression

if sys.version_info >= (3, 14):
    pass
else:
    pass


def fails(content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_all(opened(content, "a.csv"))
    assert caught.value.message.startswith("a.csv: ")
    assert "\n" not in caught.value.message
    return caught.value.message


@in_one_test
@every_suffix
def test_wherever_the_data_end_too_early(suffix: str) -> None:
    compressed = COMPRESS[suffix](CONTENT[:3000])
    for size in [*range(compression.HEAD_BYTES, len(compressed), 13), len(compressed) - 1]:
        assert "data end too early" in fails(compressed[:size])
    whole = read_all(opened(compressed * 2))
    assert whole == CONTENT[:3000] * 2
    for cut in (1, 10, len(compressed) // 2, len(compressed) - compression.HEAD_BYTES):
        assert any(
            what in fails((compressed * 2)[:-cut])
            for what in ("data end too early", "something follows")
        )


@in_one_test
@every_suffix
def test_a_bit_that_is_wrong_anywhere(suffix: str) -> None:
    """Either it is found, or it was no part of the content, as the time in gzip's header."""
    content = CONTENT[:1000]
    compressed = COMPRESS[suffix](content)
    found = 0
    for place in range(compression.HEAD_BYTES, len(compressed)):
        damaged = bytearray(compressed)
        damaged[place] ^= 1 << place % 8
        try:
            assert read_all(opened(bytes(damaged))) == content
        except InputError:
            found += 1
    assert found >= len(compressed) - compression.HEAD_BYTES - 16


@in_one_test
@every_suffix
@pytest.mark.parametrize("after", [b"x", b"1,2\n", bytes(7) + b"1", b"PK\3\4" * 1000])
def test_what_follows_the_data(suffix: str, after: bytes) -> None:
    assert "something follows the" in fails(COMPRESS[suffix](CONTENT[:5000]) + after)


@in_one_test
@every_suffix
def test_a_bomb_is_read_in_little_room(suffix: str) -> None:
    compress: dict[str, Function] = {
        **COMPRESS,
        ".gz": lambda content: gzip.compress(content, 1),
        ".bz2": lambda content: bz2.compress(content, 1),
        ".xz": lambda content: lzma.compress(content, preset=0),
    }
    bomb = compress[suffix](bytes(2**23))
    tracemalloc.start()
    try:
        data, size = opened(bomb), 0
        while part := data.read(2**20):
            size += len(part)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == 2**23
    assert peak < 2**22


def test_more_memory_than_a_stream_may_ask_for() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**20}]
    compressed = bytearray(lzma.compress(CONTENT, filters=filters))
    at = compressed.index(bytes([lzma.FILTER_LZMA2, 1]), 12) + 2  # the size of the dictionary
    compressed[at] = 40  # 4 GiB
    header = compressed[12 : at + 1] + bytes(12 + 8 - at - 1)
    compressed[12:24] = header + struct.pack("<I", gzip.zlib.crc32(header))  # type: ignore[attr-defined]
    assert "memory usage limit" in fails(bytes(compressed))
