"""NPZ and safetensors files that are cut off, changed or claim much: refused in one line."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from container_files import ARRAY, FILES, error_of, read, tensor, with_header
from in_one_test import in_one_test
from limited import said_of
from numpy.lib import format as npy_format
from safetensors import SafetensorError
from safetensors.numpy import load

from xentcli.errors import InputError

files = pytest.mark.parametrize("kind", FILES)
both = pytest.mark.parametrize("way", ["file", "pipe"])
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@files
@both
def test_every_truncation(tmp_path: Path, kind: str, way: str) -> None:
    for size in range(0, len(FILES[kind]), 1 if way == "file" else 5):
        with pytest.raises(InputError):
            read(way, kind, FILES[kind][:size], tmp_path)


@in_one_test
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
    for content in flips(FILES[kind], step=11):
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
    for content in flips(FILES["safetensors"], step=5):
        try:
            (want,) = load(content).values()
        except (SafetensorError, KeyError, ValueError, TypeError):  # KeyError: no NumPy dtype
            error_of("safetensors", content, tmp_path)
        else:
            got = read("file", "safetensors", content, tmp_path)
            assert (got.shape, got.tobytes()) == (want.shape, want.tobytes())
            agreed += 1
    assert agreed > 30


# What lies claims no memory


def bomb() -> bytes:
    """Return an archive of 300,000 rows of zeros, 60 MB."""
    member = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (300_000, 50)}
    npy_format.write_array_header_1_0(member, header)
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("z.npy", "w") as stream,
    ):
        stream.write(member.getvalue())
        for _ in range(60):
            stream.write(bytes(1_000_000))
    return file.getvalue()


def sparse_directory() -> tuple[bytes, int]:
    """Return the end of an archive whose directory is 2 GB long, and the archive's size."""
    size = 2**31
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, size, 0, 0), size + 22


def test_memory_is_bounded(tmp_path: Path) -> None:
    many = {f"t{i}": tensor(offsets=[8 * i, 8 * i + 8]) for i in range(5_000)}
    contents: dict[str, tuple[bytes, str]] = {
        "bomb.npz": (bomb(), "300000"),
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
    said = said_of(tmp_path, list(wanted), 48 * 2**20)
    assert [name for name in wanted if wanted[name] not in said[name]] == [], said
