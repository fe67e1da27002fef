"""Compressed files: what others wrote is read, and what is written others read."""

import struct
import sys
from pathlib import Path

import pytest
from compressed_files import (
    COMPRESS,
    CONTENT,
    DECOMPRESS,
    SUFFIXES,
    compress_zstd,
    compressed_content,
    every_suffix,
    opened,
    read_all,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.errors import InputError, OutputError
from xentcli.storage.open import check_output, open_input, open_output

if sys.version_info >= (3, 14):
    pass
else:
    pass


@in_one_test
@every_suffix
@pytest.mark.parametrize("count", [5000, 10**7])
def test_reading(tmp_path: Path, suffix: str, count: int) -> None:
    path = tmp_path / f"A.CSV{suffix}"
    path.write_bytes(compressed_content(suffix))
    data = open_input(str(path))
    assert (data.name, data.suffix, data.seekable) == (str(path), ".csv", False)
    assert data.size == path.stat().st_size
    assert data.peek(20) == CONTENT[:20]
    assert read_all(data, count) == CONTENT
    assert data.read(1) == b""


@in_one_test
@every_suffix
def test_a_copy_that_is_seekable(suffix: str) -> None:
    copy = opened(compressed_content(suffix)).spooled()
    buffer = bytearray(100)
    assert copy.size == len(CONTENT)
    assert copy.read_at(100_000, memoryview(buffer)) == 100
    assert buffer == CONTENT[100_000:100_100]


@settings(deadline=None, max_examples=15)
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
@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("zeros", [4, 400_000])
def test_zeros_between_and_after_streams(suffix: str, zeros: int) -> None:
    padded = compressed_content(suffix) + bytes(zeros)
    assert read_all(opened(padded * 2)) == CONTENT * 2


def test_frames_of_zstd_that_hold_no_content() -> None:
    """Their magic numbers are 0x184D2A50 to 0x184D2A5F, and no others."""
    after = struct.pack("<I", 5) + b"aside"
    compressed = compress_zstd(b"1,2\n")
    for kind in range(16):
        skipped = struct.pack("<I", 0x184D2A50 + kind) + after
        assert read_all(opened((skipped + compressed) * 2 + skipped)) == b"1,2\n" * 2
    for other in (0x184D2A4F, 0x184D2A60, 0x184D2B50, 0x184C2A50, 0x194D2A50):
        content = struct.pack("<I", other) + after
        assert read_all(opened(content)) == content


@in_one_test
@pytest.mark.parametrize("content", [b"BZh,x\n1,2\n", b"", b"1,2\n", b"P*M,1\n"])
def test_text_is_no_compressed_file(content: bytes) -> None:
    data = opened(content, "a.csv.gz")
    assert (read_all(data), data.suffix) == (content, ".csv")


@in_one_test
@every_suffix
@pytest.mark.parametrize("content", [b"", CONTENT])
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
        path.write_bytes(compressed_content(suffix))
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
