"""NPZ and safetensors files that are cut off, changed or made up: refused in one line."""

import io
import json
import struct
import zipfile
import zlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from limited import said_of
from numpy.lib import format as npy_format
from opening import Array, file_input, npy_bytes, open_array, pipe_input, read_array, zip_bytes
from safetensors import SafetensorError
from safetensors.numpy import load
from safetensors.numpy import save as safetensors_bytes

from xentcli.errors import InputError
from xentcli.storage.inputs import Input

ARRAY = np.arange(12, dtype="<f4").reshape(3, 4)
MEMBER = npy_bytes(ARRAY)
FILES = {
    "npz stored": zip_bytes({"z.npy": MEMBER}),
    "npz deflated": zip_bytes({"z.npy": MEMBER}, zipfile.ZIP_DEFLATED),
    "safetensors": safetensors_bytes({"z": ARRAY}),
}
files = pytest.mark.parametrize("kind", FILES)
both = pytest.mark.parametrize("way", ["file", "pipe"])
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def opened(way: str, content: bytes, folder: Path) -> AbstractContextManager[Input]:
    return pipe_input(content) if way == "pipe" else file_input(folder / "a", content)


def read(way: str, kind: str, content: bytes, folder: Path) -> Array:
    with opened(way, content, folder) as data:
        return read_array(open_array(data, kind.split(maxsplit=1)[0]), 2)


def error_of(kind: str, content: bytes, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read("file", kind, content, folder)
    assert "\n" not in caught.value.message
    return caught.value.message


@files
@both
def test_every_truncation(tmp_path: Path, kind: str, way: str) -> None:
    for size in range(len(FILES[kind])):
        with pytest.raises(InputError):
            read(way, kind, FILES[kind][:size], tmp_path)


@files
@both
def test_a_byte_more(tmp_path: Path, kind: str, way: str) -> None:
    """It is no part of a safetensors file, and harmless behind a zip archive without a comment."""
    content = FILES[kind] + b"\0"
    if kind == "safetensors":
        with pytest.raises(InputError, match=r"promises 48 bytes .* there are 49"):
            read(way, kind, content, tmp_path)
    else:
        np.testing.assert_array_equal(read(way, kind, content, tmp_path), ARRAY)


def flips(content: bytes, step: int = 1) -> list[bytes]:
    """Return `content` with each bit changed, or with every so many-th."""
    return [
        content[: bit // 8] + bytes([content[bit // 8] ^ 1 << bit % 8]) + content[bit // 8 + 1 :]
        for bit in range(0, 8 * len(content), step)
    ]


@pytest.mark.parametrize(
    ("kind", "way"), [*((kind, "file") for kind in FILES), ("safetensors", "pipe")]
)
def test_flipped_bits(tmp_path: Path, kind: str, way: str) -> None:
    escaped = set()
    changed = 0
    for content in flips(FILES[kind], step=5):
        try:
            changed += not np.array_equal(read(way, kind, content, tmp_path), ARRAY)
        except InputError:
            pass
        except Exception as error:  # noqa: BLE001
            escaped.add(f"{type(error).__name__}: {error}")
    assert not escaped
    if kind != "safetensors":
        assert changed == 0, "the checksum of the archive sees every change"


def test_a_changed_safetensors_file_is_read_if_the_library_reads_it(tmp_path: Path) -> None:
    """And then both read the same."""
    agreed = 0
    for content in flips(FILES["safetensors"], step=3):
        try:
            (want,) = load(content).values()
        except (SafetensorError, KeyError, ValueError, TypeError):  # KeyError: no NumPy dtype
            error_of("safetensors", content, tmp_path)
        else:
            got = read("file", "safetensors", content, tmp_path)
            assert (got.shape, got.tobytes()) == (want.shape, want.tobytes())
            agreed += 1
    assert agreed > 50


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
    "empty": (b"", "not an NPZ file: File is not a zip file"),
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


# Headers of safetensors


def with_header(header: Any, data: bytes = bytes(8), size: int | None = None) -> bytes:
    """Return a file with any header: text as it is, anything else as JSON."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if size is None else size).to_bytes(8, "little") + text + data


def tensor(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


HEADERS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a safetensors file"),
    "text": (b"1.5,2.5\n3.5,4.5\n", "not a safetensors file"),
    "no tensor": (with_header({}, b""), "it holds no array"),
    "only metadata": (with_header({"__metadata__": {"a": "b"}}, b""), "it holds no array"),
    "no JSON": (with_header(b"{a}"), "the safetensors header is wrong: Expecting"),
    "not UTF-8": (with_header(b'{"\xff": 1}'), "the safetensors header is wrong"),
    "UTF-16": (with_header("{}".encode("utf-16-le"), b""), "the safetensors header is wrong"),
    "something behind the JSON": (with_header(b"{}{}", b""), "Extra data"),
    "deep nesting": (with_header(b'{"a":' * 10_000), "the safetensors header is wrong"),
    "number without end": (with_header(b'{"a": %s}' % (b"9" * 5000)), "header is wrong"),
    "length of 2**63": (with_header({}, size=2**63), "is not believable"),
    "length of 100 MB": (with_header({}, size=10**8), "is not believable"),
    "length behind the end": (with_header({}, size=1000), "it is cut off"),
    "the same tensor twice": (
        with_header(json.dumps({"a": tensor(), "b": tensor()}).encode().replace(b"b", b"a")),
        "it has 'a' 2 times",
    ),
    "a field twice": (with_header(b'{"a": {"dtype": 1, "dtype": 2}}'), "it has 'dtype' 2 times"),
    "a list": (with_header({"a": []}), "'a' has no dtype, shape and data_offsets"),
    "a field less": (with_header({"a": {"dtype": "F32", "shape": [2]}}), "'a' has no dtype"),
    "three offsets": (with_header({"a": tensor(offsets=[0, 4, 8])}), "'a' has no dtype"),
    "shape of a float": (with_header({"a": tensor(shape=[2.0])}), "'a' has an impossible shape"),
    "shape of a bool": (with_header({"a": tensor("F64", [True])}), "'a' has an impossible shape"),
    "shape of NaN": (with_header({"a": tensor(shape=[float("nan")])}), "impossible shape"),
    "negative shape": (with_header({"a": tensor(shape=[-1, -2])}), "impossible shape"),
    "huge shape": (with_header({"a": tensor(shape=[2**62, 2**62])}), "impossible shape"),
    "wrapped product": (with_header({"a": tensor(shape=[2**62 + 2])}), "impossible shape"),
    "empty but huge": (with_header({"a": tensor(shape=[2**62, 0], offsets=[0, 0])}, b""), "imposs"),
    "more axes than NumPy has": (with_header({"a": tensor(shape=[1] * 65)}), "impossible shape"),
    "huge offsets": (with_header({"a": tensor(offsets=[2**64, 2**64 + 8])}), "impossible offsets"),
    "backwards": (with_header({"a": tensor(shape=[0], offsets=[8, 0])}), "has -8 bytes"),
    "fewer bytes": (with_header({"a": tensor(offsets=[0, 4])}, bytes(4)), "has 4 bytes"),
    "a gap before": (with_header({"a": tensor(offsets=[8, 16])}, bytes(16)), "at byte 8 of the"),
    "overlapping": (
        with_header({"a": tensor(), "b": tensor(offsets=[4, 12])}, bytes(12)),
        "'b' begins at byte 4 of the data, not 8",
    ),
    "one over the other": (with_header({"a": tensor(), "b": tensor()}), "begins at byte 0 of"),
    "a byte less": (with_header({"a": tensor()}, bytes(7)), "promises 8 bytes (float32, shape"),
    "a byte more": (with_header({"a": tensor()}, bytes(9)), "there are 9"),
    "more than there is": (with_header({"a": tensor(shape=[2**60], offsets=[0, 2**62])}), "are 8"),
    "unknown dtype": (with_header({"a": tensor("F8_E8M0", [8])}), "a:a: a tensor of F8_E8M0 is"),
}  # fmt: skip


@in_one_test
@pytest.mark.parametrize(("content", "message"), HEADERS.values(), ids=HEADERS)
def test_headers(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in error_of("safetensors", content, tmp_path)
    with pytest.raises(InputError):
        read("pipe", "safetensors", content, tmp_path)


def test_the_headers_made_here_would_be_read_if_nothing_was_wrong(tmp_path: Path) -> None:
    tensors = {"b": tensor("F8_E4M3", [3, 9], [0, 27]), "a": tensor("I16", [2], [27, 31])}
    content = with_header({**tensors, "__metadata__": {"x": "y"}}, bytes(27) + b"\1\0\2\0")
    with file_input(tmp_path / "a", content) as data:
        assert read_array(open_array(data, "safetensors", "a"), 1).tolist() == [1, 2]


# What lies claims no memory


def bomb() -> bytes:
    """Return an archive of half a million rows of zeros, 100 MB."""
    member = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (500_000, 50)}
    npy_format.write_array_header_1_0(member, header)
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("z.npy", "w") as stream,
    ):
        stream.write(member.getvalue())
        for _ in range(100):
            stream.write(bytes(1_000_000))
    return file.getvalue()


def sparse_directory() -> tuple[bytes, int]:
    """Return the end of an archive whose directory is 2 GB long, and the archive's size."""
    size = 2**31
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, size, 0, 0), size + 22


def test_memory_is_bounded(tmp_path: Path) -> None:
    many = {f"t{i}": tensor(offsets=[8 * i, 8 * i + 8]) for i in range(5_000)}
    contents: dict[str, tuple[bytes, str]] = {
        "bomb.npz": (bomb(), "500000"),
        "nested.safetensors": (with_header(b'{"a":[' + b"[],{}," * 200_000), "header is wrong"),
        "axes.safetensors": (with_header({"a": tensor(shape=[1] * 10**6)}), "impossible shape"),
        "many.safetensors": (with_header(many, bytes(8 * 5_000)), "it holds 't0' (2,) float32"),
        "promise.safetensors": (
            with_header({"a": tensor(shape=[2, 2**58], offsets=[0, 2**61])}),
            "promises 2305843009213693952 bytes",
        ),
        "length.safetensors": (with_header({}, size=2**40), "is not believable"),
    }
    for name, (content, _) in contents.items():
        (tmp_path / name).write_bytes(content)
    end, size = sparse_directory()
    with (tmp_path / "directory.npz").open("wb") as file:
        file.seek(size - len(end))
        file.write(end)
    wanted = {name: message for name, (_, message) in contents.items()}
    wanted["directory.npz"] = "a directory of 2147483648 bytes is not believable"
    said = said_of(tmp_path, list(wanted), 80 * 2**20)
    assert [name for name in wanted if wanted[name] not in said[name]] == [], said
