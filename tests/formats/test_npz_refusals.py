"""Zip archives that are no NPZ files, or whose members are damaged."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from container_files import ARRAY, FILES, MEMBER, error_of, read
from in_one_test import in_one_test
from opening import zip_bytes

from xentcli.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


# Zip archives


def zip_of(raw: bytes, method: int, *, flags: int = 0, size: int | None = None) -> bytes:
    """Return an archive of one member, whatever its bytes are worth."""
    content = bytearray(zip_bytes({"z.npy": raw}))
    central = content.find(b"PK\1\2")
    for at in (4, central + 6):
        struct.pack_into("<2H", content, at + 2, flags, method)
        sizes = zlib.crc32(MEMBER), len(raw), len(MEMBER) if size is None else size
        struct.pack_into("<3L", content, at + 10, *sizes)
    return bytes(content)


DEFLATED = zlib.compress(MEMBER, wbits=-15)
TWINS = zip_bytes({"a.npy": MEMBER, "b.npy": MEMBER}).replace(b"b.npy", b"a.npy")
ARCHIVES: dict[str, tuple[bytes, str]] = {
    "no zip": (b"hello", "not an NPZ file: File is not a zip file"),
    "empty": (b"", "the file is empty"),
    "half a zip": (FILES["npz stored"][:90], "not an NPZ file: File is not a zip file"),
    "no member": (zip_bytes({}), "it holds no array"),
    "no array": (zip_bytes({"a.txt": b"hello"}), "a zip archive without an NPY file in it"),
    "PyTorch": (
        zip_bytes({"t/data.pkl": b"", "t/data/0": b""}),
        "the pickle cannot be read: it is cut off",
    ),
    "Excel": (zip_bytes({"xl/workbook.xml": b"<a/>"}), "an Excel file, not an NPZ file"),
    "two of one name": (TWINS, "2 arrays have the name 'a'"),
    "member that is no NPY": (zip_bytes({"z.npy": b"hello"}), "a:z: not an NPY file"),
    "encrypted": (zip_of(MEMBER, 0, flags=1), "a:z: it is encrypted"),
    "unsupported method": (zip_of(MEMBER, 97), "a:z: cannot be read: That compression method"),
    "wrong checksum": (zip_of(MEMBER[:-1] + b"x", 0), "a:z: cannot be read: Bad CRC-32"),
    "no deflate stream": (zip_of(b"\xff" * 20, 8), "a:z: cannot be read: Error -3"),
    "deflate stream that ends early": (zip_of(DEFLATED[:-9], 8), "a:z: "),
    "larger than it is": (zip_of(DEFLATED, 8, size=len(MEMBER) + 9), "a:z: the header promises 48"),
    "smaller than it is": (zip_of(DEFLATED, 8, size=len(MEMBER) - 9), "a:z: cannot be read: Bad"),
    "size of 4 GB": (zip_of(DEFLATED, 8, size=2**32 - 2), "a:z: the header promises 48 bytes"),
}


def test_the_archives_made_here_would_be_read_if_nothing_was_wrong(tmp_path: Path) -> None:
    for content in (zip_of(MEMBER, 0), zip_of(DEFLATED, 8)):
        np.testing.assert_array_equal(read("file", "npz", content, tmp_path), ARRAY)


@in_one_test
@pytest.mark.parametrize(("content", "message"), ARCHIVES.values(), ids=ARCHIVES)
def test_archives(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in error_of("npz", content, tmp_path)


def test_an_archive_that_lost_its_end_is_cut_off(tmp_path: Path) -> None:
    for content, hint in ((FILES["npz stored"][:90], "the file is cut off"), (b"hello", None)):
        with pytest.raises(InputError) as caught:
            read("file", "npz", content, tmp_path)
        assert caught.value.hint == hint, content
