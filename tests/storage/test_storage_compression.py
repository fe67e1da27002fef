"""Compressed files: what others wrote is read, what is damaged is said, all in little room."""

import bz2
import gzip
import io
import lzma
import struct
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.errors import InputError, OutputError
from xentcli.storage import compression, decompressing
from xentcli.storage.inputs import Input
from xentcli.storage.open import check_output, decompressed, open_input, open_output

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
CONTENT = b"".join(b"%d,%d\n" % (i, i * i * 7919 % 10007) for i in range(20_000))

every_suffix = pytest.mark.parametrize("suffix", SUFFIXES)


def opened(content: bytes, name: str = "a", piece_bytes: int = decompressing.PIECE_BYTES) -> Input:
    """Open what is in memory as `open_input` opens a file."""
    return decompressed(Input(name, io.BytesIO(content), len(content)), piece_bytes)


def read_all(data: Input, count: int = 2**20) -> bytes:
    return b"".join(iter(lambda: data.read(count), b""))


def fails(content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_all(opened(content, "a.csv"))
    assert caught.value.message.startswith("a.csv: ")
    assert "\n" not in caught.value.message
    return caught.value.message


@in_one_test
@every_suffix
@pytest.mark.parametrize("count", [1000, 2**17, 10**7])
def test_reading(tmp_path: Path, suffix: str, count: int) -> None:
    path = tmp_path / f"A.CSV{suffix}"
    path.write_bytes(COMPRESS[suffix](CONTENT))
    data = open_input(str(path))
    assert (data.name, data.suffix, data.seekable) == (str(path), ".csv", False)
    assert data.size == path.stat().st_size
    assert data.peek(20) == CONTENT[:20]
    assert read_all(data, count) == CONTENT
    assert data.read(1) == b""


@in_one_test
@every_suffix
def test_a_copy_that_is_seekable(suffix: str) -> None:
    copy = opened(COMPRESS[suffix](CONTENT)).spooled()
    buffer = bytearray(100)
    assert copy.size == len(CONTENT)
    assert copy.read_at(100_000, memoryview(buffer)) == 100
    assert buffer == CONTENT[100_000:100_100]


@settings(deadline=None, max_examples=40)
@given(
    contents=st.lists(st.binary(max_size=3000), min_size=1, max_size=4),
    counts=st.lists(st.integers(1, 4000), min_size=1),
    suffix=st.sampled_from(SUFFIXES),
    piece=st.integers(1, 300),
)
def test_streams_one_after_another_in_any_pieces(
    contents: list[bytes], counts: list[int], suffix: str, piece: int
) -> None:
    data = opened(b"".join(map(COMPRESS[suffix], contents)), piece_bytes=piece)
    content = b"".join(contents)
    for count in counts:
        want, content = content[:count], content[count:]
        assert data.read(count) == want
    assert read_all(data) == content


@in_one_test
@every_suffix
def test_wherever_the_data_end_too_early(suffix: str) -> None:
    compressed = COMPRESS[suffix](CONTENT[:3000])
    for size in [*range(compression.HEAD_BYTES, len(compressed), 7), len(compressed) - 1]:
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
@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("zeros", [4, 400_000])
def test_zeros_between_and_after_streams(suffix: str, zeros: int) -> None:
    padded = COMPRESS[suffix](CONTENT) + bytes(zeros)
    assert read_all(opened(padded * 2)) == CONTENT * 2


def test_frames_of_zstd_that_hold_no_content() -> None:
    """Their magic numbers are 0x184D2A50 to 0x184D2A5F, and no others."""
    after = struct.pack("<I", 5) + b"aside"
    for kind in range(16):
        skipped = struct.pack("<I", 0x184D2A50 + kind) + after
        assert read_all(opened((skipped + compress_zstd(CONTENT)) * 2 + skipped)) == CONTENT * 2
    for other in (0x184D2A4F, 0x184D2A60, 0x184D2B50, 0x184C2A50, 0x194D2A50):
        content = struct.pack("<I", other) + after
        assert read_all(opened(content)) == content


@in_one_test
@every_suffix
def test_a_bomb_is_read_in_little_room(suffix: str) -> None:
    compress: dict[str, Function] = {
        **COMPRESS,
        ".gz": lambda content: gzip.compress(content, 1),
        ".bz2": lambda content: bz2.compress(content, 1),
        ".xz": lambda content: lzma.compress(content, preset=0),
    }
    bomb = compress[suffix](bytes(2**24))
    tracemalloc.start()
    try:
        data, size = opened(bomb), 0
        while part := data.read(2**20):
            size += len(part)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == 2**24
    assert peak < 2**23


def test_more_memory_than_a_stream_may_ask_for() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**20}]
    compressed = bytearray(lzma.compress(CONTENT, filters=filters))
    at = compressed.index(bytes([lzma.FILTER_LZMA2, 1]), 12) + 2  # the size of the dictionary
    compressed[at] = 40  # 4 GiB
    header = compressed[12 : at + 1] + bytes(12 + 8 - at - 1)
    compressed[12:24] = header + struct.pack("<I", gzip.zlib.crc32(header))  # type: ignore[attr-defined]
    assert "memory usage limit" in fails(bytes(compressed))


@in_one_test
@pytest.mark.parametrize("content", [b"BZh,x\n1,2\n", b"", b"1,2\n", b"P*M,1\n"])
def test_text_is_no_compressed_file(content: bytes) -> None:
    data = opened(content, "a.csv.gz")
    assert (read_all(data), data.suffix) == (content, ".csv")


@in_one_test
@every_suffix
@pytest.mark.parametrize("content", [b"", b"1\n", CONTENT])
def test_writing(tmp_path: Path, suffix: str, content: bytes) -> None:
    """The same bytes each time, whatever the name and the hour."""
    written = []
    for name in ("a.csv", "b.txt"):
        path = tmp_path / f"{name}{suffix}"
        with open_output(str(path)) as output:
            assert not output.seekable
            for start in range(0, len(content), 5000):
                output.write(memoryview(content)[start : start + 5000])
            assert not path.exists()
        written.append(path.read_bytes())
    assert DECOMPRESS[suffix](written[0]) == content
    assert written[0] == written[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a.csv{suffix}", f"b.txt{suffix}"]


@every_suffix
@settings(deadline=None, max_examples=10)
@given(parts=st.lists(st.binary(max_size=500), max_size=8))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, parts: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / f"round-trip{suffix}"
    with open_output(str(path), force=True) as output:
        for part in parts:
            output.write(part)
    assert read_all(open_input(str(path))) == b"".join(parts)


def test_a_python_that_was_built_without_a_compression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix, module, what in ((".bz2", "bz2", "bzip2"), (".xz", "lzma", "xz")):
        path = tmp_path / f"a.csv{suffix}"
        path.write_bytes(COMPRESS[suffix](CONTENT))
        monkeypatch.setitem(sys.modules, module, None)
        says = f"a.csv{suffix}: {what} needs a Python that was built with it"
        with pytest.raises(InputError, match=f"{says}$"):
            open_input(str(path))
        with pytest.raises(OutputError, match=f"{says}$"):
            check_output(str(path), force=True)


def test_without_the_package_of_zstd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv.zst"
    path.write_bytes(compress_zstd(CONTENT))
    for module in ("backports", "compression"):
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.setitem(sys.modules, f"{module}.zstd", None)
    with pytest.raises(InputError, match=f"^{path}: zstd needs") as reading:
        open_input(str(path))
    with pytest.raises(OutputError, match="zstd needs") as writing:
        check_output(str(tmp_path / "b.csv.zst"), force=False)
    assert reading.value.hint == writing.value.hint
    if sys.version_info < (3, 14):
        hint = f"the extra 'zstd' brings it: {sys.executable} "
        assert (reading.value.hint or "").startswith(hint)
